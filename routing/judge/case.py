"""What every rule of the judge looks at: the plan on trial, its lookups, and how long a leg may take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

from routing.plan import Plan, Route, StopTime
from routing.problem import Depot, Job, Place, Problem, Technician, Value
from routing.travel import TravelTimes

# Straight lines are measured here on a sphere, in the planner on the ellipsoid: they differ by up to 0.6 %.
_SPHERE_SLACK = 0.006
_ROUNDING_S = 2
_EARTH_M = 6_371_008.8
# The building rule of the straight-line provider (restated on purpose), with the sphere's error around it.
_SAME_BUILDING_M = 15.0
_BUILDING_BLUR_M = 0.2

EMERGENCY = 1
_URGENT = 2

Leg = tuple[float, float]
Judge = Callable[["Case"], "Iterator[Violation]"]


class Violation(Value, frozen=True, kw_only=True):
    """One broken rule: its code, whom it concerns, and the figures behind it."""

    code: str
    job_id: str | None = None
    technician_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """The plan on trial with its lookups; ``leg`` gives least and most seconds between two places."""

    problem: Problem
    plan: Plan
    jobs: dict[str, Job]
    technicians: dict[str, Technician]
    depots: dict[str, Depot]
    leg: Callable[[Place, Place], Leg]

    def routes(self) -> Iterator[tuple[Technician, Route]]:
        """Yield the routes that can be judged: of a known technician, with known jobs only."""
        for route in self.plan.routes:
            technician = self.technicians.get(route.technician_id)
            if technician is not None and all(stop.job_id in self.jobs for stop in route.stops):
                yield technician, route

    def goes_first(self, job: Job, technician: Technician) -> bool:
        """Tell whether a stop is an emergency, an urgent leak, or one that he is committed to."""
        return job.id in technician.committed or is_leading(job)


def open_case(problem: Problem, plan: Plan, travel: TravelTimes | None) -> Case:
    """Return the case of a plan; without ``travel`` legs are measured by the problem's profile on a sphere."""
    return Case(
        problem,
        plan,
        {job.id: job for job in problem.jobs},
        {technician.id: technician for technician in problem.technicians},
        {depot.id: depot for depot in problem.depots},
        _sphere_legs(problem) if travel is None else _provider_legs(problem, travel),
    )


def about(technician: Technician, stop: StopTime, code: str, detail: str) -> Violation:
    """Return a violation at one stop of one technician."""
    return Violation(code=code, job_id=stop.job_id, technician_id=technician.id, detail=detail)


def is_leading(job: Job) -> bool:
    """Tell whether a job belongs to the two tiers that go before all others (DI-05)."""
    return job.priority == EMERGENCY or (job.priority == _URGENT and job.is_leak)


def time_on_site_s(problem: Problem, job: Job) -> int:
    """Return the seconds on site that a plan has to keep for a job, from its spread and the wanted quantile."""
    sigma = float(job.service_sd_s)
    if job.service_p90_s is not None:
        sigma = max(0.0, float(job.service_p90_s - job.service_s)) / NormalDist().inv_cdf(0.9)
    extra = NormalDist().inv_cdf(problem.service_quantile) * sigma
    return max(0, math.ceil(job.service_s + extra)) if sigma and abs(extra) > 0 else job.service_s


def free_from(case: Case, technician: Technician) -> int:
    """Return the second from which a technician can do anything new."""
    return max(technician.available_s, technician.shift_start_s, case.problem.now_s)


def _sphere_legs(problem: Problem) -> Callable[[Place, Place], Leg]:
    profile = problem.profile

    def leg(source: Place, target: Place) -> Leg:
        metres = _haversine_m(source, target)
        drive = metres * profile.detour / profile.speed_m_s
        low = drive * (1 - _SPHERE_SLACK) + profile.start_up_s - _ROUNDING_S
        high = drive * (1 + _SPHERE_SLACK) + profile.start_up_s + _ROUNDING_S
        nearly_same = metres <= _SAME_BUILDING_M + _BUILDING_BLUR_M
        surely_same = metres <= _SAME_BUILDING_M - _BUILDING_BLUR_M
        return 0.0 if nearly_same else low, 0.0 if surely_same else high

    return leg


def _provider_legs(problem: Problem, travel: TravelTimes) -> Callable[[Place, Place], Leg]:
    known: dict[tuple[Place, Place], float] = {}

    def leg(source: Place, target: Place) -> Leg:
        if (source, target) not in known:
            known[source, target] = float(travel.matrix([source], [target], problem.now_s)[0][0, 0])
        return known[source, target], known[source, target]

    return leg


def _haversine_m(source: Place, target: Place) -> float:
    lat_a, lat_b = math.radians(source.lat), math.radians(target.lat)
    d_lon = math.radians(target.lon - source.lon)
    chord = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, chord)))
