"""Random sequences of commands and facts at one leak, and the order that they drive.

Half of the sequences are noise; half are an honest visit with pieces taken out, doubled, swapped and spoilt, so that
the door of closing is really reached.
"""

from __future__ import annotations

import datetime as dt
import functools
import random
from pathlib import Path
from typing import Final, NamedTuple

import shared
from shared import closure, editions, facts, visit, work_order
from shared.errors import DomainError
from shared.machine import Role
from shared.protocol import Protocol
from shared.work_order import WorkOrderState
from tests.soak.closure import judge

NOON_MS: Final = int(dt.datetime(2026, 11, 18, 12, tzinfo=judge.CN).timestamp() * 1000)
GOOD_UNTIL, BAD_UNTIL = "2027-06-30", "2026-11-17"
GAPS_MS: Final = (1000, 61_000, 400_000)
COMMANDS: Final = tuple(sorted({row.command for row in work_order.TABLE}))
ROLES: Final = tuple(Role)
NEEDS_EVIDENCE: Final = frozenset({"close", "finish_late", "cancel"})
ENDS: Final = frozenset({WorkOrderState.CLOSED, WorkOrderState.CANCELLED, WorkOrderState.DUPLICATE})
WAY: Final = (
    ("triage", Role.SYSTEM),
    ("offer", Role.SYSTEM),
    ("accept", Role.TECHNICIAN),
    ("arrive", Role.TECHNICIAN),
    ("make_safe", Role.TECHNICIAN),
    ("finish_work", Role.TECHNICIAN),
    ("sign", Role.TECHNICIAN),
    ("close", Role.SYSTEM),
)
NOISE_LENGTH: Final = 30

Move = tuple[str, Role] | facts.Body


class Ended(NamedTuple):
    """How one sequence ended: the state, whether the second judge saw proof, and how many closings were refused."""

    state: WorkOrderState
    is_proved: bool
    refused: int


@functools.cache
def protocols() -> tuple[Protocol, ...]:
    """Return the protocols of a leak on the day of the sequences."""
    folder = Path(shared.__file__).parent / "catalog" / "protocols"
    every = [Protocol.from_toml(path.read_bytes()) for path in sorted(folder.glob("*.toml"))]
    return editions.select(every, "gas_leak", dt.date(2026, 11, 18), "CN")


def _tick(protocol: str, step: str, outcome: str = "pass") -> facts.Body:
    return facts.StepAnswered(protocol=protocol, step=step, outcome=outcome)


def _reading(protocol: str, step: str, value: str, unit: str, until: str = GOOD_UNTIL) -> facts.Body:
    return facts.ReadingRecorded(
        protocol=protocol, step=step, value=value, unit=unit, instrument_serial="GX-1", instrument_valid_until=until
    )


@functools.cache
def honest(outcome: str) -> tuple[facts.Body, ...]:
    """Return the facts that prove a leak closed in one of the three ways."""
    start = (facts.Arrived(), facts.SiteMadeSafe(how="isolated"), _tick(judge.LEAK, "finding", outcome))
    rounds = [f"{space}_{number}" for number in (1, 2) for space in judge.SPACES]
    middle = {
        "repaired": (
            *(_tick(judge.TIGHTNESS, step) for step in judge.TIGHT_TICKS),
            _reading(judge.TIGHTNESS, "test_pressure", "5", "kPa"),
            facts.TimerStopped(protocol=judge.TIGHTNESS, step="stand_time", elapsed_ms=900_000),
            _reading(judge.TIGHTNESS, "pressure_drop", "0", "kPa"),
            _reading(judge.TIGHTNESS, "co_after", "0", "ppm"),
        ),
        "isolated": tuple(_tick(judge.LEAK, step) for step in ("valve_locked", "tag_hung", "notice_served")),
        "all_clear": tuple(_reading(judge.LEAK, step, "0", "%LEL") for step in rounds),
    }[outcome]
    return (*start, *middle, facts.OutcomeDeclared(outcome=outcome))


