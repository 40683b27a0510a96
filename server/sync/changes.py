"""Turns feed entries into the change records of a device: the whole job as it now is, or that it is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import orm

from server.billing import repository as billing
from server.billing.models import PriceApproval
from server.core.journal import Event
from server.customers import repository as customers
from server.customers.models import Customer
from server.dispatch.models import Assignment
from server.sync import known_hazards, repository
from server.sync.repository import Held
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import door_facts, sla, wire
from shared.assignment import LIVE_STATES, AssignmentState
from shared.visit import VisitState
from shared.work_order import WorkOrderState

_HISTORY = 5
_SHOWN_PHONE = frozenset(
    {AssignmentState.EN_ROUTE, AssignmentState.ARRIVED, AssignmentState.WORKING, AssignmentState.FINISHED}
)
_OVER = frozenset({WorkOrderState.CLOSED, WorkOrderState.CANCELLED, WorkOrderState.DUPLICATE})


class Reading(NamedTuple):
    """What a technician of a branch is about to be told: events with their numbers in his phone's feed."""

    branch_id: str
    technician_id: str
    feed: list[tuple[int, Event]]


def list_changes(
    session: orm.Session, readings: Sequence[Reading], now_ms: int, profile: str
) -> list[tuple[wire.Change, ...]]:
    """Return the change records of each reading; orders, assignments and visits of all are read at once."""
    pairs: dict[str, set[tuple[str, str]]] = {}
    for branch_id, technician_id, feed in readings:
        told = {(technician_id, event.work_order_id) for _, event in feed if event.work_order_id}
        pairs.setdefault(branch_id, set()).update(told)
    held = {branch_id: _map_held(session, branch_id, asked) for branch_id, asked in pairs.items()}
    return [_changes(session, reading, held[reading.branch_id], now_ms, profile) for reading in readings]


def _changes(
    session: orm.Session, reading: Reading, held: dict[tuple[str, str], Held], now_ms: int, profile: str
) -> tuple[wire.Change, ...]:
    """Return change records; only the last one about a job carries it, the earlier ones only say that it changed."""
    last = {event.work_order_id: seq for seq, event in reading.feed if event.work_order_id}
    found = []
    for seq, event in reading.feed:
        known = held.get((reading.technician_id, event.work_order_id))
        is_last = last.get(event.work_order_id) == seq
        job = _find_job(session, known, now_ms, profile) if is_last and known else None
        found.append(
            wire.Change(
                seq=seq,
                event_id=event.event_id,
                type=event.type,
                at_ms=event.at_ms,
                priority=known.order.priority if known else 4,
                work_order_id=event.work_order_id,
                job=job,
                gone=is_last and job is None,
            )
        )
    return tuple(found)


def find_job(
    session: orm.Session, branch_id: str, technician_id: str, work_order_id: str, now_ms: int, profile: str
) -> wire.Job | None:
    """Return an order as its technician's phone sees it; None when he has no part in it any more."""
    pair = (technician_id, work_order_id)
    held = _map_held(session, branch_id, {pair}).get(pair)
    return _find_job(session, held, now_ms, profile) if held else None


def _map_held(session: orm.Session, branch_id: str, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Held]:
    return known_hazards.add(session, branch_id, repository.map_held(session, branch_id, asked))


def _find_job(session: orm.Session, held: Held, now_ms: int, profile: str) -> wire.Job | None:
    if held.assignment is None or WorkOrderState(held.order.state) in _OVER:
        return None
    state = AssignmentState(held.assignment.state)
    if state not in LIVE_STATES and state is not AssignmentState.FINISHED:
        return None
    return _job(session, held, held.assignment, state, now_ms, profile)


def _job(
    session: orm.Session, held: Held, row: Assignment, state: AssignmentState, now_ms: int, profile: str
) -> wire.Job:
    order, asked = held.order, billing.list_approvals(session, held.order.id) if held.has_approvals else []
    customer = customers.find_customer(session, order.branch_id, order.customer_id) if order.customer_id else None
    return wire.Job(
        work_order_id=order.id,
        number=order.number,
        ver=order.ver,
        state=WorkOrderState(order.state),
        priority=order.priority,
        fault_kind=order.fault_kind,
        is_leak=order.is_leak,
        location=order.location,
        description=order.description,
        address=order.address,
        lat=order.lat,
        lon=order.lon,
        customer=_customer(session, order, customer, state),
        advice=tuple(order.advice),
        hazards=held.hazards,
        window_start_ms=order.window_start_ms,
        window_end_ms=order.window_end_ms,
        expected_s=order.expected_s,
        clocks=tuple(clock_view(c) for c in work_order_service.list_clocks(order, profile, now_ms)),
        protocols=tuple(order.protocols),
        approvals=tuple(_approval(one) for one in asked),
        assignment=wire.AssignmentView(
            id=row.id,
            epoch=row.epoch,
            state=state,
            offered_ms=row.offered_ms,
            planned_arrival_ms=row.planned_arrival_ms,
            needs_consent=row.needs_consent,
        ),
        visit=msgspec.convert(held.visit.state, VisitState) if held.visit else VisitState(),
    )


def _approval(row: PriceApproval) -> wire.Approval:
    return wire.Approval(
        id=row.id,
        state=row.state,
        list_ref=row.list_ref,
        lines=tuple(msgspec.convert(line, door_facts.PriceLine) for line in row.lines),
        note=row.note,
    )


def _customer(
    session: orm.Session, order: WorkOrder, customer: Customer | None, state: AssignmentState
) -> wire.CustomerView:
    phone = order.caller_phone if state in _SHOWN_PHONE else mask_phone(order.caller_phone)
    if customer is None:
        return wire.CustomerView(name=order.caller_name, phone=phone)
    past = [o for o in work_orders.list_of_customer(session, customer.id, _HISTORY + 1) if o.id != order.id]
    return wire.CustomerView(
        name=customer.name,
        phone=phone,
        account=customer.account,
        language=customer.language,
        is_vulnerable=customer.is_vulnerable,
        appliances=tuple(str(a.get("label") or a.get("model") or "") for a in customer.appliances),
        history=tuple(
            wire.PastVisit(at_ms=o.opened_ms, number=o.number, fault_kind=o.fault_kind, outcome=o.state)
            for o in past[:_HISTORY]
        ),
    )


def mask_phone(phone: str) -> str:
    """Return a telephone number with its middle hidden (threat C8)."""
    return phone if len(phone) < 8 else f"{phone[:3]}****{phone[-4:]}"  # noqa: PLR2004 - shorter ones have no middle


def clock_view(state: sla.ClockState) -> wire.ClockView:
    """Return a clock as phones and consoles show it."""
    return wire.ClockView(
        kind=state.kind,
        due_ms=state.due_ms or 0,
        started_ms=state.started_ms or 0,
        met_ms=state.met_ms,
        paused=state.paused,
        breached=state.breached,
    )


def to_json(found: tuple[wire.Change, ...]) -> list[dict[str, object]]:
    """Return change records as plain JSON values, for a socket."""
    return [msgspec.to_builtins(change) for change in found]
