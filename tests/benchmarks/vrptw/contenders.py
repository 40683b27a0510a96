"""Who solves the instances: ours, and the peers that are installed. What goes wrong with one stays with that one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks import referee_vrptw as referee
from tests.benchmarks.files import note
from tests.benchmarks.vrptw import ours
from tests.benchmarks.vrptw.plan import Solved

PEERS = ("pyvrp", "vroom", "ortools")

Result = dict[str, Any]
Solve = Callable[[referee.Instance, float], Solved]


class AbsentError(RuntimeError):
    """A peer cannot be asked; the message says why."""


def list_contenders(names: Sequence[str]) -> dict[str, Solve]:
    """Return the solvers by name, ours first; one that cannot be loaded says so wherever it is asked."""
    return {"ours": ours.solve, **{name: load_peer(name) for name in names}}


def load_peer(name: str) -> Solve:
    """Return a peer's solver; in place of one that cannot be loaded one that raises AbsentError."""
    try:
        solve: Solve = importlib.import_module(f"tests.benchmarks.vrptw.peers.with_{name}").solve
    except Exception as error:  # noqa: BLE001 - a foreign library may break in any way; the others run on
        reason = f"not loaded: {_words(error)}"
        note(f"{name} {reason}")
        return _refusing(reason)
    return solve


def _refusing(reason: str) -> Solve:
    def refuse(_instance: referee.Instance, _cpu_s: float) -> Solved:
        raise AbsentError(reason)

    return refuse


def attempt(instance: referee.Instance, best: float | None, cpu_s: float, solve: Solve) -> Result:
    """Return what one contender made of an instance, judged; ``fault`` says what went wrong."""
    length, solved, fault, is_failed = None, Solved([], 0.0), None, False
    try:
        solved = solve(instance, cpu_s)
        length = referee.judge(instance, solved.routes)
    except referee.BrokenRuleError as broken:
        fault = str(broken)
    except Exception as error:  # noqa: BLE001 - a foreign library may break in any way; the row says how
        fault, is_failed = str(error) if isinstance(error, AbsentError) else f"failed: {_words(error)}", True
    return {
        "distance": length,
        "gap": length / best - 1.0 if length is not None and best else None,
        "vans": sum(1 for route in solved.routes if route) if length is not None else None,
        "cpu_s": None if is_failed else round(solved.cpu_s, 2),
        "fault": fault,
    }


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
