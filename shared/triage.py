"""Triage: what was reported → priority, emergency class and the advice to read to the caller. The rules are data.

Answers only raise the class (DI-02, DI-05). "unknown" counts as the worse answer; a question that was not asked leaves
the class of the fault kind itself, which is at least URGENT for every odour, leak, CO and alarm report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, Literal, Self

import msgspec

from shared import data_file
from shared.errors import DomainError
from shared.work_order import Priority

UNKNOWN: Final = "unknown"
_VULNERABLE: Final = "vulnerable_present"
PriorityName = Literal["EMERGENCY", "URGENT", "APPOINTMENT", "ROUTINE"]
AnswerValue = str | bool


class FaultReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller or a technician reports: codes of fault kind and location, answers by question code."""

    fault_kind: str
    location: str = UNKNOWN
    answers: dict[str, AnswerValue] = {}
    is_vulnerable: bool = False


class Triage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict: `advice` are text codes in reading order, `expected_s` seconds on site, `rule` what decided."""

    priority: Priority
    is_leak: bool
    emergency_class: str
    advice: tuple[str, ...]
    skills: tuple[str, ...]
    expected_s: int
    rule: str


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One safety question in its order; `worse` is what "unknown" counts as."""

    code: str
    options: tuple[AnswerValue, ...]
    worse: AnswerValue


class FaultKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fault kind is before any question is asked."""

    code: str
    priority: PriorityName
    is_leak: bool = False
    emergency_class: str = "none"
    skills: tuple[str, ...] = ()
    expected_s: int


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition; an empty list allows everything. `answers`: each named question has one of the values."""

    faults: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    answers: dict[str, tuple[AnswerValue, ...]] = {}
    leak: bool | None = None
    priorities: tuple[PriorityName, ...] = ()


class RaisingRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that raises the class. `skills`, where given, replace those of the fault kind."""

    id: str
    when: When
    priority: PriorityName
    emergency_class: str
    is_leak: bool = False
    skills: tuple[str, ...] = ()


class AdviceRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sentences to read when the condition holds and `unless` does not; they are read in the order of the file."""

    advice: tuple[str, ...]
    when: When
    unless: When | None = None


class TriageRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One edition of the triage rules."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    locations: tuple[str, ...]
    question: tuple[Question, ...]
    fault: tuple[FaultKind, ...]
    rule: tuple[RaisingRule, ...]
    advice: tuple[AdviceRule, ...]

    def __post_init__(self) -> None:
        """Refuse rules about codes that the file does not name. Raises ValueError, which the reader reports."""
        faults, questions = {f.code for f in self.fault}, {q.code: {*q.options, UNKNOWN} for q in self.question}
        for when in _conditions(self):
            wrong = (
                {*when.faults} - faults | {*when.locations} - {*self.locations} | when.answers.keys() - questions.keys()
            )
            wrong |= {str(v) for q in when.answers.keys() & questions.keys() for v in {*when.answers[q]} - questions[q]}
            if wrong:
                raise ValueError(f"a condition names the unknown codes {sorted(wrong)}")

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the rules of a file such as catalog/triage-2026.toml. Raises DomainError `triage_rules_invalid`."""
        return data_file.read(data, cls, "triage_rules_invalid")

    def list_questions(self) -> tuple[Question, ...]:
        """Return the safety questions in the order in which they are asked."""
        return self.question


class _Case(msgspec.Struct, frozen=True):
    """A report with its answers made definite, and what is known of its class so far."""

    fault: str
    location: str
    answers: Mapping[str, AnswerValue]
    is_leak: bool
    priority: str


def assess(report: FaultReport, rules: TriageRules) -> Triage:
    """Return the verdict on a report; all matching rules count and the most urgent one decides.

    Raises DomainError `fault_kind_unknown`, `location_unknown`, `safety_question_unknown`, `safety_answer_invalid`.
    """
    fault = _get_fault(report, rules)
    case = _Case(fault.code, report.location, _definite(report, rules), fault.is_leak, fault.priority)
    matching = [rule for rule in rules.rule if _holds(rule.when, case)]
    first = min(matching, key=lambda rule: Priority[rule.priority], default=None)
    raised = first is not None and Priority[first.priority] < Priority[fault.priority]
    decided: FaultKind | RaisingRule = first if first is not None and raised else fault
    is_leak = fault.is_leak or any(rule.is_leak for rule in matching)
    settled = _Case(fault.code, report.location, case.answers, is_leak, decided.priority)
    return Triage(
        priority=Priority[decided.priority],
        is_leak=is_leak,
        emergency_class=decided.emergency_class,
        advice=_advice(settled, rules),
        skills=decided.skills or _skills(fault, matching),
        expected_s=fault.expected_s,
        rule=first.id if first is not None and raised else f"fault_kind:{fault.code}",
    )


def _skills(fault: FaultKind, matching: Iterable[RaisingRule]) -> tuple[str, ...]:
    # A leak that shows itself without raising the priority still needs a technician who may work on leaks.
    return next((rule.skills for rule in matching if rule.is_leak and rule.skills), fault.skills)


def _get_fault(report: FaultReport, rules: TriageRules) -> FaultKind:
    if report.location not in rules.locations:
        raise DomainError("location_unknown", location=report.location)
    fault = next((f for f in rules.fault if f.code == report.fault_kind), None)
    if fault is None:
        raise DomainError("fault_kind_unknown", fault_kind=report.fault_kind)
    return fault


def _definite(report: FaultReport, rules: TriageRules) -> dict[str, AnswerValue]:
    questions = {q.code: q for q in rules.question}
    answers = dict(report.answers)
    if report.is_vulnerable:
        answers[_VULNERABLE] = True
    for code, answer in answers.items():
        if code not in questions:
            raise DomainError("safety_question_unknown", question=code)
        if answer != UNKNOWN and not _is_option(answer, questions[code]):
            raise DomainError("safety_answer_invalid", question=code, answer=answer)
    return {code: questions[code].worse if answer == UNKNOWN else answer for code, answer in answers.items()}


def _is_option(answer: AnswerValue, question: Question) -> bool:
    return any(answer == option and type(answer) is type(option) for option in question.options)


def _holds(when: When, case: _Case) -> bool:
    return (
        (not when.faults or case.fault in when.faults)
        and (not when.locations or case.location in when.locations)
        and (when.leak is None or when.leak == case.is_leak)
        and (not when.priorities or case.priority in when.priorities)
        and all(
            question in case.answers and case.answers[question] in allowed for question, allowed in when.answers.items()
        )
    )


def _advice(case: _Case, rules: TriageRules) -> tuple[str, ...]:
    told = (
        code
        for rule in rules.advice
        if _holds(rule.when, case) and not (rule.unless and _holds(rule.unless, case))
        for code in rule.advice
    )
    return tuple(dict.fromkeys(told))


def _conditions(rules: TriageRules) -> list[When]:
    extra = [rule.unless for rule in rules.advice if rule.unless]
    return [*(rule.when for rule in rules.rule), *(rule.when for rule in rules.advice), *extra]
