"""Places orders: leaks at once with proof, the rest into the day plan; offers the next stop when it is due."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from routing import explain, queue, urgent
from routing.certificate import Certificate
from routing.happenings import aftermath
from routing.plan import Plan
from routing.problem import Place
from server.absences import repository as absences
from server.accounts import repository as accounts
from server.core import clock, deadlines, journal, relay
from server.core.unit_of_work import Tx
from server.dispatch import able, doors, offers, problem, repository, returning, stability, turning
from server.dispatch.judged import Judged
from server.dispatch.models import PlannedStop, PlanRun, Proof
from server.dispatch.problem import Snapshot, take_snapshot
from server.dispatch.rules import dispatch_rules
from server.dispatch.travel import desk as travel_desk
from server.dispatch.travel.desk import Patience, Terms
from server.escalation import service as escalation
from server.notices import service as notices
from server.notices.service import Cause
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import events
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WAITING_STATES, Priority, WorkOrderState

REPLAN: Final = "replan"
GIVEN: Final = "given"
EMERGENCY: Final = "emergency"
IMPORTED: Final = "imported"


def place_work_order(tx: Tx, work_order_id: str, sla_profile: str) -> None:
    """Find who goes: a leak by exact earliest arrival with certificate, others by best insertion (DI-02).

    Of very many that come at once, a day's import say, the ordinary ones are placed by one planning run.
    """
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    if WorkOrderState(order.state) not in WAITING_STATES or order.lat is None:
        return
    if repository.list_live_of_order(tx.session, order.id):
        return
    if travel_desk.list_off_road(
        travel_desk.read_terms(tx.session, tx.branch_id), [Place(lat=order.lat, lon=order.lon or 0.0)]
    ):
        work_order_service.flag(tx, order, "off_road")
    if not offers.is_alarming(order) and relay.count_waiting(tx.session) > dispatch_rules().most_placed_singly:
        request_replan(tx, IMPORTED)
        keep_planning(tx)
        return
    # The plan's row is locked before it is read, so that two planners never store over each other.
    state = repository.get_plan_state(tx.session, tx.branch_id)
    known = {i: reason for i, reason in state.unserved.items() if i != order.id}
    snapshot = take_snapshot(tx.session, tx.branch_id, tx.now_ms, sla_profile, known=known)
    if offers.is_alarming(order):
        if not doors.is_closed(order, tx.now_ms):
            escalation.start(tx, order)
        _place_leak(tx, order, snapshot, sla_profile)
    else:
        plan = urgent.insert_job(snapshot.problem, snapshot.plan, order.id, snapshot.travel)
        changed = _store(tx, plan, snapshot, Cause("order", order.id))
        offer_due_stops(tx, sla_profile, changed)
    keep_planning(tx)


def _place_leak(tx: Tx, order: WorkOrder, snapshot: Snapshot, sla_profile: str) -> None:
    if not doors.is_closed(order, tx.now_ms) and len(_list_waiting_leaks(tx)) > 1:
        recheck_leaks(tx, sla_profile)
    else:
        answer = urgent.insert_urgent(snapshot.problem, snapshot.plan, order.id, snapshot.travel)
        changed = _store(tx, answer.plan, snapshot, Cause(EMERGENCY, order.id))
        _keep_proof(tx, answer.certificate)
        turning.ask_to_turn(tx, snapshot, answer.plan, sla_profile)
        offer_due_stops(tx, sla_profile, changed | {answer.certificate.technician_id or ""})
    # The leak's place is fixed; a whole run at once finds the least that the others have to give way.
    request_replan(tx, EMERGENCY)
    proof = repository.find_proof(tx.session, order.id)
    if doors.is_closed(order, tx.now_ms):
        work_order_service.flag(tx, order, "waits_for_window")
        doors.look_again_at_opening(tx, order)
    elif proof is None or proof.certificate["technician_id"] is None:
        work_order_service.flag(tx, order, "nobody_qualified")
        tx.record(events.LEAK_UNACCEPTED, {"step": "siren", "reason": "nobody_qualified"}, work_order_id=order.id)


def _list_waiting_leaks(tx: Tx) -> list[WorkOrder]:
    """Return the alarming orders that nobody holds or is offered, but those behind a door that opens later."""
    waiting = work_orders.list_in_states(tx.session, tx.branch_id, WAITING_STATES)
    held = repository.list_held_orders(tx.session, tx.branch_id)
    here = [o for o in waiting if o.id not in held and o.lat is not None and not doors.is_closed(o, tx.now_ms)]
    return [o for o in here if offers.is_alarming(o)]


def recheck_leaks(tx: Tx, sla_profile: str, because_seq: int | None = None) -> None:
    """Look again at every leak that waits for a busy crew: a promise to it is revocable until a crew is en route.

    All that wait are arranged together; a free crew is offered its first one at once. ``because_seq`` is the event that
    asks for it: nothing is done when a look since then has seen what it changed (hundreds come in at a moment when a
    dead line heals).
    """
    # The plan's row is locked before it is read, so that two planners never store over each other.
    state = repository.get_plan_state(tx.session, tx.branch_id)
    if because_seq is not None and because_seq <= state.leaks_seen_seq:
        return
    state.leaks_seen_seq = journal.find_chain_seq(tx.session, tx.branch_id)
    if not _list_waiting_leaks(tx):
        return
    snapshot = take_snapshot(tx.session, tx.branch_id, tx.now_ms, sla_profile)
    desk = dispatch_rules()
    answer = queue.arrange_queue(
        snapshot.problem, snapshot.plan, target_s=desk.queue_target_s, rules=desk.queue_rules, travel=snapshot.travel
    )
    for certificate in answer.certificates:
        _keep_proof(tx, certificate)
    _store(tx, answer.plan, snapshot, Cause(EMERGENCY))
    turning.ask_to_turn(tx, snapshot, answer.plan, sla_profile)
    offer_due_stops(tx, sla_profile)


def insert_again(tx: Tx, work_order_id: str, sla_profile: str) -> None:
    """Take an ordinary order out of the plan and insert it anew by the locks that stand (DI-02, board).

    Raises DomainError `no_room_for_stop` with the planner's reason when it does not fit.
    """
    repository.get_plan_state(tx.session, tx.branch_id)
    snapshot = take_snapshot(tx.session, tx.branch_id, tx.now_ms, sla_profile)
    rest = explain.without(snapshot.plan, work_order_id)
    plan = urgent.insert_job(snapshot.problem, rest, work_order_id, snapshot.travel)
    if work_order_id in plan.unserved:
        raise DomainError("no_room_for_stop", reason_code=plan.unserved[work_order_id])
    changed = _store(tx, plan, snapshot, Cause(GIVEN, work_order_id))
    offer_due_stops(tx, sla_profile, changed)
    request_replan(tx, GIVEN)


def replan_after(tx: Tx, event: str, sla_profile: str) -> None:
    """Put the plan right at once after a named event of the day, then ask for a whole run."""
    repository.get_plan_state(tx.session, tx.branch_id)
    asked = take_snapshot(tx.session, tx.branch_id, tx.now_ms, sla_profile)
    rules = dispatch_rules().queue_rules
    done = aftermath.settle(event, asked.problem, asked.plan, asked.problem, rules=rules, travel=asked.travel)
    for certificate in done.certificates:
        _keep_proof(tx, certificate)
    _store(tx, done.plan, asked, Cause(event))
    turning.ask_to_turn(tx, asked, done.plan, sla_profile)
    offer_due_stops(tx, sla_profile)
    request_replan(tx, event)


def _store(tx: Tx, plan: Plan, asked: Snapshot, cause: Cause, gone: frozenset[str] = frozenset()) -> set[str]:
    """Store a plan but its stops that are gone from it; owe messages to customers whose promise it moves."""
    plan = _without(plan, set(gone))
    changed = problem.store_plan(tx.session, tx.branch_id, plan, _committed(asked))
    if cause.kind != "order":
        stability.note_moved(tx, asked.problem, asked.plan, plan, cause.kind)
    _judge_promises(tx, plan, asked, cause, gone)
    returning.note_returns(tx, plan, cause)
    if changed:
        tx.record(events.PLAN_CHANGED, {"technician_ids": sorted(changed), "engines": list(plan.engines)})
    return changed


def _judge_promises(tx: Tx, plan: Plan, asked: Snapshot, cause: Cause, gone: frozenset[str]) -> None:
    starts_ms = {stop.job_id: stop.start_s * 1000 for route in plan.routes for stop in route.stops}
    before = {stop.job_id for route in asked.plan.routes for stop in route.stops}
    rules = dispatch_rules()
    new = notices.NewPlan(
        starts_ms=starts_ms,
        dropped=frozenset(before - starts_ms.keys() - gone),
        cause=cause,
        patience=notices.Patience(rules.told_tolerance_s, rules.tell_lead_s),
    )
    orders = work_orders.list_open(tx.session, tx.branch_id)
    # Who has been reached needs no message; who is offered or under way counts only with a time in this plan.
    judged = [o for o in orders if o.arrived_ms is None and (o.id in starts_ms or _is_waiting(o))]
    notices.judge_promises(tx, judged, new)


def _is_waiting(order: WorkOrder) -> bool:
    return WorkOrderState(order.state) in WAITING_STATES


def _keep_proof(tx: Tx, certificate: Certificate) -> None:
    tx.session.merge(
        Proof(
            work_order_id=certificate.job_id,
            branch_id=tx.branch_id,
            at_ms=tx.now_ms,
            certificate=msgspec.to_builtins(certificate),
        )
    )


def offer_due_stops(tx: Tx, sla_profile: str, technician_ids: set[str] | None = None) -> None:
    """Offer each free technician his next stop when it is time to leave for it; leaks at once, to a free technician."""
    firsts: dict[str, PlannedStop] = {}
    for stop in repository.list_planned(tx.session, tx.branch_id):
        if technician_ids is None or stop.technician_id in technician_ids:
            firsts.setdefault(stop.technician_id, stop)
    if not firsts:
        return
    live = repository.list_live(tx.session, tx.branch_id)
    busy = {a.technician_id for a in live}
    held = busy - problem.list_turnable(tx.session, tx.branch_id, live)
    terms = travel_desk.read_terms(tx.session, tx.branch_id)
    for technician_id, stop in sorted(firsts.items()):
        order = work_orders.lock_order(tx.session, tx.branch_id, stop.work_order_id)
        if WorkOrderState(order.state) not in WAITING_STATES:
            repository.drop_planned(tx.session, tx.branch_id, {stop.work_order_id})
            continue
        if technician_id not in (held if order.priority == Priority.EMERGENCY else busy):
            _offer_or_wait(tx, order, stop, sla_profile, terms)


def _offer_or_wait(tx: Tx, order: WorkOrder, stop: PlannedStop, sla_profile: str, terms: Terms) -> None:
    technician_id, lead_ms = stop.technician_id, dispatch_rules().offer_lead_s * 1000
    arrival_ms, departure_ms = trip_to(tx, stop, order, terms)
    is_pressing = offers.is_alarming(order) and not doors.is_closed(order, tx.now_ms)
    if not is_pressing and departure_ms - lead_ms > tx.now_ms:
        deadlines.schedule(
            tx, offers.OFFER_DUE, technician_id, departure_ms - lead_ms, {"technician_id": technician_id}
        )
        return
    if not able.is_on_duty(tx, technician_id):
        deadlines.schedule(tx, offers.OFFER_DUE, technician_id, tx.now_ms + lead_ms, {"technician_id": technician_id})
        return
    proof = repository.find_proof(tx.session, order.id)
    certificate = proof.certificate if proof else None
    consent = bool(certificate and certificate.get("needs_consent_of") == technician_id)
    offers.offer(
        tx,
        order,
        [technician_id],
        sla_profile,
        arrivals_ms={technician_id: arrival_ms},
        certificate=certificate,
        needs_consent=consent,
    )


def trip_to(tx: Tx, stop: PlannedStop, order: WorkOrder, terms: Terms) -> tuple[int, int]:
    """Return when (Unix ms) a free technician is at his next stop, and when he must leave for it from where he is.

    Who was free earlier than the plan thought waits for nothing but a window or a locked start: he goes now.
    """
    row = accounts.get_technician(tx.session, tx.branch_id, stop.technician_id)
    here = Place(lat=row.lat or row.home_lat, lon=row.lon or row.home_lon)
    there = Place(lat=order.lat or 0.0, lon=order.lon or 0.0)
    now_s = tx.now_ms // 1000
    seconds, _ = travel_desk.times_for(terms, [here, there], now_s, Patience.NONE).matrix([here], [there], now_s)
    drive_ms, lock = int(seconds[0][0]) * 1000, repository.find_lock(tx.session, order.id)
    opens_ms = max(order.window_start_ms or 0, (lock.start_ms or 0) if lock is not None else 0)
    soonest_ms = max(tx.now_ms + drive_ms, opens_ms)
    return min(stop.arrival_ms, soonest_ms), min(stop.start_ms, soonest_ms) - drive_ms


def assign(tx: Tx, work_order_id: str, ver: int, technician_id: str, sla_profile: str) -> None:
    """Offer an order to the technician whom the dispatcher chose.

    Raises DomainError `version_conflict`, `technician_not_qualified`, `technician_absent`, `transition_not_allowed`.
    """
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, ver)
    check_fit(tx, order, technician_id)
    for row in repository.list_live_of_order(tx.session, order.id):
        offers.move(tx, row, "recall", Role.DISPATCHER, reason="reassigned")
    turnable: set[str] = set()
    if order.priority == Priority.EMERGENCY:
        turnable = problem.list_turnable(tx.session, tx.branch_id, repository.list_live(tx.session, tx.branch_id))
    offers.offer(tx, order, [technician_id], sla_profile, is_manual=True, needs_consent=technician_id in turnable)
    request_replan(tx, GIVEN)


def check_fit(tx: Tx, order: WorkOrder, technician_id: str) -> None:
    """Refuse a technician who lacks a skill or is away. Raises `technician_not_qualified`, `technician_absent`."""
    technician = accounts.get_technician(tx.session, tx.branch_id, technician_id)
    held = {s["name"] for s in technician.skills if (s.get("valid_until_ms") or tx.now_ms) >= tx.now_ms}
    missing = [skill for skill in order.skills if skill not in held]
    if absences.is_absent(tx.session, tx.branch_id, technician_id, tx.now_ms):
        raise DomainError("technician_absent", technician=technician.name)
    if missing:
        raise DomainError("technician_not_qualified", technician=technician.name, skills=", ".join(missing))


def recall(tx: Tx, work_order_id: str, ver: int, reason: str, sla_profile: str) -> None:
    """Take an order back from whoever holds it. Raises DomainError `version_conflict`, `transition_not_allowed`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, ver)
    live = repository.list_live_of_order(tx.session, order.id)
    if not live:
        raise DomainError("transition_not_allowed", state=order.state, command="recall", role=tx.actor.role.value)
    for row in live:
        offers.recall(tx, row, sla_profile, reason)


