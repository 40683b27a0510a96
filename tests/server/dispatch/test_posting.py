"""Idle technicians are advised where to wait, by the company's own history; the advice binds nobody."""

from __future__ import annotations

import pytest

from mobile.service import Phone
from server.dispatch import posting
from server.dispatch import repository as dispatch
from server.work_orders import models
from tests.server.house import DAY_MS, HOME, LEAK, MORNING_MS, STOVE, House

NORTH = (37.95, 113.57)


@pytest.fixture
def known_house(house: House) -> House:
    """Return a company whose emergencies of the last months all lay ten kilometres north of Wang's home."""

    def past(number: int) -> models.WorkOrder:
        opened_ms = MORNING_MS - number * DAY_MS
        return models.WorkOrder(
            id=f"past-{number}",
            branch_id=HOME,
            number=f"P{number:05d}",
            fault_kind="gas_leak",
            location="kitchen",
            answers={},
            advice=[],
            protocols=[],
            clock_events=[],
            breached=[],
            flags=[],
            priority=1,
            is_leak=True,
            state="closed",
            skills=["gas_leak"],
            address="北大街7号2单元301室",
            lat=NORTH[0],
            lon=NORTH[1],
            opened_ms=opened_ms,
            expected_s=2700,
        )

    house.write(lambda tx: tx.session.add_all([past(number) for number in range(1, 121)]))
    return house


def look(house: House) -> dict[str, str]:
    """Look at the posts as the product does after somebody became free; return who is advised to wait where."""
    house.write(posting.keep_looking)
    house.pass_ms(posting.posting_rules().settle_s * 1000)
    return {row.technician_id: row.words for row in house.read(lambda s: dispatch.list_posts(s, HOME))}


def told(house: House, phone: Phone) -> str:
    """Return where the phone's technician is told to wait."""
    house.sync(phone)
    return phone.own.wait_at()


def test_idle_technician_is_told_to_wait_where_leaks_are_expected(known_house: House) -> None:
    """Every leak lay in the north: phone and board name the street there, not the flat; the advice is given once."""
    sun = known_house.phone("sun")
    assert look(known_house) == {"sun": "北大街7号", "wang": "北大街7号"}
    first = known_house.read(lambda s: [row.at_ms for row in dispatch.list_posts(s, HOME)])
    known_house.pass_ms(posting.posting_rules().look_every_s * 1000)
    assert known_house.read(lambda s: [row.at_ms for row in dispatch.list_posts(s, HOME)]) == first
    assert told(known_house, sun) == "北大街7号"
    rows = known_house.lin.get("/api/v1/board").json["technicians"]
    assert {row["id"]: row["wait_at"] for row in rows} == {"sun": "北大街7号", "wang": "北大街7号"}


def test_advice_ends_with_the_next_job_and_blocks_none(known_house: House) -> None:
    """Who waits at a post is offered the leak like everybody else; from then on he is told nothing."""
    sun = known_house.phone("sun")
    look(known_house)
    leak = known_house.report({**LEAK, "lat": NORTH[0], "lon": NORTH[1]})
    assert {a.technician_id for a in known_house.read(lambda s: dispatch.list_live_of_order(s, leak))} == {"sun"}
    assert told(known_house, sun) == ""


def test_nobody_is_advised_before_enough_is_known(house: House) -> None:
    """A company without a history sends nobody anywhere."""
    house.report(STOVE)
    assert look(house) == {}
