"""Lets anything happen to a company, in many runs of many steps: `python -m tests.soak.model --runs 1000 --steps 50`.

Ends with 0 when every law held after every step, else with 1 and the shortest story that breaks one. The runs go in
portions with a seed each; a run that was broken off goes on with the next portion.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak import outcome
from tests.soak.model import faults, machine
from tests.soak.model.machine import CompanyMachine

_PORTION: Final = 50
ROOT: Final = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, report, and return the exit code."""
    options = _parse(arguments)
    told = options.state or ROOT / "out" / "soak" / "state" / f"model-{options.steps}-{options.seed}.json"
    done: dict[str, Any] = json.loads(told.read_text()) if told.exists() else {"runs": 0, "seconds": 0.0, "broken": 0}
    told.parent.mkdir(parents=True, exist_ok=True)
    with faults.broken(options.broken):
        while done["runs"] < options.runs and not done["broken"]:
            done = _run_portion(options, done)
            told.write_text(json.dumps(done))
            outcome.say(f"  {done['runs']} of {options.runs} runs, {done['seconds']:.0f} s")
    machine.forget_world()
    told.unlink()
    figures = {"runs": done["runs"], "steps": options.steps, "laws_broken": done["broken"], "broken": options.broken}
    outcome.write_figures(options.json, {**figures, "seconds": round(done["seconds"], 1)})
    return outcome.judge(figures, ("laws_broken",))


def _run_portion(options: argparse.Namespace, done: dict[str, Any]) -> dict[str, Any]:
    runs, started_s = min(_PORTION, options.runs - done["runs"]), time.monotonic()
    broken = 0 if find_broken_law(runs, options.steps, options.seed + done["runs"]) is None else 1
    seconds = done["seconds"] + time.monotonic() - started_s
    return {"runs": done["runs"] + runs, "seconds": seconds, "broken": broken}


def find_broken_law(runs: int, steps: int, seed_value: int) -> Exception | None:
    """Return what went wrong in so many runs, None when nothing did; its story is printed."""

    @seed(seed_value)
    class Seeded(CompanyMachine):
        """The machine with a seed of this portion."""

    chosen = settings(machine.make_settings(runs, steps), derandomize=False, suppress_health_check=list(HealthCheck))
    try:
        run_state_machine_as_test(Seeded, settings=chosen)
    except Exception as error:  # noqa: BLE001 - whatever ended a run is a finding
        outcome.say(f"{type(error).__name__}: {error}\n" + "\n".join(getattr(error, "__notes__", ())))
        return error
    return None


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.model", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broken", choices=faults.BROKEN, default="", help="run a build that is broken on purpose")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    parser.add_argument("--state", type=Path, default=None, help="file that tells how far the run is")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
