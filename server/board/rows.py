"""Rows of the live board: what one look must tell about orders and technicians."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts.models import Device, Shift, Technician
from server.core import journal
from server.customers import repository as customers
from server.dispatch import problem
from server.dispatch import repository as dispatch
from server.dispatch.models import Assignment, PlannedStop
from server.escalation import service as escalation
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared.assignment import COMMITTED_STATES
from shared.work_order import OPEN_STATES, Priority, WorkOrderState

_SILENT_MS: Final = 90_000
_LOOK_BACK_MS: Final = 5_400_000  # the board shows an hour and a quarter of what was
_HORIZON_MS: Final = 12 * 3_600_000
_UNCONTROLLED: Final = OPEN_STATES - {
    WorkOrderState.MADE_SAFE,
    WorkOrderState.WORK_DONE,
    WorkOrderState.SIGNED,
    WorkOrderState.SIGN_WAIVED,
}

Row = dict[str, Any]


class Scene:
    """Everything that the rows of one branch are made of, read at one moment."""

    def __init__(self, session: orm.Session, branch_id: str, now_ms: int, profile: str) -> None:
        """Read the branch's live rows once."""
        self.session, self.branch_id, self.now_ms, self.profile = session, branch_id, now_ms, profile
        self.technicians = {t.id: t for t in accounts.list_technicians(session, branch_id)}
        self.live = dispatch.list_live(session, branch_id)
        self.planned = dispatch.list_planned(session, branch_id)
        self.orders = {o.id: o for o in work_orders.list_open(session, branch_id)}
        self.shifts: dict[str, Shift] = {}
        for shift in accounts.list_shifts(session, branch_id, now_ms, now_ms + _HORIZON_MS):
            self.shifts.setdefault(shift.technician_id, shift)
        self.finished = dispatch.list_finished(session, branch_id, now_ms - _LOOK_BACK_MS)
        self.locks = dispatch.map_locks(session, branch_id)
        self.alarms = _alarms(session, branch_id)
        self.posts = {row.technician_id: row.words for row in dispatch.list_posts(session, branch_id)}
        self.devices: dict[str, Device] = {}
        for device in accounts.list_devices(session, branch_id):
            if device.revoked_ms is None:
                self.devices.setdefault(device.technician_id, device)


def _alarms(session: orm.Session, branch_id: str) -> dict[str, Row]:
    """Return how far each unaccepted leak has climbed, with the name of who took it."""
    found = escalation.views(session, branch_id)
    names = accounts.list_names(session, {view["taken_by"] for view in found.values()} - {""})
    return {i: {**view, "taken_by": names.get(view["taken_by"], "")} for i, view in found.items()}


def order_row(scene: Scene, order: WorkOrder) -> Row:
    """Return an order as queue and map show it."""
    customer = customers.find_customer(scene.session, scene.branch_id, order.customer_id) if order.customer_id else None
    live = [a for a in scene.live if a.work_order_id == order.id]
    holder = next((a for a in live if a.state in COMMITTED_STATES), live[0] if live else None)
    planned = next((s for s in scene.planned if s.work_order_id == order.id), None)
    technician_id = holder.technician_id if holder else planned.technician_id if planned else None
    technician = scene.technicians.get(technician_id or "")
    clock = work_order_service.find_next_clock(order, scene.profile, scene.now_ms)
    keys = ("id", "number", "ver", "state", "priority", "fault_kind", "is_leak", "location", "address", "lat", "lon")
    return {
        **{key: getattr(order, key) for key in keys},
        "customer_name": customer.name if customer else order.caller_name,
        "window_start_ms": order.window_start_ms,
        "window_end_ms": order.window_end_ms,
        "technician_id": technician_id,
        "technician_name": technician.name if technician else "",
        "assignment_state": holder.state if holder else "planned" if planned else "",
        "planned_arrival_ms": holder.planned_arrival_ms if holder else planned.arrival_ms if planned else None,
        "opened_ms": order.opened_ms,
        "clock": {"kind": clock.kind, "due_ms": clock.due_ms, "paused": clock.paused, "breached": clock.breached}
        if clock
        else None,
        "flags": order.flags,
        "alarm": scene.alarms.get(order.id),
        "is_kept": order.id in scene.locks,
        "is_open": WorkOrderState(order.state) in OPEN_STATES,
    }


def technician_row(scene: Scene, technician: Technician) -> Row:
    """Return a technician as map and board show him: state, position with age, route."""
    live = [a for a in scene.live if a.technician_id == technician.id]
    shift, device = scene.shifts.get(technician.id), scene.devices.get(technician.id)
    is_online = device is not None and scene.now_ms - device.last_seen_ms < _SILENT_MS
    held = [
        scene.orders[a.work_order_id] for a in live if a.work_order_id in scene.orders and a.state in COMMITTED_STATES
    ]
    return {
        "id": technician.id,
        "name": technician.name,
        "name_en": technician.name_en,
        "initial": technician.name[:1],
        "state": _state(live, shift, scene.now_ms, has_device=device is not None),
        "on_leak": any(o.is_leak for o in held),
        "lat": technician.lat if technician.lat is not None else technician.home_lat,
        "lon": technician.lon if technician.lon is not None else technician.home_lon,
        "heading": technician.heading_deg,
        "position_ms": technician.position_ms,
        "location_paused_ms": technician.location_paused_ms,
        "shift_start_ms": shift.start_ms if shift else None,
        "shift_end_ms": shift.end_ms if shift else None,
        "skills": [s["name"] for s in technician.skills],
        "route": _route(scene, technician, live),
        "done": [_done_stop(a, o) for a, o in scene.finished if a.technician_id == technician.id],
        "wait_at": "" if live else scene.posts.get(technician.id, ""),
        "phone": {"online": is_online, "last_seen_ms": device.last_seen_ms if device else None, "unsent": 0},
    }


