"""Protocols: checklists and function tests as dated data with timers, readings, formulas, limits and clauses (FT-06).

A protocol is one TOML file in catalog/protocols. No limit is in code: a new edition is a new file with its own date.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, Self

import msgspec

from shared import data_file, decimal_text, formula
from shared.errors import DomainError

Text = dict[str, str]
_LANGUAGES: Final = frozenset({"zh_CN", "en"})
PASS: Final = "pass"  # noqa: S105  an outcome, no password
FAIL: Final = "fail"
NOT_APPLICABLE: Final = "not_applicable"
EVIDENCE: Final = frozenset({"", "tightness", "isolated", "tagged", "warned_in_writing", "all_clear", "witnessed"})


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a protocol's values: strict, immutable."""


class Choice(Part, frozen=True, kw_only=True):
    """One answer of a choice step; `passes` says whether it satisfies the step.

    `value` is the decimal that formulas read; `hazard`, `follow_up` and `evidence` stand for those of the step.
    """

    code: str
    text: Text
    passes: bool = True
    value: str = ""
    hazard: str = ""
    follow_up: str = ""
    evidence: str = ""


class Step(Part, frozen=True, kw_only=True):
    """One step. Limits are decimals in text, times milliseconds.

    `only_if` (step, outcome) shows the step only after that answer; a reading or timer answers pass or fail.
    `leavable` says whether the job may be left while this step is the next one (decision 10). `may_skip` allows
    not_applicable. A failing `must_pass` step keeps the record from being signed. `evidence` and `space` name what the
    step proves for closing a leak.
    A `computed` step has a `formula` over the ids of earlier steps (shared.formula) and is never answered. Limits may
    be formulas too; `is_exclusive` keeps the maximum itself from passing. `plausible` is what an instrument can show
    at all: a reading outside is kept and does not count. A failing step with a `hazard` (class of hazards-*.toml) is a
    finding: told in writing at once, with a follow-up order of the fault kind `follow_up`.
    """

    id: str
    kind: Literal["tick", "choice", "reading", "timer", "computed"]
    text: Text
    hint: Text | None = None
    required: bool = True
    unit: str = ""
    minimum: str = ""
    maximum: str = ""
    formula: str = ""
    minimum_formula: str = ""
    maximum_formula: str = ""
    is_exclusive: bool = False
    plausible: tuple[str, str] | None = None
    choices: tuple[Choice, ...] = ()
    clause: str = ""
    min_ms: int | None = None
    max_ms: int | None = None
    needs_instrument: bool = False
    leavable: bool = True
    may_skip: bool = False
    must_pass: bool = False
    only_if: tuple[str, str] | None = None
    evidence: str = ""
    space: str = ""
    hazard: str = ""
    follow_up: str = ""
    begins_work: bool = False


class Protocol(Part, frozen=True, kw_only=True):
    """One edition of a checklist or function test. `effective_to` is the last day of its validity.

    `faults` are the fault kinds that it serves; `waived_for` the declared outcomes that need no function test (FT-02);
    `separation_ms` what must lie between two readings of one space in an all-clear; `utc_offset_min` the local time by
    which an instrument's date is judged.
    """

    id: str
    edition: str
    kind: Literal["checklist", "function_test"]
    title: Text
    clause: str
    effective_from: dt.date
    effective_to: dt.date | None = None
    jurisdiction: str
    verify_locally: bool = False
    utc_offset_min: int = 0
    faults: tuple[str, ...]
    waived_for: tuple[str, ...] = ()
    separation_ms: int = 0
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse a protocol that cannot be carried out. Raises DomainError `protocol_invalid` with the field."""
        if not self.steps or not self.faults:
            raise _invalid(f"{self.id}.steps or faults", "empty")
        _check_text(f"{self.id}.title", self.title)
        earlier: dict[str, Step] = {}
        for step in self.steps:
            _check_step(step, earlier)
            earlier[step.id] = step
        if self.kind == "function_test" and not any(step.evidence == "witnessed" for step in self.steps):
            raise _invalid(f"{self.id}.steps", "a function test needs a step that the customer witnesses (FT-01)")

    @property
    def ref(self) -> str:
        """Return the reference that answers carry: id@edition."""
        return f"{self.id}@{self.edition}"

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the protocol of a file. Raises DomainError `protocol_invalid` with field and reason."""
        return data_file.read(data, cls, "protocol_invalid")


