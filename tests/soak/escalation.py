"""Leaks that nobody accepts, while the workers that let them climb are killed: every one must reach a human in time.

`python -m tests.soak.escalation --leaks 1000 --json OUT`. Real database, real relay and handlers, the real clock; the
ladder is compressed by an edition of the catalog of the run's own. Two executors run at once; one of them at random is
ended with SIGKILL and started again, the next only when both show signs of life. Some leaks are accepted by two
technicians in the same moment. What happened is read from the journal by an observer of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.soak import outcome
from tests.soak.escalation_crew import Executors, Town, found_town
from tests.soak.escalation_watch import Observer

HUMAN_LIMIT_S: Final = 2.0
_REST_S: Final = 90.0
BROKEN: Final = ("", "ignored_claims", "unclaimed_rows", "second_accept")
MUST_BE_ZERO: Final = ("not_reached", "double_acceptances", "steps_twice", "late")


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Play the leaks and return the figures."""
    chance = random.Random(options.seed)
    town = found_town(folder, options.broken)
    executors = Executors(town.environ, chance, options.broken, is_whole=options.whole_worker)
    observer = Observer(town.settings.database_url)
    stopping = threading.Event()
    try:
        executors.start()
        observer.start()
        killer = threading.Thread(target=executors.kill_until, args=(stopping, options.kill_every_s), daemon=True)
        killer.start()
        _play(town, observer, options, chance)
        stopping.set()
        killer.join()
    finally:
        stopping.set()
        executors.stop()
        observer.stop()
        town.services.uow.database.close()
    return _figures(observer, options, executors.kills)


def _play(town: Town, observer: Observer, options: argparse.Namespace, chance: random.Random) -> None:
    """Report leaks at an even pace; take each by hand after it has climbed to the supervisor, accept some before."""
    quiet_s = time.monotonic()
    reported = 0
    while reported < options.leaks or observer.list_open():
        if reported < options.leaks:
            order_id = town.report(reported)
            observer.expect(order_id, is_accepted=chance.random() < options.accept_share)
            reported += 1
            quiet_s = time.monotonic()
        for order_id, has_climbed in observer.list_ready():
            if has_climbed:
                town.take(order_id)
            elif not town.accept_twice(order_id):
                continue
            observer.settle(order_id)
            town.cancel(order_id)
            quiet_s = time.monotonic()
        if time.monotonic() - quiet_s > options.patience_s:
            return
        time.sleep(1 / options.rate if reported < options.leaks else 0.05)


def _figures(observer: Observer, options: argparse.Namespace, kills: int) -> dict[str, Any]:
    late = sorted(observer.lateness_s)
    p99 = late[min(len(late) - 1, int(0.99 * len(late)))] if late else None
    reached = observer.count_reached()
    return {
        "leaks": options.leaks,
        "reached_human": reached,
        "not_reached": options.leaks - reached,
        "lateness_p99_s": None if p99 is None else round(p99, 3),
        "lateness_max_s": round(late[-1], 3) if late else None,
        "late": int(p99 is None or p99 > HUMAN_LIMIT_S),
        "double_acceptances": observer.count_double_acceptances(),
        "accepted": observer.count_accepted(),
        "steps": len(late),
        "steps_twice": observer.count_steps_twice(),
        "kills": kills,
        "broken": options.broken,
    }


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of a run."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.escalation", description=__doc__)
    parser.add_argument("--leaks", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=4.0, help="leaks reported per second")
    parser.add_argument("--accept-share", type=float, default=0.2, help="share that two technicians accept at once")
    parser.add_argument("--kill-every-s", type=float, default=2.0, help="mean pause between kills")
    parser.add_argument("--patience-s", type=float, default=_REST_S, help="give up after so long without any progress")
    parser.add_argument("--whole-worker", action="store_true", help="kill whole workers, with planner, not executors")
    parser.add_argument("--broken", choices=BROKEN, default="", help="a build that must be caught")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures, and judge them."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        figures = measure(options, Path(folder))
    outcome.write_figures(options.json, figures)
    return outcome.judge(figures, MUST_BE_ZERO)


if __name__ == "__main__":
    sys.exit(main())
