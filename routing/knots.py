"""Jobs that depend on each other, as plain jobs: the second person, the promises between jobs, and keeping them.

A coupled problem is opened into one whose jobs are all plain: a job for two becomes two jobs, and each promise between
jobs (same start, one after the other, same technician) becomes windows and locks, anchored to times that fit. Engines
see plain jobs only; `keep_couplings` takes out what they could not keep, `close_plan` gives the jobs their names back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from routing.grid import Grid
from routing.persons import first_id, is_second, second_id
from routing.plan import Plan, Route
from routing.problem import TIME_LIMIT_S, Job, Problem, Technician, Tier, Window
from routing.state import State

_FAR_S = 1 << 60

# Technician and start of a planned job, by index or id.
Stand = tuple[int, int]


class AnchoredProblem(Problem, frozen=True, kw_only=True):
    """A problem whose couplings have become windows and locks; ``left`` are jobs that could not be, with the reason."""

    left: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class Bounds:
    """What couplings ask of single jobs, by id: first and last second of the start, the technician, who else not."""

    low_s: dict[str, int] = field(default_factory=dict)
    high_s: dict[str, int] = field(default_factory=dict)
    lock: dict[str, str] = field(default_factory=dict)
    bar: dict[str, str] = field(default_factory=dict)

    def not_before(self, job_id: str, when_s: int) -> None:
        """Hold a start back."""
        self.low_s[job_id] = max(when_s, self.low_s.get(job_id, when_s))

    def not_after(self, job_id: str, when_s: int) -> None:
        """Pull a start forward."""
        self.high_s[job_id] = min(when_s, self.high_s.get(job_id, when_s))


def is_coupled(job: Job) -> bool:
    """Tell whether a job itself asks for something beyond itself; a leak waits for nobody but needs two still."""
    if job.tier != Tier.ORDINARY:
        return job.crew_size > 1
    return job.crew_size > 1 or job.sync is not None or bool(job.after) or job.same_technician_as is not None


def has_couplings(problem: Problem) -> bool:
    """Tell whether a problem must be anchored before an engine may see it."""
    return not isinstance(problem, AnchoredProblem) and any(is_coupled(job) for job in problem.jobs)


def open_problem(problem: Problem, plan: Plan | None) -> tuple[AnchoredProblem, Plan | None]:
    """Return problem and plan with a job for each person; windows and locks are not set yet."""
    crews = {job.id for job in problem.jobs if job.crew_size > 1}
    primary = _primaries(problem, plan, crews)
    jobs = [half for job in problem.jobs for half in _halves(job)]
    technicians = [_with_names(technician, primary) for technician in problem.technicians]
    routes = () if plan is None else tuple(_renamed(route, primary) for route in plan.routes)
    previous = dict(problem.previous)
    for route in routes:
        for stop in route.stops:
            if is_second(stop.job_id):
                previous[stop.job_id] = route.technician_id
    fields = {name: getattr(problem, name) for name in problem.__struct_fields__}
    fields |= {"jobs": tuple(jobs), "technicians": tuple(technicians), "previous": previous}
    left = {} if not isinstance(problem, AnchoredProblem) else problem.left
    opened = AnchoredProblem(**(fields | {"left": left}))
    return opened, None if plan is None else msgspec.structs.replace(plan, routes=routes)


def _primaries(problem: Problem, plan: Plan | None, crews: set[str]) -> dict[str, str]:
    """Return who counts as the first person of each job for two: under way, following up, as before, in the plan."""
    primary: dict[str, str] = {}
    for technician in problem.technicians:
        for job_id in technician.committed:
            if job_id in crews:
                primary.setdefault(job_id, technician.id)
    holders: dict[str, list[str]] = {}
    for route in plan.routes if plan is not None else ():
        for stop in route.stops:
            holders.setdefault(stop.job_id, []).append(route.technician_id)
    for job in problem.jobs:
        if job.id in crews and job.id in holders:
            wanted = [*holders.get(job.same_technician_as or "", ()), problem.previous.get(job.id)]
            names = holders[job.id]
            primary.setdefault(job.id, next((name for name in wanted if name in names), names[0]) or names[0])
    return primary


def _halves(job: Job) -> list[Job]:
    if job.crew_size == 1:
        return [job]
    # Both are late together and missed together: each carries half the price.
    first = msgspec.structs.replace(
        job,
        lateness_weight=job.lateness_weight / 2,
        breach_weight=job.breach_weight / 2,
        unserved_penalty=job.unserved_penalty / 2,
    )
    return [first, msgspec.structs.replace(first, id=second_id(job.id), same_technician_as=None)]


def _name_for(job_id: str, technician_id: str, primary: Mapping[str, str]) -> str:
    return job_id if primary.get(job_id, technician_id) == technician_id else second_id(job_id)


def _with_names(technician: Technician, primary: Mapping[str, str]) -> Technician:
    names = tuple(_name_for(job_id, technician.id, primary) for job_id in technician.committed)
    return technician if names == technician.committed else msgspec.structs.replace(technician, committed=names)


def _renamed(route: Route, primary: Mapping[str, str]) -> Route:
    names = [_name_for(stop.job_id, route.technician_id, primary) for stop in route.stops]
    stops = [
        stop if stop.job_id == name else msgspec.structs.replace(stop, job_id=name)
        for stop, name in zip(route.stops, names, strict=True)
    ]
    return msgspec.structs.replace(route, stops=tuple(stops))


def stands_of(grid: Grid, plan: Plan | None) -> dict[int, Stand]:
    """Return technician and start of every known job as a plan has written them down."""
    return {
        grid.job_index[stop.job_id]: (grid.technician_index[route.technician_id], stop.start_s)
        for route in (plan.routes if plan is not None else ())
        if route.technician_id in grid.technician_index
        for stop in route.stops
        if stop.job_id in grid.job_index
    }


def walked_stands(state: State) -> dict[int, Stand]:
    """Return technician and start of every planned job of a state."""
    return {
        job: (tech, state.walked(tech).start_s[position])
        for tech, route in enumerate(state.routes)
        for position, job in enumerate(route)
    }


def is_bound(grid: Grid, job: int) -> bool:
    """Tell whether couplings rule a job: stops under way are facts, and a leak that goes first waits for nobody."""
    return grid.tier[job] >= 0 and grid.jobs[job].tier == Tier.ORDINARY and is_coupled(grid.jobs[job])


def list_mates(grid: Grid, job: int) -> list[int]:
    """Return all jobs that start together with a bound job: both persons of every job of its group, itself included."""
    spec = grid.jobs[job]
    names = [one.id for one in grid.jobs if one.sync is not None and one.sync == spec.sync] or [first_id(spec.id)]
    halves = dict.fromkeys(half for name in names for half in (first_id(name), second_id(first_id(name))))
    found = [grid.job_index[half] for half in halves if half in grid.job_index]
    return [one for one in found if grid.jobs[one].tier == Tier.ORDINARY]


def list_unkept(grid: Grid, stands: Mapping[int, Stand]) -> Iterator[tuple[int, str]]:
    """Yield planned jobs whose couplings do not hold, with the reason's code."""
    for job, (tech, _) in stands.items():
        partner = grid.partner[job]
        if is_second(grid.jobs[job].id) and partner in stands and stands[partner][0] == tech:
            yield job, "partner_missing"
        elif is_bound(grid, job) and (reason := _unkept(grid, job, stands)) is not None:
            yield job, reason


