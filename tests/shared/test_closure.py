"""A leak is not closed by hope: random histories never reach CLOSED without evidence."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import closure, facts, visit, work_order
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState
from tests.shared import cases

LEAK_PROTOCOLS = cases.protocols_for("gas_leak")
OUTCOMES = ("repaired", "isolated", "all_clear")
COMMANDS = sorted({row.command for row in work_order.TABLE})
SEQUENCES = 2_000
LENGTH = 50


def missing(state: visit.VisitState) -> tuple[str, ...]:
    """Return what a leak's visit lacks."""
    return closure.missing_evidence(True, state, LEAK_PROTOCOLS)  # noqa: FBT003  it is a leak


@pytest.mark.parametrize("fault_kind", ["gas_leak", "co_alarm"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_full_evidence_closes(fault_kind: str, outcome: str) -> None:
    """Each of the three ways is open to an honest visit."""
    state = cases.good_visit(fault_kind, outcome)
    assert closure.closure_evidence(True, state, cases.protocols_for(fault_kind))  # noqa: FBT003  it is a leak


@pytest.mark.parametrize("outcome", ["done", "follow_up", "no_access", ""])
def test_no_other_outcome_closes_a_leak(outcome: str) -> None:
    """Access blocked is not no leak (Flower Branch)."""
    told = cases.visit_facts(LEAK_PROTOCOLS, "repaired")
    assert missing(cases.fold([*told, facts.OutcomeDeclared(outcome=outcome)]))


@pytest.mark.parametrize(
    ("outcome", "step", "code"),
    [
        ("repaired", "pressure_drop", "tightness_not_passed"),
        ("repaired", "stand_time", "tightness_not_passed"),
        ("repaired", "witnessed", "tightness_not_passed"),
        ("isolated", "valve_locked", "not_isolated"),
        ("isolated", "tag_hung", "not_tagged"),
        ("isolated", "notice_served", "not_warned_in_writing"),
        ("all_clear", "inside_1", "readings_missing"),
        ("all_clear", "neighbours_2", "readings_missing"),
        ("all_clear", "below_2", "readings_missing"),
    ],
)
def test_one_missing_piece_of_evidence_keeps_the_leak_open(outcome: str, step: str, code: str) -> None:
    """Each piece is needed, and the missing one is named."""
    told = [f for f in cases.visit_facts(LEAK_PROTOCOLS, outcome) if getattr(f, "step", "") != step]
    assert missing(cases.fold(told)) == (code,)


def test_outcome_of_another_way_does_not_borrow_evidence() -> None:
    """Isolated evidence does not prove a repair."""
    told = cases.visit_facts(LEAK_PROTOCOLS, "isolated", with_tests=False)
    assert missing(cases.fold([*told, facts.OutcomeDeclared(outcome="repaired")])) == ("tightness_not_passed",)
    assert missing(cases.fold([*told, facts.OutcomeDeclared(outcome="all_clear")])) == ("readings_missing",)


def test_two_readings_within_a_second_are_one_look() -> None:
    """The rounds lie apart in time."""
    told = cases.visit_facts(LEAK_PROTOCOLS, "all_clear", with_tests=False)
    assert missing(cases.fold(told, gap_ms=1000)) == ("readings_not_separated",)
    assert missing(cases.fold(told)) == ()


def test_home_without_a_basement_can_be_all_clear() -> None:
    """A space that does not exist is skipped in both rounds."""
    state = cases.good_visit("gas_leak", "all_clear")
    for step in ("below_1", "below_2"):
        state = cases.replaced(state, step, outcome="not_applicable", value="")
    assert missing(state) == ()


def test_gas_in_one_space_is_no_all_clear() -> None:
    """One reading above zero, and the search goes on."""
    assert missing(cases.replaced(cases.good_visit("gas_leak", "all_clear"), "outside_2", value="1"))


def test_leak_without_a_tightness_protocol_cannot_be_repaired_away() -> None:
    """No protocol, no proof."""
    state = cases.good_visit("gas_leak", "repaired")
    assert closure.missing_evidence(True, state, ()) == ("tightness_not_passed",)  # noqa: FBT003  it is a leak


def test_appointment_needs_no_leak_evidence() -> None:
    """The guard is for leaks; other orders have the function test."""
    assert closure.closure_evidence(False, visit.VisitState(), ())  # noqa: FBT003  it is no leak


def test_hundred_thousand_random_commands_never_close_a_leak_without_evidence() -> None:
    """Whoever commands whatever in whichever order; every other command is one that the state's table knows."""
    chance, seen = random.Random(20261118), set()
    anything = [(command, role) for command in COMMANDS for role in Role]
    known = {
        s: [(r.command, role) for r in work_order.TABLE if s in r.sources for role in r.roles] for s in WorkOrderState
    }
    for _ in range(SEQUENCES):
        state = WorkOrderState.NEW
        for _ in range(LENGTH):
            command, role = chance.choice(chance.choice((anything, known[state] or anything)))
            state = step(state, command, role, is_leak=True, evidence=False)
            seen.add(state)
    assert WorkOrderState.CLOSED not in seen
    assert seen >= {WorkOrderState.MADE_SAFE, WorkOrderState.WORK_DONE}


def test_random_visits_close_exactly_when_an_independent_reading_of_the_facts_allows() -> None:
    """Facts dropped, repeated and shuffled: the guard agrees with a second, simpler judge."""
    chance, closed = random.Random(7), 0
    visits = {outcome: cases.visit_facts(LEAK_PROTOCOLS, outcome, with_tests=True) for outcome in OUTCOMES}
    for count in range(600):
        told = list(visits[OUTCOMES[count % 3]])
        for _ in range(chance.choice([0, 0, 1, 2, 4])):
            told.pop(chance.randrange(len(told)))
        if chance.random() < 0.2:
            told.append(facts.OutcomeDeclared(outcome=chance.choice([*OUTCOMES, "done", "follow_up"])))
        evidence = not missing(cases.fold(told))
        end = drive(is_leak=True, evidence=evidence)
        assert (end is WorkOrderState.CLOSED) == proves(told), told
        closed += end is WorkOrderState.CLOSED
    assert 100 < closed < 500


@given(dropped=st.sets(st.integers(0, 40), max_size=4), outcome=st.sampled_from(OUTCOMES))
def test_less_evidence_never_closes_more(dropped: set[int], outcome: str) -> None:
    """Taking facts away only adds to what is missing."""
    told = cases.visit_facts(LEAK_PROTOCOLS, outcome)
    kept = [fact for count, fact in enumerate(told) if count not in dropped]
    if not missing(cases.fold(kept)):
        assert proves(kept)


def step(state: WorkOrderState, command: str, role: Role, *, is_leak: bool, evidence: bool) -> WorkOrderState:
    """Return the state after a command that may be refused."""
    try:
        return work_order.decide(work_order.Facts(state, is_leak, evidence), command, role)
    except DomainError:
        return state


def drive(*, is_leak: bool, evidence: bool) -> WorkOrderState:
    """Return where an order ends that goes its straight way."""
    state = WorkOrderState.NEW
    way = ("triage", "offer", "accept", "arrive", "make_safe", "finish_work", "sign", "close")
    for command, role in itertools.product(way, (Role.SYSTEM, Role.TECHNICIAN)):
        state = step(state, command, role, is_leak=is_leak, evidence=evidence)
    return state


def proves(told: list[facts.Body]) -> bool:
    """Judge the facts by their names alone: every one of them passes where it stands (the fixtures say so)."""
    names = {getattr(fact, "step", "") for fact in told}
    made_safe = any(isinstance(fact, facts.SiteMadeSafe) for fact in told)
    outcomes = [fact.outcome for fact in told if isinstance(fact, facts.OutcomeDeclared)]
    needed = {
        "repaired": {"gauge_connected", "test_pressure", "stand_time", "pressure_drop", "joints_soaped", "witnessed"}
        | {"restore", "relight", "co_after", "explained"},
        "isolated": {"finding", "valve_locked", "tag_hung", "notice_served"},
        "all_clear": {"finding"} | {f"{s}_{n}" for s in ("inside", "neighbours", "outside", "below") for n in (1, 2)},
    }
    last = outcomes[-1] if outcomes else ""
    found = [
        fact.outcome for fact in told if getattr(fact, "step", "") == "finding" and isinstance(fact, facts.StepAnswered)
    ]
    way_fits = last == "repaired" or found == [last]
    return made_safe and last in needed and needed[last] <= names and way_fits
