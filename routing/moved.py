"""What differs between two plans for the people in them: stops that moved, promises and windows that were lost."""

from __future__ import annotations

from routing.certificate import MovedStop
from routing.plan import Plan
from routing.problem import Job, Problem

# A customer is told minutes: a shift of less than one is not a moved stop.
TOLD_S = 60

Spot = tuple[str, int]


def spots(plan: Plan) -> dict[str, Spot]:
    """Return technician id and start second of every job that stands in a plan."""
    return {stop.job_id: (route.technician_id, stop.start_s) for route in plan.routes for stop in route.stops}


def list_moved(problem: Problem, before: Plan, after: Plan, *, besides: str = "") -> tuple[MovedStop, ...]:
    """Return the stops of ``before`` that another technician has after it, that shifted by a minute, or that fell out.

    ``besides`` is a job that is not counted: the one for which the others moved.
    """
    then, now = spots(before), spots(after)
    jobs = {job.id: job for job in problem.jobs}
    return tuple(
        _moved(jobs[job_id], was, now.get(job_id))
        for job_id, was in then.items()
        if job_id in jobs and job_id != besides and _differs(was, now.get(job_id))
    )


def is_kept(job: Job, start_s: int | None) -> bool:
    """Tell whether a start keeps a job's windows and its due time; a job that nobody has keeps neither."""
    if start_s is None:
        return not (job.windows or job.due_s is not None)
    in_window = not job.windows or any(opens <= start_s <= closes for opens, closes in job.windows)
    return in_window and (job.due_s is None or start_s <= job.due_s)


def list_lost(problem: Problem, before: Plan, after: Plan) -> tuple[str, ...]:
    """Return the jobs whose window or due time ``before`` kept and ``after`` does not, in the problem's order."""
    then, now = spots(before), spots(after)
    return tuple(
        job.id
        for job in problem.jobs
        if job.id in then and is_kept(job, then[job.id][1]) and not is_kept(job, _start(now.get(job.id)))
    )


def list_to_tell(problem: Problem, moved: tuple[MovedStop, ...]) -> tuple[str, ...]:
    """Return the moved stops whose promise is no longer kept: their customers have to hear of it."""
    jobs = {job.id: job for job in problem.jobs}
    return tuple(
        one.job_id
        for one in moved
        if one.promised and one.job_id in jobs and not is_kept(jobs[one.job_id], one.start_after_s)
    )


def _start(spot: Spot | None) -> int | None:
    return None if spot is None else spot[1]


def _differs(was: Spot, now: Spot | None) -> bool:
    return now is None or now[0] != was[0] or abs(now[1] - was[1]) >= TOLD_S


def _moved(job: Job, was: Spot, now: Spot | None) -> MovedStop:
    return MovedStop(
        job_id=job.id,
        promised=job.promised,
        technician_before=was[0],
        technician_after=None if now is None else now[0],
        start_before_s=was[1],
        start_after_s=_start(now),
    )