def _unkept(grid: Grid, job: int, stands: Mapping[int, Stand]) -> str | None:
    spec = grid.jobs[job]
    if (spec.crew_size > 1 or spec.sync is not None) and not _is_together(grid, job, stands):
        return "partner_missing" if spec.sync is None else "group_broken"
    for wait in spec.after:
        for half in (wait.job_id, second_id(wait.job_id)):
            before = grid.job_index.get(half)
            if before is not None and not _is_behind(grid, stands, job, before, wait.lag_s):
                return "predecessor_unserved"
    if spec.same_technician_as is None:
        return None
    leads = [grid.job_index.get(name) for name in (spec.same_technician_as, second_id(spec.same_technician_as))]
    techs = {stands[lead][0] for lead in leads if lead is not None and lead in stands}
    return None if stands[job][0] in techs else "lead_unserved"


def _is_together(grid: Grid, job: int, stands: Mapping[int, Stand]) -> bool:
    mates = list_mates(grid, job)
    facts = [one for one in mates if grid.tier[one] < 0]
    free = [one for one in mates if grid.tier[one] >= 0]
    if facts:
        # Somebody is there or on his way already: the others join as they can, though not before him.
        return all(stands[one][1] <= stands[job][1] for one in facts if one in stands)
    if any(one not in stands for one in free):
        return False
    return len({stands[one][1] for one in free}) == 1 and len({stands[one][0] for one in free}) == len(free)


def _is_behind(grid: Grid, stands: Mapping[int, Stand], job: int, before: int, lag_s: int) -> bool:
    if before not in stands:
        # The second person of a leak may be missing without anybody waiting for him.
        return is_second(grid.jobs[before].id) and grid.jobs[before].tier != Tier.ORDINARY
    return stands[job][1] >= stands[before][1] + grid.jobs[before].service_s + lag_s


def keep_couplings(state: State) -> dict[str, str]:
    """Take out of a state every job whose couplings do not hold; return them with the reason's code."""
    dropped: dict[str, str] = {}
    if not isinstance(state.grid.problem, AnchoredProblem):
        return dropped
    while (found := next(list_unkept(state.grid, walked_stands(state)), None)) is not None:
        dropped[state.grid.jobs[found[0]].id] = found[1]
        state.remove(found[0])
        for job in state.repair():
            dropped.setdefault(state.grid.jobs[job].id, "no_room")
    return dropped


