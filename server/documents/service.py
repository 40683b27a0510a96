"""Which papers an order owes, what they say, and how they reach their readers (SG-01, SG-03, SG-06, SG-07)."""

from __future__ import annotations

import hashlib
import hmac
import zoneinfo
from typing import Final, Literal

import msgspec
from sqlalchemy import orm

from server.accounts import service as accounts
from server.core import texts
from server.core.unit_of_work import Tx
from server.customers import repository as customers
from server.documents import filling, forms, repository
from server.documents.case import Case, strokes_of
from server.documents.models import Delivery, Document
from server.outgoing import service as outgoing
from server.visits import repository as visits
from server.visits import service as visit_service
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared import editions, events, proof, service_record
from shared.errors import DomainError
from shared.protocol import Protocol

LINK: Final = "link"
PRINT: Final = "print"
POST: Final = "post"
CHANNELS: Final = (LINK, PRINT, POST)
_TOKEN_CHARS: Final = 32
_ANY_ZONE: Final = "UTC"  # conditions of forms do not look at the hour

State = Literal["owed", "sent", "delivered", "failed"]


def owe_for_record(tx: Tx, record_id: str) -> list[Document]:
    """Owe every paper that goes with a signed record: the customer's copy, and notices where they are due."""
    case, record = case_of_record(tx.session, record_id, _ANY_ZONE), visits.find_record_by_id(tx.session, record_id)
    if case is None or record is None:
        return []
    wanted = [form for form in forms.table().form if form.made == "record" and filling.is_wanted(form, case)]
    return [_owe(tx, record.work_order_id, record.id, record.assignment_id, form.code) for form in wanted]


def owe_for_closed_door(tx: Tx, work_order_id: str, assignment_id: str) -> list[Document]:
    """Owe the notice that is left at a closed door."""
    wanted = [form for form in forms.table().form if form.made == "no_access"]
    return [_owe(tx, work_order_id, "", assignment_id, form.code) for form in wanted]


def ask_for(tx: Tx, work_order_id: str, code: str, zone: str) -> Document:
    """Owe a paper that somebody at the desk wants. Raises DomainError `not_found`, `form_not_fitting`."""
    form, order = forms.get_form(code), work_orders.get_order(tx.session, tx.branch_id, work_order_id)
    record = visits.find_record(tx.session, order.id)
    assignment_id = record.assignment_id if record else ""
    case = case_of_record(tx.session, record.id, zone) if record else case_of_order(tx.session, order, "", zone)
    if case is None or not filling.is_wanted(form, case):
        raise DomainError("form_not_fitting", form=code)
    return _owe(tx, order.id, record.id if record and form.needs_record else "", assignment_id, code)


