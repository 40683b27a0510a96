"""A visit from the offer to the sealed record, mostly without a network."""

import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mobile import service
from mobile.actions import records
from shared import facts, signature, wire
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.work_order import WorkOrderState
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, do_the_work, go_to_the_door, sign_name


def sign(phone: service.Phone, work_order_id: str) -> wire.PhoneEvent:
    """Let customer Zhao sign what the screen shows."""
    draft = records.draft_record(phone.desk, work_order_id)
    return records.sign_record(
        phone.desk, work_order_id, strokes=sign_name(), signer_relation="self", opinion="满意", draft=draft
    )


def seals_of(office: Office) -> list[facts.Seal]:
    """List the seals that the office holds, in the order of the phone's numbers."""
    bodies = [event.body for event in sorted(office.kept.values(), key=lambda event: event.dseq)]
    return [body.seal for body in bodies if isinstance(body, facts.RecordSigned | facts.SignatureWaived)]


def test_offline_visit_reaches_the_office_once_and_whole(office: Office, phone: service.Phone) -> None:
    """The network goes after Accept, Wang finishes the visit, the network returns: one record, nothing twice."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    phone.sync_once()
    office.is_cut_off = True
    phone.act("depart", "order-1")
    phone.act("arrive", "order-1", lat=37.86, lon=113.58)
    do_the_work(phone, "order-1")
    sign(phone, "order-1")
    assert phone.get_job("order-1").state is WorkOrderState.SIGNED
    assert phone.get_job("order-1").assignment.state is AssignmentState.FINISHED
    phone.sync_once()
    office.is_cut_off = False
    office.faults.append("lose_answer")
    phone.sync_once()
    assert phone.sync_once().is_caught_up
    assert office.kept_types().count("record_signed") == 1
    assert sorted(event.dseq for event in office.kept.values()) == list(range(1, len(office.kept) + 1))
    assert phone.get_job("order-1").state is WorkOrderState.SIGNED


def test_seals_of_two_records_form_one_chain_that_verifies(
    office: Office, phone: service.Phone, clock: HandClock
) -> None:
    """Each seal names the one before it, and the device's public key proves each."""
    for number in (1, 2):
        office.send(job(number))
    phone.sync_once()
    for number in (1, 2):
        go_to_the_door(phone, f"order-{number}")
        do_the_work(phone, f"order-{number}")
        clock.pass_ms(1_000)
        sign(phone, f"order-{number}")
    phone.sync_once()
    assert len(seals_of(office)) == 2
    assert signature.find_chain_breaks(seals_of(office)) == ()
    assert problems_of(office, phone.desk.key.public_hex) == []


def test_record_says_what_the_screen_showed(office: Office, phone: service.Phone) -> None:
    """The event carries the draft's very text, its lines and the customer's opinion."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    do_the_work(phone, "order-1")
    draft = records.draft_record(phone.desk, "order-1")
    event = sign(phone, "order-1")
    assert isinstance(event.body, facts.RecordSigned)
    assert event.body.record_json == draft.record_json
    assert json.loads(event.body.record_json)["lines"] == list(draft.lines)
    assert json.loads(event.body.record_json)["technician"]["name"] == "王建国"
    assert len(draft.view_code) == 8


def test_record_that_changed_after_it_was_shown_is_not_signed(office: Office, phone: service.Phone) -> None:
    """A reading is corrected while the customer reads: he is shown the record again."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    do_the_work(phone, "order-1")
    draft = records.draft_record(phone.desk, "order-1")
    phone.act("add_note", "order-1", text="hose renewed")
    with pytest.raises(DomainError, match="record_changed"):
        phone.act("sign_record", "order-1", strokes=sign_name(), signer_relation="self", draft=draft)
    assert "record_signed" not in {item.event.body.__struct_config__.tag for item in phone.pending()}


def test_record_is_blocked_until_the_function_test_is_passed(office: Office, phone: service.Phone) -> None:
    """FT-02: with the valve closing too late nobody signs."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    do_the_work(phone, "order-1")
    phone.act("stop_timer", "order-1", protocol="stove-test@2020", step="flame_failure_close", elapsed_ms=61_000)
    with pytest.raises(DomainError) as refused:
        records.draft_record(phone.desk, "order-1")
    assert refused.value.code == "record_blocked"
    assert [item.code for item in refused.value.data["blockers"]] == ["function_test_not_passed"]
    assert records.list_blockers(phone.desk, "order-1") == refused.value.data["blockers"]
    with pytest.raises(DomainError, match="record_blocked"):
        phone.act("sign_record", "order-1", strokes=sign_name(), signer_relation="self")


def test_leak_is_signed_only_after_it_is_made_safe(office: Office, phone: service.Phone) -> None:
    """A leak's record waits for the word that the site is safe."""
    office.send(job(priority=1, is_leak=True))
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    phone.act("declare_outcome", "order-1", outcome="repaired")
    with pytest.raises(DomainError, match="record_blocked"):
        records.draft_record(phone.desk, "order-1")
    phone.act("make_safe", "order-1", how="isolated")
    assert phone.get_job("order-1").state is WorkOrderState.MADE_SAFE
    with pytest.raises(DomainError, match="transition_not_allowed"):
        phone.act("make_safe", "order-1", how="isolated")


