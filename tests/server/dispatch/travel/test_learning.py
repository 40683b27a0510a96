"""Trips are kept as phones tell them, and teach once a day or by command; what they taught reaches the certificate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from routing.problem import Place
from server import commands
from server.accounts.models import Technician
from server.core.unit_of_work import Tx
from server.dispatch import repository as dispatch
from server.dispatch.rules import travel_profile
from server.dispatch.travel import desk, learning
from server.dispatch.travel import repository as travel_rows
from server.dispatch.travel.calibration import Drive, straight_m
from server.dispatch.travel.models import TravelCalibration, Trip
from server.dispatch.travel.osm import read_roads
from server.dispatch.travel.roadgraph import RoadGraph
from server.dispatch.travel.roads import save_roads
from server.dispatch.travel.rules import road_rules, travel_rules
from tests.server.dispatch.travel.towns import grid_ways, node_place, write_town
from tests.server.house import DAY_MS, HOME, LEAK, MORNING_MS, House

pytestmark = pytest.mark.slow  # learns from weeks of trips

MINUTE_MS = 60_000
LEAK_PLACE = Place(lat=float(str(LEAK["lat"])), lon=float(str(LEAK["lon"])))
ZONE = "Asia/Shanghai"


def keep_trips(house: House, count: int, *, start_up_s: float = 90.0, km_h: float = 24.0, age_ms: int = DAY_MS) -> None:
    """Write trips down that were driven at one speed, with some noise, in the middle of the morning."""
    rng = np.random.default_rng(5)

    def work(tx: Tx) -> None:
        for number in range(count):
            start, end = (Place(lat=37.8 + float(a), lon=113.5 + float(b)) for a, b in rng.random((2, 2)) * 0.09)
            metres = float(straight_m(Drive(start, end, 0, 0, 0)))
            lasted_s = (start_up_s + metres * travel_profile().detour * 3.6 / km_h) * float(rng.lognormal(0, 0.05))
            begun_ms = MORNING_MS - age_ms + number * 1000
            tx.session.add(
                Trip(
                    assignment_id=f"a{number}",
                    branch_id=HOME,
                    departed_ms=begun_ms,
                    arrived_ms=begun_ms + round(lasted_s * 1000),
                    from_lat=start.lat,
                    from_lon=start.lon,
                    to_lat=end.lat,
                    to_lon=end.lon,
                )
            )

    house.write(work)


def calibrations(house: House) -> list[TravelCalibration]:
    """Return all rows, oldest first."""
    return house.read(lambda s: list(s.scalars(sa.select(TravelCalibration).order_by(TravelCalibration.made_ms))))


def stand(house: House, place: Place | None, at_ms: int) -> None:
    """Let Wang's phone have told its position at a moment."""
    lat, lon = (place.lat, place.lon) if place else (None, None)
    values = {"lat": lat, "lon": lon, "position_ms": at_ms if place else None}
    house.write(lambda tx: tx.session.execute(sa.update(Technician).where(Technician.id == "wang").values(**values)))


def drive(house: House) -> Trip:
    """Let Wang take the leak, depart, and arrive ten minutes later; return what was kept of it."""
    phone = house.phone("wang")
    leak = house.report(LEAK)
    house.sync(phone)
    phone.act("accept_assignment", leak)
    phone.act("depart", leak)
    house.sync(phone)
    house.clock.pass_ms(10 * MINUTE_MS)
    phone.act("arrive", leak)
    house.sync(phone)
    (row,) = [a for a in house.read(lambda s: dispatch.list_of_order(s, leak)) if a.arrived_ms]
    trip = house.read(lambda s: travel_rows.find_trip(s, row.id))
    assert trip is not None
    return trip


@pytest.fixture
def near_house(house: House) -> House:
    """Return a company in which Sun is away, so that Wang goes."""
    house.write(lambda tx: tx.session.execute(sa.text("DELETE FROM shift WHERE technician_id = 'sun'")))
    return house


def test_a_trip_is_kept_when_a_technician_departs_and_arrives(near_house: House) -> None:
    """From his last position to the order's place, by the phone's times."""
    stand(near_house, Place(lat=37.88, lon=113.59), MORNING_MS - MINUTE_MS)
    trip = drive(near_house)
    assert (trip.from_lat, trip.from_lon, trip.to_lat, trip.to_lon) == (37.88, 113.59, LEAK_PLACE.lat, LEAK_PLACE.lon)
    assert trip.arrived_ms is not None
    assert trip.arrived_ms - trip.departed_ms == 10 * MINUTE_MS