@functools.cache
def noise() -> tuple[facts.Body, ...]:
    """Return facts of every kind, good and bad, that any sequence may hold."""
    good = [fact for outcome in ("repaired", "isolated", "all_clear") for fact in honest(outcome)]
    rounds = [f"{space}_{number}" for number in (1, 2) for space in judge.SPACES]
    bad = [
        *(_reading(judge.LEAK, step, "4", "%LEL") for step in rounds),
        *(_reading(judge.LEAK, step, "0", "%LEL", BAD_UNTIL) for step in rounds),
        *(_tick(judge.LEAK, f"below_{number}", "not_applicable") for number in (1, 2)),
        _tick(judge.LEAK, "inside_1", "not_applicable"),
        *(_tick(judge.TIGHTNESS, step, "fail") for step in judge.TIGHT_TICKS),
        _reading(judge.TIGHTNESS, "test_pressure", "4.9", "kPa"),
        _reading(judge.TIGHTNESS, "test_pressure", "5", "kPa", BAD_UNTIL),
        _reading(judge.TIGHTNESS, "pressure_drop", "0.1", "kPa"),
        _tick(judge.TIGHTNESS, "co_after", "not_applicable"),
        facts.TimerStopped(protocol=judge.TIGHTNESS, step="stand_time", elapsed_ms=60_000),
        *(facts.OutcomeDeclared(outcome=o) for o in ("done", "follow_up", "no_access", "repaired", "all_clear")),
        facts.NoAccessRecorded(reason="nobody_home"),
        facts.NoteAdded(text="caller says the smell is gone"),
    ]
    return (*good, *bad)


def make(chance: random.Random) -> list[Move]:
    """Return one sequence."""
    if chance.random() < 0.5:
        return [_any(chance) for _ in range(NOISE_LENGTH)]
    told: list[Move] = list(honest(chance.choice(("repaired", "isolated", "all_clear"))))
    chance.shuffle(told) if chance.random() < 0.2 else None
    moves: list[Move] = [*WAY[:5], *told, *WAY[5:]]
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        _spoil(chance, moves)
    return moves


def _any(chance: random.Random) -> Move:
    if chance.random() < 0.6:
        return chance.choice(COMMANDS), chance.choice(ROLES)
    return chance.choice(noise())


def _spoil(chance: random.Random, moves: list[Move]) -> None:
    place, way = chance.randrange(len(moves)), chance.randrange(4)
    if way == 0:
        moves.pop(place)
    elif way == 1:
        moves.insert(place, _any(chance))
    elif way == 2:
        moves[place] = chance.choice(noise())
    else:
        other = chance.randrange(len(moves))
        moves[place], moves[other] = moves[other], moves[place]


def play(moves: list[Move], chance: random.Random) -> Ended:
    """Drive one leak through a sequence by the shared rules; stop where it has ended."""
    gap_ms = chance.choice(GAPS_MS)
    state, told, refused = WorkOrderState.NEW, [], 0
    for count, move in enumerate(moves):
        if not isinstance(move, tuple):
            told.append((move, NOON_MS + count * gap_ms))
            continue
        target = attempt(state, move[0], move[1], told)
        refused += target is None
        state = target or state
        if state in ENDS:
            return Ended(state, judge.proves(told), refused)
    return Ended(state, is_proved=False, refused=refused)


def attempt(state: WorkOrderState, command: str, role: Role, told: judge.Told) -> WorkOrderState | None:
    """Return the state after a command, the same state where the table has no such row, None where a guard refused."""
    evidence = command in NEEDS_EVIDENCE and has_evidence(told)
    try:
        return work_order.decide(work_order.Facts(state, is_leak=True, closure_evidence=evidence), command, role)
    except DomainError as error:
        return state if error.code == "transition_not_allowed" else None


def has_evidence(told: judge.Told) -> bool:
    """Ask the product's own rules."""
    state = visit.VisitState()
    for body, at_ms in told:
        state = visit.apply_fact(state, body, at_ms)
    return closure.closure_evidence(True, state, protocols())  # noqa: FBT003 - it is a leak
