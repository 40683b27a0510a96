"""A leak is not closed by hope (beyond 2): which evidence closes it, and which is missing.

repaired → tightness test passed · isolated → isolated, tagged, warned in writing · all_clear → two readings, apart in
time, in every space that the protocol lists. No access and every other outcome close nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared import checklist, function_test
from shared.protocol import PASS, Protocol, Step
from shared.visit import Answer, VisitState, find_answer

REPAIRED: Final = "repaired"
ISOLATED: Final = "isolated"
ALL_CLEAR: Final = "all_clear"
_READINGS_PER_SPACE: Final = 2
_ISOLATION: Final = ("isolated", "tagged", "warned_in_writing")


def closure_evidence(is_leak: bool, visit: VisitState, protocols: Sequence[Protocol]) -> bool:  # noqa: FBT001  a fact, no switch
    """Say whether the evidence allows closing; for anything but a leak the work order's own guards suffice."""
    return not missing_evidence(is_leak, visit, protocols)


def missing_evidence(
    is_leak: bool,  # noqa: FBT001  a fact of the order, not a switch
    visit: VisitState,
    protocols: Sequence[Protocol],
) -> tuple[str, ...]:
    """Return what a leak still lacks, as text codes of [evidence]; () for anything but a leak."""
    if not is_leak:
        return ()
    missing = () if visit.made_safe_ms is not None else ("not_made_safe",)
    match visit.outcome:
        case "":
            return (*missing, "outcome_not_declared")
        case "repaired":
            return (*missing, *_tightness(visit, protocols))
        case "isolated":
            return (*missing, *(f"not_{code}" for code in _ISOLATION if not _is_proved(code, visit, protocols)))
        case "all_clear":
            return (*missing, *_all_clear(visit, protocols))
        case _:
            return (*missing, "outcome_closes_no_leak")


def _steps(evidence: str, protocols: Sequence[Protocol]) -> list[tuple[Protocol, Step]]:
    return [(protocol, step) for protocol in protocols for step in protocol.steps if step.evidence == evidence]


def _is_proved(evidence: str, visit: VisitState, protocols: Sequence[Protocol]) -> bool:
    return any(
        checklist.applies(protocol, step, visit) and checklist.result_of(protocol, step, visit) == PASS
        for protocol, step in _steps(evidence, protocols)
    )


def _tightness(visit: VisitState, protocols: Sequence[Protocol]) -> tuple[str, ...]:
    refs = {protocol.ref for protocol, _ in _steps("tightness", protocols) if protocol.kind == "function_test"}
    tests = [protocol for protocol in protocols if protocol.ref in refs]
    passed = tests and all(function_test.evaluate(protocol, visit).passed for protocol in tests)
    return () if passed else ("tightness_not_passed",)


def _all_clear(visit: VisitState, protocols: Sequence[Protocol]) -> tuple[str, ...]:
    readings: dict[str, list[Answer]] = {}
    skipped: set[str] = set()
    separation_ms = max((p.separation_ms for p, _ in _steps(ALL_CLEAR, protocols)), default=0)
    for protocol, step in _steps(ALL_CLEAR, protocols):
        result = checklist.result_of(protocol, step, visit) if checklist.applies(protocol, step, visit) else ""
        answer = find_answer(visit, protocol.ref, step.id)
        taken = readings.setdefault(step.space, [])
        if result == PASS and answer is not None:
            taken.append(answer)
        elif result == "not_applicable":
            skipped.add(step.space)
    counted = [taken for space, taken in readings.items() if taken or space not in skipped]
    if not counted or any(len(taken) < _READINGS_PER_SPACE for taken in counted):
        return ("readings_missing",)
    return () if all(_are_apart(taken, separation_ms) for taken in counted) else ("readings_not_separated",)


def _are_apart(readings: Sequence[Answer], separation_ms: int) -> bool:
    times = [answer.at_ms for answer in readings]
    return max(times) - min(times) >= max(separation_ms, 1)