def _state(live: list[Assignment], shift: Shift | None, now_ms: int, *, has_device: bool) -> str:
    states = {a.state for a in live}
    if states & {"arrived", "working"}:
        return "on_site"
    if states & {"en_route", "accepted"}:
        return "en_route"
    if shift is None or shift.start_ms > now_ms:
        return "off_shift"
    return "available" if has_device else "offline"


def _route(scene: Scene, technician: Technician, live: list[Assignment]) -> list[Row]:
    held = [_live_stop(scene, a) for a in live if a.work_order_id in scene.orders]
    planned = [_planned_stop(scene, s) for s in scene.planned if s.technician_id == technician.id]
    stops = held + [stop for stop in planned if stop is not None]
    return [{**stop, "is_kept": stop["work_order_id"] in scene.locks} for stop in stops]


def _live_stop(scene: Scene, row: Assignment) -> Row:
    order = scene.orders[row.work_order_id]
    arrival_ms = row.arrived_ms or row.planned_arrival_ms or row.offered_ms
    end_ms = problem.finish_estimate_ms(row, order, scene.now_ms)
    stop = _stop(order, arrival_ms, arrival_ms, end_ms, locked=True)
    return {**stop, "planned_ms": row.planned_arrival_ms, "arrived_ms": row.arrived_ms}


def _done_stop(row: Assignment, order: WorkOrder) -> Row:
    """Return a visit that is over: when it was, and when it had been planned."""
    arrived_ms, finished_ms = row.arrived_ms or row.offered_ms, row.finished_ms or row.offered_ms
    stop = _stop(order, arrived_ms, arrived_ms, finished_ms, locked=True)
    return {**stop, "planned_ms": row.planned_arrival_ms, "arrived_ms": row.arrived_ms}


def _planned_stop(scene: Scene, stop: PlannedStop) -> Row | None:
    order = scene.orders.get(stop.work_order_id)
    return _stop(order, stop.arrival_ms, stop.start_ms, stop.end_ms, locked=False) if order else None


def _stop(order: WorkOrder, arrival_ms: int, start_ms: int, end_ms: int, *, locked: bool) -> Row:
    return {
        "work_order_id": order.id,
        "number": order.number,
        "fault_kind": order.fault_kind,
        "priority": order.priority,
        "is_leak": order.is_leak,
        "arrival_ms": arrival_ms,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "window_start_ms": order.window_start_ms,
        "window_end_ms": order.window_end_ms,
        "locked": locked,
        "lat": order.lat,
        "lon": order.lon,
    }


def board(session: orm.Session, branch_id: str, now_ms: int, profile: str) -> Row:
    """Return the whole live board with the cursor from which its changes go on."""
    scene = Scene(session, branch_id, now_ms, profile)
    orders = [order_row(scene, o) for o in scene.orders.values()]
    technicians = [technician_row(scene, t) for t in scene.technicians.values()]
    reader = session.get(journal.FeedReader, journal.console_reader(branch_id))
    return {
        "gen": accounts.get_branch(session, branch_id).generation,
        "cursor": reader.head if reader else 0,
        "at_ms": now_ms,
        "orders": orders,
        "technicians": technicians,
        "summary": summary(scene, orders, technicians),
    }


def summary(scene: Scene, orders: list[Row], technicians: list[Row]) -> Row:
    """Return the header's figures: open leaks, longest wait, phones online, promises at risk."""
    leaks = [o for o in scene.orders.values() if o.is_leak and WorkOrderState(o.state) in _UNCONTROLLED]
    unmet = [o for o in leaks if o.arrived_ms is None and o.priority == Priority.EMERGENCY]
    on_shift = [t for t in technicians if t["state"] != "off_shift"]
    return {
        "open_leaks": len(leaks),
        "longest_wait_s": max(((scene.now_ms - o.opened_ms) // 1000 for o in unmet), default=0),
        "phones_online": sum(1 for t in on_shift if t["phone"]["online"]),
        "phones_total": len(on_shift),
        "promises_at_risk": sum(1 for o in orders if _is_at_risk(o)),
    }


def _is_at_risk(row: Row) -> bool:
    clock = row["clock"]
    if clock is None or clock["due_ms"] is None:
        return False
    arrival_ms = row["planned_arrival_ms"]
    is_late = arrival_ms is not None and clock["kind"] in {"arrive_by", "window"} and arrival_ms > clock["due_ms"]
    return bool(clock["breached"] or is_late)
