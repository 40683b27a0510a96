"""Asks a crew under way to one emergency to turn to another when all together are then reached sooner.

The crew keeps its emergency until it accepts the other: Accept is the consent (decision 10), and only it gives the
first one back to the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from routing import turning
from routing.certificate import Certificate
from routing.turning import Turn
from server.dispatch import offers, repository
from server.dispatch.models import Proof
from server.dispatch.rules import dispatch_rules
from server.work_orders import repository as work_orders
from shared.assignment import AssignmentState
from shared.work_order import WAITING_STATES, Priority, WorkOrderState

if TYPE_CHECKING:
    from routing.plan import Plan
    from server.core.unit_of_work import Tx
    from server.dispatch.problem import Snapshot

_DRIVING = frozenset({AssignmentState.ACCEPTED, AssignmentState.EN_ROUTE})


def ask_to_turn(tx: Tx, snapshot: Snapshot, plan: Plan, profile: str) -> None:
    """Offer waiting emergencies to crews under way to others where the rule for all of them says so."""
    rules = dispatch_rules()
    under_way = _under_way(tx, snapshot) if rules.turn_under_way else {}
    if not under_way:
        return
    turns = turning.find_turns(
        snapshot.problem,
        plan,
        under_way,
        rules=rules.queue_rules,
        redirect_s=rules.queue_redirect_s,
        least_left_s=rules.turn_least_left_s,
        travel=snapshot.travel,
    )
    for turn in turns:
        _ask(tx, turn, profile)


def _under_way(tx: Tx, snapshot: Snapshot) -> dict[str, str]:
    """Return who is under way to which emergency."""
    live = repository.list_live(tx.session, tx.branch_id)
    found = {a.technician_id: a.work_order_id for a in live if a.state in _DRIVING}
    orders = snapshot.orders
    return {who: i for who, i in found.items() if i in orders and orders[i].priority == Priority.EMERGENCY}


def _ask(tx: Tx, turn: Turn, profile: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, turn.to_job_id)
    is_waiting = WorkOrderState(order.state) in WAITING_STATES
    if not is_waiting or repository.list_live_of_order(tx.session, order.id):
        return
    proof = repository.find_proof(tx.session, order.id)
    if proof is not None:
        _note(tx, proof, turn)
    offers.offer(
        tx,
        order,
        [turn.technician_id],
        profile,
        arrivals_ms={turn.technician_id: turn.arrival_s * 1000},
        certificate=proof.certificate if proof is not None else None,
        needs_consent=True,
    )


def _note(tx: Tx, proof: Proof, turn: Turn) -> None:
    """Let the proof name who is asked, whose consent it takes, and who goes without it."""
    was = msgspec.convert(proof.certificate, Certificate)
    bound_s = turn.arrival_s if was.lower_bound_s is None else min(was.lower_bound_s, turn.arrival_s)
    now = msgspec.structs.replace(
        was,
        technician_id=turn.technician_id,
        arrival_s=turn.arrival_s,
        travel_s=turn.arrival_s - tx.now_ms // 1000,
        needs_consent_of=turn.technician_id,
        technician_without_consent=was.technician_id,
        arrival_without_consent_s=was.arrival_s,
        next_best_technician_id=was.technician_id,
        next_best_arrival_s=was.arrival_s,
        lower_bound_s=bound_s,
    )
    proof.certificate, proof.at_ms = msgspec.to_builtins(now), tx.now_ms