def _owe(tx: Tx, work_order_id: str, record_id: str, assignment_id: str, form: str) -> Document:
    known = repository.find_document(tx.session, work_order_id, record_id, form)
    if known is not None:
        return known
    row = Document(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=work_order_id,
        assignment_id=assignment_id,
        record_id=record_id,
        form=form,
        wanted_ms=tx.now_ms,
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def case_of(session: orm.Session, document: Document, zone: str) -> Case | None:
    """Return what an owed paper speaks of; None when its record cannot be read."""
    if document.record_id:
        return case_of_record(session, document.record_id, zone)
    order = work_orders.get_order(session, document.branch_id, document.work_order_id)
    return case_of_order(session, order, document.assignment_id, zone)


def case_of_record(session: orm.Session, record_id: str, zone: str) -> Case | None:
    """Return what a signed or waived record lets a form say, in the language that was shown."""
    row = visits.find_record_by_id(session, record_id)
    if row is None:
        return None
    try:
        told = service_record.parse(row.record_json)
    except DomainError:
        return None
    proved = visit_service.find_proof(session, row)
    return Case(
        language=told.language,
        branch_name=accounts.get_branch_name(session, row.branch_id, told.language),
        zone=zoneinfo.ZoneInfo(zone),
        number=told.number,
        fault_kind=told.fault_kind,
        description=told.description,
        address=told.address,
        customer=told.customer_name,
        account=told.customer_account,
        technician=told.technician.name,
        at_ms=row.signed_ms,
        protocols=_editions(told.protocols),
        visit=visits.get_visit_state(session, row.assignment_id),
        record=told,
        code=service_record.view_code(row.record_json),
        seal=row.seal,
        strokes=strokes_of(row.strokes),
        relation=row.signer_relation,
        opinion=row.opinion,
        waive_reason=row.waive_reason,
        witness=row.witness,
        proof=proof.encode(proved) if proved else b"",
    )


def case_of_order(session: orm.Session, order: WorkOrder, assignment_id: str, zone: str) -> Case:
    """Return what an order lets a form say where nobody has signed."""
    customer = customers.find_customer(session, order.branch_id, order.customer_id or "")
    language = customer.language if customer else texts.LANGUAGES[0]
    visit = visits.get_visit_state(session, assignment_id)
    return Case(
        language=language,
        branch_name=accounts.get_branch_name(session, order.branch_id, language),
        zone=zoneinfo.ZoneInfo(zone),
        number=order.number,
        fault_kind=order.fault_kind,
        description=order.description,
        address=order.address,
        customer=customer.name if customer else order.caller_name,
        account=customer.account if customer else "",
        technician=accounts.find_technician_name(session, order.technician_id),
        at_ms=visit.no_access_ms or order.opened_ms,
        visit=visit,
    )


def _editions(refs: tuple[str, ...]) -> tuple[Protocol, ...]:
    try:
        return editions.resolve(texts.protocols(), list(refs))
    except DomainError:
        return ()


def keep_made(tx: Tx, document_id: str, pdf: bytes, plain_sha256: str) -> None:
    """Keep a made file for good and owe its delivery by link; a second one for the same paper is dropped."""
    row = tx.session.get(Document, document_id, with_for_update=True)
    if row is None or row.made_ms is not None:
        return
    row.pdf, row.made_ms, row.error = pdf, tx.now_ms, ""
    row.sha256, row.plain_sha256 = hashlib.sha256(pdf).hexdigest(), plain_sha256
    told = {"document_id": row.id, "form": row.form, "record_id": row.record_id, "sha256": row.sha256}
    tx.record(events.DOCUMENT_MADE, told, work_order_id=row.work_order_id)
    deliver(tx, row.id, LINK, "owed")


def note_failure(tx: Tx, document_id: str, reason: str) -> None:
    """Remember why a paper could not be made; it is tried again, less and less eagerly."""
    row = tx.session.get(Document, document_id)
    if row is not None and row.made_ms is None:
        row.attempts += 1
        row.error = reason[:200]


def deliver(tx: Tx, document_id: str, channel: str, state: State, note: str = "") -> Delivery:
    """Note on which way a paper goes and how far it came. Raises DomainError `invalid_request`, `not_found`."""
    document = repository.get_document(tx.session, tx.branch_id, document_id)
    if channel not in CHANNELS:
        raise DomainError("invalid_request", reason="channel")
    row = repository.find_delivery(tx.session, document_id, channel)
    if row is None:
        row = Delivery(
            id=tx.new_id(), branch_id=tx.branch_id, document_id=document_id, channel=channel, owed_ms=tx.now_ms
        )
        tx.session.add(row)
    row.state, row.note, row.changed_ms, row.changed_by = state, note[:200], tx.now_ms, tx.actor.id
    if state == "delivered":
        told = {"document_id": document_id, "form": document.form, "channel": channel}
        tx.record(events.DOCUMENT_DELIVERED, told, work_order_id=document.work_order_id)
    tx.session.flush()
    return row


def send_to_customer(tx: Tx, order: WorkOrder, document_id: str, address: str, phone: str) -> Delivery:
    """Send an order's customer the address of one of its papers; opening it is the delivery.

    Raises DomainError `not_found`, `document_not_made`, `customer_without_phone`, `no_customer_channel`.
    """
    document = repository.get_document(tx.session, tx.branch_id, document_id)
    if document.work_order_id != order.id:
        raise DomainError("not_found", what="document")
    if document.made_ms is None:
        raise DomainError("document_not_made")
    if not phone.strip():
        raise DomainError("customer_without_phone")
    told = {"number": order.number, "link": address}
    if not outgoing.owe_customer(tx, phone.strip(), "paper_link", order.id, **told):
        raise DomainError("no_customer_channel")
    return deliver(tx, document_id, LINK, "sent")


def link_token(secret_key: str, document_id: str) -> str:
    """Return what a link to a paper must carry: nothing that is stored, nothing that can be guessed."""
    return hmac.new(secret_key.encode(), f"document:{document_id}".encode(), "sha256").hexdigest()[:_TOKEN_CHARS]


def is_link(secret_key: str, document_id: str, token: str) -> bool:
    """Say whether a token opens a paper."""
    return hmac.compare_digest(link_token(secret_key, document_id).encode(), token.encode("utf-8", "replace"))


class Judged(msgspec.Struct, frozen=True):
    """What the server knows of a presented file: text codes of [proof], and the order that it belongs to."""

    problems: tuple[str, ...]
    work_order_id: str = ""
    number: str = ""