def test_a_trip_has_no_start_when_the_position_is_old(near_house: House) -> None:
    """Yesterday's position says nothing: the trip is kept, teaches nothing, and is counted."""
    stand(near_house, Place(lat=37.88, lon=113.59), MORNING_MS - DAY_MS)
    trip = drive(near_house)
    assert (trip.from_lat, trip.from_lon) == (None, None)
    learnt = learning.learn_branch(near_house.uow, HOME, ZONE)
    assert learnt["straight"].ignored == {"no_place": 1}
    assert learnt["straight"].whole is None


def test_what_trips_taught_is_on_the_next_certificate(house: House) -> None:
    """Day, count and error stand in the provenance, and the times follow the trips' pace."""
    keep_trips(house, 200, start_up_s=90.0, km_h=24.0)
    learning.learn_branch(house.uow, HOME, ZONE)
    (row,) = calibrations(house)
    assert (row.provider, row.trips) == ("straight", 200)
    leak = house.report(LEAK)
    found = house.read(lambda s: dispatch.find_proof(s, leak))
    assert found is not None
    assert found.certificate["travel_quality"].startswith("straight 2026-09-22 n=200 ±")
    metres = straight_m(Drive(Place(lat=37.86, lon=113.57), LEAK_PLACE, 0, 0, 0))
    expected = 90 + metres * travel_profile().detour * 3.6 / 24
    assert found.certificate["travel_s"] == pytest.approx(expected, rel=0.06)


def test_the_worker_learns_once_a_day_when_trips_are_old_enough(house: House) -> None:
    """Not in the first day of a run, then once in each span of the rules; older rows stay as they were."""
    keep_trips(house, 60, age_ms=DAY_MS // 2)
    assert learning.learn_daily(house.uow, [HOME], ZONE) == 0
    house.clock.pass_ms(DAY_MS)
    assert learning.learn_daily(house.uow, [HOME], ZONE) == 1
    assert learning.learn_daily(house.uow, [HOME], ZONE) == 0
    house.clock.pass_ms(travel_rules().calibration.refresh_every_s * 1000)
    assert learning.learn_daily(house.uow, [HOME], ZONE) == 1
    assert [row.trips for row in calibrations(house)] == [60, 60]


def test_a_road_graph_is_calibrated_by_the_same_trips(house: House, tmp_path: Path) -> None:
    """Trips driven at one and a half times the graph's seconds teach that scale; those off the road are counted."""
    path = tmp_path / "town.npz"
    save_roads(read_roads(write_town(tmp_path / "town.osm", grid_ways(8, 8)), road_rules()), path)
    house.write(lambda tx: desk.choose(tx, "roadgraph", str(path)))
    graph = desk.find_loaded_graph(house.read(lambda s: desk.read_terms(s, HOME)))
    assert isinstance(graph, RoadGraph)
    rng = np.random.default_rng(3)
    nodes = [int(row) * 100 + int(column) for row, column in rng.integers(0, 8, (400, 2))]
    ends = [(node_place(a), node_place(b)) for a, b in zip(nodes[::2], nodes[1::2], strict=True)]
    lengths = graph.list_drives_s([a for a, _ in ends], [b for _, b in ends])
    drives = [Drive(a, b, 0.0, 100.0 + 1.5 * (length or 0.0), 10) for (a, b), length in zip(ends, lengths, strict=True)]
    field = Place(lat=37.80, lon=113.58)
    learnt = learning.fit_roads(graph, [*drives, Drive(field, node_place(0), 0, 900, 10)], "2026-11-21")
    assert learnt.whole is not None
    assert learnt.whole.pace == pytest.approx(1.5, rel=0.02)
    assert learnt.whole.start_up_s == pytest.approx(100, rel=0.05)
    assert learnt.ignored["off_road"] == 1


def test_calibrate_travel_tells_what_was_learnt_and_ignored(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints hours, start-up, pace, trips and error; with no trips it says so."""
    monkeypatch.setenv("LEAKFIRST_DATA_DIR", str(house.folder))
    monkeypatch.setenv("LEAKFIRST_DATABASE_URL", house.settings.database_url)
    monkeypatch.setattr("server.processes.clock.clock_for", lambda _address: house.clock)
    assert commands.run(["calibrate-travel"]) == 0
    assert "straight: too few trips" in capsys.readouterr().out
    keep_trips(house, 80)
    assert commands.run(["calibrate-travel"]) == 0
    told = capsys.readouterr().out
    assert "straight 00-24h: " in told
    assert "n=80" in told
