"""Commands on site: answers, readings, making safe, the outcome, and the ends without a record."""

from __future__ import annotations

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import jobs
from mobile.store.jobs import StoredJob
from shared import door_facts, facts, wire, work_order
from shared.machine import Role


def answer_step(
    desk: Desk, work_order_id: str, *, protocol: str, step: str, outcome: str, note: str = ""
) -> wire.PhoneEvent:
    """Answer one step: pass, fail, not_applicable or a choice's code. Raises DomainError `not_on_site`."""
    body = facts.StepAnswered(protocol=protocol, step=step, outcome=outcome, note=note)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def record_reading(
    desk: Desk,
    work_order_id: str,
    *,
    protocol: str,
    step: str,
    value: str,
    unit: str,
    instrument_serial: str = "",
    instrument_valid_until: str = "",
) -> wire.PhoneEvent:
    """Record one reading as decimal text with its instrument. Raises DomainError `not_on_site`."""
    body = facts.ReadingRecorded(
        protocol=protocol,
        step=step,
        value=value,
        unit=unit,
        instrument_serial=instrument_serial,
        instrument_valid_until=instrument_valid_until,
    )
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def stop_timer(desk: Desk, work_order_id: str, *, protocol: str, step: str, elapsed_ms: int) -> wire.PhoneEvent:
    """Record the milliseconds that a step's timer ran. Raises DomainError `not_on_site`."""
    body = facts.TimerStopped(protocol=protocol, step=step, elapsed_ms=elapsed_ms)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def add_note(desk: Desk, work_order_id: str, *, text: str) -> wire.PhoneEvent | None:
    """Add a remark in words; None when the very same remark already stands."""
    with desk.store.read() as db:
        if text in jobs.get_job(db, work_order_id).job.visit.notes:
            return None
    return desks.append(desk, work_order_id, facts.NoteAdded(text=text), desks.check_anything)


def estimate_remaining_time(desk: Desk, work_order_id: str, *, remaining_s: int) -> wire.PhoneEvent:
    """Tell in how many seconds the technician can leave."""
    return desks.append(
        desk, work_order_id, facts.RemainingTimeEstimated(remaining_s=remaining_s), desks.check_anything
    )


def make_safe(desk: Desk, work_order_id: str, *, how: str) -> wire.PhoneEvent:
    """State that the hazard is under control. Raises DomainError `not_on_site`, `transition_not_allowed`."""
    return desks.append(desk, work_order_id, facts.SiteMadeSafe(how=how), _check_make_safe)


def declare_outcome(
    desk: Desk, work_order_id: str, *, outcome: str, cause: str = "", work_done: str = ""
) -> wire.PhoneEvent:
    """Declare how the job ended; after a signature it voids the signature. Raises DomainError `not_on_site`."""
    body = facts.OutcomeDeclared(outcome=outcome, cause=cause, work_done=work_done)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def record_no_access(
    desk: Desk, work_order_id: str, *, reason: str, note: str = "", proofs: tuple[str, ...] = ()
) -> wire.PhoneEvent:
    """Nobody opened: the order waits in a state of its own. Raises DomainError `transition_not_allowed`."""
    body = facts.NoAccessRecorded(reason=reason, note=note, proofs=proofs)
    return desks.append(desk, work_order_id, body, desks.allow_move("finish"))


def hand_over(desk: Desk, work_order_id: str, *, to: str, person: str, note: str = "") -> wire.PhoneEvent:
    """Somebody took the matter over and gave his name. Raises DomainError `hand_over_without_name`, `text_too_long`."""
    body = door_facts.HandedOver(to=to, person=person, note=note)
    return desks.append(desk, work_order_id, body, desks.check_anything)


def request_engineering(desk: Desk, work_order_id: str, *, note: str) -> wire.PhoneEvent:
    """Hand the job over to the centre (DI-12). Raises DomainError `transition_not_allowed`."""
    return desks.append(desk, work_order_id, facts.EngineeringRequested(note=note), desks.allow_move("finish"))


def _check_make_safe(stored: StoredJob) -> None:
    desks.check_on_site(stored)
    if stored.job.is_leak and not stored.is_gone:
        work_order.decide(work_order.Facts(stored.job.state, stored.job.is_leak), "make_safe", Role.TECHNICIAN)
