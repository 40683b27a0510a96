"""Field and desk have both moved on: each decision of reliability 3.5 about a late record, on two real phones."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from mobile.service import Phone
from server.call_backs import repository as call_backs
from server.core import texts
from server.devices.rules import device_rules
from server.dispatch import repository as dispatch
from server.visits import repository as visits
from shared import facts, wire
from tests.mobile.phones import go_to_the_door
from tests.server.device import Device
from tests.server.house import DAY_MS, LEAK, STOVE, House
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


def test_checklist_that_changed_meanwhile_leaves_the_evidence_valid_and_asks_for_a_follow_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wang worked without a line by the edition of yesterday: the order ends, Lin hears which step is new since."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    give_to(house, order_id, "wang")
    work_offline(house, wang, order_id)
    old = next(p for p in texts.protocols() if p.ref == house.order(order_id).protocols[0])
    step = msgspec.structs.replace(next(one for one in old.steps if one.required), id="hose_date")
    day = old.effective_from.replace(year=2026, month=9, day=22)
    new = msgspec.structs.replace(
        old, edition="2027", effective_from=day + dt.timedelta(days=1), steps=(*old.steps, step)
    )
    ended = msgspec.structs.replace(old, effective_to=day)
    every = (*(p for p in texts.protocols() if p.ref != old.ref), ended, new)
    monkeypatch.setattr(texts, "protocols", lambda: every)
    house.clock.pass_ms(DAY_MS)
    house.sync(wang)
    assert house.order(order_id).state == "closed"
    assert "steps_changed" in house.flags(order_id)
    told = [e.data["steps"] for e in house.events(order_id) if e.data.get("flag") == "steps_changed"]
    assert told == [[f"{new.ref}:hose_date"]]


def test_desk_is_asked_again_while_a_customer_signs_and_not_once_he_has_the_phone_no_more(house: House) -> None:
    """Zhao holds Wang's phone: Lin's cancel and her other choice are refused at first, done when said twice."""
    wang, first, second = house.phone("wang"), house.report(STOVE), house.report({**STOVE, "address": "建设路1号"})
    for order_id in (first, second):
        give_to(house, order_id, "wang")
    house.sync(wang)
    wang.kiosk.choose_pin("2580", "2580")
    wang.kiosk.enter(first, "zh_CN")
    house.sync(wang)
    path, body = f"/api/v1/work-orders/{first}", {"ver": house.order(first).ver, "reason": "customer called off"}
    for command in ("cancel", "recall", "hold"):
        assert house.lin.post(f"{path}/{command}", body).json["code"] == "customer_signing"
    many = {"command": "hold", "items": [{"id": first, "ver": house.order(first).ver}], "reason": "x"}
    assert house.lin.post("/api/v1/work-orders/bulk", many).json["items"][0]["code"] == "customer_signing"
    other = {"ver": house.order(second).ver, "reason": "x"}
    assert house.lin.post(f"/api/v1/work-orders/{second}/hold", other).status_code == 200
    assert house.lin.post(f"{path}/cancel?sure=1", body).status_code == 200


def test_phone_that_fell_silent_or_is_a_strangers_holds_nobody_off(house: House) -> None:
    """The phone in the customer's hand fell silent: after 90 s nobody is held off; a stranger's phone holds nobody."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    give_to(house, order_id, "wang")
    wang.kiosk.choose_pin("2580", "2580")
    wang.kiosk.enter(order_id, "zh_CN")
    house.sync(wang)
    house.clock.pass_ms(device_rules().signing_lease_s * 1000 + 1)
    stranger = Device(house, "sun")
    request = wire.SyncRequest(v=1, gen="g1", cursor=0, signing=order_id)
    assert stranger.line.post("/api/v1/sync", msgspec.json.encode(request), 0).status == 200
    body = {"ver": house.order(order_id).ver, "reason": "x"}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/hold", body).status_code == 200


def test_newest_phone_takes_jobs_and_the_older_one_only_brings_its_evidence(house: House) -> None:
    """Wang has a new phone: a job cannot be taken on the old one, what was done on it is filed and shown."""
    old, order_id = Device(house), house.report(STOVE)
    house.clock.pass_ms(1_000)
    new = Device(house)
    give_to(house, order_id, "wang")
    refused = old.tell(order_id, facts.AssignmentAccepted(), "a-1")
    assert (refused.outcome, refused.code) == ("rejected", "older_phone")
    assert new.tell(order_id, facts.AssignmentAccepted(), "a-2").outcome == "applied"
    filed = old.tell(order_id, facts.Departed(), "d-1")
    assert (filed.outcome, filed.flags) == ("flagged", ("older_phone",))
    assert house.lin.post(f"/api/v1/devices/{new.identity.device_id}/revoke").status_code == 200
    assert old.tell(order_id, facts.Arrived(), "d-2").outcome == "applied"


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
