"""The road graph: what is read of OpenStreetMap, how it is kept, and the driving times that come of it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from routing.problem import Place
from routing.travel import distances_m
from server import commands
from server.dispatch.travel.known import Known
from server.dispatch.travel.osm import read_roads, read_way
from server.dispatch.travel.roadgraph import RoadGraph
from server.dispatch.travel.roads import RoadNet, load_roads, save_roads
from server.dispatch.travel.rules import road_rules
from shared.errors import DomainError
from tests.server.dispatch.travel.towns import STEP_DEG, Ways, grid_ways, node_place, shortest_s, write_town

RULES = msgspec.structs.replace(road_rules(), start_up_s=0.0)
OSM = Path(__file__).resolve().parents[4] / "../shared/data/osm"


def net_of(tmp_path: Path, ways: Ways) -> RoadNet:
    """Return the net of a town written for this test."""
    return read_roads(write_town(tmp_path / "town.osm", ways), RULES)


def near(node: int, north: float = 0.0, east: float = 0.0) -> Place:
    """Return a place beside a node, in grid steps."""
    place = node_place(node)
    return Place(lat=place.lat + north * STEP_DEG, lon=place.lon + east * STEP_DEG)


def street_seconds(ways: Ways) -> dict[int, dict[int, float]]:
    """Return edges between neighbouring nodes with their seconds, by the test's own reading of the rules."""
    edges: dict[int, dict[int, float]] = {}
    for refs, tags in ways:
        speed = RULES.class_km_h[tags["highway"]] / 3.6
        for one, other in itertools.pairwise(refs):
            metres = float(distances_m([node_place(one)], [node_place(other)])[0, 0])
            cost = metres / speed + RULES.junction_s
            if tags.get("oneway") != "-1":
                edges.setdefault(one, {})[other] = cost
            if tags.get("oneway") != "yes":
                edges.setdefault(other, {})[one] = cost
    return edges


def test_times_equal_an_independent_search_when_streets_are_one_way(tmp_path: Path) -> None:
    """Agrees with plain Dijkstra over the same ways, between all junctions, directions included."""
    ways = grid_ways(5, 6)
    nodes = [row * 100 + column for row in range(5) for column in range(6)]
    graph = RoadGraph(net_of(tmp_path, ways), RULES)
    places = [node_place(node) for node in nodes]
    seconds, metres = graph.matrix(places, places, 0)
    edges = street_seconds(ways)
    for row, start in enumerate(nodes):
        exact = shortest_s(edges, start)
        for column, end in enumerate(nodes):
            assert seconds[row, column] == pytest.approx(exact[end], rel=0.004, abs=1.01)
    assert (seconds != seconds.T).any()
    assert (metres >= distances_m(places, places) - 10).all()


def test_one_more_place_changes_nothing_when_the_others_are_known(tmp_path: Path) -> None:
    """Answers the same whether places came one by one, in any order, or all at once."""
    net = net_of(tmp_path, grid_ways(4, 5))
    rng = np.random.default_rng(7)
    corner = node_place(0)
    places = [
        Place(lat=corner.lat + float(a) * 3 * STEP_DEG, lon=corner.lon + float(b) * 4 * STEP_DEG)
        for a, b in rng.random((25, 2))
    ]
    grown = RoadGraph(net, RULES)
    for count in (1, 2, 3, 9, 25):
        grown.matrix(places[:count], places[:count], 0)
    assert grown.count_new(places) == 0
    at_once = RoadGraph(net, RULES).matrix(places, places, 0)
    for one, other in zip(grown.matrix(places, places, 0), at_once, strict=True):
        assert (one == other).all()