def find_step(protocol: Protocol, step_id: str) -> Step | None:
    """Return the step of that id, None when the protocol has none."""
    return next((step for step in protocol.steps if step.id == step_id), None)


def _invalid(field: str, reason: str) -> DomainError:
    return DomainError("protocol_invalid", field=field, reason=reason)


def _check_text(field: str, text: Text | None) -> None:
    if text is not None and (text.keys() != _LANGUAGES or not all(value.strip() for value in text.values())):
        raise _invalid(field, "needs a text in zh_CN and en")


def _check_step(step: Step, earlier: dict[str, Step]) -> None:
    if not step.id or step.id in earlier:
        raise _invalid(f"steps.{step.id}.id", "empty or used twice")
    for text in (step.text, step.hint, *(choice.text for choice in step.choices)):
        _check_text(f"steps.{step.id}.text", text)
    if step.evidence not in EVIDENCE or (step.evidence == "all_clear") != bool(step.space):
        raise _invalid(f"steps.{step.id}.evidence", "unknown, or an all-clear reading without a space")
    _check_condition(step, earlier)
    _check_answerable(step)
    _check_formulas(step, earlier)
    for choice in step.choices:
        if choice.evidence not in EVIDENCE - {"all_clear"} or (
            choice.value and not decimal_text.find_decimal(choice.value)
        ):
            raise _invalid(f"steps.{step.id}.choices.{choice.code}", "evidence or value is not known")


def _check_condition(step: Step, earlier: dict[str, Step]) -> None:
    if step.only_if is None:
        return
    asked, outcome = step.only_if
    if asked not in earlier or outcome not in _list_outcomes(earlier[asked]):
        raise _invalid(f"steps.{step.id}.only_if", "names no earlier step or none of its outcomes")


def _list_outcomes(step: Step) -> set[str]:
    return {c.code for c in step.choices} if step.kind == "choice" else {PASS, FAIL, NOT_APPLICABLE}


def _check_answerable(step: Step) -> None:
    field = f"steps.{step.id}"
    if step.kind == "choice" and not any(choice.passes for choice in step.choices):
        raise _invalid(f"{field}.choices", "no choice passes")
    if step.kind == "timer" and step.min_ms is None and step.max_ms is None:
        raise _invalid(f"{field}.max_ms", "a timer needs a limit")
    if (step.min_ms or 0) < 0 or (step.max_ms is not None and step.max_ms < (step.min_ms or 0)):
        raise _invalid(f"{field}.max_ms", "the limits exclude every time")
    if step.kind in {"reading", "computed"} and not step.unit:
        raise _invalid(f"{field}.unit", "a reading needs a unit")
    if (step.kind == "computed") != bool(step.formula):
        raise _invalid(f"{field}.formula", "a computed step needs a formula, no other has one")
    _check_limits(field, step.minimum, step.maximum)
    _check_limits(f"{field}.plausible", *(step.plausible or ("", "")))


def _check_limits(field: str, minimum: str, maximum: str) -> None:
    low, high = (decimal_text.find_decimal(limit) for limit in (minimum, maximum))
    if (minimum and low is None) or (maximum and high is None):
        raise _invalid(field, "a limit is a decimal in text")
    if low is not None and high is not None and low > high:
        raise _invalid(field, "the limits exclude every reading")


def _check_formulas(step: Step, earlier: dict[str, Step]) -> None:
    """Refuse formulas that no visit can compute: every name is an earlier step that is always answered with it."""
    for text in filter(None, (step.formula, step.minimum_formula, step.maximum_formula)):
        try:
            names = formula.parse(text).names
        except DomainError as refused:
            raise _invalid(f"steps.{step.id}.formula", str(refused.data["reason"])) from refused
        if not all(name in earlier and _has_number(earlier[name], step) for name in names):
            raise _invalid(f"steps.{step.id}.formula", "names a step that is not earlier or gives no number")


def _has_number(named: Step, user: Step) -> bool:
    if named.may_skip or not named.required or named.only_if not in {None, user.only_if}:
        return False
    return all(c.value for c in named.choices) if named.kind == "choice" else named.kind != "tick"
