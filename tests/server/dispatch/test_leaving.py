"""A technician on routine work is called off to an emergency beside him, by his consent, and comes back to the rest."""

from __future__ import annotations

from typing import Any

import pytest

from mobile.service import Phone
from server.dispatch import problem
from server.dispatch import repository as dispatch
from server.notices import repository as notices
from server.visits import repository as visits
from shared.errors import DomainError
from tests.mobile.phones import answer_well, do_the_work, go_to_the_door, sign_name
from tests.server.dispatch.test_turning import holders, stands
from tests.server.house import HOME, HOUR_MS, LEAK, STOVE, House

MINUTE_MS = HOUR_MS // 60
FAR = (38.02, 113.72)  # some forty minutes' drive from the leak
STREETS_AWAY = {**STOVE, "lat": 37.863, "lon": 113.573, "address": "桃北中街200号"}


def serves(house: House, wang: Phone, *, steps: int) -> str:
    """Let Wang stand at a stove two streets from the leak, some steps done; Sun is free and far away."""
    stands(house, "sun", *FAR)
    stove = house.report(STREETS_AWAY)
    assert holders(house, stove) == [("wang", "offered")]
    house.sync(wang)
    go_to_the_door(wang, stove)
    checklist = wang.protocols(stove)[0]
    for step in checklist.steps[:steps]:
        answer_well(wang, stove, checklist.ref, step)
    house.sync(wang)
    return stove


def proof_of(house: House, work_order_id: str) -> dict[str, Any]:
    """Return the certificate of an order."""
    found = house.read(lambda s: dispatch.find_proof(s, work_order_id))
    assert found is not None
    return found.certificate


def test_leak_calls_the_nearest_off_a_job_that_may_be_left_and_he_comes_back_to_it(house: House) -> None:
    """The proof names Wang, his consent and the arrival without it; the stove waits, keeps its evidence, is ended."""
    wang = house.phone()
    stove = serves(house, wang, steps=2)
    leak = house.report(LEAK)
    proof = proof_of(house, leak)
    assert (proof["technician_id"], proof["needs_consent_of"]) == ("wang", "wang")
    assert proof["arrival_without_consent_s"] - proof["arrival_s"] > 10 * 60
    assert holders(house, leak) == [("wang", "offered")]
    house.sync(wang)
    wang.act("accept_assignment", leak)
    house.sync(wang)
    assert (holders(house, leak), holders(house, stove)) == ([("wang", "accepted")], [("wang", "suspended")])
    assert house.order(stove).state == "assigned"
    rest = house.read(lambda s: dispatch.list_live_of_order(s, stove))[0]
    assert rest.planned_arrival_ms is not None
    assert rest.planned_arrival_ms > house.clock.now_ms()
    owed = house.read(lambda s: notices.list_of_orders(s, HOME, [stove]))[stove]
    assert [(one.state, one.start_ms) for one in owed] == [("open", rest.planned_arrival_ms)]
    asked = house.read(lambda s: problem.take_snapshot(s, HOME, house.clock.now_ms(), house.settings.sla_profile))
    (his,) = (t for t in asked.problem.technicians if t.id == "wang")
    assert his.committed == (leak, stove)
    go_to_the_door_of_leak(house, wang, leak)
    comes_back(house, wang, stove)


def go_to_the_door_of_leak(house: House, wang: Phone, leak: str) -> None:
    """Let Wang end the leak."""
    for command in ("depart", "arrive"):
        wang.act(command, leak)
    do_the_work(wang, leak)
    wang.act("sign_record", leak, strokes=sign_name(), signer_relation="self", opinion="满意")
    house.sync(wang)


def comes_back(house: House, wang: Phone, stove: str) -> None:
    """Let Wang go on with the stove: what he had answered stands, and the order ends like any other."""
    before = house.read(lambda s: visits.list_visits(s, stove))
    assert len(before) == 1
    assert len(before[0].state["answers"]) == 2
    for command in ("depart", "arrive"):
        wang.act(command, stove)
    house.sync(wang)
    assert house.order(stove).state == "on_site"
    owed = house.read(lambda s: notices.list_of_orders(s, HOME, [stove]))[stove]
    assert [one.state for one in owed] == ["withdrawn"]
    do_the_work(wang, stove)
    wang.act("sign_record", stove, strokes=sign_name(), signer_relation="self", opinion="满意")
    house.sync(wang)
    assert house.order(stove).state == "closed"
    assert holders(house, stove) == []


def leaves(house: House, wang: Phone) -> tuple[str, str]:
    """Let Wang leave the stove for the leak; return both."""
    stove = serves(house, wang, steps=2)
    leak = house.report(LEAK)
    house.sync(wang)
    wang.act("accept_assignment", leak)
    return stove, leak


def test_lin_may_give_what_was_left_to_somebody_else(house: House) -> None:
    """She recalls it: it goes back to the plan, Sun is offered it, what Wang had answered stays on file."""
    wang = house.phone()
    stove, leak = leaves(house, wang)
    house.sync(wang)
    answer = house.lin.post(
        f"/api/v1/work-orders/{stove}/recall", {"ver": house.order(stove).ver, "reason": "customer_waits"}
    )
    assert answer.status_code < 300
    house.drain()
    assert [who for who, _ in holders(house, stove)] in (["sun"], [])
    assert holders(house, leak) == [("wang", "accepted")]
    (visit,) = house.read(lambda s: visits.list_visits(s, stove))
    assert len(visit.state["answers"]) == 2


def test_job_that_was_ended_before_its_technician_left_is_ended(house: House) -> None:
    """Zhao signs for the stove while the yes to the leak is still on its way: nothing is out of order."""
    wang = house.phone()
    stove, leak = leaves(house, wang)
    do_the_work(wang, stove)
    wang.act("sign_record", stove, strokes=sign_name(), signer_relation="self", opinion="满意")
    house.sync(wang)
    assert house.order(stove).state == "closed"
    assert "out_of_order" not in house.flags(stove)
    assert (holders(house, stove), holders(house, leak)) == ([], [("wang", "accepted")])


@pytest.mark.parametrize("steps", [8, 9])
def test_nobody_is_called_off_a_step_that_is_not_left(house: House, steps: int) -> None:
    """The stove lies open: Sun drives, however far she is."""
    wang = house.phone()
    serves(house, wang, steps=steps)
    leak = house.report(LEAK)
    assert proof_of(house, leak)["needs_consent_of"] is None
    assert [who for who, _ in holders(house, leak)] != ["wang"]


def test_phone_refuses_to_leave_a_job_that_went_on_to_a_step_that_is_not_left(house: House) -> None:
    """He was asked at a step that may be left and has opened the stove since: he ends it first, or declines."""
    wang = house.phone()
    stove = serves(house, wang, steps=2)
    leak = house.report(LEAK)
    house.sync(wang)
    checklist = wang.protocols(stove)[0]
    for step in checklist.steps[2:8]:
        answer_well(wang, stove, checklist.ref, step)
    with pytest.raises(DomainError, match="job_not_left"):
        wang.act("accept_assignment", leak)
    wang.act("decline_assignment", leak, reason="busy")
    house.sync(wang)
    assert holders(house, stove) == [("wang", "working")]
    assert [who for who, _ in holders(house, leak)] == ["sun"]
