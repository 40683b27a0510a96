"""Why this technician, what if another, and how good the whole plan is: reasons as codes and figures, never words."""

from __future__ import annotations

import msgspec

from routing.certificate import Candidate, Certificate, MovedStop
from routing.grid import Grid, build_grid
from routing.moved import is_kept, list_lost, list_moved, list_to_tell, spots
from routing.options import certify, list_options
from routing.plan import Objective, Plan
from routing.problem import PRICE_LIMIT, Job, Problem, Tier, Value
from routing.relax import Undone, explain_undone
from routing.remark import Remark, sentence_of
from routing.state import state_of
from routing.travel import StraightLine, TravelTimes
from routing.urgent import finished, insert_job, insert_urgent, job_index, rank_candidates
from shared.errors import DomainError


class Explanation(Value, frozen=True, kw_only=True):
    """Why an order is where it is: the sentence, the proof, everybody who was looked at, or why nobody goes.

    ``candidates`` are ranked as things stand, each with arrival, driving, cost and moved stops, or the reason
    against; ``certificate`` is the one made when the order was placed, if it was handed in.
    """

    job_id: str
    technician_id: str | None
    start_s: int | None
    sentence: tuple[Remark, ...]
    certificate: Certificate
    candidates: tuple[Candidate, ...]
    to_tell: tuple[str, ...] = ()
    undone: Undone | None = None
    travel_quality: str = ""


class WhatIf(Value, frozen=True, kw_only=True):
    """An order in the hands of another technician: when, at what cost, and who has to give way.

    ``change`` is the exact objective after minus before, by parts, in driving seconds; None when it cannot be.
    ``lost`` are jobs whose window or due time was kept and is not any more, ``to_tell`` those of them promised.
    """

    job_id: str
    technician_id: str
    reason: str | None = None
    arrival_s: int | None = None
    start_s: int | None = None
    travel_s: int | None = None
    keeps_promise: bool = True
    needs_consent: bool = False
    technician_before: str | None = None
    start_before_s: int | None = None
    change: Objective | None = None
    moved: tuple[MovedStop, ...] = ()
    lost: tuple[str, ...] = ()
    to_tell: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    travel_quality: str = ""


def explain_job(
    problem: Problem,
    plan: Plan,
    job_id: str,
    *,
    certificate: Certificate | None = None,
    travel: TravelTimes | None = None,
) -> Explanation:
    """Explain who goes to an order and why, against the plan that stands (beyond.md 1, DI-05).

    Raise DomainError ``job_unknown`` or ``problem_invalid``.
    """
    times = travel or StraightLine(problem.profile)
    rest, freed = without(plan, job_id), release(problem, job_id)
    job = _job(problem, job_id)
    technician_id, start_s = _holder(problem, plan, job_id)
    ranked = _ranked(problem, plan, job, times)
    is_current = certificate is not None and certificate.technician_id == technician_id is not None
    proof = certificate if certificate and is_current else _proof(freed, rest, job, ranked, technician_id, times)
    to_tell = list_to_tell(problem, proof.moved)
    undone = explain_undone(freed, rest, job_id, times) if technician_id is None else None
    return Explanation(
        job_id=job_id,
        technician_id=technician_id,
        start_s=start_s,
        sentence=sentence_of(proof, problem.now_s, to_tell=to_tell),
        certificate=proof,
        candidates=ranked,
        to_tell=to_tell,
        undone=undone,
        travel_quality=proof.travel_quality,
    )


def what_if(
    problem: Problem,
    plan: Plan,
    job_id: str,
    technician_id: str,
    *,
    travel: TravelTimes | None = None,
    earliest_s: int = 0,
) -> WhatIf:
    """Return what giving an order to a technician, no sooner than ``earliest_s``, would do to it and everybody else.

    Raise DomainError ``job_unknown``, ``technician_unknown`` or ``problem_invalid``.
    """
    if technician_id not in {one.id for one in problem.technicians}:
        raise DomainError("technician_unknown", id=technician_id)
    times = travel or StraightLine(problem.profile)
    job = _job(problem, job_id)
    given = _given(problem, plan, job, technician_id, times, earliest_s)
    was, start_before_s = _holder(problem, plan, job_id)
    candidate = _candidate(problem, plan, job_id, technician_id, times)
    base = WhatIf(
        job_id=job_id,
        technician_id=technician_id,
        technician_before=was,
        start_before_s=start_before_s,
        travel_quality=given.travel_quality,
    )
    if job_id not in spots(given):
        return msgspec.structs.replace(base, reason=given.unserved.get(job_id) or candidate.reason or "no_room")
    return _measured(problem, restated(problem, plan, times), given, job, base, candidate)


