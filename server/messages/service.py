"""Writes to a technician, takes what he writes, and notes what arrived and was read."""

from __future__ import annotations

from typing import Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.core.unit_of_work import Tx
from server.messages import repository
from server.messages.models import Message
from shared import events, wire
from shared.errors import DomainError

LONGEST_TEXT: Final = 2000
_PER_ANSWER: Final = 20


def write_to(tx: Tx, technician_id: str, sender_name: str, text: str, work_order_id: str = "") -> Message:
    """Write to a technician; his phones are rung. Raises DomainError `not_found`, `text_too_long`, `text_missing`."""
    technician = accounts.get_technician(tx.session, tx.branch_id, technician_id)
    if len(text) > LONGEST_TEXT:
        raise DomainError("text_too_long")
    if not text.strip():
        raise DomainError("text_missing")
    row = _row(tx, tx.new_id(), technician.id, text, work_order_id)
    row.is_from_desk, row.sender_name = True, sender_name
    _keep(tx, row, technician.name)
    return row


def take_from(tx: Tx, message_id: str, technician_id: str, text: str, work_order_id: str) -> None:
    """Keep what a technician wrote; nothing from the field is refused."""
    technician = accounts.get_technician(tx.session, tx.branch_id, technician_id)
    row = _row(tx, message_id, technician_id, text, work_order_id[:36])
    row.is_from_desk, row.sender_name = False, technician.name
    _keep(tx, row, technician.name)


def note_delivered(tx: Tx, technician_id: str, message_id: str, at_ms: int) -> None:
    """Note that a phone has stored a message; it is not sent again."""
    row = repository.find_message(tx.session, tx.branch_id, message_id)
    if row is not None and row.technician_id == technician_id:
        row.delivered_ms = row.delivered_ms or at_ms


def note_read(tx: Tx, technician_id: str, message_id: str, at_ms: int) -> None:
    """Note that the technician has read a message."""
    note_delivered(tx, technician_id, message_id, at_ms)
    row = repository.find_message(tx.session, tx.branch_id, message_id)
    if row is not None and row.technician_id == technician_id:
        row.read_ms = row.read_ms or at_ms


def list_for_phone(session: orm.Session, technician_id: str) -> tuple[wire.DeskMessage, ...]:
    """Return what a technician's phone still has to get."""
    return tuple(
        wire.DeskMessage(id=m.id, at_ms=m.at_ms, sender=m.sender_name, text=m.text, work_order_id=m.work_order_id)
        for m in repository.list_undelivered(session, technician_id, _PER_ANSWER)
    )


def _row(tx: Tx, message_id: str, technician_id: str, text: str, work_order_id: str) -> Message:
    return Message(
        id=message_id,
        branch_id=tx.branch_id,
        technician_id=technician_id,
        work_order_id=work_order_id,
        text=text,
        at_ms=tx.now_ms,
    )


def _keep(tx: Tx, row: Message, technician_name: str) -> None:
    tx.session.add(row)
    data = {"message_id": row.id, "technician_id": row.technician_id, "technician": technician_name}
    name = events.MESSAGE_WRITTEN if row.is_from_desk else events.MESSAGE_RECEIVED
    tx.record(name, data, technicians=(row.technician_id,) if row.is_from_desk else ())
