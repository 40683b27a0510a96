"""Builds the planner's problem out of the branch's rows, and turns a plan back into rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec
from sqlalchemy import orm

from routing.happenings.storm import clear_for_storm
from routing.plan import Plan, Route, StopTime
from routing.problem import Job, Leave, Place, Problem, Skill, Technician
from routing.travel import TravelTimes
from server.absences import service as absences
from server.accounts import repository as accounts
from server.accounts.models import Shift
from server.accounts.models import Technician as TechnicianRow
from server.dispatch import leaving, needs, repository, reserve, stability
from server.dispatch.durations import laws, learning
from server.dispatch.durations.laws import NO_LAWS, Laws
from server.dispatch.models import Assignment, Lock, PlannedStop
from server.dispatch.rules import dispatch_rules, travel_profile
from server.dispatch.travel import desk as travel_desk
from server.dispatch.travel.desk import Patience, Terms
from server.storms import repository as storms
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared.assignment import LIVE_STATES, PENDING_STATES, AssignmentState
from shared.work_order import WAITING_STATES, Priority, WorkOrderState

_DAWN_S = 3600  # a day's crew is free an hour before its first window
_DRIVING = frozenset({AssignmentState.ACCEPTED, AssignmentState.EN_ROUTE})


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A consistent view of the branch for the planner: the problem, the plan that stands, and the orders by id.

    ``max_moved`` is the branch's budget: so many stops may the next re-plan give to another technician. ``travel``
    answers for all places of the problem, ``terms`` is whom the branch has chosen for that.
    """

    problem: Problem
    plan: Plan
    orders: dict[str, WorkOrder]
    revision: int
    max_moved: int
    terms: Terms
    travel: TravelTimes


def take_snapshot(
    session: orm.Session,
    branch_id: str,
    now_ms: int,
    sla_profile: str,
    patience: Patience = Patience.LITTLE,
    lifted: str = "",
    known: Mapping[str, str] | None = None,
) -> Snapshot:
    """Return what the planner needs to know at this moment; ``patience`` is what travel times may wait for.

    ``lifted`` is an order whose lock does not count: what would be if the desk took it back. ``known`` is why orders
    are left out of the plan that stands: who places one order more need not find the reasons of all others again.
    """
    live = repository.list_live(session, branch_id)
    open_orders = {order.id: order for order in work_orders.list_open(session, branch_id)}
    desk = _Desk(live, open_orders, learning.find_laws(session, branch_id), now_ms)
    technicians = _list_present(session, branch_id, desk)
    committed = {job_id for t in technicians for job_id in t.committed}
    planned = repository.list_planned(session, branch_id)
    plain = Problem(
        now_s=now_ms // 1000,
        technicians=tuple(technicians),
        jobs=_locked(_list_jobs(desk, committed, sla_profile), repository.map_locks(session, branch_id, lifted)),
        profile=travel_profile(),
        previous={stop.work_order_id: stop.technician_id for stop in planned},
        moved_stop_price=dispatch_rules().moved_stop_price,
    )
    problem = reserve.with_reserve(needs.with_needs(session, branch_id, plain, open_orders), desk.laws.leaks)
    declined = repository.list_declined(session, branch_id, open_orders.keys() - committed)
    state = repository.find_plan_state(session, branch_id)
    terms = travel_desk.read_terms(session, branch_id)
    return Snapshot(
        problem=clear_for_storm(_without_decliners(problem, declined), storms.list_kept_free(session, branch_id)),
        plan=_plan(planned, known or {}),
        orders=open_orders,
        revision=state.revision if state else 0,
        max_moved=stability.get_max_moved(session, branch_id),
        terms=terms,
        travel=travel_desk.times_for(terms, travel_desk.list_places(problem), problem.now_s, patience),
    )


def _list_jobs(desk: _Desk, committed: Collection[str], sla_profile: str) -> Iterator[Job]:
    """Yield what is to be planned: orders that wait and those somebody is bound to; of what was left, the rest."""
    left = {
        a.work_order_id: a.remaining_s
        for a in desk.live
        if a.state not in leaving.ON_SITE and a.remaining_s is not None
    }
    for order in desk.orders.values():
        is_due = order.id in committed or WorkOrderState(order.state) in WAITING_STATES
        if is_due and order.lat is not None:
            yield _job(order, desk.now_ms, sla_profile, desk.laws, left.get(order.id))


