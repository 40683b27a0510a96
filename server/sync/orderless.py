"""What phones report without a work order: the shift's beginning, another odour, messages and their receipts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from server.absences import service as absences
from server.core.unit_of_work import Tx
from server.devices import service as devices
from server.intake import service as intake
from server.messages import service as messages
from server.visits import moments
from server.visits import service as visits
from server.visits.service import Sender
from server.work_orders.service import Desk
from shared import facts, wire
from shared.errors import DomainError

Taker = Callable[[Tx, Sender, wire.PhoneEvent, Desk], tuple[str, ...]]
_ODOUR: Final = "gas_odour"


def take(tx: Tx, sender: Sender, event: wire.PhoneEvent, desk: Desk) -> tuple[str, ...]:
    """Keep the fact, then do what it means; return its flags. Nothing from the field is refused."""
    flags = (*sender.flags, *TAKERS[type(event.body)](tx, sender, event, desk))
    return visits.keep_orderless(tx, sender, event, flags)


def _at_ms(tx: Tx, sender: Sender, event: wire.PhoneEvent) -> int:
    return moments.reckon(event.occurred, sender.boots, tx.now_ms).at_ms


def _take_shift(tx: Tx, sender: Sender, event: wire.PhoneEvent, _desk: Desk) -> tuple[str, ...]:
    """Who declares himself unfit is planned no work until a dispatcher takes him back."""
    body = event.body
    if isinstance(body, facts.ShiftStarted) and not body.is_fit:
        request = absences.AbsenceRequest(reason="ill", note=body.reason[:500])
        absences.report_absence(tx, sender.technician_id, request)
    return ()


def _take_odour(tx: Tx, sender: Sender, event: wire.PhoneEvent, desk: Desk) -> tuple[str, ...]:
    """Open a work order for the other odour; without a usable answer it is opened as the worst case (decision 15)."""
    body = event.body
    if not isinstance(body, facts.OdourReported):
        return ()
    ref, at_ms = f"odour:{event.id}"[:120], _at_ms(tx, sender, event)
    try:
        intake.take_fault_report(tx, _report_of(body, body.location, body.answers), desk, ref, at_ms)
    except DomainError:
        intake.take_fault_report(tx, _report_of(body, "unknown", {}), desk, ref, at_ms)
        return ("out_of_order",)
    return ()


def _report_of(body: facts.OdourReported, location: str, answers: dict[str, str | bool]) -> intake.ReportRequest:
    return intake.ReportRequest(
        fault_kind=_ODOUR,
        location=location,
        answers=answers,
        description=body.description,
        address=body.address.strip()[:200] or "?",
        lat=body.lat,
        lon=body.lon,
        channel="technician",
    )


def _take_message(tx: Tx, sender: Sender, event: wire.PhoneEvent, _desk: Desk) -> tuple[str, ...]:
    body = event.body
    if isinstance(body, facts.MessageSent):
        messages.take_from(tx, event.id, sender.technician_id, body.text, body.about)
    return ()


def _note_delivered(tx: Tx, sender: Sender, event: wire.PhoneEvent, _desk: Desk) -> tuple[str, ...]:
    if isinstance(event.body, facts.MessageDelivered):
        messages.note_delivered(tx, sender.technician_id, event.body.message_id, _at_ms(tx, sender, event))
    return ()


def _note_read(tx: Tx, sender: Sender, event: wire.PhoneEvent, _desk: Desk) -> tuple[str, ...]:
    if isinstance(event.body, facts.MessageRead):
        messages.note_read(tx, sender.technician_id, event.body.message_id, _at_ms(tx, sender, event))
    return ()


def _note_test(tx: Tx, sender: Sender, event: wire.PhoneEvent, _desk: Desk) -> tuple[str, ...]:
    body = event.body
    if isinstance(body, facts.TestPushSeen):
        return devices.note_seen(tx, sender.technician_id, body.push_id, _at_ms(tx, sender, event))
    return ()


TAKERS: Final[dict[type[facts.Body], Taker]] = {
    facts.ShiftStarted: _take_shift,
    facts.OdourReported: _take_odour,
    facts.MessageSent: _take_message,
    facts.TestPushSeen: _note_test,
    facts.MessageDelivered: _note_delivered,
    facts.MessageRead: _note_read,
}
