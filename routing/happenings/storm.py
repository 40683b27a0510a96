"""Storm mode: more emergencies than a day plan can carry beside its work. What waits until later, and who is called in.

Nothing ordinary ever delays an emergency that is known; storm mode is about those still to come. As many qualified
technicians as the storm needs take no ordinary work until it is over, first those who have promised least; others take
over what they can; the rest waits until afterwards or for another day. If the qualified do not suffice, or somebody
would still wait beyond the target, people off duty are called in, each chosen by what he gains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from routing.happenings.aftermath import Act, Aftermath, Duty, settle
from routing.moved import is_kept, list_moved, spots
from routing.plan import Plan
from routing.problem import Job, Problem, Technician, Tier, Value
from routing.travel import TravelTimes
from routing.urgent import insert_job
from routing.waiting import QueueRules


class StormRules(Value, frozen=True, kw_only=True):
    """Data of the company: how long a storm is planned for, and how long an emergency binds a crew, drive included."""

    horizon_s: int
    bound_s: int


class Storm(Value, frozen=True, kw_only=True):
    """One storm: emergencies expected per hour from now on, and who could be called in (from their first second on)."""

    expected_per_h: float
    off_duty: tuple[Technician, ...] = ()


def crews_needed(problem: Problem, storm: Storm, rules: StormRules) -> int:
    """Return how many crews the waiting and the expected emergencies keep busy within the horizon."""
    waiting = sum(job.tier == Tier.EMERGENCY for job in problem.jobs)
    load = waiting + storm.expected_per_h * rules.horizon_s / 3600
    return math.ceil(load * rules.bound_s / rules.horizon_s)


def storm_mode(
    problem: Problem,
    plan: Plan | None,
    storm: Storm,
    *,
    rules: StormRules,
    queue: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Turn to storm: postpone ordinary work of as many technicians as needed, and name whom to call in.

    The problem returned bars those kept free from ordinary work, and lets what waits begin when the storm is over.
    Raises DomainError ``problem_invalid``.
    """
    needed = crews_needed(problem, storm, rules)
    called = _call_in(problem, plan, storm, needed, queue, travel)
    manned = msgspec.structs.replace(problem, technicians=(*problem.technicians, *called))
    kept_free = list_kept_free(manned, plan, needed)
    cleared = clear_for_storm(manned, kept_free)
    done = settle("storm_mode", problem, plan, cleared, rules=queue, travel=travel)
    done, later = _wait_until_over(done, manned, plan, problem.now_s + rules.horizon_s, travel)
    duties = [Duty(act=Act.CALL_IN, reason="storm_mode", technician_id=t.id) for t in called]
    duties += [Duty(act=Act.POSTPONE, reason="storm_mode", job_id=job_id) for job_id in later]
    kept = spots(done.plan)
    told = [d for d in done.duties if d.act != Act.TELL_CUSTOMER or not _is_safe(done.problem, d.job_id, kept)]
    return msgspec.structs.replace(done, duties=(*duties, *told))


def is_qualified(problem: Problem, technician: Technician) -> bool:
    """Tell whether a technician holds what some emergency of the problem asks for (none: any leak's skills)."""
    leaks = [j for j in problem.jobs if j.tier == Tier.EMERGENCY] or [j for j in problem.jobs if j.is_leak]
    held = {
        skill.name for skill in technician.skills if skill.valid_until_s is None or skill.valid_until_s >= problem.now_s
    }
    return any(set(job.skills) <= held for job in leaks)


