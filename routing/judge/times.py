"""Rules about time: driving, service, rests, depots, shifts and overtime, walked anew from the plan's own figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from routing.judge.case import EMERGENCY, Case, Violation, about, free_from, is_leading, time_on_site_s
from routing.plan import BreakTime, DepotVisit, Route, StopTime
from routing.problem import Break, Job, Place, Technician

_FIGURE_SLACK_S = 1


@dataclass(slots=True)
class _Here:
    """Where he is and when he is free; ``blur_s`` is by how much that second may be later than the least."""

    place: Place
    free_s: float
    blur_s: float = 0.0


def judge_times(case: Case) -> Iterator[Violation]:
    """Find legs too short, idle times nothing explains, service too short, rests missed and shifts overrun."""
    for technician, route in case.routes():
        here = _begin(case, technician, route)
        for position, stop in enumerate(route.stops):
            if position == route.leaves_for > 0:
                here = _go_back(case, technician, here)
            yield from _errands(case, technician, route, position, here)
            yield from _reach(case, technician, stop, here)
            here = _Here(case.jobs[stop.job_id].place, stop.end_s)
        if route.stops:
            yield from _homecoming(case, technician, route, here)
        yield from _shift(case, technician, route)
        yield from _hours_of_rests(case, technician, route)


def _begin(case: Case, technician: Technician, route: Route) -> _Here:
    if route.leaves_for and technician.leave is not None:
        return _Here(technician.leave.place, max(technician.leave.from_s, case.problem.now_s))
    return _Here(technician.place, free_from(case, technician))


def _go_back(case: Case, technician: Technician, here: _Here) -> _Here:
    left_from = max(technician.leave.from_s if technician.leave is not None else 0, case.problem.now_s)
    rest_s = max(0, free_from(case, technician) - left_from)
    if rest_s == 0:
        return here
    least, most = case.leg(here.place, technician.place)
    return _Here(technician.place, here.free_s + least + rest_s, here.blur_s + most - least)


def _errands(case: Case, technician: Technician, route: Route, position: int, here: _Here) -> Iterator[Violation]:
    """Judge rests and depots in the leg before a stop, and move ``here`` behind them."""
    errands: list[BreakTime | DepotVisit] = [one for one in route.breaks if one.position == position]
    errands += [one for one in route.depot_visits if one.position == position and one.depot_id in case.depots]
    for one in sorted(errands, key=lambda errand: (errand.start_s, errand.end_s)):
        if isinstance(one, BreakTime):
            yield from _rested(technician, one, here)
        else:
            yield from _fetched(case, technician, one, here)


def _rested(technician: Technician, one: BreakTime, here: _Here) -> Iterator[Violation]:
    owed = [rest for rest in technician.breaks if rest.duration_s == one.end_s - one.start_s]
    latest_explained = max(here.free_s + here.blur_s, max((rest.earliest_s for rest in owed), default=0))
    if one.start_s < here.free_s or not owed:
        yield Violation(
            code="break_violated", technician_id=technician.id, detail=f"{one.start_s}, free {here.free_s:.0f}"
        )
    elif one.start_s > latest_explained:
        yield Violation(code="wrong_times", technician_id=technician.id, detail=f"rest {one.start_s}")
    here.free_s, here.blur_s = one.end_s, 0.0


def _fetched(case: Case, technician: Technician, one: DepotVisit, here: _Here) -> Iterator[Violation]:
    depot = case.depots[one.depot_id]
    least, most = case.leg(here.place, depot.place)
    if one.arrival_s < here.free_s + least:
        yield Violation(code="travel_too_short", technician_id=technician.id, detail=f"{depot.id} {one.arrival_s}")
    is_idle = one.arrival_s > here.free_s + most + here.blur_s or one.start_s < one.arrival_s
    if is_idle or one.end_s != one.start_s + depot.visit_s:
        yield Violation(code="wrong_times", technician_id=technician.id, detail=f"{depot.id} {one.start_s}")
    if depot.windows and not any(opens <= one.start_s <= closes for opens, closes in depot.windows):
        yield Violation(code="depot_closed", technician_id=technician.id, detail=f"{depot.id} {one.start_s}")
    here.place, here.free_s, here.blur_s = depot.place, one.end_s, 0.0


def _reach(case: Case, technician: Technician, stop: StopTime, here: _Here) -> Iterator[Violation]:
    job = case.jobs[stop.job_id]
    least, most = case.leg(here.place, job.place)
    if stop.arrival_s < here.free_s + least:
        yield about(
            technician, stop, "travel_too_short", f"arrival {stop.arrival_s}, possible {here.free_s + least:.0f}"
        )
    if stop.arrival_s < job.release_s:
        yield about(technician, stop, "too_early", f"arrival {stop.arrival_s} before {job.release_s}")
    is_idle = stop.arrival_s > max(here.free_s + most + here.blur_s, job.release_s)
    if is_idle or not _is_sound(case, job, technician, stop):
        yield about(technician, stop, "wrong_times", f"{stop.arrival_s} {stop.start_s} {stop.end_s}")


def _is_sound(case: Case, job: Job, technician: Technician, stop: StopTime) -> bool:
    late = 0 if job.due_s is None else max(0, stop.start_s - job.due_s)
    waits = stop.start_s - stop.arrival_s
    is_met = waits == 0 if job.priority == EMERGENCY and job.id not in technician.committed else waits >= 0
    return is_met and stop.end_s == stop.start_s + time_on_site_s(case.problem, job) and stop.lateness_s == late


def _homecoming(case: Case, technician: Technician, route: Route, here: _Here) -> Iterator[Violation]:
    """Judge the way home: rests before it, the hard end of the shift, overtime told, and rests never taken."""
    if route.leaves_for == len(route.stops):
        here = _go_back(case, technician, here)
    done_s = here.free_s
    yield from _errands(case, technician, route, len(route.stops), here)
    least, most = (0.0, 0.0) if technician.end_place is None else case.leg(here.place, technician.end_place)
    early, late = here.free_s + least, here.free_s + most + here.blur_s
    last = route.stops[-1]
    has_way = technician.end_place is not None and not case.goes_first(case.jobs[last.job_id], technician)
    if has_way and last.end_s <= technician.shift_end_s < early:
        yield about(technician, last, "shift_violated", f"home {early:.0f}")
    begins = technician.overtime_from_s
    low, high = (0.0, 0.0) if begins is None else (max(0.0, early - begins), max(0.0, late - begins))
    if not low - _FIGURE_SLACK_S <= route.overtime_s <= high + _FIGURE_SLACK_S:
        yield Violation(code="wrong_overtime", technician_id=technician.id, detail=f"{route.overtime_s}, {low:.0f}")
    yield from _rests_missed(case, technician, route, done_s, early)


def _shift(case: Case, technician: Technician, route: Route) -> Iterator[Violation]:
    for stop in route.stops:
        if stop.job_id in technician.committed:
            continue
        until = stop.start_s if is_leading(case.jobs[stop.job_id]) else stop.end_s
        away_s = technician.away_from_s
        if away_s is not None and stop.end_s > away_s and _waits_for_nothing(case, case.jobs[stop.job_id]):
            yield about(technician, stop, "absence_violated", f"{stop.end_s}, away {away_s}")
        if until > technician.shift_end_s or stop.start_s < technician.shift_start_s:
            yield about(technician, stop, "shift_violated", f"{stop.start_s} to {stop.end_s}")


def _waits_for_nothing(case: Case, job: Job) -> bool:
    # An urgent leak whose door opens later, or that needs something fetched, is planned as ordinary work is.
    is_bare = not (job.windows or job.parts or job.instruments) and job.earliest_s <= case.problem.now_s
    return job.priority == EMERGENCY or (is_bare and is_leading(job))


def _matched(technician: Technician, route: Route) -> list[tuple[Break, BreakTime | None]]:
    """Pair the rests owed, by time, with those taken, the earliest that fits first."""
    taken = sorted(route.breaks, key=lambda one: one.start_s)
    pairs: list[tuple[Break, BreakTime | None]] = []
    for rest in sorted(technician.breaks, key=lambda one: one.earliest_s):
        fits = [one for one in taken if one.end_s - one.start_s == rest.duration_s and one.start_s >= rest.earliest_s]
        pairs.append((rest, fits[0] if fits else None))
        if fits:
            taken.remove(fits[0])
    return pairs


def _leading(case: Case, technician: Technician, route: Route) -> int:
    """Return how many stops go first: those he leaves a job for, those under way, and leaks."""
    leading = 0
    for stop in route.stops:
        if leading >= route.leaves_for and not case.goes_first(case.jobs[stop.job_id], technician):
            break
        leading += 1
    return leading


def _hours_of_rests(case: Case, technician: Technician, route: Route) -> Iterator[Violation]:
    leading = _leading(case, technician, route)
    pairs = _matched(technician, route)
    for rest, taken in pairs:
        # What goes first may last: the rest then comes right behind it.
        if taken is not None and taken.start_s > rest.latest_s and taken.position > leading:
            yield Violation(code="break_violated", technician_id=technician.id, detail=f"begins {taken.start_s}")
    for one in route.breaks:
        if not any(taken is one for _, taken in pairs):
            yield Violation(code="break_violated", technician_id=technician.id, detail=f"not owed {one.start_s}")


def _rests_missed(
    case: Case, technician: Technician, route: Route, done_s: float, home_s: float
) -> Iterator[Violation]:
    # He goes home when what goes first is done: a rest that went by meanwhile is not made up for.
    is_only_first = _leading(case, technician, route) == len(route.stops)
    for rest, taken in _matched(technician, route):
        is_owed = free_from(case, technician) <= rest.latest_s < home_s
        if taken is None and is_owed and not (is_only_first and done_s > rest.latest_s):
            yield Violation(code="break_missed", technician_id=technician.id, detail=f"due by {rest.latest_s}")
