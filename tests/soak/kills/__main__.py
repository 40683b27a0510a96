"""Kills one part of the product again and again under working technicians and counts what was lost or doubled.

`python -m tests.soak.kills --target server|phone|worker|redis|postgres --cycles N [--broken BUILD] --json OUT`. Ends
with 0 only when nothing confirmed was lost, nothing happened twice, no feed has a gap and no record is half there;
with 77 when what is to be killed is not installed. A run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.soak import outcome
from tests.soak.kills import cuts, storm_of_cuts, walks

ROOT: Final = Path(__file__).resolve().parents[3]
BROKEN: Final = ("naive_emit", "no_idempotency", "plain_cursor")
MUST_BE_ZERO: Final = ("lost", "duplicated", "gaps", "half_records")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, judge and report; return the exit code."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(outcome.BROKEN))  # the servers of a stopped run are stopped too
    if reason := cuts.missing_part(options.target):
        return outcome.skip(options.json, reason)
    folder = _state_folder(options)
    run = walks.run if options.target == "phone" else storm_of_cuts.run
    figures = run(options, folder)
    for line in figures.pop("named"):
        outcome.say(f"  {line}")
    outcome.write_figures(options.json, figures)
    code = outcome.judge(figures, MUST_BE_ZERO)
    if (code == outcome.KEPT or options.broken) and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        outcome.say(f"the evidence stays in {folder}")
    return code


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills", description=__doc__)
    parser.add_argument("--target", choices=cuts.TARGETS, required=True)
    parser.add_argument("--cycles", type=int, default=10, help="kills; for a phone: times each write boundary")
    parser.add_argument("--broken", choices=BROKEN, default="", help="run a build that is broken on purpose")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    parser.add_argument("--phones", type=int, default=50, help="technicians at work meanwhile")
    parser.add_argument("--points", type=int, default=0, help="phone: so many boundaries of each cycle; 0 is all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, default=None, help="folder of the run's data, for going on later")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder for a look afterwards")
    return parser.parse_args(arguments)


def _state_folder(options: argparse.Namespace) -> Path:
    """Return the run's folder: the same for the same request, so that it can be taken up again."""
    request = f"{options.target} {options.broken} {options.phones} {options.points} {options.seed}"
    name = f"kills-{options.target}-{hashlib.sha256(request.encode()).hexdigest()[:8]}"
    folder: Path = options.state or ROOT / "out" / "soak" / "state" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
