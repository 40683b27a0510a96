"""Late, silent and odd: nothing of it strands an order, breaks a chain, or is lost."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest

from mobile.service import Phone
from server.call_backs import repository as call_backs
from server.call_backs.models import CallBack
from server.dispatch import repository as dispatch
from server.dispatch.rules import dispatch_rules
from server.reports import verification
from server.sync import repository as sync
from server.visits import repository as visits
from shared import events, facts
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server.device import Device
from tests.server.house import HOME, LEAK, STOVE, Console, House

pytestmark = pytest.mark.slow  # plays whole visits

SEAL: Final = facts.Seal(
    alg="ed25519", key_id="k", chain_seq=1, previous_hash="0" * 64, content_hash="1" * 64, seal_hash="2" * 64
)
ON_THE_WAY: Final[tuple[facts.AnyBody, ...]] = (
    facts.AssignmentAccepted(),
    facts.Departed(),
    facts.Arrived(),
    facts.SiteMadeSafe(how="isolated"),
    facts.OutcomeDeclared(outcome="isolated"),
)
FAR_FUTURE_MS: Final = 9_000_000_000_000_000
ENDLESS_S: Final = 9_000_000_000_000_000_000


def assign(house: House, console: Console, order_id: str, technician_id: str) -> int:
    """Give an order to a technician by hand; return the status of the answer."""
    body = {"ver": house.order(order_id).ver, "technician_id": technician_id}
    status = int(console.post(f"/api/v1/work-orders/{order_id}/assign", body).status_code)
    house.drain()
    return status


def sign(phone: Phone, order_id: str) -> None:
    """Do the work and let customer Zhao sign; nothing is sent."""
    do_the_work(phone, order_id)
    phone.act("sign_record", order_id, strokes=sign_name(), signer_relation="self")


def serve(house: House, phone: Phone, order_id: str) -> None:
    """Serve an order from the offer to the signature and send it all."""
    house.sync(phone)
    go_to_the_door(phone, order_id)
    sign(phone, order_id)
    house.sync(phone)


def rounds(house: House, order_id: str) -> list[tuple[str, str]]:
    """Return who was asked for an order, in the order of asking, and what became of each offer."""
    rows = house.read(lambda s: dispatch.list_of_order(s, order_id))
    return [(r.technician_id, r.state) for r in sorted(rows, key=lambda r: r.epoch)]


def get_owed(house: House, order_id: str) -> CallBack:
    """Return the call-back that is owed for an order. Raises LookupError."""
    found = house.read(lambda s: call_backs.find_open_of_order(s, order_id))
    if found is None:
        raise LookupError(order_id)
    return found


def quarantined(house: House) -> list[str]:
    """Return what waits for a person, as it came."""
    return [row.raw for row in house.read(lambda s: sync.list_quarantine(s, HOME))]


def signed_at(house: House, order_id: str) -> int:
    """Return the place in the journal at which an order's record was taken."""
    return next(e.journal_id for e in house.events(order_id) if e.type == events.RECORD_SIGNED)


def test_records_that_arrive_in_the_other_order_break_no_chain(house: House) -> None:
    """Wang seals the stove, then the leak, without a line; the leak is sent first, and both orders are closed."""
    wang, stove = house.phone("wang"), house.report(STOVE)
    house.sync(wang)
    go_to_the_door(wang, stove)
    house.sync(wang)
    leak = house.report(LEAK)
    assign(house, house.lin, leak, "wang")
    house.sync(wang)
    sign(wang, stove)
    go_to_the_door(wang, leak)
    sign(wang, leak)
    house.sync(wang)
    assert signed_at(house, leak) < signed_at(house, stove)
    assert [(house.order(i).state, house.flags(i)) for i in (stove, leak)] == [("closed", [])] * 2
    assert house.read(verification.list_problems) == []


def test_blocked_record_is_kept_and_the_job_stays_with_its_technician(house: House) -> None:
    """A record over nothing is flagged and ends nothing: Wang still has the job, and what he tells next counts."""
    wang, order_id = Device(house), house.report(LEAK)
    for i, body in enumerate(ON_THE_WAY):
        wang.tell(order_id, body, f"event-{i}")
    record = facts.RecordSigned(record_json="{}", strokes=sign_name(), signer_relation="self", seal=SEAL)
    assert wang.tell(order_id, record, "event-9").outcome == "flagged"
    kept = house.read(lambda s: visits.find_record(s, order_id))
    assert kept is not None
    assert kept.id == "event-9"
    assert "record_blocked" in house.flags(order_id)
    live = house.read(lambda s: dispatch.list_live_of_order(s, order_id))
    assert [(a.technician_id, a.state) for a in live] == [("wang", "working")]
    assert wang.tell(order_id, facts.NoteAdded(text="再查一次"), "event-10").outcome == "applied"


