"""Keeps field evidence, folds it into the visit, takes signed records, issues the customer's copy."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec
from sqlalchemy import orm

from server.accounts import service as accounts
from server.core import held, signing_keys, texts
from server.core.unit_of_work import Tx
from server.seals import service as seals
from server.uploads import service as uploads
from server.visits import copies, moments, repository
from server.visits.models import CustomerCopy, Evidence, Record, Visit
from server.visits.moments import Moment
from server.work_orders.models import WorkOrder
from shared import charges, checklist, closure, editions, events, facts, service_record, signature, visit, wire
from shared.errors import DomainError
from shared.proof import Proof
from shared.protocol import Protocol


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Which phone speaks, and its technician; `flags` are put on every fact that it tells.

    `boots` are the beginnings of the phone's boots (Unix ms by the server), see moments.reckon.
    """

    device_id: str
    technician_id: str
    flags: tuple[str, ...] = ()
    boots: dict[str, int] = {}


def protocols_of(order: WorkOrder) -> tuple[Protocol, ...]:
    """Return the editions that an order was opened with; a record keeps them."""
    return editions.resolve(texts.protocols(), order.protocols)


def state_of(tx: Tx, assignment_id: str) -> visit.VisitState:
    """Return what the evidence of an assignment says so far."""
    return repository.get_visit_state(tx.session, assignment_id)


def keep_fact(
    tx: Tx, sender: Sender, event: wire.PhoneEvent, assignment_id: str, flags: tuple[str, ...], moment: Moment
) -> tuple[str, ...]:
    """Store a fact for good and fold it into its visit; return all flags it got. Nothing from the field is refused."""
    occurred_ms, flags = moment.at_ms, (*flags, *moment.flags)
    visit_row = _visit(tx, sender, event.work_order_id, assignment_id)
    told = _as_registered(tx, sender, event.body)
    state = visit.apply_fact(msgspec.convert(visit_row.state, visit.VisitState), told, occurred_ms)
    flags = (*flags, *_reading_flags(event.body, state))
    visit_row.state = msgspec.to_builtins(state)
    name = facts.name_of(event.body)
    body = msgspec.json.encode(event.body).decode()
    _add(
        tx,
        Evidence(
            id=event.id,
            branch_id=tx.branch_id,
            work_order_id=event.work_order_id,
            assignment_id=assignment_id,
            technician_id=sender.technician_id,
            device_id=sender.device_id,
            type=name,
            body=body,
            occurred_ms=occurred_ms,
            received_ms=tx.now_ms,
            flags=list(flags),
        ),
    )
    if isinstance(event.body, facts.PhotoTaken):
        uploads.refer(tx, event.id, event.work_order_id, event.body.sha256)
    data = {"fact": name, "event_id": event.id, "occurred_ms": occurred_ms, "flags": list(flags), "body": body}
    if moment.is_doubtful:
        data["told_ms"] = event.occurred.wall_ms + event.occurred.offset_ms
    tx.record(events.FACT_RECORDED, data, work_order_id=event.work_order_id)
    return flags


def keep_orderless(tx: Tx, sender: Sender, event: wire.PhoneEvent, flags: tuple[str, ...]) -> tuple[str, ...]:
    """Store a fact that belongs to no work order for good; return all flags it got."""
    moment = moments.reckon(event.occurred, sender.boots, tx.now_ms)
    occurred_ms, flags = moment.at_ms, (*flags, *moment.flags)
    _add(
        tx,
        Evidence(
            id=event.id,
            branch_id=tx.branch_id,
            work_order_id="",
            assignment_id="",
            technician_id=sender.technician_id,
            device_id=sender.device_id,
            type=facts.name_of(event.body),
            body=msgspec.json.encode(event.body).decode(),
            occurred_ms=occurred_ms,
            received_ms=tx.now_ms,
            flags=list(flags),
        ),
    )
    data = {"fact": facts.name_of(event.body), "event_id": event.id, "occurred_ms": occurred_ms, "flags": list(flags)}
    tx.record(events.FACT_RECORDED, data)
    return flags


def _as_registered(tx: Tx, sender: Sender, body: facts.Body) -> facts.Body:
    """Judge a reading by the calibration that the company has on file where the phone claims a later one."""
    if not isinstance(body, facts.ReadingRecorded) or not body.instrument_serial:
        return body
    on_file = accounts.find_calibration(tx.session, sender.technician_id, body.instrument_serial)
    if on_file is None or on_file >= body.instrument_valid_until:
        return body
    return msgspec.structs.replace(body, instrument_valid_until=on_file)


