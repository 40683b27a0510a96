"""The record that the customer signs: complete, current, canonical."""

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import facts, service_record
from shared.errors import DomainError
from tests.shared import cases

PROTOCOLS = cases.protocols_for("gas_leak")
JOB = cases.job()
STOVE_JOB = cases.job("stove_fault", is_leak=False)
STOVE_PROTOCOLS = cases.protocols_for("stove_fault")


def codes(told: list[facts.Body]) -> list[str]:
    """Return the blockers of a stove repair after the facts."""
    return [b.code for b in service_record.blockers(STOVE_JOB, STOVE_PROTOCOLS, cases.fold(told))]


@pytest.mark.parametrize("outcome", ["repaired", "isolated", "all_clear"])
def test_honest_leak_visit_has_no_blockers(outcome: str) -> None:
    """Whatever way it ended, the customer may sign."""
    assert service_record.blockers(JOB, PROTOCOLS, cases.good_visit("gas_leak", outcome)) == ()


@pytest.mark.parametrize("fault", [fault.code for fault in cases.triage_rules().fault if not fault.is_leak])
def test_honest_visit_of_each_fault_kind_has_no_blockers(fault: str) -> None:
    """Every kind of job can be finished."""
    job = cases.job(fault, is_leak=False)
    visit = cases.fold(cases.visit_facts(cases.protocols_for(fault), "repaired"))
    assert service_record.blockers(job, cases.protocols_for(fault), visit) == ()


def test_repair_without_its_function_test_cannot_be_signed() -> None:
    """FT-02."""
    assert codes(cases.visit_facts(STOVE_PROTOCOLS, "repaired", with_tests=False)) == ["function_test_not_passed"]


def test_recorded_make_safe_exception_needs_no_function_test() -> None:
    """FT-02: a stove that is cut off cannot be tested."""
    assert codes(cases.visit_facts(STOVE_PROTOCOLS, "isolated", with_tests=False)) == []


def test_open_checklist_names_its_next_step_and_the_count() -> None:
    """The technician is told where to go on."""
    told = [f for f in cases.visit_facts(STOVE_PROTOCOLS, "repaired") if getattr(f, "step", "") != "hose_checked"]
    blocker = service_record.blockers(STOVE_JOB, STOVE_PROTOCOLS, cases.fold(told))[0]
    assert blocker.code == "checklist_incomplete"
    assert blocker.data == {"protocol": "appliance-repair@2026", "step": "hose_checked", "count": "1"}


def test_step_that_must_pass_blocks_when_it_fails() -> None:
    """Gas in the room before leaving is no end of a visit."""
    state = cases.replaced(cases.good_visit("gas_leak", "repaired"), "final_reading", value="2")
    assert [b.code for b in service_record.blockers(JOB, PROTOCOLS, state)] == ["step_failed"]


def test_visit_without_anything_is_blocked_for_every_reason() -> None:
    """Nothing was done, nothing can be signed."""
    found = [b.code for b in service_record.blockers(JOB, PROTOCOLS, cases.fold([]))]
    assert {"not_arrived", "outcome_not_declared", "checklist_incomplete", "evidence_missing"} <= {*found}


def test_job_without_protocols_cannot_be_signed() -> None:
    """A missing data file must not open the way."""
    visit = cases.good_visit("stove_fault", "repaired")
    assert [b.code for b in service_record.blockers(STOVE_JOB, (), visit)] == ["no_protocol"]


def test_record_of_an_earlier_state_or_another_job_is_out_of_date() -> None:
    """What is signed is what the evidence says now, on this order."""
    record, visit = cases.good_record(), cases.good_visit("gas_leak", "repaired")
    assert service_record.blockers(JOB, PROTOCOLS, visit, record) == ()
    read_back = service_record.parse(service_record.canonical(record))
    assert service_record.blockers(JOB, PROTOCOLS, visit, read_back) == ()
    changed = cases.replaced(visit, "high_reading", value="3")
    assert service_record.blockers(JOB, PROTOCOLS, changed, record)[0].code == "record_out_of_date"
    other = cases.job(number="W-20261118-0002")
    assert service_record.blockers(other, PROTOCOLS, visit, record)[0].code == "record_out_of_date"


def test_every_blocker_and_missing_evidence_has_words() -> None:
    """The phone shows text, never a code."""
    found = service_record.blockers(JOB, PROTOCOLS, cases.fold([facts.OutcomeDeclared(outcome="repaired")]))
    for blocker in found:
        assert "«" not in cases.texts().text("zh_CN", f"blocker.{blocker.code}", **blocker.data)
        if "evidence" in blocker.data:
            assert "«" not in cases.texts().text("en", f"evidence.{blocker.data['evidence']}")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_displayed_lines_speak_the_customers_language(language: str) -> None:
    """Readings with limits and verdict, no code, no gap."""
    lines = service_record.display(cases.good_record(), PROTOCOLS, cases.texts(), language)
    assert not any("«" in line or "{" in line for line in lines)
    words = {"zh_CN": "试验压力: 5 kPa (≥ 5 kPa) 合格", "en": "Test pressure: 5 kPa (≥ 5 kPa) Pass"}
    assert words[language] in lines


def test_language_without_texts_falls_back_to_chinese() -> None:
    """A customer's file may say anything."""
    record = service_record.build(
        JOB, PROTOCOLS, cases.fold([]), service_record.Charge(), cases.WANG, 0, language="tlh", texts=cases.texts()
    )
    assert record.language == "zh_CN"


def test_canonical_text_is_sorted_normal_and_without_floats() -> None:
    """The same record gives the same bytes everywhere."""
    record = cases.good_record()
    text = service_record.canonical(record)
    assert text == service_record.canonical(service_record.parse(text))
    assert json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":")) == text
    assert unicodedata.is_normalized("NFC", text)
    assert not any(isinstance(value, float) for value in walk(json.loads(text)))


@given(st.text(max_size=40))
def test_canonical_text_takes_whatever_was_typed(words: str) -> None:
    """Emoji, accents apart from their letters, control characters: the text can be read back and is stable."""
    text = service_record.canonical(msgspec.structs.replace(cases.good_record(), work_done=words))
    assert service_record.parse(text).work_done == unicodedata.normalize("NFC", words)


def test_lone_surrogate_of_a_keyboard_is_replaced() -> None:
    """Half an emoji has no bytes."""
    record = msgspec.structs.replace(cases.good_record(), work_done="ok\ud83d")
    assert service_record.parse(service_record.canonical(record)).work_done == "ok?"


def test_view_code_is_eight_readable_characters_and_follows_the_text() -> None:
    """The code on the screen is that of the copy, and of no other text."""
    text = service_record.canonical(cases.good_record())
    code = service_record.view_code(text)
    assert len(code) == 8
    assert not {*code} & {*"ILOU"}
    assert service_record.view_code(text) == code
    assert service_record.view_code(text + " ") != code


@given(st.text(max_size=100))
def test_garbage_is_no_record(words: str) -> None:
    """A record that cannot be read is named so."""
    with pytest.raises(DomainError) as refused:
        service_record.parse(words)
    assert refused.value.code == "record_unreadable"


@pytest.mark.parametrize(("cents", "words"), [(0, "¥0.00"), (6050, "¥60.50"), (-5, "-¥0.05"), (100, "¥1.00")])
def test_amount_is_shown_in_yuan(cents: int, words: str) -> None:
    """Whole fen, no rounding."""
    assert service_record.money(cents) == words


def walk(value: object) -> list[object]:
    """Return every value of a JSON document."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in walk(item)]
    return [leaf for item in value for leaf in walk(item)] if isinstance(value, list) else [value]
