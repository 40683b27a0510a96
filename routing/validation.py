"""The rules that make a problem sound: each refusal names the field, the id it stands at, and a reason's code.

Codes: ``empty``, ``duplicate``, ``out_of_range``, ``not_a_number``, ``not_a_skill``, ``not_a_name``, ``reversed``,
``before_start``, ``after_end``, ``level_without_skill``, ``unknown_job``, ``committed_twice``, ``refers_to_itself``,
``cycle``, ``same_and_together``; the last five name the other job behind the code where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from routing.problem import (
    DURATION_LIMIT_S,
    LATENESS_LIMIT,
    PRICE_LIMIT,
    TIME_LIMIT_S,
    Depot,
    Instrument,
    Job,
    Place,
    Problem,
    Profile,
    Standby,
    Technician,
    Window,
)
from shared.errors import DomainError

_MOST_LEVEL = 100
_MOST_PARTS = 1_000_000
_MOST_CREW = 2


def validate(problem: Problem) -> None:
    """Raise DomainError ``problem_invalid`` naming field, id and reason of the first thing that is wrong."""
    _check_unique([job.id for job in problem.jobs], "jobs.id")
    _check_unique([technician.id for technician in problem.technicians], "technicians.id")
    _check_unique([depot.id for depot in problem.depots], "depots.id")
    _check_settings(problem)
    for job in problem.jobs:
        if not _is_plain(job):
            _check_job(job)
    for technician in problem.technicians:
        _check_technician(technician)
    for depot in problem.depots:
        _check_depot(depot)
    _check_committed(problem)
    _check_couplings(problem)


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


def _check_settings(problem: Problem) -> None:
    _check_time(problem.now_s, "now_s", "")
    _check_weight(problem.moved_stop_price, "moved_stop_price", "")
    _check_weight(problem.foreign_territory_price, "foreign_territory_price", "")
    _check_weight(problem.longest_overtime_price_per_h, "longest_overtime_price_per_h", "")
    _check_weight(problem.overtime_spread_price_per_h, "overtime_spread_price_per_h", "")
    if problem.reserve is not None:
        _check_names(problem.reserve.skills, "reserve.skills", "", "not_a_skill")
        _check_weight(problem.reserve.price, "reserve.price", "")
    for number, wish in enumerate(problem.standby):
        _check_standby(wish, str(number))
    _check_range(problem.service_quantile, 0.01, 0.99, "service_quantile")
    _check_range(problem.vulnerable_factor, 1.0, 1000.0, "vulnerable_factor")
    _check_profile(problem.profile)


def _check_time(value: int, field: str, subject: str) -> None:
    if not -TIME_LIMIT_S <= value <= TIME_LIMIT_S:
        raise _fail(field, subject, "out_of_range")


def _check_duration(value: int, field: str, subject: str) -> None:
    if not 0 <= value <= DURATION_LIMIT_S:
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


def _check_range(value: float, low: float, high: float, field: str, subject: str = "") -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise _fail(field, subject, "out_of_range")


def _is_name(value: object) -> bool:
    # Values built in code are not checked by the decoder: a number may stand where a name should.
    return isinstance(value, str) and bool(value)


def _check_names(names: Iterable[object], field: str, subject: str, reason: str = "not_a_name") -> None:
    if not all(_is_name(name) for name in names):
        raise _fail(field, subject, reason)


def _check_counts(counts: Mapping[str, int], field: str, subject: str) -> None:
    _check_names(counts, field, subject)
    for count in counts.values():
        _check_range(count, 0, _MOST_PARTS, field, subject)


def _is_plain(job: Job) -> bool:
    # Most jobs pass in one expression (the instant answer has no time for more); the others are looked at by field.
    place = job.place
    return (
        -90.0 <= place.lat <= 90.0  # noqa: PLR2004 - degrees of the globe
        and -180.0 <= place.lon <= 180.0  # noqa: PLR2004 - as above
        and 0.0 <= job.lateness_weight <= LATENESS_LIMIT
        and 0.0 <= job.breach_weight <= LATENESS_LIMIT
        and 0.0 <= job.unserved_penalty <= PRICE_LIMIT
        and 0 <= job.service_s <= DURATION_LIMIT_S
        and 0 <= job.service_sd_s <= DURATION_LIMIT_S
        and job.priority in {1, 2, 3, 4}
        and -TIME_LIMIT_S <= job.release_s <= TIME_LIMIT_S
        and -TIME_LIMIT_S <= job.earliest_s <= TIME_LIMIT_S
        and -TIME_LIMIT_S <= (job.due_s or 0) <= TIME_LIMIT_S
        and -TIME_LIMIT_S <= (job.breach_s or 0) <= TIME_LIMIT_S
        and job.service_p90_s is None
        and job.moved_price is None
        and job.crew_size == 1
        and not (job.skill_levels or job.instruments or job.barred or job.parts)
        and (not job.skills or all(map(_is_name, job.skills)))
        and (not job.windows or all(-TIME_LIMIT_S <= one <= two <= TIME_LIMIT_S for one, two in job.windows))
    )


def _check_job(job: Job) -> None:
    _check_place(job.place, "jobs.place", job.id)
    _check_weight(job.lateness_weight, "jobs.lateness_weight", job.id, LATENESS_LIMIT)
    _check_weight(job.unserved_penalty, "jobs.unserved_penalty", job.id)
    _check_duration(job.service_s, "jobs.service_s", job.id)
    if job.priority not in (1, 2, 3, 4):
        raise _fail("jobs.priority", job.id, "out_of_range")
    for value, field in ((job.release_s, "release_s"), (job.earliest_s, "earliest_s"), (job.due_s or 0, "due_s")):
        _check_time(value, f"jobs.{field}", job.id)
    _check_names(job.skills, "jobs.skills", job.id, "not_a_skill")
    _check_windows(job.windows, "jobs.windows", job.id)
    _check_needs(job)
    _check_prices(job)


def _check_needs(job: Job) -> None:
    _check_duration(job.service_sd_s, "jobs.service_sd_s", job.id)
    if job.service_p90_s is not None:
        _check_duration(job.service_p90_s, "jobs.service_p90_s", job.id)
    for name, level in job.skill_levels.items():
        if name not in job.skills:
            raise _fail("jobs.skill_levels", job.id, "level_without_skill")
        _check_range(level, 0, _MOST_LEVEL, "jobs.skill_levels", job.id)
    _check_names(job.instruments, "jobs.instruments", job.id)
    _check_names(job.barred, "jobs.barred", job.id)
    _check_counts(job.parts, "jobs.parts", job.id)
    if not 1 <= job.crew_size <= _MOST_CREW:
        raise _fail("jobs.crew_size", job.id, "out_of_range")


def _check_prices(job: Job) -> None:
    if job.breach_s is not None:
        _check_time(job.breach_s, "jobs.breach_s", job.id)
    _check_weight(job.breach_weight, "jobs.breach_weight", job.id, LATENESS_LIMIT)
    if job.moved_price is not None:
        _check_weight(job.moved_price, "jobs.moved_price", job.id)


def _check_windows(windows: Sequence[Window], field: str, subject: str) -> None:
    for opens, closes in windows:
        _check_time(opens, field, subject)
        _check_time(closes, field, subject)
        if opens > closes:
            raise _fail(field, subject, "reversed")


def _check_technician(technician: Technician) -> None:
    _check_place(technician.place, "technicians.place", technician.id)
    if technician.end_place is not None:
        _check_place(technician.end_place, "technicians.end_place", technician.id)
    for field in ("available_s", "shift_start_s", "shift_end_s"):
        _check_time(getattr(technician, field), f"technicians.{field}", technician.id)
    if technician.shift_end_s < technician.shift_start_s:
        raise _fail("technicians.shift_end_s", technician.id, "before_start")
    _check_abilities(technician)
    _check_overtime(technician)
    for one in technician.breaks:
        _check_duration(one.duration_s, "technicians.breaks", technician.id)
        _check_windows([(one.earliest_s, one.latest_s)], "technicians.breaks", technician.id)
    if technician.leave is not None:
        _check_place(technician.leave.place, "technicians.leave", technician.id)
        _check_time(technician.leave.from_s, "technicians.leave", technician.id)


def _check_abilities(technician: Technician) -> None:
    _check_names([skill.name for skill in technician.skills], "technicians.skills", technician.id, "not_a_skill")
    for skill in technician.skills:
        _check_range(skill.level, 0, _MOST_LEVEL, "technicians.skills", technician.id)
        _check_time(skill.valid_until_s or 0, "technicians.skills", technician.id)
    _check_instruments(technician.instruments, "technicians.instruments", technician.id)
    _check_counts(technician.stock, "technicians.stock", technician.id)
    _check_names(technician.territories, "technicians.territories", technician.id)


def _check_instruments(instruments: Iterable[Instrument], field: str, subject: str) -> None:
    for instrument in instruments:
        _check_names([instrument.kind], field, subject)
        _check_time(instrument.valid_until_s or 0, field, subject)


def _check_overtime(technician: Technician) -> None:
    _check_weight(technician.overtime_price_per_h, "technicians.overtime_price_per_h", technician.id)
    start = technician.overtime_from_s
    if start is None:
        return
    _check_time(start, "technicians.overtime_from_s", technician.id)
    if start < technician.shift_start_s:
        raise _fail("technicians.overtime_from_s", technician.id, "before_start")
    if start > technician.shift_end_s:
        raise _fail("technicians.overtime_from_s", technician.id, "after_end")


def _check_depot(depot: Depot) -> None:
    _check_place(depot.place, "depots.place", depot.id)
    _check_windows(depot.windows, "depots.windows", depot.id)
    _check_duration(depot.visit_s, "depots.visit_s", depot.id)
    _check_counts(depot.stock or {}, "depots.stock", depot.id)
    _check_instruments(depot.instruments, "depots.instruments", depot.id)


def _check_standby(wish: Standby, subject: str) -> None:
    _check_place(wish.place, "standby.place", subject)
    _check_time(wish.at_s, "standby.at_s", subject)
    _check_duration(wish.reach_s, "standby.reach_s", subject)
    _check_range(wish.least, 0, _MOST_PARTS, "standby.least", subject)
    _check_weight(wish.price, "standby.price", subject)
    _check_names(wish.skills, "standby.skills", subject, "not_a_skill")


def _check_committed(problem: Problem) -> None:
    crew_of = {job.id: job.crew_size for job in problem.jobs}
    holders: dict[str, set[str]] = {}
    for technician in problem.technicians:
        for job_id in technician.committed:
            if job_id not in crew_of:
                raise _fail("technicians.committed", technician.id, f"unknown_job {job_id}")
            held_by = holders.setdefault(job_id, set())
            if technician.id in held_by or len(held_by) >= crew_of[job_id]:
                raise _fail("technicians.committed", technician.id, f"committed_twice {job_id}")
            held_by.add(technician.id)


def _check_couplings(problem: Problem) -> None:
    coupled = [job for job in problem.jobs if job.after or job.same_technician_as is not None or job.sync is not None]
    if not coupled:
        return
    known = {job.id for job in problem.jobs}
    for job in coupled:
        for field, other in _references(job):
            if other not in known:
                raise _fail(f"jobs.{field}", job.id, f"unknown_job {other}")
            if other == job.id:
                raise _fail(f"jobs.{field}", job.id, f"refers_to_itself {other}")
            _check_wait(job, field)
        if job.sync is not None and not _is_name(job.sync):
            raise _fail("jobs.sync", job.id, "not_a_name")
    _check_together(coupled)
    _check_cycles(coupled)


def _references(job: Job) -> Iterable[tuple[str, str]]:
    same = () if job.same_technician_as is None else (("same_technician_as", job.same_technician_as),)
    return chain((("after", one.job_id) for one in job.after), same)


def _check_wait(job: Job, field: str) -> None:
    for one in job.after:
        _check_duration(one.lag_s, f"jobs.{field}", job.id)


def _check_together(coupled: Sequence[Job]) -> None:
    # Nobody is at two places at once: a follow-up of the same technician cannot start together with its first job.
    meeting = {job.id: job.sync for job in coupled}
    for job in coupled:
        other = job.same_technician_as
        if other is not None and job.sync is not None and meeting.get(other) == job.sync:
            raise _fail("jobs.same_technician_as", job.id, f"same_and_together {other}")


def _check_cycles(coupled: Sequence[Job]) -> None:
    # Jobs that start together are one knot of the order, so that a wait inside such a group is a cycle too.
    knot = {job.id: job.id if job.sync is None else f"sync {job.sync}" for job in coupled}
    waits: dict[str, set[str]] = {}
    for job in coupled:
        waits.setdefault(knot[job.id], set()).update(knot.get(one.job_id, one.job_id) for one in job.after)
    done: set[str] = set()
    for job in coupled:
        if _is_on_cycle(knot[job.id], waits, done):
            raise _fail("jobs.after", job.id, "cycle")


def _is_on_cycle(start: str, waits: Mapping[str, set[str]], done: set[str]) -> bool:
    """Tell whether a walk along the waits comes back; iterative, for chains may be as long as the problem."""
    trail: list[tuple[str, list[str]]] = [(start, sorted(waits.get(start, ())))]
    here = {start}
    while trail:
        knot, ahead = trail[-1]
        if not ahead:
            trail.pop()
            here.discard(knot)
            done.add(knot)
            continue
        following = ahead.pop()
        if following in here:
            return True
        if following not in done:
            trail.append((following, sorted(waits.get(following, ()))))
            here.add(following)
    return False
