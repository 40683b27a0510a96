"""What a planner is given: places, jobs, technicians, and the rules that make them a sound problem.

All times are whole seconds counted from one epoch chosen by the caller; all places are WGS-84 degrees.
"""

from __future__ import annotations

import enum
import math
from statistics import NormalDist
from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(ge=0.0)]
Seconds = Annotated[int, msgspec.Meta(ge=-10_000_000_000, le=10_000_000_000)]
Duration = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Window = tuple[Seconds, Seconds]
Level = Annotated[int, msgspec.Meta(ge=0, le=100)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]

# Bounds of the arithmetic, not policy: beyond them sums no longer fit the solver's integers.
TIME_LIMIT_S = 10_000_000_000
DURATION_LIMIT_S = 10_000_000
LATENESS_LIMIT = 1_000_000.0
PRICE_LIMIT = 1_000_000_000.0

_NORMAL = NormalDist()


class Tier(enum.IntEnum):
    """Lexicographic tier of a job; a lower tier is never traded against a higher one (decision 9)."""

    EMERGENCY = 0
    URGENT_LEAK = 1
    ORDINARY = 2


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every frozen value on the planner's wire."""


class Place(Value, frozen=True, kw_only=True):
    """A point in WGS-84 degrees."""

    lat: Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
    lon: Annotated[float, msgspec.Meta(ge=-180.0, le=180.0)]


class Profile(Value, frozen=True, kw_only=True):
    """How straight lines become driving: road detour factor, speed in m/s, start-up seconds per trip."""

    detour: Annotated[float, msgspec.Meta(ge=1.0, le=10.0)]
    speed_m_s: Annotated[float, msgspec.Meta(ge=0.1, le=100.0)]
    start_up_s: Annotated[int, msgspec.Meta(ge=0, le=3600)]


class Skill(Value, frozen=True, kw_only=True):
    """A qualification, its level, and the last second at which work may start on it (None: without end)."""

    name: Name
    valid_until_s: Seconds | None = None
    level: Level = 1


class Instrument(Value, frozen=True, kw_only=True):
    """An instrument of some kind and the last second at which its calibration is good (None: without end)."""

    kind: Name
    valid_until_s: Seconds | None = None


class Break(Value, frozen=True, kw_only=True):
    """A rest owed to a technician: how long, and from when to when it may begin.

    It is taken where he is: in the wait at the next door when that costs least, before it at the latest. It never
    delays what goes first; when that lasts too long, the rest is taken as soon as he is free. Who has rested already
    is given without this break.
    """

    duration_s: Duration
    earliest_s: Seconds
    latest_s: Seconds


class Depot(Value, frozen=True, kw_only=True):
    """Where parts and instruments are fetched; ``stock`` None is enough of everything.

    A technician comes at most once per plan, within ``windows`` (start of loading; none: always open), loads for
    ``visit_s`` and takes what the rest of his route needs. Emergencies and urgent leaks never wait for a depot.
    """

    id: Name
    place: Place
    windows: tuple[Window, ...] = ()
    visit_s: Duration = 0
    stock: dict[Name, Count] | None = None
    instruments: tuple[Instrument, ...] = ()


class After(Value, frozen=True, kw_only=True):
    """Another job that must have ended, so many seconds ago, before this one starts."""

    job_id: Name
    lag_s: Duration = 0


class Leave(Value, frozen=True, kw_only=True):
    """A present job that may be left with consent (decision 10): from which place, not before which second."""

    place: Place
    from_s: Seconds


class Job(Value, frozen=True, kw_only=True):
    """One visit to plan.

    ``windows`` are hard start-of-service windows, both ends included; none means any time. ``release_s``: nobody
    arrives before; ``earliest_s``: service does not start before, waiting on site is allowed. ``due_s`` is soft:
    each second after it costs ``lateness_weight``, each second after ``breach_s`` (the SLA broken) costs
    ``breach_weight`` more; both count ``Problem.vulnerable_factor`` times for a ``vulnerable`` customer.
    An EMERGENCY starts on arrival, whatever its windows say, and territories bind neither it nor an urgent leak.

    ``service_s`` is the expected time on site; its spread is ``service_sd_s``, or follows from ``service_p90_s``; see
    ``Problem.service_quantile``. ``skill_levels`` gives the least level of a skill named in ``skills`` (else 1).
    ``barred`` technicians may not take the job (declined, or the customer's wish). ``moved_price`` replaces the
    problem's ``moved_stop_price``.

    Couplings: ``crew_size`` 2 needs two technicians there at the same start; jobs of one ``sync`` group start at the
    same second; ``after`` waits for other jobs; ``same_technician_as`` is the job whose technician has to come.
    Emergencies and urgent leaks wait for nobody: work begins with the first who is there.
    """

    id: Name
    place: Place
    service_s: Duration
    priority: Annotated[int, msgspec.Meta(ge=1, le=4)]
    is_leak: bool = False
    skills: tuple[Name, ...] = ()
    windows: tuple[Window, ...] = ()
    release_s: Seconds = 0
    earliest_s: Seconds = 0
    due_s: Seconds | None = None
    lateness_weight: Positive = 1.0
    unserved_penalty: Positive = 60_000.0
    promised: bool = False
    locked_to: str | None = None
    service_sd_s: Duration = 0
    service_p90_s: Duration | None = None
    skill_levels: dict[Name, Level] = msgspec.field(default_factory=dict)
    instruments: tuple[Name, ...] = ()
    parts: dict[Name, Count] = msgspec.field(default_factory=dict)
    territory: Name | None = None
    barred: tuple[Name, ...] = ()
    breach_s: Seconds | None = None
    breach_weight: Positive = 0.0
    vulnerable: bool = False
    moved_price: Positive | None = None
    crew_size: Annotated[int, msgspec.Meta(ge=1, le=2)] = 1
    sync: Name | None = None
    after: tuple[After, ...] = ()
    same_technician_as: Name | None = None

    @property
    def tier(self) -> Tier:
        """The lexicographic tier: EMERGENCY, then URGENT leaks, then everything else (DI-05)."""
        if self.priority == 1:
            return Tier.EMERGENCY
        return Tier.URGENT_LEAK if self.priority == 2 and self.is_leak else Tier.ORDINARY  # noqa: PLR2004 - URGENT, as in decision 9


