"""Reads the worked cases of tests/shared/worked: answers by step, and verdicts that were worked out by hand."""

import datetime as dt
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from shared import facts, visit
from shared.protocol import Protocol, Step, find_step

FOLDER = Path(__file__).parent / "worked"
SECOND_MS = 1000
CALIBRATED_UNTIL = "2027-06-30"


class Case(NamedTuple):
    """One worked case: `verdict` is pass, fail or incomplete; lists that are None are not part of the case."""

    protocol: str
    name: str
    kind: str
    verdict: str
    answers: dict[str, str]
    calibrated_until: str
    at: dt.datetime
    lists: dict[str, Any]


class Edition(NamedTuple):
    """Which edition of a protocol is in force on a day; an empty reference: none."""

    protocol: str
    fault: str
    jurisdiction: str
    on: dt.date
    ref: str
    prefer: tuple[str, ...]


def read_all() -> dict[str, dict[str, Any]]:
    """Return every file by the reference of its protocol."""
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]
    return {str(told["protocol"]): told for told in files}


def list_cases() -> list[Case]:
    """Return the cases of all files."""
    return [_case(told, case) for told in read_all().values() for case in told["case"]]


def list_editions() -> list[Edition]:
    """Return the days of all files."""
    return [
        Edition(ref, told["fault"], told["jurisdiction"], day["on"], day["ref"], tuple(day.get("prefer", ())))
        for ref, told in read_all().items()
        for day in told["edition"]
    ]


def _case(told: dict[str, Any], case: dict[str, Any]) -> Case:
    answers = {**told["good"], **case.get("set", {})}
    for step in case.get("drop", []):
        del answers[step]
    return Case(
        protocol=str(told["protocol"]),
        name=case["name"],
        kind=case["kind"],
        verdict=case["verdict"],
        answers=answers,
        calibrated_until=case.get("calibrated_until", CALIBRATED_UNTIL),
        at=case.get("at", told["at"]),
        lists={name: case[name] for name in ("missing", "failing", "flagged") if name in case},
    )


def fold(protocol: Protocol, case: Case) -> visit.VisitState:
    """Return the visit of a case: its answers a second apart."""
    state, at_ms = visit.VisitState(), int(case.at.timestamp()) * SECOND_MS
    for count, body in enumerate(_facts(protocol, case)):
        state = visit.apply_fact(state, body, at_ms + count * SECOND_MS)
    return state


def _facts(protocol: Protocol, case: Case) -> Iterator[facts.Body]:
    for step_id, told in case.answers.items():
        step = find_step(protocol, step_id)
        if step is None:
            raise LookupError(f"{protocol.ref} has no step {step_id}")
        yield _fact(protocol, step, told, case.calibrated_until)


def _fact(protocol: Protocol, step: Step, told: str, calibrated_until: str) -> facts.Body:
    if step.kind == "timer":
        return facts.TimerStopped(protocol=protocol.ref, step=step.id, elapsed_ms=int(told))
    if step.kind != "reading" or told == "not_applicable":
        return facts.StepAnswered(protocol=protocol.ref, step=step.id, outcome=told)
    return facts.ReadingRecorded(
        protocol=protocol.ref,
        step=step.id,
        value=told,
        unit=step.unit,
        instrument_serial="GX-1007" if step.needs_instrument else "",
        instrument_valid_until=calibrated_until if step.needs_instrument else "",
    )
