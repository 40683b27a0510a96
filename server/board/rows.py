"""Rows of the live board: what one look must tell about orders and technicians."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final, TypeVar

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts.models import Device, Shift, Technician
from server.board import figures, next_clock, repository
from server.core import journal
from server.customers import repository as customers
from server.dispatch import problem
from server.dispatch import repository as dispatch
from server.dispatch.durations import learning
from server.dispatch.models import Assignment, PlannedStop
from server.escalation import service as escalation
from server.escalation.rules import escalation_rules
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared.assignment import COMMITTED_STATES
from shared.work_order import OPEN_STATES, WorkOrderState

_LOOK_BACK_MS: Final = 5_400_000  # the board shows an hour and a quarter of what was

Row = dict[str, Any]
T = TypeVar("T")


class Scene:
    """Everything that the rows of one branch are made of, read at one moment; or those of some orders and people."""

    def __init__(
        self,
        session: orm.Session,
        branch_id: str,
        now_ms: int,
        profile: str,
        about: tuple[Collection[str], Collection[str]] | None = None,
    ) -> None:
        """Read the branch's live rows once; with `about` those of some work orders and of some technicians (ids)."""
        self.session, self.branch_id, self.now_ms, self.profile = session, branch_id, now_ms, profile
        if about is None:
            self._read_all()
        else:
            self._read_some(set(about[0]), set(about[1]))
        crew = None if about is None else about[1]
        self.live_of_order = _grouped(self.live, "work_order_id")
        self.live_of_technician = _grouped(self.live, "technician_id")
        self.planned_of_order = {s.work_order_id: s for s in self.planned}
        self.planned_of_technician = _grouped(self.planned, "technician_id")
        self.finished_of: dict[str, list[tuple[Assignment, WorkOrder]]] = defaultdict(list)
        for assignment, order in self.finished:
            self.finished_of[assignment.technician_id].append((assignment, order))
        self.locks = dispatch.map_locks(session, branch_id)
        self.laws = learning.find_laws(session, branch_id)
        self.alarms = _alarms(session, branch_id)
        self.posts = {row.technician_id: row.words for row in dispatch.list_posts(session, branch_id)}
        self.shifts: dict[str, Shift] = {}
        for shift in repository.list_shifts(session, branch_id, (now_ms, now_ms + figures.HORIZON_MS), crew):
            self.shifts.setdefault(shift.technician_id, shift)
        self.devices: dict[str, Device] = {}
        for device in repository.list_devices(session, branch_id, crew):
            self.devices.setdefault(device.technician_id, device)

    def _read_all(self) -> None:
        session, branch_id = self.session, self.branch_id
        self.live = dispatch.list_live(session, branch_id)
        self.technicians = {t.id: t for t in accounts.list_technicians(session, branch_id)}
        self.planned = dispatch.list_planned(session, branch_id)
        self.orders = {o.id: o for o in work_orders.list_open(session, branch_id)}
        self.finished = dispatch.list_finished(session, branch_id, self.now_ms - _LOOK_BACK_MS)
        self.names = repository.map_customer_names(session, branch_id)

    def _read_some(self, order_ids: set[str], technician_ids: set[str]) -> None:
        """Read what rows of these orders and technicians tell: who holds or will have them, and whole routes."""
        session, branch_id = self.session, self.branch_id
        self.live = repository.list_live(session, branch_id, order_ids, technician_ids)
        self.planned = repository.list_planned(session, branch_id, order_ids, technician_ids)
        held: list[Assignment | PlannedStop] = [*self.live, *self.planned]
        holders = {row.technician_id for row in held if row.work_order_id in order_ids}
        found = repository.list_technicians(session, branch_id, technician_ids | holders)
        self.technicians = {t.id: t for t in found}
        stops = {row.work_order_id for row in held if row.technician_id in technician_ids}
        self.orders = {o.id: o for o in repository.list_open_orders(session, branch_id, order_ids | stops)}
        self.finished = repository.list_finished(session, branch_id, self.now_ms - _LOOK_BACK_MS, technician_ids)
        self.names = {}

    def customer_name(self, order: WorkOrder) -> str:
        """Return whose order it is: the customer in the archive, else who called."""
        if not order.customer_id:
            return order.caller_name
        if order.customer_id not in self.names:
            found = customers.find_customer(self.session, self.branch_id, order.customer_id)
            self.names[order.customer_id] = found.name if found else order.caller_name
        return self.names[order.customer_id]


