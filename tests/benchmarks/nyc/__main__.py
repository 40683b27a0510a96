"""``python -m tests.benchmarks.nyc FILE --crews 10-14 --json OUT``: our rule and the baseline on the same calls."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from routing.search.compiled import IS_COMPILED
from tests.benchmarks.files import write_whole
from tests.benchmarks.nyc.baseline import RULES, replay_baseline
from tests.benchmarks.nyc.laws import Calls, Floats, read_calls
from tests.benchmarks.nyc.replay import Outcome, Replay
from tests.benchmarks.nyc.rule import Settings, read_settings

_INFORMATION: Final = (
    "past calls and finished jobs only: no job length before its end, no estimate told by the crew (as 'estimated')"
)
# The frontier: what each freedom is worth. The first is the product's rule and the row's own figures.
VARIANTS: Final[dict[str, dict[str, Any]]] = {
    "ours": {},
    "not_turned_under_way": {"may_redirect": False},
    "not_sent_to_wait": {"may_station": False},
    "neither": {"may_redirect": False, "may_station": False},
}
_TARGETS: Final = {10: 1.0, 11: 1.0, 12: 1.0, 13: 0.7, 14: 0.7}


def figures(wait_s: Floats) -> dict[str, float]:
    """Return p50, p95 and worst in minutes and the shares reached within 30 and 60, as the baseline counts them."""
    minutes = np.sort(wait_s) / 60
    count = len(minutes)
    return {
        "p50_min": round(float(minutes[count // 2]), 2),
        "p95_min": round(float(minutes[int(count * 0.95)]), 2),
        "within_30_share": round(float((minutes <= 30).mean()), 5),
        "within_60_share": round(float((minutes <= 60).mean()), 5),
        "worst_min": round(float(minutes[-1]), 1),
    }


def describe(outcome: Outcome, calls: Calls) -> dict[str, float]:
    """Return the figures of a replay, and what they cost in turned crews and empty kilometres."""
    return figures(outcome.wait_s) | {
        "beyond_120": int((outcome.wait_s > 7200).sum()),
        "turned_under_way_per_day": round(outcome.turned / calls.days, 2),
        "km_per_day": round(outcome.driven_m / 1000 / calls.days, 1),
        "empty_km_per_day": round(outcome.empty_m / 1000 / calls.days, 1),
    }


def row_of(calls: Calls, crews: int, variants: list[str]) -> dict[str, Any]:
    """Return one row: our figures, the baselines' in the same run, and the differences in points."""
    started = time.process_time()
    baseline = {rule: figures(replay_baseline(calls, crews, rule)) for rule in RULES}
    ours = {name: describe(_play(calls, crews, read_settings(**VARIANTS[name]), name), calls) for name in variants}
    own = ours.pop(variants[0])
    over = {rule: round(100 * (own["within_60_share"] - one["within_60_share"]), 2) for rule, one in baseline.items()}
    row: dict[str, Any] = {"crews": crews, "calls": len(calls), **own, "baseline": baseline, "points_over": over}
    row["target_points_over_estimated"] = _TARGETS.get(crews)
    row["p95_below_estimated"] = own["p95_min"] < baseline["estimated"]["p95_min"]
    return row | {"variants": ours, "cpu_s": round(time.process_time() - started, 1)}


def _play(calls: Calls, crews: int, settings: Settings, name: str) -> Outcome:
    replay = Replay(calls, crews, settings)

    def tell(reported: int) -> None:
        if reported % 2000 == 0 or reported == len(calls):
            sys.stderr.write(f"\r{crews} crews, {name}: {reported}/{len(calls)} calls ")
            sys.stderr.flush()

    outcome = replay.run(tell)
    sys.stderr.write("\n")
    return outcome


def summary_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what holds over all crew counts."""
    reached = [row["crews"] for row in rows if row["within_60_share"] >= 0.97]
    asked = [row for row in rows if row["target_points_over_estimated"] is not None]
    return {
        "information": _INFORMATION,
        "fewest_crews_for_97_percent": min(reached, default=None),
        "targets_met": all(row["points_over"]["estimated"] >= row["target_points_over_estimated"] for row in asked),
        "p95_below_estimated": all(row["p95_below_estimated"] for row in rows),
        "worst_min": max(row["worst_min"] for row in rows),
        "compiled": IS_COMPILED,
        "cpu_s": round(sum(row["cpu_s"] for row in rows), 1),
    }


def crew_counts(text: str) -> list[int]:
    """Return the crew counts of ``10-14`` or ``10,12``."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if last else [int(one) for one in text.split(",")]


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text for the terminal."""
    lines = ["crews   p50    p95  <=30 %  <=60 %  worst   estimated <=60 %   p95   points  known points"]
    for row in rows:
        base, over = row["baseline"]["estimated"], row["points_over"]
        own = f"{row['crews']:5d} {row['p50_min']:6.1f} {row['p95_min']:6.1f} {100 * row['within_30_share']:7.2f}"
        own += f" {100 * row['within_60_share']:7.2f} {row['worst_min']:6.0f}"
        other = f"{100 * base['within_60_share']:18.2f} {base['p95_min']:5.1f}"
        lines.append(f"{own} {other} {over['estimated']:+8.2f} {over['known']:+13.2f}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the replay and write rows and summary."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.nyc", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--crews", type=crew_counts, default=[10, 11, 12, 13, 14])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--frontier", action="store_true", help="also without turning crews and without stations")
    parser.add_argument("--first", type=int, help="only so many calls")
    options = parser.parse_args(arguments)
    calls = read_calls(options.file)
    calls = calls if options.first is None else calls.first(options.first)
    rows: list[dict[str, Any]] = []
    for crews in options.crews:
        rows.append(row_of(calls, crews, list(VARIANTS) if options.frontier else ["ours"]))
        is_complete = len(rows) == len(options.crews)
        write_whole(options.json, {"rows": rows, "summary": summary_of(rows), "is_complete": is_complete})
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
