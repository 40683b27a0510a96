"""Triage: who is first, and what the caller is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import triage
from shared.errors import DomainError
from shared.work_order import Priority
from tests.shared import cases

RULES = cases.triage_rules()
FAULTS = st.sampled_from([fault.code for fault in RULES.fault])
LOCATIONS = st.sampled_from(RULES.locations)
ANSWERS = st.fixed_dictionaries(
    {}, optional={q.code: st.sampled_from([*q.options, triage.UNKNOWN]) for q in RULES.question}
)


@pytest.mark.parametrize("fault_kind", ["gas_leak", "gas_odour", "co_alarm", "gas_alarm"])
@pytest.mark.parametrize("location", RULES.locations)
def test_any_odour_leak_or_alarm_is_at_least_urgent_and_a_leak(fault_kind: str, location: str) -> None:
    """Without a single question asked, such a report never waits behind an appointment."""
    verdict = cases.assess(fault_kind, location)
    assert verdict.priority <= Priority.URGENT
    assert verdict.is_leak


@pytest.mark.parametrize("location", ["kitchen", "indoor_other", "stairwell", "basement", "unknown"])
def test_indoor_leak_is_an_emergency(location: str) -> None:
    """Gas inside a building is grade 1; an unknown place counts as inside."""
    assert cases.assess("gas_leak", location).priority is Priority.EMERGENCY


@pytest.mark.parametrize(
    ("answers", "emergency_class"),
    [
        ({"fire_or_spark": True}, "fire"),
        ({"anyone_ill": True}, "casualty"),
        ({"smell_strength": "strong"}, "strong_smell"),
        ({"hissing_sound": True}, "escape_heard"),
        ({"alarm_sounding": True}, "alarm"),
    ],
)
def test_dangerous_answer_makes_an_outdoor_odour_an_emergency(
    answers: dict[str, triage.AnswerValue], emergency_class: str
) -> None:
    """Each of the dangerous answers alone suffices and names its class."""
    verdict = cases.assess("gas_odour", "outdoor", **answers)
    assert (verdict.priority, verdict.emergency_class) == (Priority.EMERGENCY, emergency_class)


def test_faint_smell_at_a_stove_repair_turns_it_into_a_leak() -> None:
    """A technician for appliances is not sent alone to a leak."""
    verdict = cases.assess("stove_fault", smell_strength="faint")
    assert verdict.is_leak
    assert verdict.priority is Priority.URGENT
    assert verdict.skills == ("gas_leak",)


def test_ill_people_at_a_heater_are_a_carbon_monoxide_emergency() -> None:
    """Headache at a water heater is carbon monoxide until measured."""
    verdict = cases.assess("heater_fault", anyone_ill=True)
    assert (verdict.emergency_class, verdict.skills) == ("co", ("co",))


def test_fire_is_answered_with_leave_and_fire_brigade_and_no_valve() -> None:
    """Nobody is sent to a valve or window beside a fire."""
    advice = cases.assess("gas_leak", fire_or_spark=True, can_close_valve=True).advice
    assert advice[:2] == ("leave_at_once", "call_fire_brigade")
    assert not {"close_valve", "open_windows"} & {*advice}


def test_valve_is_only_mentioned_when_it_can_be_reached_safely() -> None:
    """An unknown answer counts as no."""
    assert "close_valve" in cases.assess("gas_leak", can_close_valve=True).advice
    assert "close_valve" not in cases.assess("gas_leak", can_close_valve="unknown").advice


def test_vulnerable_customer_without_gas_is_urgent() -> None:
    """The customer's file says it, no question is needed (DI-17)."""
    report = triage.FaultReport(fault_kind="no_gas", location="kitchen", is_vulnerable=True)
    assert triage.assess(report, RULES).priority is Priority.URGENT
    assert cases.assess("no_gas").priority is Priority.APPOINTMENT