def test_the_way_back_is_long_when_the_street_is_one_way(tmp_path: Path) -> None:
    """Two doors of one piece of a one-way street: ahead along it, back around the block."""
    graph = RoadGraph(net_of(tmp_path, grid_ways(3, 3)), RULES)
    first, second = near(100, east=0.3), near(100, east=0.7)
    seconds, metres = graph.matrix([first, second], [first, second], 0)
    ahead_m = float(distances_m([first], [second])[0, 0])
    assert metres[0, 1] == pytest.approx(ahead_m, abs=45)
    assert metres[1, 0] > 3 * ahead_m
    assert seconds[1, 0] > 3 * seconds[0, 1]


def test_an_off_road_place_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    """Raises with the place and its metres instead of planning over a field."""
    graph = RoadGraph(net_of(tmp_path, grid_ways(3, 3)), RULES)
    lost = near(0, north=-2.0)
    with pytest.raises(DomainError) as refused:
        graph.matrix([node_place(0), lost], [node_place(1)], 0)
    assert refused.value.code == "place_off_road"
    assert refused.value.data["metres"] == pytest.approx(444, abs=25)
    assert [index for index, _ in graph.off_road([node_place(0), lost])] == [1]


def test_a_leg_without_way_is_named_when_the_file_holds_two_towns(tmp_path: Path) -> None:
    """A net that is not connected (another program's file) leads to an error, never to a large number."""
    net = net_of(tmp_path, grid_ways(3, 3))
    closed = dataclasses.replace(
        net, forward_s=np.full_like(net.forward_s, np.inf), backward_s=np.full_like(net.backward_s, np.inf)
    )
    with pytest.raises(DomainError) as refused:
        RoadGraph(closed, RULES).matrix([node_place(0)], [node_place(202)], 0)
    assert refused.value.code == "place_unreachable"


def test_only_the_part_that_can_be_left_again_is_kept(tmp_path: Path) -> None:
    """Drops the island and the one-way dead end, keeps the grid."""
    island = ([5000, 5001], {"highway": "residential"})
    trap = ([2, 3, 4], {"highway": "residential", "oneway": "yes"})
    net = net_of(tmp_path, [*grid_ways(3, 3), island, trap])
    assert net.junctions == 9
    assert RoadGraph(net, RULES).off_road([node_place(5000), node_place(4)]) != []


def test_calibration_stretches_driving_and_adds_start_up_when_given(tmp_path: Path) -> None:
    """Start-up is charged once for each trip, and not at all inside one building."""
    net = net_of(tmp_path, grid_ways(3, 3))
    places = [node_place(0), node_place(202)]
    plain, _ = RoadGraph(net, RULES).matrix(places, places, 0)
    taught = RoadGraph(net, RULES).times(places).paced(90.0, 1.5, "2026-11-21 n=60 ±9%")
    slower, _ = taught.matrix(places, places, 0)
    assert taught.quality.endswith("2026-11-21 n=60 ±9%")
    assert slower[0, 1] == pytest.approx(plain[0, 1] * 1.5 + 90, abs=2)
    assert slower[0, 0] == 0


def test_a_net_is_the_same_when_it_comes_back_from_its_file(tmp_path: Path) -> None:
    """Keeps arrays, source, hash and date."""
    net = net_of(tmp_path, grid_ways(3, 4))
    save_roads(net, tmp_path / "town.npz")
    again = load_roads(tmp_path / "town.npz")
    for field in dataclasses.fields(net):
        assert np.array_equal(getattr(net, field.name), getattr(again, field.name))
    assert again.data_date == "2026-11-01"
    assert RoadGraph(again, RULES).quality.startswith("roadgraph 2026-11-01")


def test_a_road_file_is_refused_when_its_roads_do_not_hang_together(tmp_path: Path) -> None:
    """What cannot be left again is found at the start, not in the middle of a plan."""
    net = net_of(tmp_path, grid_ways(3, 3))
    backward = net.backward_s.copy()
    forward = net.forward_s.copy()
    forward[net.piece_a == 0], backward[net.piece_b == 0] = np.inf, np.inf
    save_roads(dataclasses.replace(net, forward_s=forward, backward_s=backward), tmp_path / "town.npz")
    with pytest.raises(DomainError, match="not connected"):
        load_roads(tmp_path / "town.npz")


