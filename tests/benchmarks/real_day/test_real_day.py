"""The replay of a working day: the world is a function of its seed, and the desk sees no more than it could know."""

import csv
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from server.dispatch.rules import dispatch_rules
from server.intake.importing import load_preset
from tests.benchmarks.real_day.__main__ import main, percentile, share_within
from tests.benchmarks.real_day.day import Day
from tests.benchmarks.real_day.desk import Desk
from tests.benchmarks.real_day.world import SHIFT, World, make_world

TYPES = ("Heat - Excessive  Insufficient", "Plumbing", "Unsafe Dangerous Conditions")
HOURS = [1] * 24


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Return a file of Boston's format: forty requests of three days."""
    chance = random.Random(5)
    path = tmp_path / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["OPEN_DT", "CASE_ENQUIRY_ID", "TYPE", "CASE_TITLE", "Location", "LATITUDE", "LONGITUDE"])
        for number in range(40):
            opened = (
                f"02/{15 + number % 3:02d}/2015 {1 + number % 11:02d}:{number:02d}:00 {'AM' if number % 2 else 'PM'}"
            )
            place = [42.30 + chance.uniform(-0.03, 0.03), -71.08 + chance.uniform(-0.03, 0.03)]
            rows.writerow([opened, 1000 + number, chance.choice(TYPES), "", "Main St", *place])
    return path


def world_of(orders: Path, seed: int = 1) -> World:
    """Return the day's world of three crews and about six leaks."""
    day = {"crews": 3, "leaks": 6.0, "stock_days": 3, "seed": seed}
    return make_world([orders], load_preset("boston311"), "2015-02-17", HOURS, **day)  # type: ignore[arg-type]  # figures by name


def played(world: World) -> Day:
    """Return the day after its end."""
    day = Day(world, Desk(1, 0.02, dispatch_rules().max_moved_stops))
    day.play(0.05, lambda _: None)
    return day


def test_world_is_a_function_of_its_seed(orders: Path) -> None:
    """The same seed, the same world; booked orders have a window inside the shift, leaks are emergencies."""
    world = world_of(orders)
    assert world == world_of(orders)
    assert world != world_of(orders, seed=2)
    leaks = [order for order in world.orders.values() if order.id.startswith("leak")]
    assert leaks
    assert all(order.priority == 1 and SHIFT[0] <= order.known_s < SHIFT[1] for order in leaks)
    assert any(order.window is not None for order in world.orders.values())


def test_every_emergency_is_reached_and_nothing_before_it_is_known(orders: Path) -> None:
    """The whole day is played: emergencies all, work only after its report and not before its window."""
    world = world_of(orders)
    day = played(world)
    for order in world.orders.values():
        if order.priority == 1:
            assert order.id in day.arrival_s
        assert day.arrival_s.get(order.id, order.known_s) >= order.known_s
    assert set(day.end_s) == set(day.arrival_s)
    assert day.driven_m > 0


def test_true_lengths_behind_a_moment_change_nothing_before_it(orders: Path) -> None:
    """The problem that the desk is given at eight o'clock does not depend on the truth."""
    world = world_of(orders)
    other = replace(world, orders={k: replace(o, actual_s=o.actual_s * 3) for k, o in world.orders.items()})
    desks = [Desk(1, 0.02, 5) for _ in range(2)]
    assert Day(world, desks[0]).problem() == Day(other, desks[1]).problem()


def test_command_writes_rows_and_their_summary(orders: Path, tmp_path: Path) -> None:
    """A row per seed; the summary has means, the worst wait and the slowest answer of each kind."""
    calls, out = tmp_path / "calls.csv", tmp_path / "out.json"
    calls.write_text("incident_datetime,lat,lon\n2018-01-01T10:00:00.000,40.7,-73.9\n", encoding="utf-8")
    told = ["--orders", str(orders), "--day", "2015-02-17", "--crews", "3", "--leaks", "4", "--stock-days", "3"]
    quick = ["--seeds", "1", "--morning-cpu", "0.05", "--replan-cpu", "0.02", "--leak-hours", str(calls)]
    assert main([*told, *quick, "--json", str(out)]) == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["summary"]["days"] == 1
    row = written["rows"][0]
    assert row["emergencies_unreached"] == 0
    assert {"p1_p50_min", "windows_kept_share", "moved_per_insertion", "latency_p99_ms"} <= set(row)


def test_figures_of_nothing_are_none() -> None:
    """A day without leaks has no percentiles; with some, the nearest rank counts."""
    assert (percentile([], 0.5), share_within([], 30)) == (None, None)
    assert (percentile([3.0, 1.0, 2.0], 0.5), share_within([10.0, 40.0], 30)) == (2.0, 0.5)
