"""The generated town: one seed, the same bytes; people live on roads, the river is crossed on bridges only."""

import datetime as dt
import json
import math
from collections import Counter
from pathlib import Path

import pytest

from deploy.demo.town_play import make_town_play
from deploy.demo_town import company, day, town
from deploy.demo_town.roads import BRIDGE_COLUMNS, Roads, river_north_m, to_xy
from deploy.demo_town.town import Town
from server.core import texts
from server.intake.service import ReportRequest

DATE = dt.date(2026, 11, 21)
FARTHEST_FROM_ROAD_M = 80


@pytest.fixture(scope="module")
def place() -> Town:
    """Return the town of the demo."""
    return town.generate(7, DATE)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_same_seed_gives_the_same_bytes_and_another_seed_another_town(tmp_path: Path) -> None:
    """Nothing but seed and date decides."""
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        town.write(town.generate(seed, DATE), tmp_path / name)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert files_of(tmp_path / "a")["town.json"] != files_of(tmp_path / "c")["town.json"]


def reachable(roads: Roads) -> int:
    """Return how many nodes can be reached from the first one."""
    seen, todo = {0}, [0]
    while todo:
        for neighbour, _ in roads.joined[todo.pop()]:
            if neighbour not in seen:
                seen.add(neighbour)
                todo.append(neighbour)
    return len(seen)


@pytest.mark.parametrize("seed", range(5))
def test_every_place_can_be_reached_and_the_river_is_crossed_on_bridges_only(seed: int) -> None:
    """The graph is connected; a piece of street whose ends lie on both banks is a bridge, and there are four."""
    roads = town.generate(seed, DATE, orders=10, customers=20).roads
    assert reachable(roads) == len(roads.nodes)
    across = [
        edge
        for edge in roads.edges
        if (roads.nodes[edge.a][1] > river_north_m(roads.nodes[edge.a][0]))
        != (roads.nodes[edge.b][1] > river_north_m(roads.nodes[edge.b][0]))
    ]
    assert all(edge.is_bridge for edge in across)
    assert len(across) == len(BRIDGE_COLUMNS)


def distance_to_roads_m(roads: Roads, point: tuple[float, float]) -> float:
    """Return metres from a point to the nearest piece of street."""
    best = math.inf
    for edge in roads.edges:
        (ax, ay), (bx, by) = roads.nodes[edge.a], roads.nodes[edge.b]
        along = ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / max(1.0, edge.length_m**2)
        share = min(1.0, max(0.0, along))
        best = min(best, math.dist(point, (ax + (bx - ax) * share, ay + (by - ay) * share)))
    return best


def test_customers_live_beside_roads_at_addresses_of_their_own(place: Town) -> None:
    """3,000 homes, each near a street, no two with one address or account."""
    assert len(place.customers) == 3000
    assert len({c.row["address"] for c in place.customers}) == 3000
    assert len({c.row["account"] for c in place.customers}) == 3000
    for customer in place.customers[::50]:
        here = to_xy((customer.row["lat"], customer.row["lon"]))
        assert distance_to_roads_m(place.roads, here) < FARTHEST_FROM_ROAD_M


@pytest.mark.slow
def test_leaks_follow_the_hours_of_a_real_city() -> None:
    """Over many days the share of leak calls by day and by night is that of the counted city."""
    hours: Counter[int] = Counter()
    for seed in range(60):
        reports = town.generate(seed, DATE, customers=200).reports
        hours.update(
            r.at_s // 3600 % 24 for r in reports if r.body["answers"].get("smell_strength") in {"strong", "none"}
        )
    counted = day.leak_hours()
    night = {h for h in range(24) if counted[h] < 400}
    real = sum(counted[h] for h in night) / sum(counted)
    played = sum(hours[h] for h in night) / sum(hours.values())
    assert abs(real - played) < 0.03


def test_skills_for_every_fault_are_on_duty_round_the_clock(place: Town) -> None:
    """At each hour somebody on shift may work on a leak; by day every kind of fault has somebody."""
    wanted = {skill for fault in texts.triage_rules().fault for skill in fault.skills}
    for hour in range(6, 30):
        held = {s["name"] for m in place.staff for a, b in m.hours if a <= hour < b for s in m.row["skills"]}
        assert "gas_leak" in held, hour
        assert hour >= 22 or wanted <= held, hour
    assert len(place.staff) == sum(count for count, _, _ in company.SHIFTS) == 24


def test_map_is_geojson_and_small(place: Town) -> None:
    """Every layer is a feature collection; all together stay within 1.5 MB."""
    text = json.dumps(place.basemap, ensure_ascii=False, separators=(",", ":"))
    assert len(text.encode()) < 1_500_000
    for layer in place.basemap.values():
        assert layer["type"] == "FeatureCollection"
        assert layer["features"]
        assert all(f["geometry"]["type"] in {"Polygon", "LineString", "Point"} for f in layer["features"])


def test_every_report_is_one_that_the_intake_takes(place: Town) -> None:
    """The day's calls are valid reports about customers who exist, in the order of their time."""
    play = make_town_play(7, DATE, 180)
    known = {c.row["id"] for c in place.customers}
    for call in play.calls:
        assert ReportRequest(**{k: v for k, v in call.report.items() if k != "caller"}).customer_id in known
    times = [call.at_ms for call in play.calls]
    assert times == sorted(times)
    assert play.start_ms <= times[0] <= times[-1] <= play.end_ms


def test_drive_ends_where_it_should_and_takes_time(place: Town) -> None:
    """A drive's points begin and end at the door, and its seconds never go back."""
    a, b = ((c.row["lat"], c.row["lon"]) for c in (place.customers[0], place.customers[999]))
    seconds, points = place.driving.drive(a, b)
    assert math.dist(to_xy(a), to_xy(points[0][1:])) < 1
    assert math.dist(to_xy(b), to_xy(points[-1][1:])) < 1
    assert [p[0] for p in points] == sorted(p[0] for p in points)
    assert points[-1][0] == seconds > 60
