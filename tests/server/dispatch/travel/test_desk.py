"""Who tells a branch's travel times: chosen per branch, whole or not at all, and named on every answer."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from routing.problem import Place
from routing.stop import MaxIterations
from routing.travel import StraightLine
from server import commands, processes
from server.accounts.models import Technician
from server.core.settings import Settings
from server.dispatch import repository
from server.dispatch.problem import take_snapshot
from server.dispatch.rules import travel_profile
from server.dispatch.solving import in_solving_process
from server.dispatch.travel import desk
from server.dispatch.travel.desk import Patience, Terms
from server.dispatch.travel.osm import read_roads
from server.dispatch.travel.roadgraph import RoadGraph
from server.dispatch.travel.roads import load_roads, save_roads
from server.dispatch.travel.rules import road_rules
from server.dispatch.warming import Warming
from shared.errors import DomainError
from tests.server.dispatch.travel.rude import RudeServer, rude_server
from tests.server.dispatch.travel.towns import grid_ways, node_place, write_town
from tests.server.house import HOME, LEAK, STOVE, House

pytestmark = pytest.mark.slow  # reads road nets and asks slow servers

DOOR = node_place(203)
FIELD = Place(lat=DOOR.lat - 0.05, lon=DOOR.lon)


@pytest.fixture
def roads(tmp_path: Path) -> Path:
    """A road file of a small town."""
    path = tmp_path / "town.npz"
    save_roads(read_roads(write_town(tmp_path / "town.osm", grid_ways(6, 6)), road_rules()), path)
    return path


@pytest.fixture
def town_house(house: House) -> House:
    """Return a company whose technicians stand in the town, two streets and four streets from the leak."""

    def stand(tx: Any) -> None:
        for technician_id, node in (("wang", 1), ("sun", 505)):
            place = node_place(node)
            tx.session.execute(
                sa.update(Technician)
                .where(Technician.id == technician_id)
                .values(lat=place.lat, lon=place.lon, home_lat=place.lat, home_lon=place.lon)
            )

    house.write(stand)
    return house


@pytest.fixture
def server() -> Iterator[RudeServer]:
    """An OSRM server of this test's own."""
    with rude_server() as running:
        yield running


def choose(house: House, provider: str, source: object = "") -> None:
    """Set the branch's provider."""
    house.write(lambda tx: desk.choose(tx, provider, str(source)))


def leak_at(place: Place) -> dict[str, Any]:
    """Return a report of a leak at a place."""
    return {**LEAK, "lat": place.lat, "lon": place.lon}


def warm(house: House) -> None:
    """Look up ahead, as the worker does every two seconds."""
    Warming(house.uow, house.settings.sla_profile).warm(HOME)


def proof_of(house: House, work_order_id: str) -> dict[str, Any]:
    """Return an order's certificate."""
    found = house.read(lambda s: repository.find_proof(s, work_order_id))
    assert found is not None
    return found.certificate


def plan_quality(house: House) -> str:
    """Return the provenance that the board shows of the plan."""
    return str(house.lin.get("/api/v1/board").json["plan"]["travel_quality"])


def test_the_straight_line_is_named_when_nothing_was_chosen(town_house: House) -> None:
    """The default needs no data, and says that it is no more than it is."""
    leak = town_house.report(leak_at(DOOR))
    assert proof_of(town_house, leak)["travel_quality"] == "straight"
    assert plan_quality(town_house) == "straight"


def test_a_leak_is_reached_by_road_when_the_branch_has_a_road_graph(town_house: House, roads: Path) -> None:
    """Certificate, plan and candidates carry the graph's times and its name."""
    choose(town_house, "roadgraph", roads)
    warm(town_house)
    leak = town_house.report(leak_at(DOOR))
    proof = proof_of(town_house, leak)
    graph = RoadGraph(load_roads(roads), road_rules())
    assert proof["travel_quality"] == graph.quality
    wang, sun = (int(graph.matrix([node_place(n)], [DOOR], 0)[0][0, 0]) for n in (1, 505))
    assert proof["travel_s"] == min(wang, sun)
    assert plan_quality(town_house) == graph.quality
    found = town_house.lin.get(f"/api/v1/work-orders/{leak}/candidates").json
    assert found["travel_quality"] == graph.quality


