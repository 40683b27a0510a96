"""A phone is enrolled anew with unsent work in it: that work stays whose and what it was (reliability 3.4)."""

from __future__ import annotations

import msgspec
import pytest

from mobile.actions import duty
from mobile.service import Phone
from server.messages import repository as messages
from server.sync import repository as sync
from server.visits import repository as visits
from server.visits.models import Evidence
from shared import facts, wire
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server.device import Device
from tests.server.house import HOME, STOVE, House

pytestmark = pytest.mark.slow  # plays whole visits


@pytest.fixture
def unsent(house: House) -> tuple[str, Phone]:
    """Return an order whose visit and signature are on Wang's phone only, and that phone."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    house.sync(wang)
    go_to_the_door(wang, order_id)
    do_the_work(wang, order_id)
    wang.act("sign_record", order_id, strokes=sign_name(), signer_relation="self", opinion="满意")
    return order_id, wang


def enrol_again(house: House, old: Phone, technician_id: str, *, ends: bool = True) -> Phone:
    """Enrol Wang's phone for somebody, its earlier access ended or not; return it as it then opens."""
    before = old.find_identity()
    assert before is not None
    old.close()
    house.pass_ms(1_000)
    if ends:
        assert house.lin.post(f"/api/v1/devices/{before.device_id}/revoke").status_code == 200
    return house.phone(technician_id, "wang")


def list_facts(house: House, order_id: str) -> list[Evidence]:
    """Return what is filed about an order."""
    return house.read(lambda s: visits.list_evidence(s, order_id))


@pytest.mark.parametrize("ends", [True, False])
def test_unsent_signature_ends_the_order_when_the_technician_enrols_his_phone_again(
    house: House, unsent: tuple[str, Phone], *, ends: bool
) -> None:
    """The seal names the device of that time: it is verified as that device's, the order ends, and it is shown."""
    order_id, old = unsent
    again = enrol_again(house, old, "wang", ends=ends)
    house.sync(again)
    record = house.read(lambda s: visits.get_record(s, HOME, order_id))
    assert (record.problems, record.technician_id) == ([], "wang")
    assert house.order(order_id).state == "closed"
    assert house.flags(order_id) == ["earlier_enrolment"]
    assert again.pending() == ()


def test_unsent_work_of_wang_is_filed_as_his_when_sun_takes_over_the_phone(
    house: House, unsent: tuple[str, Phone]
) -> None:
    """Sun's name stands on none of it, also not on Wang's message; nothing waits in quarantine."""
    order_id, old = unsent
    duty.send_message(old.desk, text="水表在地下室")
    sun = enrol_again(house, old, "sun")
    house.sync(sun)
    assert {fact.technician_id for fact in list_facts(house, order_id)} == {"wang"}
    assert (house.order(order_id).state, house.read(lambda s: sync.list_quarantine(s, HOME))) == ("closed", [])
    assert [m.text for m in house.read(lambda s: messages.list_with(s, HOME, "wang", 10))] == ["水表在地下室"]
    assert sun.pending() == ()


def test_sun_signs_his_own_visit_on_the_phone_that_holds_wangs_unsent_signature(
    house: House, unsent: tuple[str, Phone]
) -> None:
    """The order went on to Sun: what Wang left in the phone is not Sun's visit."""
    order_id, old = unsent
    sun = enrol_again(house, old, "sun")
    assert sun.get_job(order_id).visit.signed_ms is None


def test_wipe_after_a_new_enrolment_seals_each_events_own_device(house: House, unsent: tuple[str, Phone]) -> None:
    """What is still unsent when the phone is erased is filed as the device's that made it."""
    order_id, old = unsent
    earlier = old.find_identity()
    assert earlier is not None
    again = enrol_again(house, old, "wang")
    assert again.warden.wipe("silence")
    house.drain()
    assert {fact.device_id for fact in list_facts(house, order_id) if fact.type != "assignment_delivered"} == {
        earlier.device_id
    }


def call_with(device: Device, earlier: wire.EarlierEvents) -> tuple[wire.EventResult, ...]:
    """Send events in the name of an earlier enrolment; return what became of them."""
    request = wire.SyncRequest(v=1, gen="g1", cursor=device.cursor, earlier=(earlier,))
    reply = device.line.post("/api/v1/sync", msgspec.json.encode(request), 0)
    device.house.drain()
    return msgspec.json.decode(reply.body, type=wire.SyncResponse).results


@pytest.mark.parametrize("claim", ["unknown device", "other technician", "garbage"])
def test_name_that_nothing_shows_is_kept_for_a_person(house: House, claim: str) -> None:
    """Sun's phone speaks in the name of a phone that it never was: nobody's work, nothing lost."""
    wang, sun = Device(house), Device(house, "sun", public_key="cd" * 32)
    order_id = house.report(STOVE)
    names = {
        "unknown device": ("00000000-0000-7000-8000-000000000000", "sun"),
        "other technician": (wang.identity.device_id, "wang"),
        "garbage": ("\0" * 50, "sun\0"),
    }
    raw = wang.event(order_id, facts.NoteAdded(text="?"), "w-1")
    told = wire.EarlierEvents(
        device_id=names[claim][0], technician_id=names[claim][1], events=(msgspec.Raw(raw), msgspec.Raw(b'"?"'))
    )
    assert [result.outcome for result in call_with(sun, told)] == ["quarantined", "quarantined"]
    assert list_facts(house, order_id) == []
    assert len(house.read(lambda s: sync.list_quarantine(s, HOME))) == 2


def test_accept_of_the_technician_before_is_his_and_not_the_next_ones(house: House) -> None:
    """Wang's accept never left the phone that Sun has now: it is Wang's word, sent again it is the same."""
    wang, order_id = Device(house), house.report(STOVE)
    sun = Device(house, "sun")
    raw = wang.event(order_id, facts.AssignmentAccepted(), "w-1")
    told = wire.EarlierEvents(device_id=wang.identity.device_id, technician_id="wang", events=(msgspec.Raw(raw),))
    assert [call_with(sun, told)[0].outcome for _ in range(2)] == ["applied", "duplicate"]
    assert house.order(order_id).technician_id == "wang"
