"""From the door to the closed order: evidence, signature, copy, call-back; a leak is never closed on hope."""

import msgspec

from mobile.service import Phone
from server.call_backs import repository as call_backs
from server.call_backs.models import CallBack
from server.reports import verification
from server.visits import repository as visits
from server.work_orders import service as work_order_service
from shared import events, facts
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server.device import Device
from tests.server.house import DAY_MS, LEAK, STOVE, House

SEAL = facts.Seal(
    alg="ed25519", key_id="k", chain_seq=1, previous_hash="0" * 64, content_hash="1" * 64, seal_hash="2" * 64
)


def visit(house: House, body: dict[str, object], *, signs: bool = True) -> tuple[str, Phone]:
    """Let Wang serve an order from the offer to the customer's signature."""
    wang, order_id = house.phone("wang"), house.report(body)
    house.sync(wang)
    go_to_the_door(wang, order_id)
    do_the_work(wang, order_id)
    if signs:
        wang.act("sign_record", order_id, strokes=sign_name(), signer_relation="self", opinion="满意")
    else:
        wang.act("waive_signature", order_id, reason="absent", witness="陈立")
    house.sync(wang)
    return order_id, wang


def find_call_back(house: House, order_id: str) -> CallBack | None:
    """Return the call that is owed for an order."""
    return house.read(lambda s: call_backs.find_open_of_order(s, order_id))


def test_signed_leak_is_closed_and_leaves_the_phone(house: House) -> None:
    """The whole way: offered, accepted, reached, made safe, repaired, tested, signed, closed."""
    order_id, wang = visit(house, LEAK)
    order = house.order(order_id)
    assert (order.state, order.flags) == ("closed", [])
    assert wang.jobs() == ()
    assert house.read(verification.list_problems) == []


def test_closing_issues_the_copy_and_owes_a_call_within_seven_days(house: House) -> None:
    """Customer Zhao has her copy at once, and somebody has to call her."""
    order_id, _ = visit(house, STOVE)
    closed_ms = house.order(order_id).closed_ms
    copy = house.lin.get(f"/copies/{order_id}")
    assert (copy.status_code, "赵敏" in copy.text) == (200, True)
    owed = find_call_back(house, order_id)
    assert owed is not None
    assert closed_ms is not None
    assert closed_ms < owed.due_ms <= closed_ms + 7 * DAY_MS


def test_record_page_shows_what_was_signed(house: House) -> None:
    """The record as it stands in the archive carries the signature's strokes."""
    order_id, _ = visit(house, STOVE)
    page = house.lin.get(f"/records/{order_id}")
    assert page.status_code == 200
    assert "<path" in page.text


def test_waived_signature_closes_with_its_witness(house: House) -> None:
    """Nobody could sign: the reason and the witness stand in the record, and the order is closed all the same."""
    order_id, _ = visit(house, STOVE, signs=False)
    record = house.read(lambda s: visits.find_record(s, order_id))
    assert record is not None
    assert (record.kind, record.waive_reason, record.witness) == ("waived", "absent", "陈立")
    assert house.order(order_id).state == "closed"


def test_leak_without_evidence_is_not_closed_by_a_signature(house: House) -> None:
    """A phone that sends a signed record over nothing gets flags; the leak stays open."""
    wang = Device(house)
    order_id = house.report(LEAK)
    bodies: tuple[facts.AnyBody, ...] = (
        facts.AssignmentAccepted(),
        facts.Departed(),
        facts.Arrived(),
        facts.SiteMadeSafe(how="isolated"),
        facts.OutcomeDeclared(outcome="isolated"),
        facts.RecordSigned(record_json="{}", strokes=sign_name(), signer_relation="self", seal=SEAL),
    )
    results = [wang.tell(order_id, body, f"event-{i}") for i, body in enumerate(bodies)]
    assert results[-1].outcome == "flagged"
    order = house.order(order_id)
    assert order.state == "made_safe"
    assert {"record_blocked", "seal_broken"} <= set(order.flags)


def test_repeated_report_of_a_closed_leak_is_an_order_of_its_own(house: House) -> None:
    """A second smell at the same door is never filed under the first."""
    first, _ = visit(house, LEAK)
    second = house.report(LEAK)
    assert second != first
    assert house.order(second).state == "offered"