def end_assignments(tx: Tx, work_order_id: str, reason: str) -> tuple[str, ...]:
    """Take every live assignment of an order back, also on site; return the technicians who must hear of it."""
    told = []
    for row in repository.list_live_of_order(tx.session, work_order_id):
        command = "abandon" if row.state in {"arrived", "working"} else "recall"
        offers.move(tx, row, command, Role.DISPATCHER, reason=reason)
        told.append(row.technician_id)
    repository.drop_planned(tx.session, tx.branch_id, {work_order_id})
    escalation.end(tx, work_order_id, escalation.AT_DESK)
    request_replan(tx, "freed")
    return tuple(told)


def list_held_orders(tx: Tx, technician_id: str) -> list[str]:
    """Return the orders that a technician holds or is offered."""
    return [a.work_order_id for a in repository.list_live_of_technician(tx.session, technician_id)]


def request_replan(tx: Tx, reason: str) -> None:
    """Ask for a planning run; several requests become one."""
    run = repository.find_plan_run(tx.session, tx.branch_id)
    if run is None:
        tx.session.add(PlanRun(branch_id=tx.branch_id, requested_ms=tx.now_ms, reason=reason))
        tx.session.flush()


def keep_planning(tx: Tx) -> None:
    """Make sure that the day plan is improved again after a while, as long as work waits."""
    due_ms = tx.now_ms + dispatch_rules().replan_every_s * 1000
    if not deadlines.is_scheduled(tx, REPLAN, tx.branch_id):
        deadlines.schedule(tx, REPLAN, tx.branch_id, due_ms, {})