def test_whoever_cannot_wait_is_told_when_a_search_is_under_way(tmp_path: Path) -> None:
    """An instant answer never stands behind another's search; without one its places are learnt at once."""
    graph = RoadGraph(net_of(tmp_path, grid_ways(3, 3)), RULES)
    places = [node_place(0), node_place(202)]
    with graph._known._searching:
        assert not graph.learn(places, wait_s=0.01)
    assert graph.count_new(places) == 2
    assert graph.learn(places, wait_s=0.01)
    assert graph.count_new(places) == 0


def test_old_places_are_forgotten_when_too_many_are_known(tmp_path: Path) -> None:
    """The table stays bounded, and what is asked again after being forgotten is the same."""
    net = net_of(tmp_path, grid_ways(4, 4))
    small = RoadGraph(net, RULES)
    small._known = Known(small._known._find_legs, most=5, at_once=2)
    nodes = [node_place(row * 100 + column) for row in range(4) for column in range(4)]
    whole = RoadGraph(net, RULES).matrix(nodes, nodes, 0)[0]
    for first in range(0, 14, 2):
        seconds, _ = small.matrix(nodes[first : first + 3], nodes[first : first + 3], 0)
        assert (seconds == whole[first : first + 3, first : first + 3]).all()
        assert len(small._known._table.points) <= 5
    assert (small.matrix(nodes, nodes, 0)[0] == whole).all()


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _overwritten(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 not a zip at all" * 50)


def _of_another_make(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, weights=np.zeros(3))


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for index in range(len(data) // 3, 2 * len(data) // 3):
        data[index] ^= 0xFF
    path.write_bytes(bytes(data))


def _removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [_cut_off, _emptied, _overwritten, _of_another_make, _flipped, _removed])
def test_a_road_file_is_refused_when_it_is_garbage(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """Whatever happened to the file, one DomainError names it."""
    path = tmp_path / "town.npz"
    save_roads(net_of(tmp_path, grid_ways(3, 3)), path)
    harm(path)
    with pytest.raises(DomainError, match="roads_unusable"):
        load_roads(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("piece_a", -1),
        ("piece_b", 10_000),
        ("forward_s", np.nan),
        ("backward_s", -5.0),
        ("length_m", -1.0),
        ("node_lat", 400.0),
        ("shape_lon", np.nan),
        ("shape_from", 7),
    ],
)
def test_a_road_file_is_refused_when_its_arrays_contradict_themselves(tmp_path: Path, field: str, value: float) -> None:
    """A well-formed file with impossible figures is garbage too."""
    net = net_of(tmp_path, grid_ways(3, 3))
    figures = getattr(net, field).copy()
    figures[0] = value
    save_roads(dataclasses.replace(net, **{field: figures}), tmp_path / "town.npz")
    with pytest.raises(DomainError, match="roads_unusable"):
        load_roads(tmp_path / "town.npz")


@pytest.mark.parametrize("content", [b"", b"garbage" * 99, b"<osm version='0.6'></osm>", b"<osm><node id='x'/></osm>"])
@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.txt"])
def test_a_map_file_is_refused_when_it_holds_no_roads(tmp_path: Path, name: str, content: bytes) -> None:
    """Broken, empty, or of an unknown kind: one DomainError with the reader's words."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DomainError, match="roads_unusable"):
        read_roads(path, RULES)


@pytest.mark.parametrize(
    ("tags", "speed_km_h", "directions"),
    [
        ({"highway": "residential"}, 24.0, (True, True)),
        ({"highway": "residential", "oneway": "yes"}, 24.0, (True, False)),
        ({"highway": "residential", "oneway": "-1"}, 24.0, (False, True)),
        ({"highway": "motorway"}, 88.0, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, 88.0, (True, True)),
        ({"highway": "tertiary", "junction": "roundabout"}, 36.0, (True, False)),
        ({"highway": "primary", "maxspeed": "50"}, 40.0, (True, True)),
        ({"highway": "primary", "maxspeed": "50;30"}, 40.0, (True, True)),
        ({"highway": "primary", "maxspeed": "30 mph"}, 0.8 * 48.28, (True, True)),
        ({"highway": "primary", "maxspeed": "900"}, 104.0, (True, True)),
        ({"highway": "primary", "maxspeed": "0"}, 4.0, (True, True)),
        ({"highway": "primary", "maxspeed": "walk"}, 52.0, (True, True)),
        ({"highway": "primary", "access": "private", "motor_vehicle": "yes"}, 52.0, (True, True)),
    ],
)
def test_a_way_is_read_as_its_tags_say(tags: dict[str, str], speed_km_h: float, directions: tuple[bool, bool]) -> None:
    """Signs, classes and one-way streets as drivers meet them."""
    way = read_way(tags, iter([1, 2, 2, 3]), RULES)
    assert way is not None
    assert way.refs == (1, 2, 3)
    assert way.speed_m_s * 3.6 == pytest.approx(speed_km_h, rel=0.001)
    assert (way.is_forward, way.is_backward) == directions


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"highway": "footway"},
        {"highway": "service"},
        {"highway": "residential", "access": "no"},
        {"highway": "residential", "area": "yes"},
        {"highway": "residential", "access": "yes", "motorcar": "no"},
    ],
)
def test_a_way_is_no_road_when_cars_may_not_drive_on_it(tags: dict[str, str]) -> None:
    """Paths, closed roads and squares are left out."""
    assert read_way(tags, iter([1, 2]), RULES) is None


def test_build_roads_writes_a_graph_when_the_file_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command makes a file that the provider can read, and says how large it is."""
    monkeypatch.setenv("LEAKFIRST_DATA_DIR", str(tmp_path / "data"))
    town = write_town(tmp_path / "town.osm", grid_ways(3, 3))
    assert commands.run(["build-roads", str(town), "--out", str(tmp_path / "town.npz")]) == 0
    assert "9 junctions" in capsys.readouterr().out
    assert load_roads(tmp_path / "town.npz").junctions == 9


def test_build_roads_says_one_line_when_the_file_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An anticipated failure is a sentence in both languages and exit code 2, and leaves an older graph alone."""
    monkeypatch.setenv("LEAKFIRST_DATA_DIR", str(tmp_path / "data"))
    out = tmp_path / "town.npz"
    out.write_bytes(b"older")
    (tmp_path / "town.osm.pbf").write_bytes(b"garbage")
    assert commands.run(["build-roads", str(tmp_path / "town.osm.pbf"), "--out", str(out)]) == 2
    assert "无法使用" in capsys.readouterr().err
    assert out.read_bytes() == b"older"


@pytest.mark.skipif(not (OSM / "porto.osm.pbf").exists(), reason="the shared data is not beside this checkout")
def test_a_real_city_is_driven_on_when_its_extract_is_there() -> None:
    """Porto's centre: one component, detours and speeds as a driver would expect them."""
    net = read_roads(OSM / "porto.osm.pbf", RULES)
    rng = np.random.default_rng(1)
    chosen = rng.integers(0, net.junctions, 40)
    places = [Place(lat=float(net.node_lat[i]), lon=float(net.node_lon[i])) for i in chosen]
    seconds, metres = RoadGraph(net, RULES).matrix(places, places, 0)
    far = distances_m(places, places) > 500
    assert net.data_date == "2020-07-20"
    assert 1.1 < metres[far].sum() / distances_m(places, places)[far].sum() < 2.2
    assert 15 < 3.6 * metres[far].sum() / seconds[far].sum() < 60