def bounds_of(grid: Grid, stands: Mapping[int, Stand]) -> Bounds:
    """Return the windows and locks that hold the couplings of planned jobs as they stand."""
    bounds = Bounds()
    for job, (tech, start_s) in stands.items():
        spec, partner = grid.jobs[job], grid.partner[job]
        if partner in stands and grid.tier[job] >= Tier.ORDINARY:
            # Nobody is two people, also where the two need not start together.
            bounds.bar[spec.id] = grid.technicians[stands[partner][0]].id
        if not is_bound(grid, job):
            continue
        mates = list_mates(grid, job)
        if len(mates) > 1:
            bounds.not_before(spec.id, start_s)
            if all(grid.tier[one] >= 0 for one in mates):
                bounds.not_after(spec.id, start_s)
        for wait in spec.after:
            for half in (wait.job_id, second_id(wait.job_id)):
                _hold_back(grid, stands, bounds, job, half, wait.lag_s)
        if spec.same_technician_as is not None:
            bounds.lock[spec.id] = grid.technicians[tech].id
            _lock_lead(grid, stands, bounds, spec.same_technician_as, tech)
    return bounds


def _hold_back(grid: Grid, stands: Mapping[int, Stand], bounds: Bounds, job: int, half: str, lag_s: int) -> None:
    before = grid.job_index.get(half)
    if before is None or before not in stands:
        return
    span_s = grid.jobs[before].service_s + lag_s
    if grid.tier[before] < Tier.ORDINARY:
        bounds.not_before(grid.jobs[job].id, stands[before][1] + span_s)
        return
    # The whole slack between the two goes to the one that comes first.
    latest_s = stands[job][1] - span_s
    bounds.not_after(half, latest_s)
    bounds.not_before(grid.jobs[job].id, latest_s + span_s)


def _lock_lead(grid: Grid, stands: Mapping[int, Stand], bounds: Bounds, lead: str, tech: int) -> None:
    for half in (lead, second_id(lead)):
        job = grid.job_index.get(half)
        if job is not None and stands.get(job, (-1, 0))[0] == tech and grid.tier[job] >= Tier.ORDINARY:
            bounds.lock[half] = grid.technicians[tech].id


def anchored(problem: AnchoredProblem, bounds: Bounds, left: Mapping[str, str]) -> AnchoredProblem:
    """Return the problem with windows and locks set, and without the jobs that are left."""
    kept = {job.id for job in problem.jobs} - left.keys()
    jobs = tuple(_known(_held(job, bounds), kept) for job in problem.jobs if job.id in kept)
    return msgspec.structs.replace(problem, jobs=jobs, left={**problem.left, **left})


def _known(job: Job, kept: set[str]) -> Job:
    # A leak or a stop under way stays, though what it once was to wait for is left.
    lead = job.same_technician_as
    if all(wait.job_id in kept for wait in job.after) and (lead is None or lead in kept):
        return job
    after = tuple(wait for wait in job.after if wait.job_id in kept)
    return msgspec.structs.replace(job, after=after, same_technician_as=lead if lead in kept else None)


def _held(job: Job, bounds: Bounds) -> Job:
    low, high = bounds.low_s.get(job.id, -_FAR_S), bounds.high_s.get(job.id, _FAR_S)
    fields: dict[str, object] = {}
    if low > -_FAR_S or high < _FAR_S:
        fields["windows"] = cut(job.windows, max(low, job.earliest_s), high, job)
    if job.id in bounds.lock:
        fields["locked_to"] = bounds.lock[job.id]
    if job.id in bounds.bar:
        fields["barred"] = (*job.barred, bounds.bar[job.id])
    return msgspec.structs.replace(job, **fields) if fields else job


def cut(windows: Iterable[Window], low_s: int, high_s: int, job: Job) -> tuple[Window, ...]:
    """Return windows cut to a span, one that never opens when nothing is left of them."""
    first, last = max(low_s, job.release_s), min(high_s, TIME_LIMIT_S)
    whole = sorted(windows) or [(-TIME_LIMIT_S, TIME_LIMIT_S)]
    found = tuple((max(opens, first), min(closes, last)) for opens, closes in whole)
    return tuple(window for window in found if window[0] <= window[1]) or ((-TIME_LIMIT_S, -TIME_LIMIT_S),)


def close_plan(problem: Problem, opened: AnchoredProblem, plan: Plan) -> Plan:
    """Return a plan of the opened problem in the names of the problem, unserved jobs counted once."""
    routes = tuple(
        msgspec.structs.replace(
            route,
            stops=tuple(msgspec.structs.replace(stop, job_id=first_id(stop.job_id)) for stop in route.stops),
        )
        for route in plan.routes
    )
    planned = {stop.job_id for route in routes for stop in route.stops}
    reasons = {**opened.left, **plan.unserved}
    unserved: dict[str, str] = {}
    for job_id in sorted(reasons, key=lambda name: (first_id(name) != name, name)):
        if first_id(job_id) not in planned:
            unserved.setdefault(first_id(job_id), reasons[job_id])
    price = sum(job.unserved_penalty for job in problem.jobs if job.id in unserved)
    total = plan.objective.total - plan.objective.unserved + price
    objective = msgspec.structs.replace(plan.objective, unserved=price, total=total)
    return msgspec.structs.replace(plan, routes=routes, unserved=unserved, objective=objective)
