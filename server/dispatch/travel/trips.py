"""Keeps the technicians' own trips as they happen: they teach how long driving takes here."""

from __future__ import annotations

from server.accounts import repository as accounts
from server.core.unit_of_work import Tx
from server.dispatch.models import Assignment
from server.dispatch.travel import repository
from server.dispatch.travel.models import Trip
from server.dispatch.travel.rules import travel_rules
from server.work_orders import repository as work_orders

LatLon = tuple[float | None, float | None]

_NOWHERE: LatLon = (None, None)


def note_move(tx: Tx, row: Assignment, command: str, happened_ms: int) -> None:
    """Begin a trip with a departure, end it with the arrival; other commands mean nothing here."""
    if command == "depart":
        _begin(tx, row, happened_ms)
    elif command == "arrive":
        trip = repository.find_trip(tx.session, row.id)
        if trip is not None:
            trip.arrived_ms = happened_ms


def _begin(tx: Tx, row: Assignment, happened_ms: int) -> None:
    trip = repository.find_trip(tx.session, row.id) or Trip(assignment_id=row.id, branch_id=row.branch_id)
    trip.departed_ms, trip.arrived_ms = happened_ms, None
    trip.from_lat, trip.from_lon = _where_from(tx, row, happened_ms)
    trip.to_lat, trip.to_lon = _place_of(tx, row.work_order_id)
    tx.session.add(trip)


def _where_from(tx: Tx, row: Assignment, happened_ms: int) -> LatLon:
    """Return where a technician left from: a fresh position, else the stop that he had finished just before."""
    rules = travel_rules().calibration
    technician = accounts.get_technician(tx.session, tx.branch_id, row.technician_id)
    if abs((technician.position_ms or 0) - happened_ms) <= rules.position_fresh_s * 1000:
        return technician.lat, technician.lon
    since_ms = happened_ms - rules.same_stop_s * 1000
    before = repository.find_last_finished(tx.session, row.technician_id, since_ms, happened_ms)
    return _place_of(tx, before.work_order_id) if before is not None else _NOWHERE


def _place_of(tx: Tx, work_order_id: str) -> LatLon:
    order = work_orders.find_order(tx.session, tx.branch_id, work_order_id)
    return (order.lat, order.lon) if order is not None else _NOWHERE
