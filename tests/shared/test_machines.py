"""The state machines of work order and assignment: every row works, and nothing else does."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import assignment, machine, work_order
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role, Transition
from shared.work_order import WorkOrderState
from tests.shared import cases

TABLES = {"state": (work_order.TABLE, WorkOrderState), "assignment": (assignment.TABLE, AssignmentState)}
FIRST = {"state": {"new"}, "assignment": {"offered"}}


def refusal(state: WorkOrderState, command: str, role: Role, *, is_leak: bool, evidence: bool = False) -> str:
    """Return the code of the refusal, nothing when the command is allowed."""
    try:
        work_order.decide(work_order.Facts(state, is_leak, evidence), command, role)
    except DomainError as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("name", TABLES)
def test_every_state_can_be_reached_and_has_words(name: str) -> None:
    """No dead state, and none without a name on the screen."""
    table, states = TABLES[name]
    reached = set(FIRST[name])
    for _ in states:
        reached |= {row.target for row in table if row.sources & reached}
    assert reached == {state.value for state in states}
    assert all("«" not in words for s in states for words in cases.texts().both(f"{name}.{s.value}").values())


@pytest.mark.parametrize("name", TABLES)
def test_tables_name_only_known_states_and_lead_to_one_target(name: str) -> None:
    """A command given by a role in a state means one thing."""
    table, states = TABLES[name]
    known = {state.value for state in states}
    assert all(row.sources <= known and row.target in known for row in table)
    keys = [(source, row.command, role) for row in table for source in row.sources for role in row.roles]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("row", work_order.TABLE, ids=lambda row: f"{row.command}-{row.target}")
def test_every_row_leads_to_its_target_for_its_roles_only(row: Transition) -> None:
    """All states × all roles of one command."""
    for state, role in itertools.product(WorkOrderState, Role):
        found = machine.find_target(work_order.TABLE, state, row.command, role)
        others = [
            r.target for r in work_order.TABLE if r.command == row.command and state in r.sources and role in r.roles
        ]
        assert found == (others[0] if others else None)
        code = refusal(state, row.command, role, is_leak=False, evidence=True)
        assert code == ("" if others else "transition_not_allowed")


def test_leak_is_made_safe_before_its_work_is_done() -> None:
    """An appointment may be finished on site, a leak not."""
    on_site = WorkOrderState.ON_SITE
    assert refusal(on_site, "finish_work", Role.TECHNICIAN, is_leak=True) == "leak_not_made_safe"
    assert refusal(on_site, "finish_work", Role.TECHNICIAN, is_leak=False) == ""


@pytest.mark.parametrize("state", [WorkOrderState.SIGNED, WorkOrderState.SIGN_WAIVED])
def test_leak_closes_on_evidence_only(state: WorkOrderState) -> None:
    """Signed is not enough."""
    assert refusal(state, "close", Role.SYSTEM, is_leak=True) == "leak_without_evidence"
    assert refusal(state, "close", Role.SYSTEM, is_leak=True, evidence=True) == ""


def test_nobody_but_the_system_closes() -> None:
    """Neither dispatcher Lin nor technician Wang closes an order by hand."""
    roles = [role for role in Role if refusal(WorkOrderState.SIGNED, "close", role, is_leak=False, evidence=True) == ""]
    assert roles == [Role.SYSTEM]


@pytest.mark.parametrize("state", [WorkOrderState.NO_ACCESS, WorkOrderState.NEEDS_ENGINEERING, WorkOrderState.ON_HOLD])
def test_closed_door_never_leads_straight_to_a_closed_order(state: WorkOrderState) -> None:
    """From such a state an order goes back to waiting, or a dispatcher cancels it."""
    targets = {row.target for row in work_order.TABLE if state in row.sources}
    assert targets <= {"triaged", "offered", "cancelled"}


@given(st.sampled_from(AssignmentState), st.text(max_size=12), st.sampled_from(Role))
def test_unknown_command_is_refused_by_name(state: AssignmentState, command: str, role: Role) -> None:
    """Whatever comes over the wire."""
    if any(row.command == command for row in assignment.TABLE):
        return
    with pytest.raises(DomainError) as refused:
        assignment.decide(state, command, role)
    assert refused.value.code == "transition_not_allowed"


def test_accepting_twice_is_refused_and_a_late_epoch_is_fenced() -> None:
    """The first accept wins; an accept of an earlier round is over."""
    accepted = assignment.decide(AssignmentState.SEEN, "accept", Role.TECHNICIAN)
    assert accepted is AssignmentState.ACCEPTED
    with pytest.raises(DomainError):
        assignment.decide(accepted, "accept", Role.TECHNICIAN)
    assignment.check_epoch(2, 2)
    with pytest.raises(DomainError) as refused:
        assignment.check_epoch(2, 1)
    assert refused.value.code == "epoch_is_over"


def test_state_sets_partition_the_assignment_states() -> None:
    """Pending and committed are disjoint and live, ended states are neither."""
    assert not assignment.PENDING_STATES & assignment.COMMITTED_STATES
    ended = frozenset(AssignmentState) - assignment.LIVE_STATES
    assert not any(row.sources & {s.value for s in ended} for row in assignment.TABLE)
