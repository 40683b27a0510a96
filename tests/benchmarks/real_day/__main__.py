"""``python -m tests.benchmarks.real_day --orders FILE… --day DAY --crews N --json OUT``: a real day, dispatched.

The day's orders are imported as the product imports them and triaged by its rules; leaks come on top, by the hours of
``--leak-hours`` (New York's gas calls beside the orders, unless told otherwise).
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from pathlib import Path
from typing import Any, Final

from server.dispatch.rules import dispatch_rules
from server.intake.importing import load_preset
from tests.benchmarks.files import write_whole
from tests.benchmarks.nyc.laws import read_calls
from tests.benchmarks.real_day.day import Day
from tests.benchmarks.real_day.desk import Desk, warm_up
from tests.benchmarks.real_day.world import SHIFT, World, make_world

_CALLS: Final = "nyc-gas-2018.csv"


def share_within(waits_min: list[float], limit: float) -> float | None:
    """Return the share of waits up to a limit; None when there are none."""
    return round(sum(wait <= limit for wait in waits_min) / len(waits_min), 4) if waits_min else None


def percentile(values: list[float], share: float) -> float | None:
    """Return the value below which a share of the values lies (nearest rank); None when there are none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def figures(world: World, day: Day) -> dict[str, Any]:
    """Return what came of one day: emergencies, appointments, undone work, moved stops, the planner's time."""
    waits = [
        (day.arrival_s[o.id] - o.known_s) / 60
        for o in world.orders.values()
        if o.priority == 1 and o.id in day.arrival_s
    ]
    booked = [o for o in world.orders.values() if o.window is not None]
    kept = [o for o in booked if o.window is not None and day.arrival_s.get(o.id, math.inf) <= o.window[1]]
    desk, emergencies = day.desk, [o for o in world.orders.values() if o.priority == 1]
    late_end = [max(0, end - SHIFT[1]) for end in day.end_s.values()]
    return {
        "orders": len(world.orders),
        "emergencies": len(emergencies),
        "emergencies_unreached": len(emergencies) - len(waits),
        "p1_p50_min": _round(percentile(waits, 0.5)),
        "p1_p95_min": _round(percentile(waits, 0.95)),
        "p1_max_min": _round(max(waits, default=None)),
        "p1_within_30_share": share_within(waits, 30),
        "p1_within_60_share": share_within(waits, 60),
        "appointments": len(booked),
        "windows_kept_share": round(len(kept) / len(booked), 4) if booked else None,
        "undone": sum(o.id not in day.arrival_s for o in world.orders.values()),
        "moved_per_insertion": _mean(desk.moved_per_insertion),
        "promised_moved_per_insertion": _mean(desk.promised_moved),
        "moved_per_replan": _mean(desk.moved_per_replan),
        "customers_to_tell": len(desk.to_tell),
        "turned_under_way": day.turned,
        "km": round(day.driven_m / 1000, 1),
        "latest_end_min_after_shift": round(max(late_end, default=0) / 60, 1),
        "latency_p50_ms": {name: _ms(percentile(found, 0.5)) for name, found in desk.latency_s.items()},
        "latency_p99_ms": {name: _ms(percentile(found, 0.99)) for name, found in desk.latency_s.items()},
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value * 1000, 1)


def _mean(values: list[int]) -> float | None:
    return round(statistics.fmean(values), 3) if values else None


def leak_hours(path: Path) -> list[int]:
    """Return how many calls of a file fall into each hour of the day."""
    hours = read_calls(path).hour
    return [hours.count(hour) for hour in range(24)]


def play(options: argparse.Namespace, hours: list[int], seed: int) -> dict[str, Any]:
    """Play the day under one seed and return its row."""
    preset = load_preset(options.preset)
    world = make_world(
        options.orders,
        preset,
        options.day,
        hours,
        crews=options.crews,
        leaks=options.leaks,
        stock_days=options.stock_days,
        seed=seed,
    )
    day = Day(world, Desk(seed, options.replan_cpu, dispatch_rules().max_moved_stops))

    warm_up(day.problem())

    def tell(second: int) -> None:
        sys.stderr.write(f"\r{options.day} seed {seed}: {second // 3600:02d}:{second // 60 % 60:02d} ")
        sys.stderr.flush()

    day.play(options.morning_cpu, tell)
    sys.stderr.write("\n")
    return {"day": options.day, "seed": seed, "crews": options.crews, **figures(world, day)}


def summary_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means of all figures over the rows, and the worst of the largest ones."""
    numbers = [key for key, value in rows[0].items() if isinstance(value, int | float) and key not in {"seed", "crews"}]
    means = {
        key: round(statistics.fmean([row[key] for row in rows if row[key] is not None] or [0.0]), 4) for key in numbers
    }
    kinds = sorted({name for row in rows for name in row["latency_p99_ms"]})
    slowest = {kind: max(row["latency_p99_ms"].get(kind) or 0.0 for row in rows) for kind in kinds}
    worst = max((row["p1_max_min"] or 0.0 for row in rows), default=0.0)
    return {"days": len(rows), **means, "p1_max_min": worst, "latency_p99_ms": slowest}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.real_day", description=__doc__)
    parser.add_argument("--orders", type=Path, nargs="+", required=True)
    parser.add_argument("--day", default="2015-02-17")
    parser.add_argument("--crews", type=int, default=16)
    parser.add_argument("--leaks", type=float, default=20.0, help="leaks of the shift, on average")
    parser.add_argument("--stock-days", type=int, default=5, help="orders opened in so many days before are booked")
    parser.add_argument("--leak-hours", type=Path, help="file of gas calls whose hours the leaks follow")
    parser.add_argument("--preset", default="boston311")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--morning-cpu", type=float, default=2.0)
    parser.add_argument("--replan-cpu", type=float, default=0.25)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Play the day under every seed and write rows and summary."""
    options = parse(arguments)
    hours = leak_hours(options.leak_hours or options.orders[0].parent / _CALLS)
    rows: list[dict[str, Any]] = []
    for seed in range(1, options.seeds + 1):
        rows.append(play(options, hours, seed))
        is_complete = len(rows) == options.seeds
        write_whole(options.json, {"rows": rows, "summary": summary_of(rows), "is_complete": is_complete})
    sys.stdout.write(json.dumps(summary_of(rows), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
