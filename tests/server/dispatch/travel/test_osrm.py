"""An OSRM server over real HTTP: chunks and provenance when it is well, one clear error for each way to misbehave."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from routing.problem import Place
from routing.travel import distances_m
from server.dispatch.travel.breaker import Breaker
from server.dispatch.travel.osrm import OsrmTables
from server.dispatch.travel.remote import RemoteTimes
from server.dispatch.travel.rules import OsrmRules, travel_rules
from shared.errors import DomainError
from tests.server.dispatch.travel.rude import Answer, RudeServer, Table, rude_server

RULES = msgspec.structs.replace(
    travel_rules().osrm, table_limit=10, connect_s=0.5, read_s=0.3, whole_s=2.0, retries=1, pause_s=0.01, opens_after=2
)
PLACES = [Place(lat=round(37.8 + i * 0.007, 4), lon=round(113.5 + (i * 7 % 5) * 0.01, 4)) for i in range(13)]


@pytest.fixture
def server() -> Iterator[RudeServer]:
    """A server of this test's own."""
    with rude_server() as running:
        yield running


def remote(server: RudeServer, rules: OsrmRules = RULES, start_up_s: float = 60.0) -> RemoteTimes:
    """Return a provider that never sleeps long."""
    return RemoteTimes(OsrmTables(server.url, rules, chance=random.Random(1)), rules, start_up_s)


def reason(times: RemoteTimes) -> str:
    """Return why the server could not be used."""
    with pytest.raises(DomainError) as failed:
        times.given(PLACES)
    assert failed.value.code == "travel_failed"
    return str(failed.value.data["reason"])


def test_a_matrix_is_asked_in_chunks_when_places_are_many(server: RudeServer) -> None:
    """No request has more places than the limit, and the parts fit together again."""
    travel = remote(server).given(PLACES)
    seconds, metres = travel.matrix(PLACES, PLACES, 0)
    straight = distances_m(PLACES, PLACES)
    assert server.most_places <= 10
    assert server.asked == 9
    assert travel.quality == "osrm 2026-11-01"
    off_diagonal = ~np.eye(len(PLACES), dtype=bool)
    assert np.allclose(metres[off_diagonal], 1.3 * straight[off_diagonal], rtol=0.01)
    assert (seconds[off_diagonal] >= straight[off_diagonal] / 10 * 0.99 + 60).all()
    assert (np.diag(seconds) == 0).all()


def test_known_places_need_no_network_when_the_server_is_gone(server: RudeServer) -> None:
    """What was asked once is answered from memory, in any order."""
    times = remote(server)
    before = times.given(PLACES).matrix(PLACES[:3], PLACES[3:], 0)[0]
    asked = server.asked
    server.mood = lambda _server, _table: (500, b"")
    after = times.given(PLACES[::-1]).matrix(PLACES[:3], PLACES[3:], 0)[0]
    assert (before == after).all()
    assert server.asked == asked
    assert times.count_new(PLACES) == 0


def test_one_more_place_asks_for_its_row_and_column_only(server: RudeServer) -> None:
    """Seven known places and a new one: two requests of one chunk each way, not the whole table again."""
    times = remote(server)
    times.given(PLACES[:5])
    asked = server.asked
    times.given(PLACES[:6])
    assert server.asked - asked <= 3


def _slow(_server: RudeServer, _table: Table) -> Answer | None:
    time.sleep(0.8)
    return None


def _dripping(server: RudeServer, _table: Table) -> Answer | None:
    server.drip_s = 0.02
    return None


def _with(**changes: object) -> Answer:
    return 200, json.dumps(changes).encode()


def _cut(_server: RudeServer, table: Table) -> Answer:
    return 200, json.dumps({**table, "durations": table["durations"][:-1]}).encode()


def _ragged(_server: RudeServer, table: Table) -> Answer:
    return 200, json.dumps({**table, "durations": [row[:-1] for row in table["durations"]]}).encode()


def _fewer_waypoints(_server: RudeServer, table: Table) -> Answer:
    return 200, json.dumps({**table, "sources": []}).encode()


def _negative(_server: RudeServer, table: Table) -> Answer:
    return 200, json.dumps({**table, "durations": [[-1.0 for _ in row] for row in table["durations"]]}).encode()


def _endless(_server: RudeServer, table: Table) -> Answer:
    return 200, json.dumps({**table, "durations": [[1e300 for _ in row] for row in table["durations"]]}).encode()