def _call_in(
    problem: Problem, plan: Plan | None, storm: Storm, needed: int, queue: QueueRules, travel: TravelTimes | None
) -> list[Technician]:
    """Return whom to call in: best gain first while somebody waits beyond the target, then up to the crews needed."""
    able = [t for t in storm.off_duty if is_qualified(problem, t)]
    short = needed - sum(is_qualified(problem, t) for t in problem.technicians)
    called: list[Technician] = []
    beyond = _beyond_s(problem, plan, queue, travel)
    while able and (beyond > 0 or len(called) < short):
        trials = [(_beyond_s(_with(problem, [*called, one]), plan, queue, travel), one) for one in able]
        after, best = min(trials, key=lambda trial: (trial[0], trial[1].available_s, trial[1].id))
        if after >= beyond and len(called) >= short:
            break
        called.append(best)
        able, beyond = [one for one in able if one is not best], after
    return called


def _with(problem: Problem, more: Sequence[Technician]) -> Problem:
    return msgspec.structs.replace(problem, technicians=(*problem.technicians, *more))


def _beyond_s(problem: Problem, plan: Plan | None, queue: QueueRules, travel: TravelTimes | None) -> float:
    """Return the seconds by which emergencies would be reached behind the target; one out of reach counts a day."""
    arranged = settle("storm_mode", problem, plan, problem, rules=queue, travel=travel).plan
    arrival = {stop.job_id: stop.arrival_s for route in arranged.routes for stop in route.stops}
    waits = [
        arrival.get(job.id, problem.now_s + 86_400) - job.release_s
        for job in problem.jobs
        if job.tier == Tier.EMERGENCY
    ]
    return sum(max(0.0, wait - queue.target_s) for wait in waits)


def list_kept_free(problem: Problem, plan: Plan | None, needed: int) -> list[str]:
    """Return the qualified technicians who take no ordinary work, first those whose route promises least."""
    jobs = {job.id: job for job in problem.jobs}
    routes = {route.technician_id: route.stops for route in (plan.routes if plan else ())}

    def burden(technician: Technician) -> tuple[int, int, str]:
        stops = [jobs[stop.job_id] for stop in routes.get(technician.id, ()) if stop.job_id in jobs]
        return sum(job.promised for job in stops), len(stops), technician.id

    able = [t for t in problem.technicians if is_qualified(problem, t)]
    return [t.id for t in sorted(able, key=burden)[:needed]]


def clear_for_storm(problem: Problem, kept_free: list[str]) -> Problem:
    """Return the problem in which those kept free may take no ordinary work but what they are under way to."""
    held = {job_id for t in problem.technicians for job_id in t.committed}
    jobs = tuple(
        job
        if job.tier != Tier.ORDINARY or job.id in held or job.locked_to in kept_free
        else msgspec.structs.replace(job, barred=tuple(dict.fromkeys([*job.barred, *kept_free])))
        for job in problem.jobs
    )
    return msgspec.structs.replace(problem, jobs=jobs)


def _wait_until_over(
    done: Aftermath, manned: Problem, was: Plan | None, over_s: int, travel: TravelTimes | None
) -> tuple[Aftermath, list[str]]:
    """Let ordinary work without a place begin when the storm is over, by anybody; return it with those jobs."""
    before = {job.id: job for job in manned.jobs}
    left = {j.id for j in done.problem.jobs if j.id in done.plan.unserved and j.tier == Tier.ORDINARY}
    problem = msgspec.structs.replace(
        done.problem, jobs=tuple(_later(before[j.id], over_s) if j.id in left else j for j in done.problem.jobs)
    )
    plan = done.plan
    for job_id in sorted(left, key=lambda one: (-before[one].unserved_penalty, one)):
        plan = insert_job(problem, plan, job_id, travel)
    moved = list_moved(problem, was or Plan(), plan)
    return msgspec.structs.replace(done, problem=problem, plan=plan, moved=moved), sorted(left)


def _later(job: Job, over_s: int) -> Job:
    return msgspec.structs.replace(job, earliest_s=max(job.earliest_s, over_s))


def _is_safe(problem: Problem, job_id: str | None, kept: dict[str, tuple[str, int]]) -> bool:
    job = next((one for one in problem.jobs if one.id == job_id), None)
    return job is not None and job.id in kept and is_kept(job, kept[job.id][1])