def _add(tx: Tx, row: Evidence) -> None:
    tx.session.add(row)
    held.put(tx.session, Evidence, row.id, row)


def look_for_facts(session: orm.Session, event_ids: Collection[str], assignment_ids: Collection[str] = ()) -> None:
    """Look for many facts, and visits, at once that are about to be asked for one by one."""
    repository.look_for_evidence(session, event_ids)
    repository.look_for_visits(session, assignment_ids)


def find_fact(tx: Tx, event_id: str) -> Evidence | None:
    """Return a stored fact."""
    return repository.find_evidence(tx.session, event_id)


def _visit(tx: Tx, sender: Sender, work_order_id: str, assignment_id: str) -> Visit:
    row = repository.find_visit(tx.session, assignment_id)
    if row is None:
        row = Visit(
            assignment_id=assignment_id,
            branch_id=tx.branch_id,
            work_order_id=work_order_id,
            technician_id=sender.technician_id,
            state=msgspec.to_builtins(visit.VisitState()),
        )
        tx.session.add(row)
        held.put(tx.session, Visit, assignment_id, row)
    return row


def _reading_flags(body: facts.Body, state: visit.VisitState) -> tuple[str, ...]:
    if not isinstance(body, (facts.ReadingRecorded, facts.StepAnswered, facts.TimerStopped)):
        return ()
    found = next((p for p in texts.protocols() if p.ref == body.protocol), None)
    step = next((s for s in found.steps if s.id == body.step), None) if found else None
    if found is None or step is None:
        return ("step_unknown",)
    flag = checklist.flag_of(found, step, state)
    return (flag,) if flag else ()


def take_record(tx: Tx, sender: Sender, event: wire.PhoneEvent, assignment_id: str) -> tuple[Record, tuple[str, ...]]:
    """Keep a signed or waived record and say what is wrong with its seal or its place in the device's chain."""
    body = event.body
    if not isinstance(body, (facts.RecordSigned, facts.SignatureWaived)):
        raise TypeError(type(body).__name__)
    verifier = _verifier(tx.session, sender.device_id, body.seal)
    problems = signature.verify_body(body, verifier, sender.device_id, event.occurred.wall_ms)
    if not _is_linked(tx, sender.device_id, body.seal):
        problems = (*problems, "chain_broken")
    strokes, relation, opinion = signature.signed_parts(body)
    is_signed = isinstance(body, facts.RecordSigned)
    row = Record(
        id=event.id,
        branch_id=tx.branch_id,
        work_order_id=event.work_order_id,
        assignment_id=assignment_id,
        technician_id=sender.technician_id,
        device_id=sender.device_id,
        kind="signed" if is_signed else "waived",
        record_json=body.record_json,
        strokes=[msgspec.to_builtins(s) for s in strokes],
        signer_relation=relation if is_signed else "",
        opinion=opinion if is_signed else "",
        waive_reason="" if is_signed else relation,
        witness="" if is_signed else opinion,
        seal=msgspec.to_builtins(body.seal),
        problems=list(problems),
        signed_ms=event.occurred.wall_ms,
    )
    tx.session.add(row)
    tx.session.flush()
    return row, problems


def _is_linked(tx: Tx, device_id: str, seal: facts.Seal) -> bool:
    """Tell whether a seal fits the link before it; one that is still on its way breaks nothing."""
    if seal.chain_seq == 1:
        return signature.follows(None, seal)
    before = repository.find_link(tx.session, device_id, seal.chain_seq - 1)
    return before is None or signature.follows(msgspec.convert(before.seal, facts.Seal), seal)


def announce_record(tx: Tx, record: Record) -> None:
    """Journal the record, so that its copy is made and its order is closed."""
    name = events.RECORD_SIGNED if record.kind == "signed" else events.SIGNATURE_WAIVED
    data = {"record_id": record.id, "seal_hash": record.seal["seal_hash"], "problems": record.problems}
    tx.record(name, data, work_order_id=record.work_order_id, technicians=(record.technician_id,))


def list_blockers(tx: Tx, order: WorkOrder, assignment_id: str, record_json: str) -> tuple[str, ...]:
    """Return why a record does not end the work, as codes; the server judges again what the phone judged (FT-02)."""
    state = repository.get_visit_state(tx.session, assignment_id)
    found = service_record.list_blockers(is_leak=order.is_leak, protocols=protocols_of(order), visit=state)
    codes = [b.code for b in found]
    try:
        record = service_record.parse(record_json)
    except DomainError as unreadable:
        return (*codes, unreadable.code)
    agreed = charges.charge_of(state)
    is_agreed = (record.charge.items, record.charge.total_cents) == (agreed.items, agreed.total_cents)
    wrong_charge = [] if is_agreed else ["charge_not_agreed"]
    wrong_order = [] if record.work_order_id == order.id else ["record_of_other_order"]
    return (*codes, *wrong_charge, *wrong_order)


