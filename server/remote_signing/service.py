"""Keeps a record for signing at a distance, guards its one-time code, takes the customer's strokes (SG-07)."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import hmac
import secrets
from typing import Any, Final

import msgspec
from sqlalchemy import orm

from server.core import texts
from server.core.unit_of_work import Tx
from server.dispatch.models import Assignment
from server.outgoing import service as outgoing
from server.remote_signing import repository
from server.remote_signing.models import RemoteSigning
from server.visits import repository as visits
from server.work_orders.models import WorkOrder
from shared import charges, data_file, editions, events, facts, service_record, signature
from shared.errors import DomainError
from shared.visit import VisitState

OPEN: Final = repository.OPEN
GIVEN: Final = "given"
SIGNED: Final = "signed"
VOID: Final = "void"
LOCKED: Final = "locked"
_CODES: Final = 1_000_000
_LONGEST_OPINION: Final = 1000
_STROKES: Final = msgspec.json.Decoder(tuple[facts.Stroke, ...])


class SigningRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a record can be signed at a distance (s), how often a code may be wrong, and who may sign."""

    edition: str
    effective_from: dt.date
    valid_s: int
    code_tries: int
    relations: tuple[str, ...]


class Said(msgspec.Struct, frozen=True):
    """What the customer sends: strokes as JSON, who he is, what he thinks, and the code that he was told."""

    strokes: str
    relation: str
    opinion: str
    code: str


@functools.cache
def signing_rules() -> SigningRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("remote-signing-2026.toml"), SigningRules, "setting_invalid")


def open_signing(tx: Tx, order: WorkOrder, assignment: Assignment, record_json: str) -> tuple[str, ...]:
    """Keep a record for the customer's browser in place of an earlier one; return flags when it cannot be signed."""
    state = visits.get_visit_state(tx.session, assignment.id)
    if _list_problems(order, state, record_json):
        return ("remote_record_blocked",)
    for row in repository.list_of_order(tx.session, order.id):
        row.state = VOID if row.state in {OPEN, LOCKED} else row.state
    row = RemoteSigning(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=order.id,
        assignment_id=assignment.id,
        technician_id=assignment.technician_id,
        record_json=record_json,
        evidence_hash=evidence_hash(state),
        code=f"{secrets.randbelow(_CODES):06d}",
        tries=0,
        made_ms=tx.now_ms,
        expires_ms=tx.now_ms + signing_rules().valid_s * 1000,
        state=OPEN,
        strokes=[],
    )
    tx.session.add(row)
    tx.record(events.REMOTE_SIGNING_OPENED, {"expires_ms": row.expires_ms}, work_order_id=order.id)
    return ()


def send_link(tx: Tx, order: WorkOrder, link: str, phone: str) -> None:
    """Send the customer the link; the code is never in the message, somebody tells it by telephone.

    Raises DomainError `remote_nothing_open`, `customer_without_phone`, `no_customer_channel`.
    """
    row = repository.find_open(tx.session, order.id, tx.now_ms)
    if row is None:
        raise DomainError("remote_nothing_open")
    if not phone.strip():
        raise DomainError("customer_without_phone")
    if not outgoing.owe_customer(tx, phone.strip(), "sign_link", order.id, number=order.number, link=link):
        raise DomainError("no_customer_channel")
    tx.record(events.REMOTE_LINK_SENT, {"signing_id": row.id}, work_order_id=order.id)


def describe(session: orm.Session, work_order_id: str, now_ms: int) -> dict[str, Any]:
    """Return how signing at a distance stands: none, open, expired, given, signed, void or locked; the code if open."""
    row = repository.find_newest(session, work_order_id)
    if row is None:
        return {"state": "none"}
    is_open = row.state == OPEN and now_ms < row.expires_ms
    return {
        "state": "expired" if row.state == OPEN and not is_open else row.state,
        "code": row.code if is_open else "",
        "view_code": service_record.view_code(row.record_json),
        "made_ms": row.made_ms,
        "expires_ms": row.expires_ms,
        "given_ms": row.given_ms,
        "tries": row.tries,
        "sent": outgoing.list_to_customer(session, work_order_id),
    }


