"""What a planner is given: places, jobs, technicians, and the rules that make them a sound problem.

All times are whole seconds counted from one epoch chosen by the caller; all places are WGS-84 degrees.
"""

from __future__ import annotations

import enum
import math
from typing import Annotated

import msgspec

from shared.errors import DomainError

Positive = Annotated[float, msgspec.Meta(ge=0.0)]
Seconds = Annotated[int, msgspec.Meta(ge=-10_000_000_000, le=10_000_000_000)]
Duration = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Window = tuple[Seconds, Seconds]

# Bounds of the arithmetic, not policy: beyond them sums no longer fit the solver's integers.
TIME_LIMIT_S = 10_000_000_000
DURATION_LIMIT_S = 10_000_000
LATENESS_LIMIT = 1_000_000.0
PRICE_LIMIT = 1_000_000_000.0


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
    """A qualification and the last second at which it is valid (None: without end)."""

    name: Name
    valid_until_s: Seconds | None = None


class Leave(Value, frozen=True, kw_only=True):
    """A present job that may be left with consent (decision 10): from which place, not before which second."""

    place: Place
    from_s: Seconds


class Job(Value, frozen=True, kw_only=True):
    """One visit to plan.

    ``windows`` are hard start-of-service windows, both ends included; none means any time. ``release_s``: nobody
    arrives before; ``earliest_s``: service does not start before, waiting on site is allowed. ``due_s`` is soft:
    each second after it costs ``lateness_weight``. An EMERGENCY starts on arrival, whatever its windows say.
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


class Problem(Value, frozen=True, kw_only=True):
    """Everything a plan depends on; ``previous`` maps a job to the technician who had it in the last plan."""

    now_s: Seconds
    technicians: tuple[Technician, ...]
    jobs: tuple[Job, ...]
    profile: Profile
    previous: dict[str, str | None] = msgspec.field(default_factory=dict)
    moved_stop_price: Positive = 300.0


def validate(problem: Problem) -> None:
    """Raise DomainError ``problem_invalid`` naming field, id and reason of the first thing that is wrong."""
    _check_unique([job.id for job in problem.jobs], "jobs.id")
    _check_unique([technician.id for technician in problem.technicians], "technicians.id")
    _check_time(problem.now_s, "now_s", "")
    _check_weight(problem.moved_stop_price, "moved_stop_price", "")
    _check_profile(problem.profile)
    for job in problem.jobs:
        _check_job(job)
    for technician in problem.technicians:
        _check_technician(technician)
    _check_committed(problem)


def _fail(field: str, subject: str, reason: str) -> DomainError:
    return DomainError("problem_invalid", field=field, id=subject, reason=reason)


def _check_unique(ids: list[str], field: str) -> None:
    seen: set[str] = set()
    for one in ids:
        if not one:
            raise _fail(field, one, "empty")
        if one in seen:
            raise _fail(field, one, "duplicate")
        seen.add(one)


def _check_time(value: int, field: str, subject: str) -> None:
    if not -TIME_LIMIT_S <= value <= TIME_LIMIT_S:
        raise _fail(field, subject, "out_of_range")


def _check_weight(value: float, field: str, subject: str, limit: float = PRICE_LIMIT) -> None:
    if not math.isfinite(value) or not 0.0 <= value <= limit:
        raise _fail(field, subject, "out_of_range")


def _check_place(place: Place, field: str, subject: str) -> None:
    if not (math.isfinite(place.lat) and math.isfinite(place.lon)):
        raise _fail(field, subject, "not_a_number")
    if not (-90.0 <= place.lat <= 90.0 and -180.0 <= place.lon <= 180.0):  # noqa: PLR2004 - degrees of the globe
        raise _fail(field, subject, "out_of_range")


def _check_profile(profile: Profile) -> None:
    _check_range(profile.detour, 1.0, 10.0, "profile.detour")
    _check_range(profile.speed_m_s, 0.1, 100.0, "profile.speed_m_s")
    _check_range(profile.start_up_s, 0, 3600, "profile.start_up_s")


def _check_range(value: float, low: float, high: float, field: str) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise _fail(field, "", "out_of_range")


def _check_job(job: Job) -> None:
    _check_place(job.place, "jobs.place", job.id)
    _check_weight(job.lateness_weight, "jobs.lateness_weight", job.id, LATENESS_LIMIT)
    _check_weight(job.unserved_penalty, "jobs.unserved_penalty", job.id)
    if not 0 <= job.service_s <= DURATION_LIMIT_S:
        raise _fail("jobs.service_s", job.id, "out_of_range")
    if job.priority not in (1, 2, 3, 4):
        raise _fail("jobs.priority", job.id, "out_of_range")
    for value, field in ((job.release_s, "release_s"), (job.earliest_s, "earliest_s"), (job.due_s or 0, "due_s")):
        _check_time(value, f"jobs.{field}", job.id)
    if not all(_is_name(name) for name in job.skills):
        raise _fail("jobs.skills", job.id, "not_a_skill")
    _check_windows(job)


def _is_name(value: object) -> bool:
    # Values built in code are not checked by the decoder: a number may stand where a name should.
    return isinstance(value, str) and bool(value)


def _check_windows(job: Job) -> None:
    for opens, closes in job.windows:
        _check_time(opens, "jobs.windows", job.id)
        _check_time(closes, "jobs.windows", job.id)
        if opens > closes:
            raise _fail("jobs.windows", job.id, "reversed")


def _check_technician(technician: Technician) -> None:
    _check_place(technician.place, "technicians.place", technician.id)
    if technician.end_place is not None:
        _check_place(technician.end_place, "technicians.end_place", technician.id)
    for field in ("available_s", "shift_start_s", "shift_end_s"):
        _check_time(getattr(technician, field), f"technicians.{field}", technician.id)
    if technician.shift_end_s < technician.shift_start_s:
        raise _fail("technicians.shift_end_s", technician.id, "before_start")
    if not all(_is_name(skill.name) for skill in technician.skills):
        raise _fail("technicians.skills", technician.id, "not_a_skill")
    if technician.leave is not None:
        _check_place(technician.leave.place, "technicians.leave", technician.id)
        _check_time(technician.leave.from_s, "technicians.leave", technician.id)


def _check_committed(problem: Problem) -> None:
    known = {job.id for job in problem.jobs}
    seen: set[str] = set()
    for technician in problem.technicians:
        for job_id in technician.committed:
            if job_id not in known:
                raise _fail("technicians.committed", technician.id, f"unknown_job {job_id}")
            if job_id in seen:
                raise _fail("technicians.committed", technician.id, f"committed_twice {job_id}")
            seen.add(job_id)