@given(fault_kind=FAULTS, location=LOCATIONS, answers=ANSWERS)
def test_answers_never_lower_the_class(fault_kind: str, location: str, answers: dict[str, triage.AnswerValue]) -> None:
    """Whatever is answered, the priority is at least that of the silent report."""
    silent, told = cases.assess(fault_kind, location), cases.assess(fault_kind, location, **answers)
    assert told.priority <= silent.priority
    assert told.is_leak or not silent.is_leak


@given(fault_kind=FAULTS, location=LOCATIONS, answers=ANSWERS, question=st.sampled_from(RULES.question))
def test_unknown_is_as_urgent_as_any_answer(
    fault_kind: str, location: str, answers: dict[str, triage.AnswerValue], question: triage.Question
) -> None:
    """A caller who does not know is treated as if the worse were true."""
    unsure = cases.assess(fault_kind, location, **{**answers, question.code: triage.UNKNOWN})
    for option in question.options:
        assert unsure.priority <= cases.assess(fault_kind, location, **{**answers, question.code: option}).priority


@given(fault_kind=FAULTS, location=LOCATIONS, answers=ANSWERS)
def test_every_advice_class_and_rule_has_words(
    fault_kind: str, location: str, answers: dict[str, triage.AnswerValue]
) -> None:
    """The agent never reads a code aloud."""
    verdict = cases.assess(fault_kind, location, **answers)
    keys = [f"advice.{code}" for code in verdict.advice] + [f"emergency_class.{verdict.emergency_class}"]
    assert verdict.advice
    assert all("«" not in words for key in keys for words in cases.texts().both(key).values())


@pytest.mark.parametrize(
    ("fault_kind", "location", "answers", "code"),
    [
        ("dragon", "kitchen", {}, "fault_kind_unknown"),
        ("gas_leak", "moon", {}, "location_unknown"),
        ("gas_leak", "kitchen", {"weather": True}, "safety_question_unknown"),
        ("gas_leak", "kitchen", {"smell_strength": "purple"}, "safety_answer_invalid"),
        ("gas_leak", "kitchen", {"smell_strength": True}, "safety_answer_invalid"),
        ("gas_leak", "kitchen", {"fire_or_spark": "true"}, "safety_answer_invalid"),
    ],
)
def test_unknown_code_is_refused_by_name(
    fault_kind: str, location: str, answers: dict[str, triage.AnswerValue], code: str
) -> None:
    """A wrong code is an error with a text, never a guess."""
    with pytest.raises(DomainError) as refused:
        cases.assess(fault_kind, location, **answers)
    assert refused.value.code == code


@given(st.binary(max_size=200))
def test_garbage_file_is_a_domain_error(data: bytes) -> None:
    """A broken file names itself instead of breaking the server."""
    with pytest.raises(DomainError) as refused:
        triage.TriageRules.from_toml(data)
    assert refused.value.code == "triage_rules_invalid"


def test_rule_about_an_unknown_fault_kind_is_refused() -> None:
    """A misspelt rule would never fire, so it does not load."""
    shipped = (cases.HOME / "catalog" / "triage-2026.toml").read_bytes()
    with pytest.raises(DomainError) as refused:
        triage.TriageRules.from_toml(shipped.replace(b'faults = ["gas_leak"], loc', b'faults = ["gas_laek"], loc'))
    assert "gas_laek" in str(refused.value.data["reason"])


def test_rule_of_a_file_cannot_lower_the_class() -> None:
    """An edition that says routine to a faint smell of gas leaves it urgent."""
    shipped = (cases.HOME / "catalog" / "triage-2026.toml").read_text(encoding="utf-8")
    before, after = shipped.split('id = "faint_smell"')
    lowering = f'{before}id = "faint_smell"{after.replace("URGENT", "ROUTINE", 1)}'
    report = triage.FaultReport(fault_kind="gas_odour", location="outdoor", answers={"smell_strength": "faint"})
    verdict = triage.assess(report, triage.TriageRules.from_toml(lowering.encode()))
    assert (verdict.priority, verdict.rule) == (Priority.URGENT, "fault_kind:gas_odour")
