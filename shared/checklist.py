"""Evaluates a protocol against the visit's evidence: what is missing, what fails, what was set aside and why.

Evidence is never refused: a reading taken with an instrument out of calibration stays, carries a flag, and does not
satisfy its step (decision 2).
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Literal

import msgspec

from shared import decimal_text
from shared.protocol import FAIL, NOT_APPLICABLE, PASS, Protocol, Step, find_step
from shared.visit import Answer, VisitState, find_answer

Result = Literal["", "pass", "fail", "not_applicable"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict: step ids in the protocol's order; `flagged` are (step, reason) of answers that do not count."""

    complete: bool
    passed: bool
    missing: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    flagged: tuple[tuple[str, str], ...] = ()


def evaluate(protocol: Protocol, visit_state: VisitState) -> Verdict:
    """Return the verdict: complete when each required step that applies has an answer that counts."""
    steps = list_applicable(protocol, visit_state)
    results = {step.id: result_of(protocol, step, visit_state) for step in steps}
    missing = tuple(step.id for step in steps if step.required and not results[step.id])
    failing = tuple(step.id for step in steps if results[step.id] == FAIL)
    flagged = ((step.id, flag_of(protocol, step, visit_state)) for step in steps)
    return Verdict(
        complete=not missing,
        passed=not missing and not failing,
        missing=missing,
        failing=failing,
        flagged=tuple(pair for pair in flagged if pair[1]),
    )


def list_applicable(protocol: Protocol, visit_state: VisitState) -> tuple[Step, ...]:
    """Return the steps whose condition holds so far, in order: what the screen shows."""
    return tuple(step for step in protocol.steps if applies(protocol, step, visit_state))


def applies(protocol: Protocol, step: Step, visit_state: VisitState) -> bool:
    """Say whether a step's condition holds, and that of the step which it depends on."""
    if step.only_if is None:
        return True
    asked = find_step(protocol, step.only_if[0])
    if asked is None or not applies(protocol, asked, visit_state):
        return False
    answer = find_answer(visit_state, protocol.ref, asked.id)
    told = answer.outcome if answer and asked.kind == "choice" else result_of(protocol, asked, visit_state)
    return told == step.only_if[1]


def find_next_step(protocol: Protocol, visit_state: VisitState) -> Step | None:
    """Return the first required step without an answer that counts; None when the protocol is complete."""
    steps = list_applicable(protocol, visit_state)
    return next((s for s in steps if s.required and not result_of(protocol, s, visit_state)), None)


def may_leave(protocol: Protocol, visit_state: VisitState) -> bool:
    """Say whether the job may be left at this point (decision 10)."""
    step = find_next_step(protocol, visit_state)
    return step is None or step.leavable


def result_of(protocol: Protocol, step: Step, visit_state: VisitState) -> Result:
    """Return pass, fail or not_applicable for a step; empty when there is no answer that counts."""
    answer = find_answer(visit_state, protocol.ref, step.id)
    if answer is None or flag_of(protocol, step, visit_state):
        return ""
    if answer.outcome == NOT_APPLICABLE:
        return NOT_APPLICABLE
    match step.kind:
        case "tick":
            return PASS if answer.outcome == PASS else FAIL
        case "choice":
            return PASS if any(c.passes for c in step.choices if c.code == answer.outcome) else FAIL
        case "reading":
            return _reading(step, answer)
        case "timer":
            return _timer(step, answer)


def flag_of(protocol: Protocol, step: Step, visit_state: VisitState) -> str:
    """Return why a step's answer does not count, as a text code of [flag]; empty when it counts or is not there."""
    answer = find_answer(visit_state, protocol.ref, step.id)
    if answer is None:
        return ""
    if answer.outcome == NOT_APPLICABLE:
        return "" if step.may_skip else "step_cannot_be_skipped"
    match step.kind:
        case "tick":
            return "" if answer.outcome in {PASS, FAIL} else "answer_unknown"
        case "choice":
            return "" if any(choice.code == answer.outcome for choice in step.choices) else "answer_unknown"
        case "reading":
            return _reading_flag(protocol, step, answer)
        case "timer":
            return "" if answer.elapsed_ms is not None and answer.elapsed_ms >= 0 else "time_unreadable"


def limits_text(step: Step) -> str:
    """Return the limits of a reading or timer as signs: "≥ 5 kPa", "≤ 60 s", "10–20 kPa"; empty when there are none."""
    low, high, unit = step.minimum, step.maximum, step.unit
    if step.kind == "timer":
        low, high, unit = _seconds(step.min_ms), _seconds(step.max_ms), "s"
    if low and high:
        return f"{low}–{high} {unit}" if low != high else f"= {low} {unit}"
    return f"≥ {low} {unit}" if low else f"≤ {high} {unit}" if high else ""


def _seconds(ms: int | None) -> str:
    return "" if ms is None else f"{decimal.Decimal(ms) / 1000:f}"


def _reading_flag(protocol: Protocol, step: Step, answer: Answer) -> str:
    if decimal_text.find_decimal(answer.value) is None:
        return "reading_unreadable"
    if answer.unit != step.unit:
        return "unit_wrong"
    if not step.needs_instrument:
        return ""
    if not answer.instrument_serial:
        return "instrument_missing"
    return _calibration_flag(answer, protocol.utc_offset_min)


def _calibration_flag(answer: Answer, utc_offset_min: int) -> str:
    try:
        valid_until = dt.date.fromisoformat(answer.instrument_valid_until)
        read_on = (dt.datetime.fromtimestamp(answer.at_ms / 1000, dt.UTC) + dt.timedelta(minutes=utc_offset_min)).date()
    except (ValueError, OverflowError, OSError):
        return "calibration_unreadable"
    return "instrument_out_of_calibration" if read_on > valid_until else ""


def _reading(step: Step, answer: Answer) -> Result:
    value, low, high = (decimal_text.find_decimal(text) for text in (answer.value, step.minimum, step.maximum))
    if value is None or (low is not None and value < low) or (high is not None and value > high):
        return FAIL
    return PASS


def _timer(step: Step, answer: Answer) -> Result:
    elapsed_ms = answer.elapsed_ms if answer.elapsed_ms is not None else -1
    too_short = step.min_ms is not None and elapsed_ms < step.min_ms
    too_long = step.max_ms is not None and elapsed_ms > step.max_ms
    return FAIL if too_short or too_long else PASS
