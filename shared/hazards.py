"""Hazards found at a customer's: which answers are findings, and whether they were told in writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Self

import msgspec

from shared import checklist, data_file
from shared.errors import DomainError
from shared.protocol import FAIL, PASS, Protocol, Step
from shared.visit import VisitState, find_answer

WRITTEN: Final = "warned_in_writing"
_BETWEEN: Final = "|"


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the values of this module: strict, immutable."""


class HazardClass(Value, frozen=True, kw_only=True):
    """One class: the lower `rank`, the worse; `actions` are codes of [hazard_action].

    `within_days` is how many days the customer has to put it right, 0 for the same day, None for no limit.
    """

    code: str
    rank: int
    actions: tuple[str, ...]
    within_days: int | None = None


class HazardRules(Value, frozen=True, kw_only=True):
    """The classes of one dated edition."""

    id: str
    edition: str
    effective_from: dt.date
    hazard: tuple[HazardClass, ...]

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the rules of a file. Raises DomainError `hazard_rules_invalid`."""
        return data_file.read(data, cls, "hazard_rules_invalid")

    def get_class(self, code: str) -> HazardClass:
        """Return a class. Raises DomainError `hazard_rules_invalid` when the edition does not know it."""
        found = next((hazard for hazard in self.hazard if hazard.code == code), None)
        if found is None:
            raise DomainError("hazard_rules_invalid", reason=code)
        return found


class Finding(Value, frozen=True, kw_only=True):
    """One hazard: where it was found, its class, the fault kind of the order that puts it right, what was answered."""

    protocol: str
    step: str
    hazard: str
    follow_up: str = ""
    told: str = ""


class KnownHazard(NamedTuple):
    """A hazard of an earlier visit as a job carries it: by codes, so that each phone says it in its own words."""

    hazard: str
    protocol: str = ""
    step: str = ""
    told: str = ""

    def to_code(self) -> str:
        """Return the codes in one text."""
        return _BETWEEN.join(self)

    @classmethod
    def from_code(cls, code: str) -> Self:
        """Return what a text of codes says; more than is known here is left out."""
        return cls(*code.split(_BETWEEN)[: len(cls._fields)])


def list_findings(protocols: Sequence[Protocol], visit: VisitState) -> tuple[Finding, ...]:
    """Return the hazards that the answers show, in the protocols' order; what was put right is none any more."""
    return tuple(
        found
        for protocol in protocols
        for step in checklist.list_applicable(protocol, visit)
        for found in _of_step(protocol, step, visit)
    )


def _of_step(protocol: Protocol, step: Step, visit: VisitState) -> Iterator[Finding]:
    result = checklist.result_of(protocol, step, visit)
    answer = find_answer(visit, protocol.ref, step.id)
    if not result or answer is None:
        return
    chosen = next((choice for choice in step.choices if choice.code == answer.outcome), None)
    hazard = (chosen.hazard if chosen else "") or (step.hazard if result == FAIL else "")
    if hazard:
        follow_up = (chosen.follow_up if chosen else "") or step.follow_up
        told = answer.outcome or answer.value
        yield Finding(protocol=protocol.ref, step=step.id, hazard=hazard, follow_up=follow_up, told=told)


def looks_for_hazards(protocol: Protocol) -> bool:
    """Say whether any answer of a protocol can be a finding."""
    return any(step.hazard or any(choice.hazard for choice in step.choices) for step in protocol.steps)


def is_told(protocols: Sequence[Protocol], visit: VisitState) -> bool:
    """Say whether the customer was warned in writing: a step or a choice proves it (article 9)."""
    return any(
        _proves_telling(protocol, step, visit)
        for protocol in protocols
        for step in checklist.list_applicable(protocol, visit)
    )


def _proves_telling(protocol: Protocol, step: Step, visit: VisitState) -> bool:
    if checklist.result_of(protocol, step, visit) != PASS:
        return False
    answer = find_answer(visit, protocol.ref, step.id)
    chosen = next((c for c in step.choices if answer is not None and c.code == answer.outcome), None)
    return step.evidence == WRITTEN or (chosen is not None and chosen.evidence == WRITTEN)


def worst(findings: Sequence[Finding], rules: HazardRules) -> str:
    """Return the worst class among findings; empty when there are none."""
    return min((f.hazard for f in findings), key=lambda code: rules.get_class(code).rank, default="")
