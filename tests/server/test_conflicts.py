"""Field and desk have both moved on: each decision of reliability 3.5 about a late record, on two real phones."""

from __future__ import annotations

import pytest

from mobile.service import Phone
from server.call_backs import repository as call_backs
from server.dispatch import repository as dispatch
from server.visits import repository as visits
from tests.mobile.phones import go_to_the_door
from tests.server.house import LEAK, STOVE, House
from tests.server.test_late_rules import assign, rounds, sign

pytestmark = pytest.mark.slow  # plays whole visits


def work_offline(house: House, phone: Phone, order_id: str) -> None:
    """Let a technician take the job, tell it, and then do all the rest without a line."""
    house.sync(phone)
    phone.act("accept_assignment", order_id)
    house.sync(phone)
    phone.act("depart", order_id)
    phone.act("arrive", order_id)
    sign(phone, order_id)


def give_to(house: House, order_id: str, technician_id: str) -> None:
    """Let dispatcher Lin give the order to somebody else."""
    assert assign(house, house.lin, order_id, technician_id) == 200


@pytest.mark.parametrize("report", [STOVE, LEAK], ids=["stove", "leak"])
def test_late_record_ends_the_order_and_calls_the_second_back_when_he_has_not_arrived(
    house: House, report: dict[str, object]
) -> None:
    """Wang had done it all without a line when Lin sent Sun: his evidence ends the order, Sun turns round."""
    wang, sun, order_id = house.phone("wang"), house.phone("sun"), house.report(report)
    give_to(house, order_id, "wang")
    work_offline(house, wang, order_id)
    give_to(house, order_id, "sun")
    house.sync(sun)
    sun.act("accept_assignment", order_id)
    sun.act("depart", order_id)
    house.sync(sun)
    house.sync(wang)
    assert (house.order(order_id).state, house.order(order_id).technician_id) == ("closed", "wang")
    assert rounds(house, order_id)[-1] == ("sun", "recalled")
    assert {"late", "double_work"} <= set(house.flags(order_id))
    house.sync(sun)
    assert [job.work_order_id for job in sun.jobs()] == []


def test_late_record_is_left_to_the_desk_when_the_second_stands_at_the_door(house: House) -> None:
    """Sun is there already: both evidences are kept, nothing is decided over his head."""
    wang, sun, order_id = house.phone("wang"), house.phone("sun"), house.report(STOVE)
    give_to(house, order_id, "wang")
    work_offline(house, wang, order_id)
    give_to(house, order_id, "sun")
    house.sync(sun)
    go_to_the_door(sun, order_id)
    house.sync(sun)
    house.sync(wang)
    assert house.order(order_id).state == "on_site"
    assert rounds(house, order_id)[-1] == ("sun", "arrived")
    assert "double_work" in house.flags(order_id)
    kept = house.read(lambda s: visits.find_record(s, order_id))
    assert kept is not None
    assert kept.technician_id == "wang"


def test_signature_after_a_cancel_is_kept_and_the_customer_is_called(house: House) -> None:
    """Lin cancelled while Zhao signed: the order stays cancelled, the signature stays, somebody calls Zhao."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    give_to(house, order_id, "wang")
    work_offline(house, wang, order_id)
    body = {"ver": house.order(order_id).ver, "reason": "customer called off"}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/cancel", body).status_code == 200
    house.drain()
    house.sync(wang)
    assert house.order(order_id).state == "cancelled"
    assert "signed_after_cancel" in house.flags(order_id)
    assert house.read(lambda s: visits.find_record(s, order_id)) is not None
    assert house.read(lambda s: call_backs.find_open_of_order(s, order_id)) is not None


def test_late_record_of_an_order_that_went_back_to_the_plan_ends_it(house: House) -> None:
    """The job was recalled and nobody else has it yet: what Wang did is enough, nobody is sent."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    give_to(house, order_id, "wang")
    work_offline(house, wang, order_id)
    body = {"ver": house.order(order_id).ver, "reason": "other plans"}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/recall", body).status_code == 200
    house.sync(wang)
    assert house.order(order_id).state == "closed"
    assert house.read(lambda s: dispatch.list_live_of_order(s, order_id)) == []
