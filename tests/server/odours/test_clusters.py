"""Several homes that smell gas are one matter; one home that calls twice is one home (beyond 6)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from server.odours import clusters
from server.odours.clusters import Report
from server.work_orders import joining
from server.work_orders.odour_rings import Ring
from tests.server.house import HOUR_MS, LEAK, STOVE, House

NORTH_100_M = 0.0009
OTHER_HOME = {**LEAK, "address": "桃北中街220号1单元101室", "lat": 37.861 + NORTH_100_M, "caller": {"phone": "139"}}


def flags(house: House, order_id: str) -> set[str]:
    """Return an order's flags."""
    return set(house.flags(order_id))


def list_clusters(house: House) -> list[dict[str, Any]]:
    """Return what Lin's map rings."""
    items: list[dict[str, Any]] = house.lin.get("/api/v1/odours").json["items"]
    return items


def test_two_homes_within_150_m_raise_the_question_of_the_network(house: House) -> None:
    """One report is a report; the second makes one cluster with its middle, and both are flagged."""
    first = house.report(LEAK)
    assert list_clusters(house) == []
    second = house.report(OTHER_HOME)
    [found] = list_clusters(house)
    assert (found["homes"], {one["work_order_id"] for one in found["reports"]}) == (2, {first, second})
    assert all(joining.NEARBY in flags(house, one) for one in (first, second))


def test_one_home_that_calls_twice_is_no_cluster(house: House) -> None:
    """Zhao calls again from the same address: nobody else smells it."""
    house.report(LEAK)
    house.report({**LEAK, "caller": {"name": "赵敏", "phone": "136"}})
    assert list_clusters(house) == []


@pytest.mark.parametrize(
    "other",
    [
        {"lat": 37.861 + 2 * NORTH_100_M},
        {"fault_kind": "stove_fault", "answers": {}},
        {"lat": None, "lon": None},
    ],
)
def test_report_that_is_far_no_odour_or_nowhere_makes_no_cluster(house: House, other: dict[str, Any]) -> None:
    """Two hundred metres, a stove, or no pin."""
    house.report(LEAK)
    house.report({**OTHER_HOME, **other})
    house.drain()
    assert list_clusters(house) == []


def test_report_of_this_morning_is_no_neighbour_in_the_evening(house: House) -> None:
    """A short window tells something, a long one nothing."""
    house.report(LEAK)
    house.clock.pass_ms(7 * HOUR_MS)
    house.report(OTHER_HOME)
    assert list_clusters(house) == []


def test_agent_sees_the_open_order_of_the_home_and_odours_near_by(house: House) -> None:
    """While the caller still speaks: by phone, by address, by place; metres to the neighbour."""
    first = house.report(LEAK)
    for known in ({"phone": "13800000001"}, {"address": LEAK["address"]}, {"lat": 37.861, "lon": 113.571}):
        told = house.lin.post("/api/v1/intake/nearby", known).json
        assert [one["id"] for one in told["same_home"]] == [first]
    told = house.lin.post("/api/v1/intake/nearby", {"lat": 37.861 + NORTH_100_M, "lon": 113.571}).json
    assert told["same_home"] == []
    assert [one["metres"] for one in told["odours"]] == [100]


def test_second_call_is_added_and_never_demotes(house: House) -> None:
    """The order keeps place and state; the call stands in its history; an ended order takes none."""
    leak = house.report(LEAK)
    before = house.order(leak)
    assert house.lin.post(f"/api/v1/work-orders/{leak}/calls", {"note": "气味更浓"}).status_code == 200
    after = house.order(leak)
    assert (after.priority, after.state) == (before.priority, before.state)
    assert "repeat_caller" in flags(house, leak)
    assert [e.data["note"] for e in house.events(leak) if e.type == "called_again"] == ["气味更浓"]
    assert house.lin.post(f"/api/v1/work-orders/{leak}/calls", {"note": "x" * 1001}).status_code == 400
    stranger = house.sign_in("qian")
    assert stranger.post(f"/api/v1/work-orders/{leak}/calls", {"note": ""}).status_code == 404
    assert house.report(STOVE) != leak


def test_clusters_are_the_same_whatever_the_order_of_reports() -> None:
    """A chain of neighbours is one cluster; shuffling changes nothing."""
    ring = Ring(radius_m=150, within_s=6 * 3600, raises=True)
    chance = random.Random(7)
    for _ in range(50):
        reports = [
            Report(
                str(n),
                str(n),
                37 + chance.random() * 0.006,
                113 + chance.random() * 0.006,
                n * HOUR_MS // 3,
                str(n % 9),
            )
            for n in range(20)
        ]
        wanted = {frozenset(one.work_order_id for one in c.reports) for c in clusters.find_clusters(reports, ring, 2)}
        chance.shuffle(reports)
        found = {frozenset(one.work_order_id for one in c.reports) for c in clusters.find_clusters(reports, ring, 2)}
        assert found == wanted