def later_day(
    session: orm.Session, branch_id: str, span_s: tuple[int, int], now_ms: int, sla_profile: str
) -> Problem | None:
    """Return a day to come as it is promised so far: its shifts, all from home, and the orders with a window in it.

    ``span_s`` are the first and the last second that matter; None when nobody has a shift then.
    """
    firsts = _first_shifts(accounts.list_shifts(session, branch_id, span_s[0] * 1000, span_s[1] * 1000))
    crew = [
        _from_home(row, firsts[row.id], max(now_ms, firsts[row.id].start_ms, (span_s[0] - _DAWN_S) * 1000))
        for row in accounts.list_technicians(session, branch_id)
        if row.id in firsts
    ]
    known_laws = learning.find_laws(session, branch_id)
    found = absences.without_absent(session, branch_id, crew, now_ms)
    if not found:
        return None
    inside = [
        order
        for order in work_orders.list_open(session, branch_id)
        if order.lat is not None and span_s[0] <= (order.window_start_ms or 0) // 1000 < span_s[1]
    ]
    plain = Problem(
        now_s=now_ms // 1000,
        technicians=tuple(found),
        jobs=tuple(_job(order, now_ms, sla_profile, known_laws) for order in inside),
        profile=travel_profile(),
    )
    return needs.with_needs(session, branch_id, plain, {order.id: order for order in inside})


@dataclasses.dataclass(frozen=True)
class _Desk:
    """What is known of a branch at a moment: who holds what, its open orders by id, how long visits last."""

    live: list[Assignment]
    orders: Mapping[str, WorkOrder]
    laws: Laws
    now_ms: int

    def by_technician(self) -> dict[str, _Desk]:
        """Return what concerns each technician who holds anything."""
        held: dict[str, list[Assignment]] = {}
        for row in self.live:
            held.setdefault(row.technician_id, []).append(row)
        return {technician_id: dataclasses.replace(self, live=rows) for technician_id, rows in held.items()}

    def list_in(self, states: Collection[str]) -> list[Assignment]:
        """Return the assignments in some states whose order is open."""
        return [a for a in self.live if a.state in states and a.work_order_id in self.orders]


def _list_present(session: orm.Session, branch_id: str, desk: _Desk) -> list[Technician]:
    """Return those who have a shift within the horizon and are not away."""
    now_ms, orders = desk.now_ms, desk.orders
    shifts = accounts.list_shifts(session, branch_id, now_ms, now_ms + dispatch_rules().horizon_s * 1000)
    # Nobody leaves a job for anything but an emergency: without one nobody's steps need be read.
    is_asked = any(order.priority == Priority.EMERGENCY and order.arrived_ms is None for order in orders.values())
    leavable = leaving.list_leavable(session, desk.live, orders) if is_asked else set[str]()
    desks, firsts, idle = desk.by_technician(), _first_shifts(shifts), dataclasses.replace(desk, live=[])
    found = [
        _technician(row, firsts[row.id], desks.get(row.id, idle), may_leave=row.id in leavable)
        for row in accounts.list_technicians(session, branch_id)
        if row.id in firsts
    ]
    return absences.without_absent(session, branch_id, found, now_ms)


def _locked(jobs: Iterable[Job], locks: dict[str, Lock]) -> tuple[Job, ...]:
    """Keep locked orders with their technician; an emergency goes to whoever is there first, whatever was locked."""
    return tuple(
        msgspec.structs.replace(
            job,
            locked_to=locks[job.id].technician_id,
            earliest_s=max(job.earliest_s, _seconds(locks[job.id].start_ms) or 0),
        )
        if job.id in locks and job.priority != Priority.EMERGENCY
        else job
        for job in jobs
    )


