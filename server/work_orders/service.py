"""Opens work orders and moves them by the shared state machine; keeps their SLA clocks running."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import msgspec

from server.core import deadlines, texts
from server.core.unit_of_work import Tx
from server.work_orders import joining, repository
from server.work_orders.models import WorkOrder
from shared import editions, events, protocol, sla, triage, work_order
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import Priority, WorkOrderState

BREACH = "clock_breach"


class NewWorkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when an order is opened; times are Unix ms, places WGS-84."""

    report: triage.FaultReport
    address: str
    lat: float | None
    lon: float | None
    description: str = ""
    channel: str = "phone"
    caller_name: str = ""
    caller_phone: str = ""
    customer_id: str | None = None
    window_start_ms: int | None = None
    window_end_ms: int | None = None
    source_ref: str | None = None
    opened_ms: int | None = None


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The branch's settings that opening an order needs."""

    sla_profile: str
    time_zone: str
    jurisdiction: str


def open_work_order(tx: Tx, new: NewWorkOrder, desk: Desk) -> WorkOrder:
    """Open and triage an order in one go; journals WORK_ORDER_OPENED and WORK_ORDER_TRIAGED. Raises triage's errors."""
    verdict = triage.assess(new.report, texts.triage_rules())
    day = dt.datetime.fromtimestamp(tx.now_ms / 1000, zoneinfo.ZoneInfo(desk.time_zone)).date()
    order = _row(tx, new, verdict, day, desk)
    tx.session.add(order)
    tx.session.flush()
    opened = {
        "number": order.number,
        "fault_kind": order.fault_kind,
        "channel": order.channel,
        "address": order.address,
    }
    tx.record(events.WORK_ORDER_OPENED, opened, work_order_id=order.id)
    order.state = work_order.decide(facts_of(order), "triage", Role.SYSTEM)
    order.ver += 1
    decided = {"priority": order.priority, "class": order.emergency_class, "rule": order.triage_rule}
    tx.record(events.WORK_ORDER_TRIAGED, decided, work_order_id=order.id)
    joining.join(tx, order)
    schedule_breaches(tx, order, desk.sla_profile)
    return order


def _row(tx: Tx, new: NewWorkOrder, verdict: triage.Triage, day: dt.date, desk: Desk) -> WorkOrder:
    label = day.strftime("%Y%m%d")
    number = repository.next_number(tx.session, tx.branch_id, label)
    leak_class = verdict.emergency_class if verdict.is_leak else None
    chosen = _protocols(tx, new.report.fault_kind, leak_class, day, desk.jurisdiction)
    return WorkOrder(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        number=f"WO-{label}-{number:04d}",
        ver=1,
        state=WorkOrderState.NEW,
        priority=int(verdict.priority),
        is_leak=verdict.is_leak,
        fault_kind=new.report.fault_kind,
        location=new.report.location,
        emergency_class=verdict.emergency_class,
        description=new.description,
        channel=new.channel,
        caller_name=new.caller_name,
        caller_phone=new.caller_phone,
        customer_id=new.customer_id,
        address=new.address,
        lat=new.lat,
        lon=new.lon,
        answers=dict(new.report.answers),
        advice=list(verdict.advice),
        skills=list(verdict.skills),
        triage_rule=verdict.rule,
        expected_s=verdict.expected_s,
        window_start_ms=new.window_start_ms,
        window_end_ms=new.window_end_ms,
        opened_ms=tx.now_ms if new.opened_ms is None else new.opened_ms,
        epoch=0,
        technician_id="",
        protocols=[p.ref for p in chosen],
        clock_events=[],
        breached=[],
        flags=[],
        source_ref=new.source_ref,
    )


def _protocols(
    tx: Tx, fault_kind: str, leak_class: str | None, day: dt.date, jurisdiction: str
) -> tuple[protocol.Protocol, ...]:
    """Return the protocols of a fault kind on a day; `leak_class` is the emergency class of a leak, None for others."""
    prefer = repository.list_chosen_editions(tx.session, tx.branch_id)
    if leak_class is not None:
        return editions.select_for_leak(texts.protocols(), fault_kind, leak_class, day, jurisdiction, prefer)
    return editions.select(texts.protocols(), fault_kind, day, jurisdiction, prefer)


def list_current_editions(tx: Tx, order: WorkOrder, day: dt.date, jurisdiction: str) -> tuple[protocol.Protocol, ...]:
    """Return the protocols by which an order like this one would be opened on a day; its own stay what they are."""
    return _protocols(tx, order.fault_kind, order.emergency_class if order.is_leak else None, day, jurisdiction)


def choose_edition(tx: Tx, ref: str) -> None:
    """Let the branch work by an edition where several are legal at once (decision 27). Raises `protocol_not_found`."""
    (chosen,) = editions.resolve(texts.protocols(), [ref])
    repository.choose_edition(tx.session, tx.branch_id, chosen.id, chosen.ref)
    tx.record(events.EDITION_CHOSEN, {"protocol": chosen.ref})


def facts_of(
    order: WorkOrder, *, closure_evidence: bool = False, original: WorkOrder | None = None
) -> work_order.Facts:
    """Return the order as the state machine sees it; `original` is the order that it repeats."""
    is_open = original is not None and original.id != order.id and original.is_leak
    return work_order.Facts(
        state=WorkOrderState(order.state),
        is_leak=order.is_leak,
        closure_evidence=closure_evidence,
        open_original=is_open and original is not None and WorkOrderState(original.state) in work_order.OPEN_STATES,
    )


