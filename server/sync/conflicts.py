"""What happens when field and desk have both moved on: decisions, not merges (reliability 3.5).

Evidence is kept before any of these is asked; they only decide whose work ends the order and who is told.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection
from typing import Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts.models import Device
from server.call_backs import service as call_backs
from server.core import deadlines
from server.core.unit_of_work import Tx
from server.devices.rules import device_rules
from server.dispatch import offers
from server.dispatch import repository as dispatch
from server.dispatch.models import Assignment
from server.escalation import service as escalation
from server.sync.case import Case
from server.sync.models import SigningLease
from server.sync.origins import EARLIER_ENROLMENT
from server.visits import service as visits
from server.visits.models import Record
from server.work_orders import service as work_order_service
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState

DOUBLE_WORK: Final = "double_work"
SIGNED_AFTER_CANCEL: Final = "signed_after_cancel"
OLDER_PHONE: Final = "older_phone"
_NEWER_PHONES: Final = "leakfirst-newer-phones"
STEPS_CHANGED: Final = "steps_changed"
_ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING})


def settle_late_record(case: Case, record: Record) -> tuple[str, ...]:
    """Decide what a sound record does that comes from an assignment already over; return the order's new flags."""
    if case.order.state == WorkOrderState.CANCELLED:
        return keep_signature_after_cancel(case)
    others = _list_live(case)
    if any(a.state in _ON_SITE for a in others):
        return leave_double_work_to_the_desk()
    return let_late_work_end_the_order(case, record, others)


def leave_double_work_to_the_desk() -> tuple[str, ...]:
    """Somebody else stands at the door already: both evidences are kept, a person decides."""
    return (DOUBLE_WORK,)


def let_late_work_end_the_order(case: Case, record: Record, others: list[Assignment]) -> tuple[str, ...]:
    """Nobody else has arrived: who was sent after him is called back, and his evidence ends the order."""
    sent_others = any(a.technician_id != case.sender.technician_id for a in others)
    flags = (DOUBLE_WORK,) if sent_others else ()
    try:
        _finish_late(case, record)
    except DomainError:
        # The order waits for a person, or a leak lacks its evidence: the record is kept and shown.
        return (*flags, "out_of_order")
    for other in others:
        offers.move(case.tx, other, "recall", Role.SYSTEM, reason="done_by_other")
    dispatch.drop_planned(case.tx.session, case.tx.branch_id, {case.order.id})
    escalation.end(case.tx, case.order.id, escalation.AT_DESK)
    deadlines.cancel(case.tx, offers.OFFER_EXPIRES, case.order.id)
    visits.announce_record(case.tx, record)
    ask_for_new_steps(case)
    return flags


def keep_signature_after_cancel(case: Case) -> tuple[str, ...]:
    """The desk cancelled while the customer signed: the order stays cancelled, and the customer is called."""
    happened = {"at_ms": case.tx.now_ms, "name": SIGNED_AFTER_CANCEL, "by": case.tx.actor.id, "reason": ""}
    case.order.clock_events = [*case.order.clock_events, happened]
    call_backs.schedule_call_back(case.tx, case.order.id, case.profile)
    return (SIGNED_AFTER_CANCEL,)


def note_signing(tx: Tx, device: Device, work_order_id: str) -> None:
    """A customer holds a technician's phone to sign: the order is his for a while; each call of the phone renews it."""
    live = dispatch.list_live_of_order(tx.session, work_order_id)
    if not any(a.technician_id == device.technician_id and a.branch_id == tx.branch_id for a in live):
        return
    until_ms = tx.now_ms + device_rules().signing_lease_s * 1000
    lease = SigningLease(work_order_id=work_order_id, branch_id=tx.branch_id, device_id=device.id, until_ms=until_ms)
    tx.session.merge(lease)


def ask_before_interrupting(tx: Tx, work_order_id: str, *, is_sure: bool) -> None:
    """While a customer signs, the desk interrupts only when it says so twice. Raises DomainError `customer_signing`.

    A signature that arrives afterwards is kept all the same (`keep_signature_after_cancel`).
    """
    lease = tx.session.get(SigningLease, work_order_id)
    if lease is not None and lease.branch_id == tx.branch_id and lease.until_ms > tx.now_ms and not is_sure:
        raise DomainError("customer_signing")


def refuse_older_phone(case: Case) -> None:
    """Let only the phone that a technician enrolled last take or refuse jobs. Raises DomainError `older_phone`."""
    if _has_newer_phone(case):
        raise DomainError(OLDER_PHONE)


def keep_evidence_of_older_phone(case: Case) -> tuple[str, ...]:
    """The same technician has a newer phone: what the older one had queued is filed all the same, and shown."""
    return (OLDER_PHONE,) if _has_newer_phone(case) else ()


def look_for_newer_phones(session: orm.Session, device_ids: Collection[str]) -> None:
    """Ask once for all phones of a transaction whether they are their technician's newest one."""
    known: dict[str, bool] = session.info.setdefault(_NEWER_PHONES, {})
    older = accounts.list_older_devices(session, device_ids)
    known.update({device_id: device_id in older for device_id in device_ids})


def _has_newer_phone(case: Case) -> bool:
    """What a phone did before it was enrolled anew was done on the technician's newest phone."""
    if EARLIER_ENROLMENT in case.sender.flags:
        return False
    known: dict[str, bool] = case.tx.session.info.get(_NEWER_PHONES, {})
    if case.sender.device_id not in known:
        look_for_newer_phones(case.tx.session, {case.sender.device_id})
    return bool(case.tx.session.info[_NEWER_PHONES][case.sender.device_id])


def ask_for_new_steps(case: Case) -> None:
    """The checklist has changed since the order was opened: the evidence stands by its own edition, the gap is shown.

    The dispatcher decides about a follow-up; the flag's event names the steps. Nobody in the field is at fault.
    """
    if not case.desk.time_zone:
        return  # signed in the customer's browser: the worker that seals it knows no place, and so no day of an edition
    day = dt.datetime.fromtimestamp(case.tx.now_ms / 1000, zoneinfo.ZoneInfo(case.desk.time_zone)).date()
    current = work_order_service.list_current_editions(case.tx, case.order, day, case.desk.jurisdiction)
    known = {(p.id, step.id) for p in visits.protocols_of(case.order) for step in p.steps}
    newer = [p for p in current if p.ref not in case.order.protocols]
    required = [(p, step.id) for p in newer for step in p.steps if step.required]
    missing = [f"{p.ref}:{step_id}" for p, step_id in required if (p.id, step_id) not in known]
    if missing:
        work_order_service.flag(case.tx, case.order, STEPS_CHANGED, steps=missing)


def _list_live(case: Case) -> list[Assignment]:
    live = dispatch.list_live_of_order(case.tx.session, case.order.id)
    return [a for a in live if a.id != case.assignment.id]


def _finish_late(case: Case, record: Record) -> None:
    evidence = visits.has_closure_evidence(case.tx, case.order, record.id)
    work_order_service.move(
        case.tx,
        case.order,
        "finish_late",
        Role.SYSTEM,
        case.profile,
        at_ms=case.at_ms,
        closure_evidence=evidence,
        technicians=(case.sender.technician_id,),
    )
    case.order.technician_id = case.sender.technician_id
    signed = "sign" if record.kind == "signed" else "waive_signature"
    work_order_service.move(case.tx, case.order, signed, Role.TECHNICIAN, case.profile, at_ms=case.at_ms)