def _words(_server: RudeServer, table: Table) -> Answer:
    return 200, json.dumps({**table, "durations": [["fast" for _ in row] for row in table["durations"]]}).encode()


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        (_slow, "timeout"),
        (_dripping, "timeout"),
        (lambda _s, _t: (500, b"oh no"), "http_500"),
        (lambda _s, _t: (503, b""), "http_503"),
        (lambda _s, _t: (302, b""), "http_302"),
        (lambda _s, _t: (400, b'{"code":"TooBig","message":"Too many table coordinates"}'), "TooBig"),
        (lambda _s, _t: (400, b'{"code":["not","a","word"]}'), "http_400"),
        (lambda _s, _t: (200, b""), "broken_answer"),
        (lambda _s, _t: (200, b"<html>proxy</html>"), "broken_answer"),
        (lambda _s, _t: (200, b'{"code":"Ok","durations":[[0'), "broken_answer"),
        (lambda _s, _t: (200, b"[]"), "broken_answer"),
        (lambda _s, _t: (200, b"\xff\xfe"), "broken_answer"),
        (lambda _s, _t: _with(code="Ok"), "broken_answer"),
        (_words, "broken_answer"),
        (_negative, "broken_answer"),
        (_endless, "broken_answer"),
        (_cut, "wrong_size"),
        (_ragged, "wrong_size"),
        (_fewer_waypoints, "wrong_size"),
    ],
)
def test_each_misbehaviour_has_its_reason(server: RudeServer, mood: object, expected: str) -> None:
    """Slow, broken, wrong or hostile: one DomainError with a word that the dispatcher's flag can carry."""
    server.mood = mood  # type: ignore[assignment] # parametrize hands over any callable
    assert reason(remote(server)) == expected


def test_a_server_that_is_away_is_no_connection() -> None:
    """Nobody listens on the port."""
    with rude_server() as gone:
        times = remote(gone)
    assert reason(times) == "no_connection"


def test_a_fault_that_passes_is_tried_again(server: RudeServer) -> None:
    """One 503 costs a retry, no fallback."""
    moods = [(503, b"")]
    server.mood = lambda _server, _table: moods.pop() if moods else None
    assert remote(server).given(PLACES[:3]).quality.startswith("osrm")
    assert server.asked == 2


def test_a_pair_without_a_way_is_an_error_when_it_is_asked_for(server: RudeServer) -> None:
    """Null is no number: the matrix that needs the leg is refused, one without it is answered."""

    def island(_server: RudeServer, table: Table) -> Answer:
        table["durations"][0][-1] = None
        return 200, json.dumps(table).encode()

    server.mood = island
    times = remote(server)
    with pytest.raises(DomainError) as refused:
        times.given(PLACES[:4])
    assert refused.value.code == "place_unreachable"
    assert (refused.value.data["lat"], refused.value.data["to_lat"]) == (PLACES[0].lat, PLACES[3].lat)
    assert times.given(PLACES[:3]).quality.startswith("osrm")


def test_a_place_off_the_road_is_named_when_the_server_moved_it_far(server: RudeServer) -> None:
    """The server snaps to any distance; we do not, and the server keeps our faith."""

    def far(_server: RudeServer, table: Table) -> Answer:
        table["sources"][1]["distance"] = 4321.0
        return 200, json.dumps(table).encode()

    server.mood = far
    times = remote(server)
    for _ in range(4):
        with pytest.raises(DomainError) as refused:
            times.given(PLACES[:4])
        assert refused.value.code == "place_off_road"
        assert refused.value.data["metres"] == 4321
    assert times.breaker.state == "closed"


def test_a_server_that_keeps_failing_is_left_alone(server: RudeServer) -> None:
    """After some failed matrices it is not asked any more, until a while has passed; then one trial decides."""
    times = remote(server, msgspec.structs.replace(RULES, retries=0))
    now = [0.0]
    times.breaker = Breaker(RULES.opens_after, 30.0, lambda: now[0])
    server.mood = lambda _server, _table: (500, b"")
    assert [reason(times), reason(times)] == ["http_500", "http_500"]
    asked = server.asked
    assert reason(times) == "circuit_open"
    assert server.asked == asked
    now[0] = 31.0
    assert reason(times) == "http_500"
    assert reason(times) == "circuit_open"
    now[0] = 62.0
    server.mood = None
    assert times.given(PLACES).quality.startswith("osrm")
    assert times.breaker.state == "closed"


def test_only_one_question_is_let_through_when_the_circuit_is_half_open() -> None:
    """The trial decides for all."""
    now = [0.0]
    breaker = Breaker(1, 10.0, lambda: now[0])
    assert breaker.try_enter()
    breaker.fail()
    assert not breaker.try_enter()
    now[0] = 11.0
    assert breaker.state == "half_open"
    assert breaker.try_enter()
    assert not breaker.try_enter()
    breaker.succeed()
    assert breaker.try_enter()