def test_unanswered_offer_goes_to_another_technician_and_never_back(house: House) -> None:
    """Wang's phone is dead: the stove waits for him no longer than the rule says, then Sun is asked, Wang not again."""
    order_id, expires_ms = house.report(STOVE), dispatch_rules().offer_expires_s * 1000
    house.pass_ms(expires_ms - 1)
    assert rounds(house, order_id) == [("wang", "offered")]
    house.pass_ms(1)
    assert rounds(house, order_id) == [("wang", "expired"), ("sun", "offered")]
    assert house.order(order_id).technician_id == "sun"
    house.pass_ms(2 * expires_ms)
    house.pass_ms(2 * expires_ms)
    assert [who for who, _ in rounds(house, order_id)].count("wang") == 1


def test_admin_assigns_an_order(house: House) -> None:
    """Whoever sits at the desk may send somebody, the administrator too."""
    order_id = house.report(STOVE)
    assert assign(house, house.sign_in("admin"), order_id, "sun") == 200
    assert rounds(house, order_id)[-1] == ("sun", "offered")
    assert (house.order(order_id).state, house.order(order_id).technician_id) == ("offered", "sun")


def test_call_back_after_a_reopening_is_kept_and_the_next_closing_owes_another(house: House) -> None:
    """Lin reopened the order before Zhao was called: her complaint is kept, and she is called again afterwards."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    serve(house, wang, order_id)
    first = get_owed(house, order_id)
    body = {"ver": house.order(order_id).ver, "reason": "smells again"}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/reopen", body).status_code == 200
    house.drain()
    answer = house.lin.post(f"/api/v1/call-backs/{first.id}", {"satisfied": False, "note": "还在漏"})
    assert answer.status_code == 200
    made = house.read(lambda s: call_backs.get_call_back(s, HOME, first.id))
    assert (made.made_ms, made.is_satisfied, made.note) == (house.clock.now_ms(), False, "还在漏")
    house.drain()
    serve(house, wang, order_id)
    assert house.order(order_id).state == "closed"
    assert get_owed(house, order_id).id != first.id


def test_same_id_with_other_content_from_his_other_phone_is_quarantined(house: House) -> None:
    """Wang's new phone uses an old id for other words: they are kept for a person, and the first words stand."""
    order_id = house.report(LEAK)
    Device(house).tell(order_id, facts.NoteAdded(text="表前阀已关"), "event-1")
    new_phone = Device(house)
    result = new_phone.tell(order_id, facts.NoteAdded(text="什么都没有"), "event-1")
    assert (result.outcome, result.code) == ("quarantined", "event_id_reused")
    assert ["什么都没有" in raw for raw in quarantined(house)] == [True]
    stored = house.read(lambda s: visits.list_evidence(s, order_id))
    assert [msgspec.json.decode(e.body)["text"] for e in stored] == ["表前阀已关"]
    assert new_phone.tell(order_id, facts.NoteAdded(text="表前阀已关"), "event-1").outcome == "duplicate"


def test_numbers_out_of_this_world_stop_at_the_door_and_the_next_leak_is_offered(house: House) -> None:
    """A window in the far future and an endless visit reach no plan: the leak behind them finds its technician."""
    wang, order_id = Device(house), house.report(STOVE)
    far = {**STOVE, "window_start_ms": FAR_FUTURE_MS, "window_end_ms": FAR_FUTURE_MS + 1}
    refused = house.lin.post("/api/v1/intake/reports", far)
    assert (refused.status_code, refused.json["code"]) == (400, "window_invalid")
    raw = wang.event(order_id, facts.RemainingTimeEstimated(remaining_s=60))
    endless = raw.replace(b'"remaining_s":60', b'"remaining_s":%d' % ENDLESS_S)
    assert wang.call(endless).results[0].outcome == "quarantined"
    assert quarantined(house) == [endless.decode()]
    house.drain()
    assert house.order(house.report(LEAK)).state == "offered"


def test_unreadable_event_of_600_kb_is_kept_whole(house: House) -> None:
    """However long it is, nothing is cut off what a person may have to read."""
    raw = b'{"id":"event-0","dseq":"' + b"x" * 600 * 1024 + b'"}'
    result = Device(house).call(raw).results[0]
    assert (result.id, result.outcome) == ("event-0", "quarantined")
    assert quarantined(house) == [raw.decode()]