def test_stove_made_safe_is_a_fact_and_no_state_of_the_order(office: Office, phone: service.Phone) -> None:
    """Phone and server move the same way: made safe is a state of leaks only."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    phone.act("make_safe", "order-1", how="isolated")
    assert phone.get_job("order-1").state is WorkOrderState.ON_SITE
    assert phone.get_job("order-1").assignment.state is AssignmentState.WORKING


def test_empty_pad_is_no_signature(office: Office, phone: service.Phone) -> None:
    """A touch by mistake seals nothing."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    do_the_work(phone, "order-1")
    with pytest.raises(DomainError, match="signature_empty"):
        phone.act("sign_record", "order-1", strokes=(), signer_relation="self")
    with pytest.raises(DomainError, match="signature_too_small"):
        phone.act("sign_record", "order-1", strokes=sign_name(size=9), signer_relation="self")


def test_signing_twice_is_refused_until_a_correction_voids_the_signature(office: Office, phone: service.Phone) -> None:
    """A correction is a new fact; the record is then shown and signed anew, in the same chain."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    do_the_work(phone, "order-1")
    sign(phone, "order-1")
    with pytest.raises(DomainError, match="already_signed"):
        sign(phone, "order-1")
    phone.act("answer_step", "order-1", protocol="appliance-repair@2026", step="fault_part", outcome="hose")
    assert phone.get_job("order-1").state is WorkOrderState.ON_SITE
    sign(phone, "order-1")
    phone.sync_once()
    assert signature.find_chain_breaks(seals_of(office)) == ()
    assert len(seals_of(office)) == 2


def test_waiver_for_an_absent_customer_needs_a_witness(office: Office, phone: service.Phone) -> None:
    """SG-04: two persons when the customer is not there; the record is sealed all the same."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    do_the_work(phone, "order-1")
    with pytest.raises(DomainError, match="witness_missing"):
        phone.act("waive_signature", "order-1", reason="absent")
    phone.act("waive_signature", "order-1", reason="absent", witness="李强")
    assert phone.get_job("order-1").state is WorkOrderState.SIGN_WAIVED
    phone.sync_once()
    assert problems_of(office, phone.desk.key.public_hex) == []


@pytest.mark.parametrize(
    ("command", "data"),
    [("record_no_access", {"reason": "nobody_opens"}), ("request_engineering", {"note": "main is broken"})],
)
def test_visit_without_a_record_ends_in_a_state_of_its_own(
    office: Office, phone: service.Phone, command: str, data: dict[str, str]
) -> None:
    """No access and too-hard jobs finish the assignment, never the order."""
    office.send(job())
    phone.sync_once()
    with pytest.raises(DomainError, match="transition_not_allowed"):
        phone.act(command, "order-1", **data)
    go_to_the_door(phone, "order-1")
    phone.act(command, "order-1", **data)
    seen = phone.get_job("order-1")
    assert seen.assignment.state is AssignmentState.FINISHED
    assert seen.state in {WorkOrderState.NO_ACCESS, WorkOrderState.NEEDS_ENGINEERING}


def test_work_before_arrival_is_refused_with_a_reason(office: Office, phone: service.Phone) -> None:
    """Nobody answers a checklist from the car; nothing is stored."""
    office.send(job())
    phone.sync_once()
    with pytest.raises(DomainError, match="not_on_site"):
        phone.act("answer_step", "order-1", protocol="appliance-repair@2026", step="age", outcome="within_life")
    with pytest.raises(DomainError, match="order_not_here"):
        phone.act("depart", "order-of-qian")
    with pytest.raises(DomainError, match="command_unknown"):
        phone.act("format_disk", "order-1")
    assert phone.pending() == ()


def test_same_remark_twice_is_one_remark(office: Office, phone: service.Phone) -> None:
    """A second tap on the same canned phrase adds nothing."""
    office.send(job())
    phone.sync_once()
    assert phone.act("add_note", "order-1", text="门口有狗") is not None
    assert phone.act("add_note", "order-1", text="门口有狗") is None
    assert phone.get_job("order-1").visit.notes == ("门口有狗",)


def problems_of(office: Office, public_hex: str) -> list[str]:
    """List what the office finds wrong with the seals that it holds."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))

    def verify(signed: bytes, message: bytes) -> bool:
        try:
            key.verify(signed, message)
        except InvalidSignature:
            return False
        return True

    return [
        problem
        for event in office.kept.values()
        if isinstance(event.body, facts.RecordSigned | facts.SignatureWaived)
        for problem in signature.verify_body(event.body, verify, "device-wang", event.occurred.wall_ms)
    ]