def check_version(order: WorkOrder, ver: int) -> None:
    """Refuse a change made on an outdated view. Raises DomainError `version_conflict`."""
    if order.ver != ver:
        raise DomainError("version_conflict", work_order_id=order.id, ver=order.ver)


def move(
    tx: Tx,
    order: WorkOrder,
    command: str,
    role: Role,
    profile: str,
    *,
    reason: str = "",
    technicians: tuple[str, ...] = (),
    closure_evidence: bool = False,
    original: WorkOrder | None = None,
    at_ms: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Move an order by a command of the shared table; `at_ms` is when it happened. Raises `decide`'s errors."""
    source = order.state
    known = facts_of(order, closure_evidence=closure_evidence, original=original)
    order.state = work_order.decide(known, command, role)
    order.ver += 1
    happened_ms = tx.now_ms if at_ms is None else at_ms
    clock_event = {"at_ms": happened_ms, "name": command, "by": tx.actor.id, "reason": reason}
    order.clock_events = [*order.clock_events, clock_event]
    is_closed = order.state == WorkOrderState.CLOSED
    if is_closed:
        order.closed_ms = happened_ms
    moved = {"command": command, "source": source, "target": order.state, "reason": reason, **(data or {})}
    event_type = events.WORK_ORDER_CLOSED if is_closed else events.WORK_ORDER_MOVED
    tx.record(event_type, moved, work_order_id=order.id, technicians=(*technicians, order.technician_id))
    schedule_breaches(tx, order, profile)


def flag(tx: Tx, order: WorkOrder, name: str, **data: Any) -> None:
    """Show something on the order that a person should look at; once each. Flags are the desk's: the version stays."""
    if name not in order.flags:
        order.flags = [*order.flags, name]
    tx.record(events.WORK_ORDER_FLAGGED, {"flag": name, **data}, work_order_id=order.id)


def list_specs(order: WorkOrder, profile: str) -> tuple[sla.ClockSpec, ...]:
    """Return the rules of the order's clocks: limits, calendars, what moves them."""
    window = (order.window_start_ms, order.window_end_ms)
    verdict = triage.Triage(
        priority=Priority(order.priority),
        is_leak=order.is_leak,
        emergency_class=order.emergency_class,
        advice=(),
        skills=(),
        expected_s=order.expected_s,
        rule=order.triage_rule,
    )
    agreed = (window[0], window[1]) if window[0] is not None and window[1] is not None else None
    return sla.deadlines_for(texts.sla_profile(profile), verdict, order.opened_ms, agreed, order.fault_kind)


def list_clocks(order: WorkOrder, profile: str, now_ms: int) -> list[sla.ClockState]:
    """Return the order's clocks as they stand; a pure function of its events (DI-03)."""
    told = [msgspec.convert(e, sla.ClockEvent) for e in order.clock_events]
    return [sla.clock(spec, told, now_ms) for spec in list_specs(order, profile)]


def note_on_clocks(tx: Tx, order: WorkOrder, name: str, reason: str, profile: str) -> None:
    """Let a change of terms stand in the clocks' history, by whom and why; due times follow from the terms."""
    event = {"at_ms": tx.now_ms, "name": name, "by": tx.actor.id, "reason": reason}
    order.clock_events = [*order.clock_events, event]
    order.ver += 1
    schedule_breaches(tx, order, profile)


def change_priority(tx: Tx, order: WorkOrder, priority: int, reason: str, profile: str) -> None:
    """Give an order another priority. Raises DomainError `not_demoted`: leaks and emergencies never wait."""
    if priority > order.priority and (order.is_leak or order.priority == Priority.EMERGENCY):
        raise DomainError("not_demoted", number=order.number)
    before, order.priority = order.priority, priority
    data = {"priority": priority, "before": before, "reason": reason}
    tx.record(events.PRIORITY_CHANGED, data, work_order_id=order.id, technicians=(order.technician_id,))
    note_on_clocks(tx, order, "change_priority", reason, profile)


def find_next_clock(order: WorkOrder, profile: str, now_ms: int) -> sla.ClockState | None:
    """Return the running clock that falls due first."""
    running = [c for c in list_clocks(order, profile, now_ms) if is_running(c)]
    return min(running, key=lambda c: (c.paused, c.due_ms or 0), default=None)


def is_running(state: sla.ClockState) -> bool:
    """Tell whether a promise is still open."""
    return state.due_ms is not None and state.met_ms is None and state.ended_ms is None


def schedule_breaches(tx: Tx, order: WorkOrder, profile: str) -> None:
    """Set the duty that looks again when the next clock falls due."""
    clocks = [c for c in list_clocks(order, profile, tx.now_ms) if is_running(c) and not c.paused]
    due = [c.due_ms for c in clocks if c.due_ms is not None and c.kind not in order.breached]
    if not due:
        deadlines.cancel(tx, BREACH, order.id)
        return
    deadlines.schedule(tx, BREACH, order.id, max(tx.now_ms, min(due)) + 1, {"work_order_id": order.id})


def record_breaches(tx: Tx, work_order_id: str, profile: str) -> None:
    """Journal every clock that has run out, once each, and look again at the next one."""
    order = repository.lock_order(tx.session, tx.branch_id, work_order_id)
    for state in list_clocks(order, profile, tx.now_ms):
        if state.breached and state.kind not in order.breached:
            order.breached = [*order.breached, state.kind]
            order.ver += 1
            data = {"kind": state.kind, "due_ms": state.due_ms}
            tx.record(events.CLOCK_BREACHED, data, work_order_id=order.id, technicians=(order.technician_id,))
    schedule_breaches(tx, order, profile)
