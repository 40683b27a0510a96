"""Emergencies nobody has reached yet, asked again at every event: who goes, who leaves what, who hands over."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from routing.instant import Call, Responders, Weighing, assign
from tests.benchmarks.leak_day.crew import Crew, Doing
from tests.benchmarks.leak_day.day import Day, seconds
from tests.benchmarks.leak_day.world import EMERGENCY

EndOf = Callable[[Crew], float]


def pending(day: Day) -> list[int]:
    """Return the emergencies that are known and that nobody has reached."""
    return [
        job
        for job, priority in enumerate(day.priority)
        if priority == EMERGENCY and day.known[job] and math.isnan(day.arrival_s[job])
    ]


def answer(day: Day, end_s: EndOf, weighing: Weighing) -> bool:
    """Give every emergency nobody has reached its technician as things stand now; tell whether anything changed."""
    jobs = pending(day)
    if not jobs:
        return False
    held = [_holder(day, job) for job in jobs]
    calls = assign(responders(day, jobs, end_s), held, weighing)
    return _carry_out(day, jobs, held, calls)


def responders(day: Day, jobs: list[int], end_s: EndOf) -> Responders:
    """Return when each technician could be at each of these emergencies, leaving now or finishing first."""
    m, k = len(day.crews), len(jobs)
    now_s, then_s, consent = np.full((m, k), np.inf), np.full((m, k), np.inf), np.zeros(m, bool)
    spots = [day.spots[job] for job in jobs]
    for crew in day.crews:
        if not crew.qualified:
            continue
        place, r = crew.position(day.now_s), crew.index
        drives = [seconds(place, spot) for spot in spots]
        if crew.doing == Doing.ON_SITE:
            then_s[r] = [end_s(crew) + drive for drive in drives]
            consent[r] = crew.started_s < day.now_s
        if crew.doing != Doing.ON_SITE or day.priority[crew.job] != EMERGENCY:
            now_s[r] = [day.now_s + drive for drive in drives]
    return Responders(
        now_s=now_s,
        then_s=then_s,
        consent=consent,
        between_s=np.asarray([[seconds(a, b) for b in spots] for a in spots]),
        service_s=np.asarray([day.planned_left[job] for job in jobs]),
        reported_s=day.world.known_s[jobs],
    )


def _holder(day: Day, job: int) -> int:
    for crew in day.crews:
        if crew.heads_for == job or job in crew.tail:
            return crew.index
    return -1


def _carry_out(day: Day, jobs: list[int], held: list[int], calls: list[Call]) -> bool:
    changed = False
    for job, holder, call in zip(jobs, held, calls, strict=True):
        if holder >= 0 and day.crews[holder].heads_for == job and not (call.at_once and call.technician == holder):
            day.recall(day.crews[holder])
            changed = True
    for job, holder, call in zip(jobs, held, calls, strict=True):
        if holder >= 0 and job in day.crews[holder].tail:
            day.crews[holder].tail.remove(job)
        changed = changed or call.technician != holder
    ordered = sorted(zip(calls, jobs, strict=True), key=lambda pair: (not pair[0].at_once, -pair[0].arrival_s))
    for call, job in ordered:
        crew = day.crews[call.technician]
        if call.technician < 0 or crew.heads_for == job:
            continue
        if call.at_once:
            day.send(crew, job)
        else:
            crew.tail.insert(0, job)
    return changed