def test_nothing_is_searched_in_a_transaction_when_nobody_looked_ahead(town_house: House, roads: Path) -> None:
    """A cold graph is not loaded while the lock is held: the straight line answers at once and says why."""
    choose(town_house, "roadgraph", roads)
    leak = town_house.report(leak_at(DOOR))
    assert proof_of(town_house, leak)["travel_quality"] == "straight (roadgraph failed: not_ready)"
    warm(town_house)
    second = town_house.report(leak_at(node_place(4)))
    assert proof_of(town_house, second)["travel_quality"].startswith("roadgraph")


def test_a_leak_off_the_road_is_served_and_flagged(town_house: House, roads: Path) -> None:
    """A wrong pin stops nobody: the whole matrix is the straight line's, and the order asks for a look."""
    choose(town_house, "roadgraph", roads)
    warm(town_house)
    leak = town_house.report(leak_at(FIELD))
    proof = proof_of(town_house, leak)
    assert proof["technician_id"] is not None
    assert proof["travel_quality"].startswith("straight (roadgraph failed: place_off_road")
    assert "off_road" in town_house.flags(leak)
    seconds, _ = StraightLine(travel_profile()).matrix([node_place(505)], [FIELD], 0)
    assert proof["travel_s"] <= int(seconds[0, 0])


def test_a_road_file_that_breaks_costs_no_dispatch(town_house: House, roads: Path) -> None:
    """Garbage where the graph was: planning goes on by straight line with the reason on its flag."""
    roads.write_bytes(b"garbage")
    choose(town_house, "roadgraph", roads)
    warm(town_house)
    asked = town_house.read(lambda s: take_snapshot(s, HOME, town_house.clock.now_ms(), "sla-gas-cn-2026"))
    handed = processes.travel_to_hand_over(asked)
    assert handed.quality == "straight (roadgraph failed: roads_unusable)"
    assert proof_of(town_house, town_house.report(leak_at(DOOR)))["technician_id"] is not None


def test_a_newer_road_file_is_taken_up_while_running(roads: Path) -> None:
    """The operator builds a new graph over the old one; nobody restarts."""
    terms = Terms("roadgraph", str(roads))
    before = desk.times_for(terms, [DOOR], 0, Patience.SEARCH).quality
    town = write_town(roads.with_suffix(".osm"), grid_ways(5, 5), stamp="2026-12-01T00:00:00Z")
    save_roads(read_roads(town, road_rules()), roads)
    after = desk.times_for(terms, [DOOR], 0, Patience.SEARCH).quality
    assert (before[:20], after[:20]) == ("roadgraph 2026-11-01", "roadgraph 2026-12-01")


def test_a_leak_is_reached_by_the_servers_times_when_osrm_is_well(town_house: House, server: RudeServer) -> None:
    """What the server told before the transaction is what the certificate holds."""
    choose(town_house, "osrm", server.url)
    warming = Warming(town_house.uow, town_house.settings.sla_profile)
    town_house.relay._prepare = warming.prepare
    leak = town_house.report(leak_at(DOOR))
    assert proof_of(town_house, leak)["travel_quality"] == "osrm 2026-11-01"
    asked = server.asked
    town_house.lin.get(f"/api/v1/work-orders/{leak}/candidates")
    assert server.asked == asked


def test_a_leak_is_placed_when_looking_ahead_breaks(town_house: House, roads: Path) -> None:
    """A fault nobody thought of in the looking up costs the flag, never the dispatch."""
    choose(town_house, "roadgraph", roads)
    warming = Warming(town_house.uow, town_house.settings.sla_profile)
    warming._look_up = lambda _branch: 1 // 0  # type: ignore[method-assign,assignment] # the planted fault
    town_house.relay._prepare = warming.prepare
    leak = town_house.report(leak_at(DOOR))
    assert proof_of(town_house, leak)["technician_id"] is not None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((500, b"oh no"), "http_500"), ((200, b"<html>"), "broken_answer"), ((200, b'{"code":"Ok"}'), "broken_answer")],
)
def test_one_matrix_has_one_provider_when_osrm_fails(
    town_house: House, server: RudeServer, answer: tuple[int, bytes], reason: str
) -> None:
    """The whole matrix is the straight line's, figure by figure, and named so."""
    server.mood = lambda _server, _table: answer
    choose(town_house, "osrm", server.url)
    town_house.report({**STOVE, "lat": DOOR.lat, "lon": DOOR.lon})
    asked = town_house.read(lambda s: take_snapshot(s, HOME, town_house.clock.now_ms(), "sla-gas-cn-2026"))
    travel = processes.travel_to_hand_over(asked)
    places = desk.list_places(asked.problem)
    assert travel.quality == f"straight (osrm failed: {reason})"
    plain = StraightLine(travel_profile()).matrix(places, places, 0)
    for one, other in zip(travel.matrix(places, places, asked.problem.now_s), plain, strict=True):
        assert (one == other).all()


