"""Worked cases: for each shipped protocol verdicts that were worked out by hand, all of them agreed with."""

import pytest

from shared import checklist, editions, function_test
from shared.protocol import Protocol
from tests.shared import cases, worked_cases
from tests.shared.worked_cases import Case, Edition

FEWEST = 8
KINDS = {"pass", "fail", "boundary", "missing"}
BY_REF = {protocol.ref: protocol for protocol in cases.protocols()}


@pytest.mark.parametrize("case", worked_cases.list_cases(), ids=lambda case: f"{case.protocol} {case.name}")
def test_verdict_is_the_one_worked_out_by_hand(case: Case) -> None:
    """Complete, passed, and the very steps that are missing, failing or set aside."""
    protocol = BY_REF[case.protocol]
    judge = function_test if protocol.kind == "function_test" else checklist
    verdict = judge.evaluate(protocol, worked_cases.fold(protocol, case))
    said = "incomplete" if not verdict.complete else "pass" if verdict.passed else "fail"
    told = {
        "missing": list(verdict.missing),
        "failing": list(verdict.failing),
        "flagged": [list(pair) for pair in verdict.flagged],
    }
    assert (said, {name: told[name] for name in case.lists}) == (case.verdict, case.lists)


@pytest.mark.parametrize("day", worked_cases.list_editions(), ids=lambda day: f"{day.protocol} {day.on} {day.ref}")
def test_edition_in_force_is_the_one_worked_out_by_hand(day: Edition) -> None:
    """The day before, the first day, and the branch's choice while two are legal (decision 27)."""
    chosen = editions.select(cases.protocols(), day.fault, day.on, day.jurisdiction, day.prefer)
    own = day.protocol.partition("@")[0]
    assert [p.ref for p in chosen if p.id == own] == ([day.ref] if day.ref else [])


@pytest.mark.parametrize("protocol", cases.protocols(), ids=lambda protocol: protocol.ref)
def test_each_shipped_protocol_has_its_worked_cases(protocol: Protocol) -> None:
    """Pass, fail, boundary, missing, out of calibration where it measures, before and after its first day."""
    told = worked_cases.read_all()[protocol.ref]
    kinds = {case["kind"] for case in told["case"]}
    measures = any(step.needs_instrument for step in protocol.steps)
    assert kinds >= KINDS | ({"calibration"} if measures else set())
    assert len(told["case"]) >= FEWEST
    days = [day["on"] for day in told["edition"]]
    assert min(days) < max(days)