def apply_plan(tx: Tx, run_of: Judged | None, asked: Snapshot, sla_profile: str) -> bool:
    """Take a planning run's result if the plan has not changed meanwhile; else drop it. Returns which.

    ``run_of`` is None when the run failed: the plan that stands stays in force.
    """
    run = repository.find_plan_run(tx.session, tx.branch_id)
    cause = Cause(run.reason if run is not None and run.reason in {GIVEN, EMERGENCY} else REPLAN)
    if run is not None:
        tx.session.delete(run)
    if repository.get_plan_state(tx.session, tx.branch_id).revision != asked.revision:
        return False
    plan = asked.plan if run_of is None else run_of.plan
    waiting = {o.id for o in work_orders.list_in_states(tx.session, tx.branch_id, WAITING_STATES)}
    # What was offered by hand or taken while the run went on is no longer the plan's to give.
    taken = repository.list_held_orders(tx.session, tx.branch_id) - _committed(asked)
    gone = (frozenset(s.job_id for r in plan.routes for s in r.stops) - waiting) | taken
    changed = _store(tx, plan, asked, cause, gone)
    if run_of is not None:
        stability.note_quality(tx, run_of)
    for certificate in run_of.certificates if run_of is not None else ():
        _keep_proof(tx, certificate)
    offer_due_stops(tx, sla_profile, changed)
    recheck_leaks(tx, sla_profile)
    if waiting:
        keep_planning(tx)
    return True


def _committed(asked: Snapshot) -> set[str]:
    return {job_id for technician in asked.problem.technicians for job_id in technician.committed}


def _without(plan: Plan, gone: set[str]) -> Plan:
    routes = tuple(
        msgspec.structs.replace(r, stops=tuple(s for s in r.stops if s.job_id not in gone)) for r in plan.routes
    )
    return msgspec.structs.replace(plan, routes=routes)


def lease_runs(session: Any, lease_ms: int) -> list[str]:
    """Claim the planning runs that nobody works on; return their branches."""
    now_ms = clock.real_ms()
    runs = repository.list_plan_runs(session, now_ms)
    for run in runs:
        run.leased_until_real_ms, run.attempts = now_ms + lease_ms, run.attempts + 1
    return [run.branch_id for run in runs]


def release_runs(session: Any) -> None:
    """Give back the runs that a killed worker had claimed."""
    for run in repository.list_all_plan_runs(session):
        run.leased_until_real_ms = 0


def count_runs(session: Any) -> int:
    """Return how many planning runs are wanted or under way."""
    return repository.count_plan_runs(session)
