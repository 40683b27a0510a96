"""Grades a leak from what was measured, and says whose grading counts (gas-domain 2)."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Collection, Mapping, Sequence
from typing import Self

import msgspec

from shared import data_file, decimal_text
from shared.errors import DomainError


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the values of this module: strict, immutable."""


class Criterion(Value, frozen=True, kw_only=True):
    """What makes a leak this grade: a reading in %LEL in a space, or a condition; neither: what meets no other."""

    code: str
    grade: int
    space: str = ""
    lel: str = ""
    condition: str = ""


class GradeRules(Value, frozen=True, kw_only=True):
    """The criteria of one dated edition; `skill` is the qualification that grading needs."""

    id: str
    edition: str
    effective_from: dt.date
    skill: str
    criterion: tuple[Criterion, ...]

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the rules of a file. Raises DomainError `grade_rules_invalid`."""
        rules = data_file.read(data, cls, "grade_rules_invalid")
        if not any(not c.space and not c.condition for c in rules.criterion):
            raise DomainError("grade_rules_invalid", reason="no criterion for what meets no other")
        if any(c.space and decimal_text.find_decimal(c.lel) is None for c in rules.criterion):
            raise DomainError("grade_rules_invalid", reason="a space needs a reading")
        return rules


def grade(rules: GradeRules, readings: Mapping[str, decimal.Decimal], conditions: Collection[str] = ()) -> Criterion:
    """Return the criterion that decides: the most serious grade that the readings (space → %LEL) or conditions meet."""
    met = [c for c in rules.criterion if _is_met(c, readings, conditions)]
    return min(met, key=lambda c: c.grade)


def _is_met(criterion: Criterion, readings: Mapping[str, decimal.Decimal], conditions: Collection[str]) -> bool:
    if criterion.condition:
        return criterion.condition in conditions
    if not criterion.space:
        return True
    limit, read = decimal_text.find_decimal(criterion.lel), readings.get(criterion.space)
    return limit is not None and read is not None and read >= limit


def may_grade(rules: GradeRules, skills: Sequence[tuple[str, int]], at_ms: int) -> bool:
    """Say whether somebody with these skills (name, valid until in Unix ms) may grade or re-grade at that time."""
    return any(name == rules.skill and at_ms <= valid_until_ms for name, valid_until_ms in skills)