def list_undone(problem: Problem, plan: Plan, travel: TravelTimes | None = None) -> tuple[Undone, ...]:
    """Explain every order that the plan leaves undone, the most important first."""
    jobs = [job for job in problem.jobs if job.id in plan.unserved]
    ordered = sorted(jobs, key=lambda job: (job.tier, -job.unserved_penalty, job.id))
    return tuple(explain_undone(problem, plan, job.id, travel) for job in ordered)


def release(problem: Problem, job_id: str) -> Problem:
    """Return the problem with an order taken back from whoever is committed to it: it may go to anybody."""
    crew = tuple(
        msgspec.structs.replace(one, committed=tuple(i for i in one.committed if i != job_id))
        for one in problem.technicians
    )
    return msgspec.structs.replace(problem, technicians=crew)


def without(plan: Plan, job_id: str) -> Plan:
    """Return the plan without one order; the times behind it are stale until it is restated."""
    routes = tuple(
        msgspec.structs.replace(
            route,
            stops=tuple(stop for stop in route.stops if stop.job_id != job_id),
            leaves_for=sum(1 for stop in route.stops[: route.leaves_for] if stop.job_id != job_id),
        )
        for route in plan.routes
    )
    left = {one: reason for one, reason in plan.unserved.items() if one != job_id}
    return msgspec.structs.replace(plan, routes=routes, unserved=left)


def restated(problem: Problem, plan: Plan, travel: TravelTimes) -> Plan:
    """Return the plan with the times and the exact cost it has as things stand, committed stops included."""
    state = state_of(build_grid(problem, travel), plan, keep_first=True)
    return finished(state, plan.engines, plan.unserved)


def _job(problem: Problem, job_id: str) -> Job:
    found = next((job for job in problem.jobs if job.id == job_id), None)
    if found is None:
        raise DomainError("job_unknown", id=job_id)
    return found


def _holder(problem: Problem, plan: Plan, job_id: str) -> tuple[str | None, int | None]:
    """Return who has an order and when he starts; a committed one counts also when the plan's rows leave it out."""
    spot = spots(plan).get(job_id)
    if spot is not None:
        return spot
    holder = next((one.id for one in problem.technicians if job_id in one.committed), None)
    return holder, None


def _ranked(problem: Problem, plan: Plan, job: Job, travel: TravelTimes) -> tuple[Candidate, ...]:
    """Return everybody who could have the order; whoever has it with the figures that stand, not with new ones."""
    ranked = rank_candidates(release(problem, job.id), without(plan, job.id), job.id, travel)
    present = restated(problem, plan, travel)
    standing = {stop.job_id: (route.technician_id, stop.arrival_s) for route in present.routes for stop in route.stops}
    if job.id not in standing:
        return ranked
    alone = restated(release(problem, job.id), without(plan, job.id), travel)
    holder, arrival_s = standing[job.id]
    known = next((one for one in ranked if one.technician_id == holder), Candidate(technician_id=holder))
    own = msgspec.structs.replace(
        known,
        arrival_s=arrival_s,
        reason=None,
        travel_s=_leg_s(problem, present, job, travel),
        delta_cost=present.objective.total - alone.objective.total + job.unserved_penalty,
        moved=list_moved(problem, alone, present, besides=job.id),
    )
    return tuple(sorted((own if one is known else one for one in ranked), key=lambda one: _rank(one, job)))


def _leg_s(problem: Problem, plan: Plan, job: Job, travel: TravelTimes) -> int:
    """Return the driving seconds of the leg by which an order's technician reaches it in a plan."""
    route = next(one for one in plan.routes if job.id in {stop.job_id for stop in one.stops})
    position = [stop.job_id for stop in route.stops].index(job.id)
    if position:
        start = _job(problem, route.stops[position - 1].job_id).place
    else:
        technician = next(one for one in problem.technicians if one.id == route.technician_id)
        start = technician.leave.place if route.leaves_for and technician.leave else technician.place
    return int(travel.matrix([start], [job.place], problem.now_s)[0][0][0])


def _rank(one: Candidate, job: Job) -> tuple[bool, float, float, str]:
    arrival, cost = float(one.arrival_s or 0), one.delta_cost or 0.0
    lead, follow = (cost, arrival) if job.tier == Tier.ORDINARY else (arrival, cost)
    return one.reason is not None, lead, follow, one.technician_id