class Technician(Value, frozen=True, kw_only=True):
    """A technician with where and when he is free.

    ``place`` is where he stands when ``available_s`` comes (the remaining time of a present job is included).
    ``committed`` are stops that stay first and in this order: under way or on site. ``leave`` is set when the
    present job may be left for an emergency; afterwards he returns to ``place`` for the time that was left (from
    ``leave.from_s`` to ``available_s``). Who is still under way is given as free now, with that job committed.

    ``shift_end_s`` is the hard end; work and way home after ``overtime_from_s`` cost ``overtime_price_per_h`` (driving
    seconds per hour). ``stock`` are the parts on his van, ``territories`` those he knows (none: all): others cost
    ``Problem.foreign_territory_price`` or, with ``keeps_territory``, are closed to him unless it is a leak.

    From ``away_from_s`` on he is not there, for a while or to the end of his shift: no emergency and no urgent leak is
    given to him that he could not end before. Ordinary work keeps clear of an absence by its break or the shift's end.
    """

    id: Name
    place: Place
    available_s: Seconds
    shift_start_s: Seconds
    shift_end_s: Seconds
    end_place: Place | None = None
    skills: tuple[Skill, ...] = ()
    committed: tuple[Name, ...] = ()
    leave: Leave | None = None
    instruments: tuple[Instrument, ...] = ()
    stock: dict[Name, Count] = msgspec.field(default_factory=dict)
    breaks: tuple[Break, ...] = ()
    overtime_from_s: Seconds | None = None
    overtime_price_per_h: Positive = 0.0
    territories: tuple[Name, ...] = ()
    keeps_territory: bool = False
    away_from_s: Seconds | None = None


class Standby(Value, frozen=True, kw_only=True):
    """A wish: at ``at_s`` at least ``least`` technicians with ``skills`` stand free within ``reach_s`` of a place.

    Each one missing costs ``price``. One for each district and half hour keeps a town covered.
    """

    place: Place
    at_s: Seconds
    reach_s: Duration
    least: Count = 1
    price: Positive = 300.0
    skills: tuple[Name, ...] = ()


class SkillReserve(Value, frozen=True, kw_only=True):
    """Who has any of ``skills`` is kept for those who need him: other ordinary work costs ``price`` more with him.

    A price, not a bar: when nobody else can do the work in time he does it.
    """

    skills: tuple[Name, ...]
    price: Positive


class Problem(Value, frozen=True, kw_only=True):
    """Everything a plan depends on; ``previous`` maps a job to the technician who had it in the last plan.

    ``service_quantile`` is how careful uncertain visits are planned: 0.5 plans the expected time, 0.9 the time that
    nine of ten visits keep.

    ``standby`` and the prices of the longest overtime and of its spread (longest less shortest) bear on how a search
    that lasts puts its routes together; they are no part of the plan's objective.
    """

    now_s: Seconds
    technicians: tuple[Technician, ...]
    jobs: tuple[Job, ...]
    profile: Profile
    previous: dict[str, str | None] = msgspec.field(default_factory=dict)
    moved_stop_price: Positive = 300.0
    depots: tuple[Depot, ...] = ()
    service_quantile: Annotated[float, msgspec.Meta(ge=0.01, le=0.99)] = 0.5
    vulnerable_factor: Annotated[float, msgspec.Meta(ge=1.0, le=1000.0)] = 1.0
    foreign_territory_price: Positive = 0.0
    reserve: SkillReserve | None = None
    standby: tuple[Standby, ...] = ()
    longest_overtime_price_per_h: Positive = 0.0
    overtime_spread_price_per_h: Positive = 0.0


def planned_service_s(problem: Problem, job: Job) -> int:
    """Return the seconds on site to plan with: the expected time plus what the wanted quantile adds, rounded up."""
    sd_s = float(job.service_sd_s)
    if job.service_p90_s is not None:
        sd_s = max(0, job.service_p90_s - job.service_s) / _NORMAL.inv_cdf(0.9)
    if not sd_s or problem.service_quantile == 0.5:  # noqa: PLR2004 - the median of a symmetric spread
        return job.service_s
    return max(0, math.ceil(job.service_s + _NORMAL.inv_cdf(problem.service_quantile) * sd_s))


def as_planned(problem: Problem) -> Problem:
    """Return the problem with planned times on site and prices of vulnerable customers worked in; idempotent.

    Engines may then read ``service_s``, ``lateness_weight`` and ``breach_weight`` as they stand.
    """
    if not any(job.service_sd_s or job.service_p90_s is not None or job.vulnerable for job in problem.jobs):
        return problem
    jobs = tuple(_as_planned(problem, job) for job in problem.jobs)
    return msgspec.structs.replace(problem, jobs=jobs, service_quantile=0.5, vulnerable_factor=1.0)


def _as_planned(problem: Problem, job: Job) -> Job:
    factor = problem.vulnerable_factor if job.vulnerable else 1.0
    return msgspec.structs.replace(
        job,
        service_s=planned_service_s(problem, job),
        lateness_weight=job.lateness_weight * factor,
        breach_weight=job.breach_weight * factor,
    )