def test_no_access_is_a_state_of_its_own_and_a_leak_goes_to_the_dispatcher(house: House) -> None:
    """Nobody opens: the order is not closed, and the siren tells Lin why."""
    wang, order_id = house.phone("wang"), house.report(LEAK)
    house.sync(wang)
    go_to_the_door(wang, order_id)
    wang.act("record_no_access", order_id, reason="nobody_home")
    house.sync(wang)
    assert house.order(order_id).state == "no_access"
    assert "no_access" in house.flags(order_id)
    assert [e.data["reason"] for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED] == ["no_access"]


def test_dispatcher_sends_somebody_again_after_no_access(house: House) -> None:
    """Lin releases the order: it is offered again."""
    wang, order_id = house.phone("wang"), house.report(LEAK)
    house.sync(wang)
    go_to_the_door(wang, order_id)
    wang.act("record_no_access", order_id, reason="nobody_home")
    house.sync(wang)
    path = f"/api/v1/work-orders/{order_id}/release"
    assert house.lin.post(path, {"ver": house.order(order_id).ver}).status_code == 200
    house.drain()
    assert house.order(order_id).state == "offered"


def test_command_on_an_old_version_gets_the_row_as_it_is(house: House) -> None:
    """Lin's browser showed an older state: her command changes nothing, and she sees the new one."""
    order_id = house.report(LEAK)
    answer = house.lin.post(f"/api/v1/work-orders/{order_id}/hold", {"ver": 1, "reason": "x"})
    assert (answer.status_code, answer.json["code"]) == (409, "version_conflict")
    assert answer.json["data"]["order"]["ver"] == house.order(order_id).ver
    assert house.order(order_id).state == "offered"


def test_dissatisfied_customer_reopens_the_order(house: House) -> None:
    """The call-back was not good: the order is open again and somebody goes."""
    order_id, _ = visit(house, STOVE)
    owed = find_call_back(house, order_id)
    assert owed is not None
    answer = house.lin.post(f"/api/v1/call-backs/{owed.id}", {"satisfied": False, "note": "还在漏"})
    house.drain()
    assert answer.status_code == 200
    assert house.order(order_id).state in {"reopened", "triaged", "offered"}
    again = house.lin.post(f"/api/v1/call-backs/{owed.id}", {"satisfied": True})
    assert (again.status_code, again.json["code"]) == (400, "call_back_made")


def test_reopened_order_is_served_and_closed_again(house: House) -> None:
    """The second visit has a record of its own, and the device's chain goes on."""
    order_id, wang = visit(house, STOVE)
    ver = house.order(order_id).ver
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/reopen", {"ver": ver, "reason": "again"}).status_code == 200
    house.drain()
    house.sync(wang)
    go_to_the_door(wang, order_id)
    do_the_work(wang, order_id)
    wang.act("sign_record", order_id, strokes=sign_name(), signer_relation="self")
    house.sync(wang)
    assert house.order(order_id).state == "closed"
    assert house.read(verification.list_problems) == []


def test_forged_record_text_is_found_by_verification(house: House) -> None:
    """Somebody with the database in his hands changes one word of a signed record."""
    order_id, _ = visit(house, STOVE)

    def forge(session: object) -> None:
        record = visits.find_record(session, order_id)  # type: ignore[arg-type]  # the session of the database
        assert record is not None
        record.record_json = record.record_json.replace("赵敏", "赵四")

    house.database.write(forge)
    assert any(order_id in line for line in house.read(verification.list_problems))


def test_arrival_in_time_meets_the_clock_of_the_leak(house: House) -> None:
    """What the customer was promised is kept when Wang stands at the door in time."""
    wang, order_id = house.phone("wang"), house.report(LEAK)
    house.sync(wang)
    house.clock.pass_ms(5_000)
    go_to_the_door(wang, order_id)
    house.sync(wang)
    profile, now_ms = house.settings.sla_profile, house.clock.now_ms()
    clocks = {c.kind: c for c in work_order_service.list_clocks(house.order(order_id), profile, now_ms)}
    assert clocks["arrive_by"].met_ms == now_ms
    assert not clocks["arrive_by"].breached


def test_history_tells_every_event_in_both_languages(house: House) -> None:
    """No line of an order's history is a bare code."""
    order_id, _ = visit(house, LEAK)
    answer = house.lin.get(f"/api/v1/work-orders/{order_id}")
    lines = [line["text"] for line in answer.json["history"]]
    assert len(lines) > 10
    assert all("«" not in text[lang] and "{" not in text[lang] for text in lines for lang in ("zh_CN", "en"))
    assert msgspec.json.decode(answer.data)["record"]["state"] == "signed"