def _grouped(rows: Iterable[T], key: str) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def _alarms(session: orm.Session, branch_id: str) -> dict[str, Row]:
    """Return how far each unaccepted leak has climbed, with the name of who took it."""
    found = escalation.views(session, branch_id)
    names = accounts.list_names(session, {view["taken_by"] for view in found.values()} - {""})
    return {i: {**view, "taken_by": names.get(view["taken_by"], "")} for i, view in found.items()}


def order_row(scene: Scene, order: WorkOrder) -> Row:
    """Return an order as queue and map show it."""
    live = scene.live_of_order.get(order.id, [])
    holder = next((a for a in live if a.state in COMMITTED_STATES), live[0] if live else None)
    planned = scene.planned_of_order.get(order.id)
    technician_id = holder.technician_id if holder else planned.technician_id if planned else None
    technician = scene.technicians.get(technician_id or "")
    clock = next_clock.find_next_clock(next_clock.terms_of(order, scene.profile), scene.now_ms)
    keys = ("id", "number", "ver", "state", "priority", "fault_kind", "is_leak", "location", "address", "lat", "lon")
    return {
        **{key: getattr(order, key) for key in keys},
        "customer_name": scene.customer_name(order),
        "window_start_ms": order.window_start_ms,
        "window_end_ms": order.window_end_ms,
        "technician_id": technician_id,
        "technician_name": technician.name if technician else "",
        "assignment_state": holder.state if holder else "planned" if planned else "",
        "planned_arrival_ms": holder.planned_arrival_ms if holder else planned.arrival_ms if planned else None,
        "opened_ms": order.opened_ms,
        "clock": clock._asdict() if clock else None,
        "flags": order.flags,
        "alarm": scene.alarms.get(order.id),
        "is_kept": order.id in scene.locks,
        "is_open": WorkOrderState(order.state) in OPEN_STATES,
    }


def technician_row(scene: Scene, technician: Technician) -> Row:
    """Return a technician as map and board show him: state, position with age, route."""
    live = scene.live_of_technician.get(technician.id, [])
    shift, device = scene.shifts.get(technician.id), scene.devices.get(technician.id)
    silent_ms = escalation_rules(scene.now_ms).phone_silent_ms
    is_online = device is not None and scene.now_ms - device.last_seen_ms <= silent_ms
    held = [
        scene.orders[a.work_order_id] for a in live if a.work_order_id in scene.orders and a.state in COMMITTED_STATES
    ]
    return {
        "id": technician.id,
        "name": technician.name,
        "name_en": technician.name_en,
        "initial": technician.name[:1],
        "state": figures.technician_state(
            [a.state for a in live], shift.start_ms if shift else None, scene.now_ms, has_device=device is not None
        ),
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
        "done": [_done_stop(a, o) for a, o in scene.finished_of.get(technician.id, ())],
        "wait_at": "" if live else scene.posts.get(technician.id, ""),
        "phone": {
            "online": is_online,
            "last_seen_ms": device.last_seen_ms if device else None,
            "unsent": device.unsent if device else 0,
        },
    }


def _route(scene: Scene, technician: Technician, live: list[Assignment]) -> list[Row]:
    held = [_live_stop(scene, a) for a in live if a.work_order_id in scene.orders]
    planned = [_planned_stop(scene, s) for s in scene.planned_of_technician.get(technician.id, ())]
    stops = held + [stop for stop in planned if stop is not None]
    return [{**stop, "is_kept": stop["work_order_id"] in scene.locks} for stop in stops]


def _live_stop(scene: Scene, row: Assignment) -> Row:
    order = scene.orders[row.work_order_id]
    arrival_ms = row.arrived_ms or row.planned_arrival_ms or row.offered_ms
    end_ms = problem.finish_estimate_ms(row, order, scene.now_ms, scene.laws)
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
        "summary": figures.summary(session, branch_id, now_ms, profile),
    }
