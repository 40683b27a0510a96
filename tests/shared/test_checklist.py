"""Evaluation: what counts, what fails, what is kept but set aside."""

import msgspec
import pytest

from shared import checklist, facts, function_test
from shared.errors import DomainError
from tests.shared import cases

LEAK = cases.get_protocol("leak-response")
TIGHTNESS = cases.get_protocol("indoor-tightness")
STOVE = cases.get_protocol("stove-test")
INSPECTION = cases.get_protocol("household-inspection")
TESTED = cases.fold(cases.visit_facts([TIGHTNESS], "repaired"))


def test_untouched_protocol_is_incomplete_and_names_its_first_step() -> None:
    """Nothing answered, nothing passed."""
    verdict = checklist.evaluate(LEAK, cases.fold([]))
    assert not verdict.complete
    assert verdict.missing[0] == "outside_survey"


@pytest.mark.parametrize(
    ("value", "passed"), [("5", True), ("5.0", True), ("4.999999", False), ("5.000001", True), ("-6", False)]
)
def test_reading_is_judged_exactly_at_its_limit(value: str, passed: bool) -> None:  # noqa: FBT001  expected
    """The limit itself passes; a decimal is never rounded."""
    state = cases.replaced(TESTED, "test_pressure", value=value)
    assert function_test.evaluate(TIGHTNESS, state).passed is passed


@pytest.mark.parametrize(("elapsed_ms", "passed"), [(899_999, False), (900_000, True), (3_600_000, True)])
def test_standing_time_must_run_to_its_end(elapsed_ms: int, passed: bool) -> None:  # noqa: FBT001  expected
    """Fourteen minutes and a half are no fifteen."""
    state = cases.replaced(TESTED, "stand_time", elapsed_ms=elapsed_ms)
    assert function_test.evaluate(TIGHTNESS, state).passed is passed


@pytest.mark.parametrize(("elapsed_ms", "passed"), [(60_000, True), (60_001, False)])
def test_flame_failure_valve_closes_within_a_minute(elapsed_ms: int, passed: bool) -> None:  # noqa: FBT001  expected
    """GB 16410-2020: closes in at most 60 s."""
    tested = cases.fold(cases.visit_facts([STOVE], "repaired"))
    state = cases.replaced(tested, "flame_failure_close", elapsed_ms=elapsed_ms)
    assert function_test.evaluate(STOVE, state).passed is passed


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"instrument_valid_until": "2026-11-17"}, "instrument_out_of_calibration"),
        ({"instrument_valid_until": "never"}, "calibration_unreadable"),
        ({"instrument_serial": ""}, "instrument_missing"),
        ({"value": "five"}, "reading_unreadable"),
        ({"value": "５"}, "reading_unreadable"),
        ({"value": "nan"}, "reading_unreadable"),
        ({"unit": "bar"}, "unit_wrong"),
        ({"outcome": "not_applicable"}, "step_cannot_be_skipped"),
    ],
)
def test_reading_that_cannot_count_is_flagged_and_its_step_is_missing(change: dict[str, str], flag: str) -> None:
    """The evidence stays, the step is not satisfied (decision 2)."""
    state = cases.replaced(TESTED, "test_pressure", **change)
    verdict = function_test.evaluate(TIGHTNESS, state)
    assert verdict.flagged == (("test_pressure", flag),)
    assert verdict.missing == ("test_pressure",)
    assert not verdict.passed


def test_instrument_is_good_on_its_last_day_by_local_time() -> None:
    """Noon in China of the last day counts; the day after does not."""
    last_day = cases.replaced(TESTED, "test_pressure", instrument_valid_until="2026-11-18")
    assert function_test.evaluate(TIGHTNESS, last_day).passed
    night = cases.replaced(last_day, "test_pressure", at_ms=cases.NOON_MS + 12 * 60 * cases.MINUTE_MS)
    assert not function_test.evaluate(TIGHTNESS, night).passed


def test_function_test_without_a_witness_does_not_pass() -> None:
    """FT-01: in front of the customer."""
    state = cases.replaced(TESTED, "witnessed", outcome="fail")
    verdict = function_test.evaluate(TIGHTNESS, state)
    assert verdict.complete
    assert not verdict.passed
    assert not function_test.is_witnessed(TIGHTNESS, state)


def test_witness_that_a_protocol_lets_skip_is_still_needed() -> None:
    """FT-01 stands over a careless data file."""
    steps = tuple(msgspec.structs.replace(step, may_skip=True) for step in TIGHTNESS.steps)
    careless = msgspec.structs.replace(TIGHTNESS, steps=steps)
    verdict = function_test.evaluate(careless, cases.replaced(TESTED, "witnessed", outcome="not_applicable"))
    assert (verdict.complete, verdict.failing, verdict.passed) == (True, (), False)


def test_checklist_is_no_function_test() -> None:
    """A tick list cannot stand in for the test."""
    with pytest.raises(DomainError) as refused:
        function_test.evaluate(LEAK, cases.fold([]))
    assert refused.value.code == "not_a_function_test"


def test_steps_of_the_other_findings_are_not_asked() -> None:
    """Who repaired is not asked for the warning tag, who isolated not for the relight."""
    repaired, isolated = (
        {step.id for step in checklist.list_applicable(LEAK, cases.good_visit("gas_leak", outcome))}
        for outcome in ("repaired", "isolated")
    )
    assert "soap_test" in repaired - isolated
    assert "tag_hung" in isolated - repaired


def test_choice_that_does_not_pass_fails_the_checklist_but_completes_it() -> None:
    """A rubber hose at an inspection is a finding, not a gap."""
    visited = cases.fold(cases.visit_facts([INSPECTION], "done"))
    verdict = checklist.evaluate(INSPECTION, cases.replaced(visited, "hose", outcome="rubber"))
    assert verdict.complete
    assert verdict.failing == ("hose",)


def test_skipped_heater_is_not_applicable_and_passes() -> None:
    """A home without a water heater can be inspected."""
    visited = cases.fold(cases.visit_facts([INSPECTION], "done"))
    assert checklist.evaluate(INSPECTION, cases.replaced(visited, "heater", outcome="not_applicable")).passed


def test_later_answer_stands_for_the_step() -> None:
    """A corrected reading replaces the earlier one in the verdict."""
    step = next(s for s in TIGHTNESS.steps if s.id == "test_pressure")
    told = [*cases.visit_facts([TIGHTNESS], "repaired"), cases.reading(TIGHTNESS, step, "3")]
    assert function_test.evaluate(TIGHTNESS, cases.fold(told)).failing == ("test_pressure",)


def test_leak_may_not_be_left_while_its_hazard_stands() -> None:
    """Decision 10: the next step decides."""
    assert not checklist.may_leave(LEAK, cases.fold([facts.Arrived()]))
    assert checklist.may_leave(LEAK, cases.good_visit("gas_leak", "repaired"))


@pytest.mark.parametrize(
    ("step", "words"), [("test_pressure", "≥ 5 kPa"), ("stand_time", "≥ 900 s"), ("pressure_drop", "= 0 kPa")]
)
def test_limits_are_shown_as_signs(step: str, words: str) -> None:
    """The technician sees the limit beside the reading."""
    old = next(s for s in TIGHTNESS.steps if s.id == step)
    assert checklist.limits_text(old).replace("0–0", "= 0") == words