def _without_decliners(problem: Problem, declined: dict[str, set[str]]) -> Problem:
    """Keep an order from those who declined it: it asks for a willingness that all others have."""
    jobs = tuple(
        msgspec.structs.replace(job, skills=(*job.skills, f"willing:{job.id}")) if job.id in declined else job
        for job in problem.jobs
    )
    technicians = tuple(
        msgspec.structs.replace(
            t, skills=(*t.skills, *(Skill(name=f"willing:{i}") for i, who in declined.items() if t.id not in who))
        )
        for t in problem.technicians
    )
    return msgspec.structs.replace(problem, jobs=jobs, technicians=technicians)


def _first_shifts(shifts: Iterable[Shift]) -> dict[str, Shift]:
    firsts: dict[str, Shift] = {}
    for shift in shifts:
        firsts.setdefault(shift.technician_id, shift)
    return firsts


def _technician(row: TechnicianRow, shift: Shift, desk: _Desk, *, may_leave: bool = False) -> Technician:
    place, available_s, leave = _when_free(row, desk, may_leave=may_leave)
    return Technician(
        id=row.id,
        place=place,
        available_s=available_s,
        shift_start_s=shift.start_ms // 1000,
        shift_end_s=shift.end_ms // 1000 + dispatch_rules().end_of_shift_grace_s,
        skills=tuple(Skill(name=s["name"], valid_until_s=_seconds(s.get("valid_until_ms"))) for s in row.skills),
        committed=_list_committed(desk),
        leave=leave,
    )


def _list_committed(desk: _Desk) -> tuple[str, ...]:
    """Return where he is under way to, what he is offered, and, straight after, what he left for an emergency.

    Of an order offered to several only the one counts for whom it was planned.
    """
    driving, left = (desk.list_in(states) for states in (_DRIVING, {AssignmentState.SUSPENDED}))
    pending = [
        a for a in desk.list_in(PENDING_STATES) if desk.orders[a.work_order_id].technician_id in {"", a.technician_id}
    ]
    return (
        *(a.work_order_id for a in driving),
        *dict.fromkeys(a.work_order_id for a in pending),
        *(a.work_order_id for a in left),
    )


