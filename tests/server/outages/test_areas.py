"""Where gas is off stands on the map until it is on again; who lives there is counted; nonsense is refused in words."""

from __future__ import annotations

import random
from typing import Any

import pytest

from server.outages import shapes
from tests.server.house import HOUR_MS, House

ROUND_ZHAO = [[113.57, 37.86], [113.572, 37.86], [113.572, 37.862], [113.57, 37.862]]
NO_GAS = {"kind": "emergency", "name": "桃北中街停气", "ring": ROUND_ZHAO}


def list_areas(house: House, query: str = "") -> list[dict[str, Any]]:
    """Return what Lin's map shows."""
    items: list[dict[str, Any]] = house.lin.get(f"/api/v1/areas{query}").json["items"]
    return items


def test_area_stands_with_the_customers_who_live_in_it_until_it_is_ended(house: House) -> None:
    """Zhao lives inside; when gas is back the area is gone."""
    drawn = house.lin.post("/api/v1/areas", NO_GAS)
    assert drawn.status_code == 201
    [shown] = list_areas(house)
    assert (shown["name"], shown["customers"]) == ("桃北中街停气", 1)
    assert [a["id"] for a in list_areas(house, "?lat=37.861&lon=113.571")] == [shown["id"]]
    assert list_areas(house, "?lat=37.9&lon=113.571") == []
    assert house.lin.post(f"/api/v1/areas/{shown['id']}/end", {}).status_code == 200
    assert list_areas(house) == []


def test_area_ends_by_itself_when_its_time_is_over(house: House) -> None:
    """A planned stop of two hours is gone after three."""
    now = house.clock.now_ms()
    house.lin.post("/api/v1/areas", {**NO_GAS, "kind": "planned", "from_ms": now, "until_ms": now + 2 * HOUR_MS})
    assert len(list_areas(house)) == 1
    house.clock.pass_ms(3 * HOUR_MS)
    assert list_areas(house) == []


def test_second_editor_is_told_that_the_area_has_changed(house: House) -> None:
    """Lin and the admin have it open; the later one does not overwrite unseen."""
    area = house.lin.post("/api/v1/areas", NO_GAS).json
    admin = house.sign_in("admin")
    assert admin.post(f"/api/v1/areas/{area['id']}", {**NO_GAS, "name": "全街", "ver": area["ver"]}).status_code == 200
    assert house.lin.post(f"/api/v1/areas/{area['id']}", {**NO_GAS, "ver": area["ver"]}).status_code == 409
    assert list_areas(house)[0]["name"] == "全街"


def test_stranger_and_agent_change_nothing(house: House) -> None:
    """Qian's branch does not see it; who takes calls may look only."""
    area = house.lin.post("/api/v1/areas", NO_GAS).json
    qian = house.sign_in("qian")
    assert qian.get("/api/v1/areas").json["items"] == []
    assert qian.post(f"/api/v1/areas/{area['id']}/end", {}).status_code == 404
    chen = house.sign_in("chen")
    assert chen.post("/api/v1/areas", NO_GAS).status_code == 403
    assert len(chen.get("/api/v1/areas").json["items"]) == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"ring": [[113.57, 37.86], [113.58, 37.86]]}, "corners"),
        ({"ring": [[113.57, 37.86]] * 501}, "corners"),
        ({"ring": [[113.57, 37.86], [113.58, 137.86], [113.59, 37.86]]}, "place"),
        ({"ring": [[113.57, 37.86], [119.58, 37.86], [113.59, 37.87]]}, "size"),
        ({"ring": [[113.57, 37.86], [113.572, 37.862], [113.572, 37.86], [113.57, 37.862]]}, "crossed"),
        ({"name": "  "}, "name"),
        ({"kind": "volcano"}, "volcano"),
        ({"ring": "everywhere"}, "array"),
    ],
)
def test_area_that_makes_no_sense_is_refused_with_its_reason(house: House, wrong: dict[str, Any], reason: str) -> None:
    """Nothing is stored."""
    refused = house.lin.post("/api/v1/areas", {**NO_GAS, **wrong})
    assert refused.status_code == 400
    assert reason in str(refused.json)
    assert list_areas(house) == []


def test_place_in_an_area_is_found_like_by_counting_turns() -> None:
    """The ray agrees with the winding of a ring whose corners lie around it, for a thousand places."""
    ring = [(0.0, 0.0), (1.0, 0.1), (0.9, 1.0), (0.4, 0.5), (0.1, 0.9)]
    chance = random.Random(3)
    inside = sum(shapes.is_inside(ring, chance.random(), chance.random()) for _ in range(20_000)) / 20_000
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
    assert inside == pytest.approx(abs(twice) / 2, abs=0.02)


def test_coverage_tells_minutes_near_the_crew_and_nothing_when_nobody_is_qualified(house: House) -> None:
    """Wang and Sun are on shift; nobody has the skill to weld."""
    house.drain()
    told = house.lin.get("/api/v1/coverage").json
    assert told["technicians"] == 2
    minutes = [cell["minutes"] for cell in told["cells"]]
    assert min(minutes) < max(minutes)
    assert len(minutes) > 100
    nobody = house.lin.get("/api/v1/coverage?skill=welding").json
    assert {cell["minutes"] for cell in nobody["cells"]} == {None}
