"""``python -m tests.benchmarks.leak_day --scenario A --seeds 1-20 [--policies ours,hyb] --json OUT``.

Rows are one per policy and seed; an existing OUT of the same scenario, settings, code and libraries is taken up where
it was left, a damaged one is begun anew.
Policies other than ours are played on the first five seeds unless ``--seeds`` or ``--peer-seeds`` says otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from routing.search.compiled import IS_COMPILED
from tests.benchmarks.files import digest_of, list_versions, read_kept, write_whole
from tests.benchmarks.leak_day.metrics import Outcome, figures
from tests.benchmarks.leak_day.policies import POLICIES, fingerprint, play
from tests.benchmarks.leak_day.world import SCENARIOS

SEEDS = list(range(1, 21))
PEER_SEEDS = 5
SHOWN = (
    "p1_p50_min",
    "p1_p95_min",
    "p1_max_min",
    "p1_within_60_share",
    "p2_in_time_share",
    "windows_kept_share",
    "undone",
    "moved_per_replan",
    "interruptions_per_day",
    "km",
    "overtime_h",
)

Days = dict[tuple[str, int], Outcome]


def main(arguments: list[str] | None = None) -> int:
    """Play the days asked for and write the figures; return 0."""
    asked = _parser().parse_args(arguments)
    wanted = wanted_days(asked.policies, asked.seeds, asked.peer_seeds)
    same = _same(asked)  # of the code that is loaded now, whatever becomes of its files before the last day is played
    days = {key: day for key, day in _earlier(asked, same).items() if key in wanted}
    missing = [key for key in wanted if key not in days]
    _write(asked, same, days, is_complete=not missing)
    for done, day in enumerate(_played(missing, asked.scenario, asked.processes), 1):
        days[day.policy, day.seed] = day
        _say(f"{done}/{len(missing)} {day.policy} seed {day.seed}: {_line(figures([day]))}")
        _write(asked, same, days, is_complete=done == len(missing))
    for policy, summed in _per_policy(days).items():
        _say(f"{asked.scenario} {policy:22} {_line(summed)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.leak_day", description=__doc__)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="A")
    parser.add_argument("--seeds", type=_numbers, help="1-20 (as without), 3 or 1,4,7: of every policy that is named")
    parser.add_argument("--policies", default="ours", help="comma-separated names, or all")
    parser.add_argument("--peer-seeds", type=int, help="seeds of policies other than ours")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, required=True)
    return parser


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found


def wanted_days(policies: str, seeds: list[int] | None, peer_seeds: int | None) -> list[tuple[str, int]]:
    """Return policy and seed of every day to play; seeds given for policies named one by one hold for all of them.

    Raise SystemExit for an unknown policy.
    """
    names = list(POLICIES) if policies == "all" else [name.strip() for name in policies.split(",")]
    unknown = sorted(set(names) - set(POLICIES))
    if unknown:
        raise SystemExit(f"unknown policies: {', '.join(unknown)}; known: {', '.join(POLICIES)}")
    ours = SEEDS if seeds is None else seeds
    is_named = seeds is not None and policies != "all"
    peers = ours[:peer_seeds] if peer_seeds is not None or is_named else ours[:PEER_SEEDS]
    return [(name, seed) for name in names for seed in (ours if name == "ours" else peers)]


def _played(keys: list[tuple[str, int]], scenario: str, processes: int) -> Iterator[Outcome]:
    if processes <= 1:
        yield from (play(policy, seed, scenario) for policy, seed in keys)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for one in as_completed([pool.submit(play, policy, seed, scenario) for policy, seed in keys]):
            yield one.result()


def _earlier(asked: argparse.Namespace, same: str) -> Days:
    known = read_kept(asked.json)
    if known.get("same") != same:
        return {}
    return {(day["policy"], day["seed"]): Outcome(**day) for day in known["days"]}


def _same(asked: argparse.Namespace) -> str:
    return f"{asked.scenario} {IS_COMPILED} {fingerprint()} {digest_of((), list_versions())}"


def _per_policy(days: Days) -> dict[str, dict[str, float]]:
    names = list(dict.fromkeys(policy for policy, _ in days))
    return {name: figures([day for (policy, _), day in days.items() if policy == name]) for name in names}


def _write(asked: argparse.Namespace, same: str, days: Days, *, is_complete: bool) -> None:
    summed = _per_policy(days)
    rows = [{"policy": day.policy, "seed": day.seed, **figures([day])} for day in days.values()]
    content: dict[str, Any] = {
        "scenario": asked.scenario,
        "compiled": IS_COMPILED,
        "same": same,
        "is_complete": is_complete,
        "rows": rows,
        "summary": {**summed.get("ours", {}), "policies": summed},
        "days": [asdict(day) for day in days.values()],
    }
    write_whole(asked.json, content)


def _line(summed: dict[str, float]) -> str:
    return " ".join(
        f"{name} {summed[name]:.3g}" if summed[name] < 100 else f"{name} {summed[name]:.0f}" for name in SHOWN
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