def has_closure_evidence(tx: Tx, order: WorkOrder, record_id: str) -> bool:
    """Tell whether the evidence behind an accepted record allows closing the order (never closed on hope)."""
    record = tx.session.get(Record, record_id)
    if record is None:
        return False
    state = repository.get_visit_state(tx.session, record.assignment_id)
    return closure.closure_evidence(order.is_leak, state, protocols_of(order))


def issue_customer_copy(tx: Tx, record_id: str) -> CustomerCopy | None:
    """Make the customer's copy of a record once (SG-01); None when the record is unreadable."""
    record = tx.session.get(Record, record_id)
    if record is None or tx.session.get(CustomerCopy, record_id) is not None:
        return None
    counter_seal(tx, record)
    html = copies.render(record)
    copy = CustomerCopy(
        record_id=record.id,
        branch_id=tx.branch_id,
        work_order_id=record.work_order_id,
        issued_ms=tx.now_ms,
        sha256=copies.digest(html),
        html=html,
    )
    tx.session.add(copy)
    tx.record(
        events.CUSTOMER_COPY_ISSUED, {"record_id": record.id, "sha256": copy.sha256}, work_order_id=copy.work_order_id
    )
    return copy


def verify_record(session: orm.Session, record: Record) -> tuple[str, ...]:
    """Verify a stored record's seal again, from what the database holds now, with the key that sealed it."""
    strokes = tuple(msgspec.convert(s, facts.Stroke) for s in record.strokes)
    relation, opinion = told_by(record)
    seal = msgspec.convert(record.seal, facts.Seal)
    return signature.verify_seal(
        seal,
        record.record_json,
        strokes,
        _verifier(session, record.device_id, seal),
        record.device_id,
        record.signed_ms,
        relation=relation,
        opinion=opinion,
    )


def told_by(record: Record) -> tuple[str, str]:
    """Return (relation, opinion) as they stand in the seal; of a waived record the reason and the witness."""
    is_signed = record.kind == "signed"
    return (record.signer_relation, record.opinion) if is_signed else (record.waive_reason, record.witness)


def _verifier(session: orm.Session, device_id: str, seal: facts.Seal) -> Callable[[bytes, bytes], bool]:
    """Return what says whether a signature was made by the key that the seal names, among the device's own keys."""
    key = accounts.find_device_key(session, device_id, seal.key_id)
    key = key or seals.find_certified_key(session, device_id, seal.key_id)

    def is_own(signed: bytes, message: bytes) -> bool:
        return key is not None and key.alg == seal.alg and signing_keys.verify(key.alg, key.public_key, signed, message)

    return is_own


def counter_seal(tx: Tx, record: Record) -> None:
    """Let the branch say that the record arrived, in its own chain; once (decision 4)."""
    seal = msgspec.convert(record.seal, facts.Seal)
    key = accounts.find_device_key(tx.session, record.device_id, seal.key_id)
    if key is not None:
        seals.certify_device(tx, record.device_id, key)
    seals.counter_seal(
        tx,
        record_id=record.id,
        device_id=record.device_id,
        kind=record.kind,
        seal=seal,
        problems=list(record.problems),
    )


def find_proof(session: orm.Session, record: Record) -> Proof | None:
    """Return the record with all that proves it, or None while the branch has not counter-sealed it."""
    seal = msgspec.convert(record.seal, facts.Seal)
    parts = seals.find_proof_parts(session, record.branch_id, record.id, record.device_id, seal.key_id)
    if parts is None:
        return None
    relation, opinion = told_by(record)
    counter, device_certificate, branch_certificates = parts
    return Proof(
        record_id=record.id,
        branch_id=record.branch_id,
        device_id=record.device_id,
        kind="signed" if record.kind == "signed" else "waived",
        record=record.record_json,
        strokes=tuple(msgspec.convert(s, facts.Stroke) for s in record.strokes),
        relation=relation,
        opinion=opinion,
        at_ms=record.signed_ms,
        seal=seal,
        counter=counter,
        device_certificate=device_certificate,
        branch_certificates=branch_certificates,
    )
