"""A technician who knows his work: answers every step of the job's protocols as the truth of the job has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from deploy.demo.cast import Crew, Truth
from mobile.service import Phone
from shared import checklist, facts, function_test, wire
from shared.protocol import PASS, Protocol, Step
from shared.visit import VisitState, find_answer

_DONE: Final = "done"
_STROKES: Final = (
    facts.Stroke(points=((120, 620, 0), (180, 320, 60), (230, 640, 120), (300, 350, 180), (360, 610, 240))),
    facts.Stroke(points=((430, 400, 400), (520, 420, 460), (480, 600, 540), (640, 560, 640), (820, 380, 760))),
)


def answer_steps(phone: Phone, work_order_id: str, crew: Crew, truth: Truth) -> bool:
    """Answer whatever may be answered now; tell whether all is answered (a second reading may have to wait)."""
    while True:
        job = phone.get_job(work_order_id)
        found = _find_next(phone, job, truth)
        if found is None:
            return True
        protocol, step = found
        if _must_wait(protocol, step, job.visit, phone.clock.now_ms()):
            return False
        _answer(phone, work_order_id, protocol, step, crew, truth)


def finish(phone: Phone, work_order_id: str, truth: Truth) -> None:
    """Declare the outcome, make a leak safe, and let the customer sign, or waive with the reason."""
    job = phone.get_job(work_order_id)
    outcome = outcome_for(job, truth)
    if job.is_leak and job.visit.made_safe_ms is None:
        phone.act("make_safe", work_order_id, how={"all_clear": "no_gas_found"}.get(outcome, outcome))
    phone.act("declare_outcome", work_order_id, outcome=outcome)
    if truth.signs:
        phone.act("sign_record", work_order_id, strokes=_STROKES, signer_relation=truth.relation, opinion=truth.opinion)
    else:
        phone.act("waive_signature", work_order_id, reason=truth.waive_reason or "refused", witness="陈立")


def outcome_for(job: wire.Job, truth: Truth) -> str:
    """Return the outcome's code: a leak's own, or simply done."""
    return truth.outcome if job.is_leak else _DONE


def _find_next(phone: Phone, job: wire.Job, truth: Truth) -> tuple[Protocol, Step] | None:
    for protocol in phone.protocols(job.work_order_id):
        if protocol.kind == "function_test" and not function_test.is_needed(protocol, outcome_for(job, truth)):
            continue
        step = checklist.find_next_step(protocol, job.visit)
        if step is not None:
            return protocol, step
    return None


def _must_wait(protocol: Protocol, step: Step, visit: VisitState, now_ms: int) -> bool:
    """Tell whether a second reading of a space would come too soon after the first."""
    if step.evidence != "all_clear":
        return False
    others = [s for s in protocol.steps if s.space == step.space and s.id != step.id]
    taken = [a for s in others if (a := find_answer(visit, protocol.ref, s.id)) is not None]
    return any(now_ms - a.at_ms < protocol.separation_ms for a in taken)


def _answer(phone: Phone, work_order_id: str, protocol: Protocol, step: Step, crew: Crew, truth: Truth) -> None:
    where: dict[str, Any] = {"protocol": protocol.ref, "step": step.id}
    if step.kind == "timer":
        phone.act("stop_timer", work_order_id, elapsed_ms=_elapsed_ms(step), **where)
    elif step.kind == "reading":
        instrument = {
            "instrument_serial": crew.instrument_serial,
            "instrument_valid_until": crew.instrument_valid_until,
        }
        phone.act("record_reading", work_order_id, value=_value(step), unit=step.unit, **instrument, **where)
    else:
        phone.act("answer_step", work_order_id, outcome=_choice(step, truth), **where)


def _elapsed_ms(step: Step) -> int:
    if step.min_ms is not None:
        return step.min_ms + 1000
    return (step.max_ms or 2000) // 2


def _value(step: Step) -> str:
    low = Decimal(step.minimum) if step.minimum else None
    high = Decimal(step.maximum) if step.maximum else None
    if low is not None and high is not None:
        return format((low + high) / 2, "f")
    return format(low if low is not None else high if high is not None else Decimal(0), "f")


def _choice(step: Step, truth: Truth) -> str:
    codes = [c.code for c in step.choices]
    if truth.outcome in codes:
        return truth.outcome
    return next((c.code for c in step.choices if c.passes), PASS)