def _list_problems(order: WorkOrder, state: VisitState, record_json: str) -> tuple[str, ...]:
    """Return why a record is not this order's, says another charge, or ends nothing (FT-02, WA-05)."""
    protocols = editions.resolve(texts.protocols(), order.protocols)
    blockers = service_record.list_blockers(is_leak=order.is_leak, protocols=protocols, visit=state)
    try:
        record = service_record.parse(record_json)
    except DomainError as unreadable:
        return (unreadable.code,)
    agreed = charges.charge_of(state)
    is_right = record.work_order_id == order.id and record.charge.total_cents == agreed.total_cents
    # The customer signs the canonical text: anything else would have another code on his copy.
    is_canonical = service_record.canonical(record) == record_json
    return (*(b.code for b in blockers), *(() if is_right and is_canonical else ("record_of_other_order",)))


def evidence_hash(state: VisitState) -> str:
    """Return the hash of all that a record is made of: changed evidence needs a new record."""
    kept = (
        state.answers,
        state.notes,
        state.photos,
        state.parts,
        state.outcome,
        state.cause,
        state.work_done,
        state.price,
        state.warranty,
        state.made_safe_how,
    )
    return hashlib.sha256(msgspec.json.encode(kept)).hexdigest()


def read_strokes(text: str) -> tuple[facts.Stroke, ...]:
    """Return the strokes of a browser. Raises DomainError `remote_strokes_unreadable`, and `signature_...`."""
    try:
        strokes = _STROKES.decode(text.encode())
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise DomainError("remote_strokes_unreadable") from fault
    signature.check_strokes(strokes)
    return strokes


def try_code(tx: Tx, work_order_id: str, code: str) -> str:
    """Count a try and return the error's code, empty when it is right; counted even when it is refused."""
    row = repository.lock_newest(tx.session, tx.branch_id, work_order_id)
    if row is None or row.state == VOID or tx.now_ms >= row.expires_ms:
        return "remote_link_over"
    if row.state in {GIVEN, SIGNED}:
        return "remote_signed_already"
    row.tries += 1
    if row.state == LOCKED or row.tries > signing_rules().code_tries:
        row.state = LOCKED
        return "remote_locked"
    return "" if hmac.compare_digest(row.code.encode(), code.strip().encode()) else "remote_code_wrong"


def give(tx: Tx, work_order_id: str, said: Said) -> None:
    """Take the signature; the branch seals it next. The code counts once.

    Raises DomainError `remote_link_over`, `remote_record_changed`, `remote_relation_missing`, `text_too_long`, and as
    `read_strokes` does.
    """
    row = repository.lock_newest(tx.session, tx.branch_id, work_order_id)
    if row is None or row.state != OPEN or tx.now_ms >= row.expires_ms:
        raise DomainError("remote_link_over")
    if not hmac.compare_digest(row.code.encode(), said.code.strip().encode()):
        raise DomainError("remote_code_wrong")
    state = visits.get_visit_state(tx.session, row.assignment_id)
    if row.evidence_hash != evidence_hash(state) or state.signed_ms is not None or state.waived_ms is not None:
        raise DomainError("remote_record_changed")
    check_words(said)
    row.strokes = [msgspec.to_builtins(stroke) for stroke in read_strokes(said.strokes)]
    row.relation, row.opinion = f"remote_{said.relation}", said.opinion
    row.state, row.given_ms, row.code = GIVEN, tx.now_ms, ""
    tx.record(events.REMOTE_SIGNATURE_GIVEN, {"signing_id": row.id}, work_order_id=work_order_id)


def check_words(said: Said) -> None:
    """Refuse what no customer says.

    Raises DomainError `remote_relation_missing`, `opinion_missing`, `text_too_long`.
    """
    if said.relation not in signing_rules().relations:
        raise DomainError("remote_relation_missing")
    if not said.opinion:
        raise DomainError("opinion_missing")
    if len(said.opinion) > _LONGEST_OPINION:
        raise DomainError("text_too_long")
