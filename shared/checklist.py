"""Evaluates a protocol against the visit's evidence: what is missing, what fails, what was set aside and why.

Evidence is never refused: a reading taken with an instrument out of calibration stays, carries a flag, and does not
satisfy its step (decision 2).
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from typing import Literal

import msgspec

from shared import decimal_text, formula
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
    """Return the first required step without an answer that counts; None when nothing is left to answer."""
    steps = [step for step in list_applicable(protocol, visit_state) if step.kind != "computed"]
    return next((s for s in steps if s.required and not result_of(protocol, s, visit_state)), None)


def may_leave(protocol: Protocol, visit_state: VisitState) -> bool:
    """Say whether the job may be left at this point (decision 10)."""
    step = find_next_step(protocol, visit_state)
    return step is None or step.leavable


def may_leave_visit(protocols: Sequence[Protocol], visit_state: VisitState) -> bool:
    """Say whether a visit may be left now (decision 10): what was found wrong is never left behind.

    Every protocol that was begun has to allow it, and so does the first one that still has a step open.
    """
    if any(evaluate(protocol, visit_state).failing for protocol in protocols):
        return False
    begun = {answer.protocol for answer in visit_state.answers}
    still = [protocol for protocol in protocols if find_next_step(protocol, visit_state) is not None]
    return all(may_leave(p, visit_state) for p in still if p is still[0] or p.ref in begun)


def result_of(protocol: Protocol, step: Step, visit_state: VisitState) -> Result:
    """Return pass, fail or not_applicable for a step; empty when there is no answer that counts."""
    if step.kind == "computed":
        value = number_of(protocol, step, visit_state)
        if value is None:
            return ""
        return PASS if _is_within(value, step, limits_of(protocol, step, visit_state)) else FAIL
    answer = find_answer(visit_state, protocol.ref, step.id)
    if answer is None or flag_of(protocol, step, visit_state):
        return ""
    if answer.outcome == NOT_APPLICABLE:
        return NOT_APPLICABLE
    return PASS if _is_met(protocol, step, answer, visit_state) else FAIL


def _is_met(protocol: Protocol, step: Step, answer: Answer, visit_state: VisitState) -> bool:
    match step.kind:
        case "choice":
            return any(choice.passes for choice in step.choices if choice.code == answer.outcome)
        case "reading":
            value = decimal_text.find_decimal(answer.value)
            return value is not None and _is_within(value, step, limits_of(protocol, step, visit_state))
        case "timer":
            return _is_in_time(step, answer)
        case _:
            return answer.outcome == PASS


def flag_of(protocol: Protocol, step: Step, visit_state: VisitState) -> str:
    """Return why a step's answer does not count, as a text code of [flag]; empty when it counts or is not there."""
    answer = find_answer(visit_state, protocol.ref, step.id)
    if answer is None or step.kind == "computed":
        return ""
    if answer.outcome == NOT_APPLICABLE:
        return "" if step.may_skip else "step_cannot_be_skipped"
    match step.kind:
        case "tick":
            return "" if answer.outcome in {PASS, FAIL} else "answer_unknown"
        case "choice":
            return "" if any(choice.code == answer.outcome for choice in step.choices) else "answer_unknown"
        case "reading":
            return _reading_flag(protocol, step, answer) or _limit_flag(protocol, step, visit_state)
        case "timer":
            return "" if answer.elapsed_ms is not None and answer.elapsed_ms >= 0 else "time_unreadable"


def number_of(protocol: Protocol, step: Step, visit_state: VisitState) -> decimal.Decimal | None:
    """Return a step's number for formulas (a timer in seconds); None when it has no answer that counts."""
    if not applies(protocol, step, visit_state):
        return None
    if step.kind == "computed":
        return _compute(protocol, step.formula, visit_state)
    answer = find_answer(visit_state, protocol.ref, step.id)
    if answer is None or flag_of(protocol, step, visit_state):
        return None
    if step.kind == "timer":
        return decimal.Decimal(answer.elapsed_ms or 0) / 1000
    chosen = next((choice.value for choice in step.choices if choice.code == answer.outcome), "")
    return decimal_text.find_decimal(answer.value if step.kind == "reading" else chosen)


def limits_of(
    protocol: Protocol, step: Step, visit_state: VisitState
) -> tuple[decimal.Decimal | None, decimal.Decimal | None]:
    """Return the limits of a reading as they stand with the answers so far; None where there is none (yet)."""
    low, high = (decimal_text.find_decimal(text) for text in (step.minimum, step.maximum))
    if step.minimum_formula:
        low = _compute(protocol, step.minimum_formula, visit_state)
    if step.maximum_formula:
        high = _compute(protocol, step.maximum_formula, visit_state)
    return low, high


def limits_text(step: Step, limits: tuple[decimal.Decimal | None, decimal.Decimal | None] | None = None) -> str:
    """Return the limits of a reading or timer as signs: "≥ 5 kPa", "≤ 60 s", "10–20 kPa"; empty when there are none.

    `limits` as `limits_of` returns them are needed where limits are formulas.
    """
    low, high, unit = step.minimum, step.maximum, step.unit
    if limits is not None:
        low, high = ("" if limit is None else formula.plain(limit) for limit in limits)
    if step.kind == "timer":
        low, high, unit = _seconds(step.min_ms), _seconds(step.max_ms), "s"
    if step.is_exclusive and high:
        return f"< {high} {unit}"
    if low and high:
        return f"{low}–{high} {unit}" if low != high else f"= {low} {unit}"
    return f"≥ {low} {unit}" if low else f"≤ {high} {unit}" if high else ""


def _compute(protocol: Protocol, text: str, visit_state: VisitState) -> decimal.Decimal | None:
    parsed = formula.parse(text)
    named = [step for step in protocol.steps if step.id in parsed.names]
    numbers = {step.id: number_of(protocol, step, visit_state) for step in named}
    return formula.evaluate(parsed, {name: number for name, number in numbers.items() if number is not None})


def _seconds(ms: int | None) -> str:
    return "" if ms is None else f"{decimal.Decimal(ms) / 1000:f}"


def _reading_flag(protocol: Protocol, step: Step, answer: Answer) -> str:
    if decimal_text.find_decimal(answer.value) is None:
        return "reading_unreadable"
    if answer.unit != step.unit:
        return "unit_wrong"
    if step.plausible is not None and _is_outside(answer.value, step.plausible):
        return "reading_implausible"
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


def _is_outside(value: str, bounds: tuple[str, str]) -> bool:
    read, low, high = (decimal_text.find_decimal(text) for text in (value, *bounds))
    return read is None or (low is not None and read < low) or (high is not None and read > high)


def _limit_flag(protocol: Protocol, step: Step, visit_state: VisitState) -> str:
    low, high = limits_of(protocol, step, visit_state)
    is_open = (step.minimum_formula and low is None) or (step.maximum_formula and high is None)
    return "limit_not_known" if is_open else ""


def _is_within(
    value: decimal.Decimal, step: Step, limits: tuple[decimal.Decimal | None, decimal.Decimal | None]
) -> bool:
    low, high = limits
    is_high = high is not None and (value >= high if step.is_exclusive else value > high)
    return not is_high and (low is None or value >= low)


def _is_in_time(step: Step, answer: Answer) -> bool:
    elapsed_ms = answer.elapsed_ms if answer.elapsed_ms is not None else -1
    return (step.min_ms is None or elapsed_ms >= step.min_ms) and (step.max_ms is None or elapsed_ms <= step.max_ms)
