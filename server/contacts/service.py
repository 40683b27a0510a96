"""Writes contacts down (IN-01, IN-10, IN-13, IN-19); an answer promised to a caller is watched until it was given."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from sqlalchemy import orm

from server.accounts import repository as accounts
from server.complaints import service as complaints
from server.contacts import repository
from server.contacts.models import Contact
from server.contacts.rules import CLASSES, COMPLAINT, CONSULTATION, OUTCOMES, contact_rules
from server.core import deadlines
from server.core.unit_of_work import Tx
from server.work_orders import repository as work_orders
from shared import events
from shared.errors import DomainError

REPLY_DUE: Final = "contact_reply_due"
NONE, OPEN, SOON, LATE, KEPT = "", "open", "soon", "late", "kept"
OWED: Final = (OPEN, SOON, LATE)
_MOST: Final = 60
Moment = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]
Key = Annotated[str, msgspec.Meta(max_length=36)]
Short = Annotated[str, msgspec.Meta(max_length=80)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=3600)]


class ComplaintPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a complaint needs beside its contact."""

    kind: str
    severity: str = ""
    unit: str = "hotline"
    work_order_id: Key | None = None


class ContactRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One contact as the agent saves it. `ref` is the page's own key: sent twice, it is written once.

    `waited_s` is how long it rang, `rings` how often; both None where nobody counted. `reply_due_ms` promises an answer
    (IN-13); a call handed over names to whom and with which words (IN-19).
    """

    ref: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    contact_class: str
    channel: str = "phone"
    outcome: str
    started_ms: Moment
    rings: Annotated[int, msgspec.Meta(ge=0, le=99)] | None = None
    waited_s: Count | None = None
    caller_name: Short = ""
    caller_phone: Annotated[str, msgspec.Meta(max_length=32)] = ""
    customer_id: Key | None = None
    content: Long = ""
    reason: str = ""
    answer_id: Annotated[str, msgspec.Meta(max_length=40)] = ""
    work_order_id: Key | None = None
    complaint: ComplaintPart | None = None
    transferred_to: Short = ""
    transfer_note: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    reply_due_ms: Moment | None = None


def take(tx: Tx, request: ContactRequest, profile: str, time_zone: str) -> Contact:
    """Write a contact down, with its complaint when it is one, and watch the answer promised.

    Raises `contact_invalid`, `contact_content_missing`, `contact_transfer_incomplete`, `promise_in_the_past`.
    """
    source_ref = f"{tx.actor.id}:{request.ref}"
    known = repository.find_by_source(tx.session, tx.branch_id, source_ref)
    if known is not None:
        return known
    _check(tx, request)
    complaint_id = _complaint(tx, request, profile, time_zone)
    fields = ("contact_class", "channel", "rings", "waited_s", "started_ms", "caller_name", "caller_phone")
    more = ("customer_id", "content", "reason", "answer_id", "outcome", "work_order_id")
    transfer = ("transferred_to", "transfer_note", "reply_due_ms")
    row = Contact(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        source_ref=source_ref,
        ended_ms=max(tx.now_ms, request.started_ms),
        agent_id=tx.actor.id,
        complaint_id=complaint_id,
        reply_state=OPEN if request.reply_due_ms is not None else NONE,
        replied_by="",
        **{key: getattr(request, key) for key in (*fields, *more, *transfer)},
    )
    tx.session.add(row)
    tx.session.flush()
    told = {"contact_id": row.id, "class": row.contact_class, "channel": row.channel, "outcome": row.outcome}
    tx.record(events.CONTACT_TAKEN, {**told, "complaint_id": complaint_id}, work_order_id=row.work_order_id or "")
    _watch(tx, row)
    return row


def _check(tx: Tx, request: ContactRequest) -> None:
    rules = contact_rules()
    known = request.contact_class in CLASSES and request.channel in rules.channels and request.outcome in OUTCOMES
    if not known or (request.reason and request.reason not in rules.reasons):
        raise DomainError("contact_invalid")
    if (request.outcome == "promised") != (request.reply_due_ms is not None):
        raise DomainError("contact_invalid")
    if request.contact_class in {CONSULTATION, COMPLAINT} and not request.content.strip():
        raise DomainError("contact_content_missing")
    if request.outcome == "transferred" and not (request.transferred_to.strip() and request.transfer_note.strip()):
        raise DomainError("contact_transfer_incomplete")
    if request.reply_due_ms is not None and request.reply_due_ms <= tx.now_ms:
        raise DomainError("promise_in_the_past")
    if request.work_order_id is not None:
        work_orders.get_order(tx.session, tx.branch_id, request.work_order_id)


def _complaint(tx: Tx, request: ContactRequest, profile: str, time_zone: str) -> str | None:
    part = request.complaint
    if (part is not None) != (request.contact_class == COMPLAINT):
        raise DomainError("contact_invalid")
    if part is None:
        return None
    asked = complaints.ComplaintRequest(
        kind=part.kind,
        content=request.content,
        severity=part.severity,
        unit=part.unit,
        channel=request.channel,
        caller_name=request.caller_name,
        caller_phone=request.caller_phone,
        customer_id=request.customer_id,
        work_order_id=part.work_order_id,
    )
    return complaints.open_complaint(tx, asked, profile, time_zone).id


def give_reply(tx: Tx, contact_id: str) -> None:
    """The caller has the answer that was promised. Raises `not_found`, `promise_over`."""
    row = tx.session.get(Contact, contact_id, with_for_update=True)
    if row is None or row.branch_id != tx.branch_id:
        raise DomainError("not_found", what="contact")
    if row.reply_state in {NONE, KEPT}:
        raise DomainError("promise_over")
    was_late = row.reply_due_ms is not None and tx.now_ms > row.reply_due_ms
    row.reply_state, row.replied_ms, row.replied_by = KEPT, tx.now_ms, tx.actor.id
    deadlines.cancel(tx, REPLY_DUE, row.id)
    tx.record(events.CONTACT_ANSWERED, {"contact_id": row.id, "was_late": was_late})


def look_at_reply(tx: Tx, contact_id: str) -> None:
    """Warn the owner before an answer lapses, and write down that it has (IN-13)."""
    row = tx.session.get(Contact, contact_id, with_for_update=True)
    if row is None or row.reply_due_ms is None or row.reply_state in {NONE, KEPT}:
        return
    row.reply_state = SOON if row.reply_due_ms >= tx.now_ms else LATE
    told = {"contact_id": row.id, "agent_id": row.agent_id, "due_ms": row.reply_due_ms, "state": row.reply_state}
    tx.record(events.CONTACT_ANSWER_DUE, told)
    if row.reply_state == SOON:
        deadlines.schedule(tx, REPLY_DUE, row.id, row.reply_due_ms + 1, {"contact_id": row.id})


def _watch(tx: Tx, row: Contact) -> None:
    if row.reply_due_ms is not None:
        warn_ms = max(tx.now_ms, row.reply_due_ms - contact_rules().warn_before_s * 1000)
        deadlines.schedule(tx, REPLY_DUE, row.id, warn_ms, {"contact_id": row.id})


def list_rows(session: orm.Session, branch_id: str) -> list[dict[str, Any]]:
    """Return the promised answers still owed, then the latest contacts."""
    found = repository.list_latest(session, branch_id, OWED, _MOST)
    names = accounts.list_names(session, {row.agent_id for row in found})
    keys = ("id", "contact_class", "channel", "rings", "waited_s", "started_ms", "ended_ms", "caller_name")
    more = ("caller_phone", "content", "reason", "outcome", "work_order_id", "transferred_to", "transfer_note")
    reply = ("reply_due_ms", "reply_state", "replied_ms")
    return [
        {**{key: getattr(row, key) for key in (*keys, *more, *reply)}, "agent": names.get(row.agent_id, "")}
        for row in found
    ]