def test_a_table_with_a_hole_gives_no_part_of_a_matrix(town_house: House, server: RudeServer) -> None:
    """A null in one cell is an error with the places in it, and the straight line answers for all of them."""

    def hole(_server: RudeServer, table: dict[str, Any]) -> tuple[int, bytes]:
        table["durations"][0][-1] = None
        return 200, json.dumps(table).encode()

    server.mood = hole
    terms = Terms("osrm", server.url)
    travel = desk.times_for(terms, [DOOR, node_place(1), node_place(505)], 0, Patience.FETCH)
    assert travel.quality.startswith("straight (osrm failed: place_unreachable 37.8")
    del town_house


def test_the_operators_road_graph_stands_in_when_osrm_fails(
    server: RudeServer, roads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better than straight lines, and flagged as what it is."""
    monkeypatch.setitem(desk._desk._sources, "roadgraph", str(roads))
    server.mood = lambda _server, _table: (500, b"")
    travel = desk.times_for(Terms("osrm", server.url), [DOOR, node_place(1)], 0, Patience.FETCH)
    assert travel.quality.startswith("roadgraph 2026-11-01")
    assert travel.quality.endswith("(osrm failed: http_500)")


def test_the_solving_process_gets_times_it_can_carry(town_house: House, roads: Path) -> None:
    """What is handed over survives the way into another process, and plans there under its name."""
    choose(town_house, "roadgraph", roads)
    warm(town_house)
    town_house.report({**STOVE, "lat": DOOR.lat, "lon": DOOR.lon})
    profile = town_house.settings.sla_profile
    asked = town_house.read(lambda s: take_snapshot(s, HOME, town_house.clock.now_ms(), profile))
    travel = pickle.loads(pickle.dumps(processes.travel_to_hand_over(asked)))  # noqa: S301 - its own bytes
    run = in_solving_process(asked.problem, asked.plan, seed=1, stop=MaxIterations(5), max_moved=3, travel=travel)
    assert run.plan.travel_quality.startswith("roadgraph 2026-11-01")
    places = desk.list_places(asked.problem)
    assert np.array_equal(travel.matrix(places, places, 0)[0], asked.travel.matrix(places, places, 0)[0])


def test_a_provider_is_chosen_by_command(
    town_house: House, roads: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What could never answer is refused with one line; what can is kept for the branch."""
    monkeypatch.setenv("LEAKFIRST_DATA_DIR", str(town_house.folder))
    monkeypatch.setenv("LEAKFIRST_DATABASE_URL", town_house.settings.database_url)
    assert commands.run(["set-travel", "roadgraph", "--source", str(roads.with_name("none.npz"))]) == 2
    assert commands.run(["set-travel", "osrm", "--source", "ftp://somewhere"]) == 2
    assert "无法使用" in capsys.readouterr().err
    assert commands.run(["set-travel", "roadgraph", "--source", str(roads)]) == 0
    terms = town_house.read(lambda s: desk.read_terms(s, HOME))
    assert (terms.provider, terms.source) == ("roadgraph", str(roads))


@pytest.mark.parametrize(
    ("name", "value"), [("LEAKFIRST_TRAVEL", "teleport"), ("LEAKFIRST_OSRM_URL", "localhost:5000")]
)
def test_a_setting_that_makes_no_sense_is_refused_at_the_start(tmp_path: Path, name: str, value: str) -> None:
    """Not in the middle of a leak."""
    with pytest.raises(DomainError, match="setting_invalid"):
        Settings.from_env({"LEAKFIRST_DATA_DIR": str(tmp_path), name: value})
