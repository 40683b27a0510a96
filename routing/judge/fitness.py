"""Rules about who does what: skills, levels, calibration, parts, territories, locks, windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from routing.judge.case import EMERGENCY, Case, Violation, about, is_leading
from routing.plan import DepotVisit, Route, StopTime
from routing.problem import Instrument, Job, Technician


def judge_fitness(case: Case) -> Iterator[Violation]:
    """Find stops that their technician may not do, has nothing to do with, or starts outside its hours."""
    for technician, route in case.routes():
        for position, stop in enumerate(route.stops):
            if stop.job_id not in technician.committed:
                yield from _person(case, technician, stop)
                yield from _hours(case, technician, stop)
                yield from _instruments(case, technician, route, position)
        yield from _parts(case, technician, route)
    yield from _depot_stock(case)


def _person(case: Case, technician: Technician, stop: StopTime) -> Iterator[Violation]:
    job = case.jobs[stop.job_id]
    for name in job.skills:
        named = [skill for skill in technician.skills if skill.name == name]
        able = [skill for skill in named if skill.level >= job.skill_levels.get(name, 1)]
        if not named:
            yield about(technician, stop, "skill_missing", name)
        elif not able:
            yield about(technician, stop, "level_too_low", name)
        elif all(skill.valid_until_s is not None and skill.valid_until_s < stop.start_s for skill in able):
            yield about(technician, stop, "skill_expired", name)
    if job.locked_to is not None and job.locked_to != technician.id:
        yield about(technician, stop, "locked_broken", job.locked_to)
    if technician.id in job.barred:
        yield about(technician, stop, "barred_technician", "")
    if not is_leading(job) and technician.keeps_territory and _is_foreign(technician, job):
        yield about(technician, stop, "territory_closed", job.territory or "")


def _is_foreign(technician: Technician, job: Job) -> bool:
    return job.territory is not None and bool(technician.territories) and job.territory not in technician.territories


def _hours(case: Case, technician: Technician, stop: StopTime) -> Iterator[Violation]:
    job = case.jobs[stop.job_id]
    if job.priority == EMERGENCY:
        return
    if job.windows and not any(opens <= stop.start_s <= closes for opens, closes in job.windows):
        yield about(technician, stop, "window_violated", f"start {stop.start_s}")
    if stop.start_s < job.earliest_s:
        yield about(technician, stop, "too_early", f"start {stop.start_s} before {job.earliest_s}")


def _instruments(case: Case, technician: Technician, route: Route, position: int) -> Iterator[Violation]:
    stop = route.stops[position]
    for kind in case.jobs[stop.job_id].instruments:
        at_hand = [one for one in technician.instruments if one.kind == kind]
        for visit in route.depot_visits:
            if visit.position <= position and kind in visit.instruments and visit.depot_id in case.depots:
                at_hand += [one for one in case.depots[visit.depot_id].instruments if one.kind == kind]
        if not at_hand:
            yield about(technician, stop, "instrument_missing", kind)
        elif not any(_is_calibrated(one, stop.start_s) for one in at_hand):
            yield about(technician, stop, "calibration_expired", kind)


def _is_calibrated(instrument: Instrument, when_s: int) -> bool:
    return instrument.valid_until_s is None or instrument.valid_until_s >= when_s


def _parts(case: Case, technician: Technician, route: Route) -> Iterator[Violation]:
    left = Counter(technician.stock)
    for position, stop in enumerate(route.stops):
        for visit in route.depot_visits:
            if visit.position == position:
                left.update(visit.taken)
        left.subtract(case.jobs[stop.job_id].parts)
        missing = sorted(kind for kind, count in left.items() if count < 0)
        if missing and stop.job_id not in technician.committed:
            yield about(technician, stop, "parts_missing", " ".join(missing))
        left.update({kind: -left[kind] for kind in missing})


def _depot_stock(case: Case) -> Iterator[Violation]:
    taken: dict[str, Counter[str]] = {}
    for technician, route in case.routes():
        if len(route.depot_visits) > 1:
            yield Violation(code="depot_twice", technician_id=technician.id, detail=f"{len(route.depot_visits)} visits")
        for visit in route.depot_visits:
            if visit.depot_id not in case.depots:
                yield Violation(code="unknown_depot", technician_id=technician.id, detail=visit.depot_id)
                continue
            taken.setdefault(visit.depot_id, Counter()).update(visit.taken)
            yield from _stored(case, technician, visit)
    for depot_id, parts in taken.items():
        stock = case.depots[depot_id].stock
        for kind, count in parts.items():
            if stock is not None and count > stock.get(kind, 0):
                yield Violation(code="depot_stock_exceeded", detail=f"{depot_id} {kind} {count}")


def _stored(case: Case, technician: Technician, visit: DepotVisit) -> Iterator[Violation]:
    held = {one.kind for one in case.depots[visit.depot_id].instruments}
    for kind in visit.instruments:
        if kind not in held:
            yield Violation(code="depot_stock_exceeded", technician_id=technician.id, detail=f"{visit.depot_id} {kind}")