def _proof(
    problem: Problem, plan: Plan, job: Job, ranked: tuple[Candidate, ...], holder: str | None, travel: TravelTimes
) -> Certificate:
    """Return the certificate of an order's place as things stand."""
    if job.tier != Tier.ORDINARY:
        answer = insert_urgent(problem, plan, job.id, travel).certificate
        if answer.technician_id is not None and holder in {None, answer.technician_id}:
            return answer
    grid = build_grid(problem, travel)
    state = state_of(grid, plan, keep_first=True)
    index = job_index(grid, job.id)
    state.remove(index)
    base = certify(state, index, list_options(state, index), None)
    able = [one for one in ranked if one.reason is None]
    chosen = next((one for one in able if one.technician_id == holder), None)
    chosen = chosen or (next(iter(able), None) if holder is None else None)
    return _chosen(base, grid, job, able, chosen) if chosen else msgspec.structs.replace(base, candidates=ranked)


def _chosen(base: Certificate, grid: Grid, job: Job, able: list[Candidate], chosen: Candidate) -> Certificate:
    nearest = next((one for one in able if one.technician_id != chosen.technician_id), None)
    bound_s, reason = base.lower_bound_s, base.lower_bound_reason
    opens_s = _opens(job)
    if bound_s is not None and opens_s is not None and bound_s < opens_s <= (chosen.arrival_s or opens_s):
        bound_s, reason = opens_s, "window_opens"
    return msgspec.structs.replace(
        base,
        technician_id=chosen.technician_id,
        arrival_s=chosen.arrival_s,
        travel_s=chosen.travel_s,
        next_best_technician_id=nearest.technician_id if nearest else None,
        next_best_arrival_s=nearest.arrival_s if nearest else None,
        needs_consent_of=chosen.technician_id if chosen.needs_consent else None,
        lower_bound_s=None if bound_s is None else min(bound_s, chosen.arrival_s or bound_s),
        lower_bound_reason=reason,
        moved=chosen.moved,
        candidates=tuple(able),
        travel_quality=grid.quality,
    )


def _opens(job: Job) -> int | None:
    openings = [opens for opens, _ in job.windows]
    first_s = max(min(openings, default=0), job.earliest_s)
    return first_s if job.tier != Tier.EMERGENCY and first_s > 0 else None


def _given(problem: Problem, plan: Plan, job: Job, technician_id: str, travel: TravelTimes, earliest_s: int) -> Plan:
    """Return the plan in which a technician has the order, whatever it costs; without it when he cannot."""
    earliest_s = max(job.earliest_s, earliest_s)
    bound = msgspec.structs.replace(job, locked_to=technician_id, unserved_penalty=PRICE_LIMIT, earliest_s=earliest_s)
    jobs = tuple(bound if one.id == job.id else one for one in problem.jobs)
    asked = msgspec.structs.replace(release(problem, job.id), jobs=jobs)
    rest = without(plan, job.id)
    if job.tier == Tier.ORDINARY:
        return insert_job(asked, rest, job.id, travel)
    return insert_urgent(asked, rest, job.id, travel).plan


def _candidate(problem: Problem, plan: Plan, job_id: str, technician_id: str, travel: TravelTimes) -> Candidate:
    ranked = rank_candidates(release(problem, job_id), without(plan, job_id), job_id, travel)
    return next(one for one in ranked if one.technician_id == technician_id)


def _measured(problem: Problem, before: Plan, after: Plan, job: Job, base: WhatIf, candidate: Candidate) -> WhatIf:
    """Return the figures of a change from one whole plan to the other."""
    stop = next(s for r in after.routes for s in r.stops if s.job_id == job.id)
    moved = list_moved(problem, before, after, besides=job.id)
    return msgspec.structs.replace(
        base,
        arrival_s=stop.arrival_s,
        start_s=stop.start_s,
        travel_s=candidate.travel_s,
        keeps_promise=is_kept(job, stop.start_s),
        needs_consent=candidate.needs_consent,
        change=_difference(before.objective, after.objective),
        moved=moved,
        lost=tuple(one for one in list_lost(problem, before, after) if one != job.id),
        to_tell=list_to_tell(problem, moved),
        dropped=tuple(sorted(spots(before).keys() - spots(after).keys() - {job.id})),
    )


def _difference(before: Objective, after: Objective) -> Objective:
    parts = {name: getattr(after, name) - getattr(before, name) for name in Objective.__struct_fields__}
    return Objective(**parts)
