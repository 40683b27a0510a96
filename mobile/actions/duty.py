"""What a technician reports outside a job: his shift, another odour, messages. Each takes effect here at once."""

from __future__ import annotations

import sqlite3

import msgspec

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import pocket
from shared import facts, wire
from shared.work_order import Priority


def start_shift(
    desk: Desk,
    *,
    is_fit: bool,
    instruments: tuple[facts.Instrument, ...],
    stock: tuple[facts.StockLine, ...],
    is_push_heard: bool | None = None,
    reason: str = "",
) -> wire.PhoneEvent:
    """Begin the shift with what is carried (PA-04, TR-01); who declares himself unfit tells it all the same."""

    def keep(db: sqlite3.Connection) -> None:
        kit = pocket.Kit(
            instruments=instruments,
            stock=stock,
            shift_started_ms=desk.clock.now_ms() if is_fit else None,
            is_fit=is_fit,
        )
        pocket.set_kit(db, kit)

    body = facts.ShiftStarted(
        is_fit=is_fit, reason=reason, instruments=instruments, stock=stock, is_push_heard=is_push_heard
    )
    return desks.append_loose(desk, body, priority=Priority.URGENT, also=keep)


def end_shift(desk: Desk) -> None:
    """End the shift on this phone: no position is told any more, the next one begins with a new declaration."""
    with desk.store.write() as db:
        pocket.set_kit(db, msgspec.structs.replace(pocket.get_kit(db), shift_started_ms=None))


def report_odour(
    desk: Desk,
    *,
    address: str,
    location: str,
    answers: dict[str, str | bool],
    description: str = "",
    lat: float | None = None,
    lon: float | None = None,
) -> wire.PhoneEvent:
    """Report gas smelt somewhere else (decision 15). Raises DomainError `place_invalid`, `text_too_long`."""
    body = facts.OdourReported(
        address=address, location=location, answers=answers, description=description, lat=lat, lon=lon
    )
    return desks.append_loose(desk, body, priority=Priority.EMERGENCY)


def send_message(desk: Desk, *, text: str, about: str = "") -> wire.PhoneEvent:
    """Send words to the centre, about one work order or none. Raises DomainError `text_too_long`."""
    return desks.append_loose(desk, facts.MessageSent(text=text, about=about), priority=Priority.URGENT)


def read_message(desk: Desk, message_id: str) -> None:
    """Note once that the technician has read a message, and tell the centre."""
    with desk.store.read() as db:
        waits = any(m.message.id == message_id and not m.is_read for m in pocket.list_messages(db))
    if waits:
        body = facts.MessageRead(message_id=message_id)
        desks.append_loose(desk, body, priority=Priority.ROUTINE, also=lambda db: pocket.mark_read(db, message_id))