def _when_free(row: TechnicianRow, desk: _Desk, *, may_leave: bool) -> tuple[Place, int, Leave | None]:
    """Return where and when (s) a technician is free, and what he may leave or turn from.

    Only somebody asked for, on the way to, or on site at (``may_leave``) anything but an emergency may be called off
    for one, by his own consent (decision 10).
    """
    place = Place(lat=row.lat, lon=row.lon) if row.lat is not None and row.lon is not None else _home(row)
    on_site, free_s = desk.list_in(leaving.ON_SITE), desk.now_ms // 1000
    if on_site:
        order = desk.orders[on_site[-1].work_order_id]
        free_s = finish_estimate_ms(on_site[-1], order, desk.now_ms, desk.laws) // 1000
        place = Place(lat=order.lat, lon=order.lon) if order.lat is not None and order.lon is not None else place
    others = [desk.orders[a.work_order_id] for a in desk.list_in(LIVE_STATES - leaving.ON_SITE)]
    is_called_off = may_leave if on_site else bool(others)
    may_turn = is_called_off and all(order.priority != Priority.EMERGENCY for order in others)
    return place, free_s, Leave(place=place, from_s=desk.now_ms // 1000) if may_turn else None


def list_turnable(session: orm.Session, branch_id: str, live: Collection[Assignment]) -> set[str]:
    """Return the busy technicians who may be asked to go to an emergency instead: none has one already.

    They are under way, or on site at a step that may be left.
    """
    orders = {order.id: order for order in work_orders.list_open(session, branch_id)}
    urgent = {order.id for order in orders.values() if order.priority == Priority.EMERGENCY}
    may_leave = leaving.list_leavable(session, live, orders) if urgent else set[str]()
    here = {a.technician_id for a in live if a.state in leaving.ON_SITE}
    return (
        {a.technician_id for a in live}
        - (here - may_leave)
        - {a.technician_id for a in live if a.work_order_id in urgent}
    )


def finish_estimate_ms(assignment: Assignment, order: WorkOrder, now_ms: int, known: Laws = NO_LAWS) -> int:
    """Return when a job is expected to end: what the technician told counts, else what visits like it have taught.

    Of a job that was left, what was still to do then is done after he is back. Never the past.
    """
    least_ms = dispatch_rules().least_remaining_s * 1000
    left_s, told_ms = assignment.remaining_s, assignment.remaining_told_ms
    if assignment.state not in leaving.ON_SITE:
        arrival_ms = max(now_ms, assignment.planned_arrival_ms or now_ms)
        return arrival_ms + (laws.expected_s(known, order) if left_s is None else left_s) * 1000
    if left_s is not None and told_ms is not None:
        return max(now_ms + least_ms // 5, told_ms + left_s * 1000)
    return laws.finish_ms(known, assignment, order, now_ms, least_ms)


def _home(row: TechnicianRow) -> Place:
    return Place(lat=row.home_lat, lon=row.home_lon)


def _from_home(row: TechnicianRow, shift: Shift, begins_ms: int) -> Technician:
    technician = _technician(row, shift, _Desk([], {}, NO_LAWS, begins_ms))
    return msgspec.structs.replace(technician, place=_home(row), leave=None)


def _seconds(value_ms: int | None) -> int | None:
    return None if value_ms is None else value_ms // 1000


def _job(order: WorkOrder, now_ms: int, sla_profile: str, known: Laws, left_s: int | None = None) -> Job:
    weights = dispatch_rules().priority[str(order.priority)]
    is_promised = order.window_end_ms is not None
    due_ms = order.window_end_ms
    if due_ms is None:
        clock = work_order_service.find_next_clock(order, sla_profile, now_ms)
        due_ms = clock.due_ms if clock else None
    return Job(
        id=order.id,
        place=Place(lat=order.lat or 0.0, lon=order.lon or 0.0),
        service_s=laws.expected_s(known, order) if left_s is None else left_s,
        priority=order.priority,
        is_leak=order.is_leak,
        skills=tuple(order.skills),
        release_s=min(order.opened_ms, now_ms) // 1000,
        earliest_s=(order.window_start_ms or 0) // 1000,
        due_s=_seconds(due_ms),
        lateness_weight=max(weights.lateness_weight, dispatch_rules().promised_lateness_weight if is_promised else 0.0),
        unserved_penalty=weights.unserved_penalty,
        promised=is_promised,
    )


def _plan(planned: list[PlannedStop], known: Mapping[str, str]) -> Plan:
    routes: dict[str, list[StopTime]] = {}
    for stop in planned:
        routes.setdefault(stop.technician_id, []).append(
            StopTime(
                job_id=stop.work_order_id,
                arrival_s=stop.arrival_ms // 1000,
                start_s=stop.start_ms // 1000,
                end_s=stop.end_ms // 1000,
            )
        )
    found = tuple(Route(technician_id=t, stops=tuple(stops)) for t, stops in routes.items())
    return Plan(routes=found, unserved=dict(known))


def store_plan(session: orm.Session, branch_id: str, plan: Plan, committed: set[str]) -> set[str]:
    """Replace the planned stops; return the technicians whose route changed. Committed stops are not planned."""
    before = {(s.technician_id, s.position): s.work_order_id for s in repository.list_planned(session, branch_id)}
    rows = [
        PlannedStop(
            branch_id=branch_id,
            work_order_id=stop.job_id,
            technician_id=route.technician_id,
            position=position,
            arrival_ms=stop.arrival_s * 1000,
            start_ms=stop.start_s * 1000,
            end_ms=stop.end_s * 1000,
        )
        for route in plan.routes
        for position, stop in enumerate(s for s in route.stops if s.job_id not in committed)
    ]
    after = {(r.technician_id, r.position): r.work_order_id for r in rows}
    repository.drop_planned(session, branch_id)
    session.add_all(rows)
    state = repository.get_plan_state(session, branch_id)
    state.revision += 1
    state.unserved, state.engines, state.travel_quality = plan.unserved, list(plan.engines), plan.travel_quality
    session.flush()
    return {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
