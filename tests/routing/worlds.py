"""Small and random problems for the planner's tests; every random world is a function of its seed."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec

import routing
from routing.problem import Job, Leave, Place, Problem, Profile, Skill, Technician
from routing.travel import parse_profiles

HOUR = 3600
DAY_START = 8 * HOUR
DAY_END = 18 * HOUR
CENTRE = Place(lat=38.04, lon=114.51)
PROFILES = parse_profiles((Path(routing.__file__).parent / "profiles.toml").read_text(encoding="utf-8"))
TOWN: Profile = PROFILES["town"]


def east(metres: float, north: float = 0.0) -> Place:
    """Return the place so many metres east (and north) of the town's centre."""
    return Place(lat=CENTRE.lat + north / 111_000.0, lon=CENTRE.lon + metres / 87_600.0)


def a_job(job_id: str, place: Place = CENTRE, **fields: object) -> Job:
    """Return a routine half-hour job; any field can be given."""
    known: dict[str, object] = {"id": job_id, "place": place, "service_s": 1800, "priority": 4}
    return Job(**(known | fields))  # type: ignore[arg-type]  # a factory passes what its caller names


def a_leak(job_id: str, place: Place = CENTRE, **fields: object) -> Job:
    """Return an emergency leak that needs the gas skill."""
    known: dict[str, object] = {"priority": 1, "is_leak": True, "skills": ("gas",), "service_s": 2700}
    return a_job(job_id, place, **(known | fields))


def a_technician(name: str, place: Place = CENTRE, **fields: object) -> Technician:
    """Return a gas technician on the day shift, free from its start; any field can be given."""
    known: dict[str, object] = {
        "id": name,
        "place": place,
        "available_s": DAY_START,
        "shift_start_s": DAY_START,
        "shift_end_s": DAY_END,
        "skills": (Skill(name="gas"),),
    }
    return Technician(**(known | fields))  # type: ignore[arg-type]  # as above


def a_problem(technicians: list[Technician], jobs: list[Job], **fields: object) -> Problem:
    """Return a problem at the start of the day shift; any field can be given."""
    known: dict[str, object] = {
        "now_s": DAY_START,
        "technicians": tuple(technicians),
        "jobs": tuple(jobs),
        "profile": TOWN,
    }
    return Problem(**(known | fields))  # type: ignore[arg-type]  # as above


def random_problem(seed: int, crew: int = 6, count: int = 24, emergencies: int = 2) -> Problem:
    """Return a random sound problem with every feature of the model in it."""
    rng = random.Random(seed)
    now = DAY_START + rng.randrange(0, 3 * HOUR)
    jobs = [_random_job(rng, index, now, emergencies) for index in range(count)]
    committable = [job.id for job in jobs if job.priority > 2 and job.locked_to is None]
    technicians = []
    for index in range(crew):
        taken = [committable.pop() for _ in range(rng.choice((0, 0, 1, 2))) if committable]
        technicians.append(_random_technician(rng, index, now, tuple(taken)))
    previous = {job.id: rng.choice([None, *(t.id for t in technicians)]) for job in jobs if rng.random() < 0.5}
    return a_problem(technicians, jobs, now_s=now, previous=previous)


def _random_place(rng: random.Random) -> Place:
    return east(rng.uniform(-10_000, 10_000), rng.uniform(-10_000, 10_000))


def _random_job(rng: random.Random, index: int, now: int, emergencies: int) -> Job:
    priority = 1 if index < emergencies else rng.choice((2, 2, 3, 4, 4))
    windows = []
    if priority > 2 and rng.random() < 0.6:
        opens = DAY_START + rng.randrange(0, 8) * HOUR
        windows.append((opens, opens + 2 * HOUR))
        if rng.random() < 0.3:
            windows.append((opens + 3 * HOUR, opens + 4 * HOUR))
    return a_job(
        f"J{index:03d}",
        _random_place(rng),
        service_s=rng.choice((900, 1500, 2100, 3300)),
        priority=priority,
        is_leak=priority == 1 or (priority == 2 and rng.random() < 0.5),
        skills=rng.choice(((), (), ("gas",), ("gas", "boiler"))),
        windows=tuple(windows),
        release_s=now - rng.randrange(0, HOUR),
        earliest_s=now + rng.randrange(0, HOUR) if priority > 2 and rng.random() < 0.2 else 0,
        due_s=now + rng.randrange(HOUR, 6 * HOUR) if rng.random() < 0.7 else None,
        lateness_weight=rng.choice((0.2, 1.0, 5.0)),
        promised=rng.random() < 0.5,
        locked_to=f"T{rng.randrange(0, 4)}" if rng.random() < 0.05 else None,
    )


def _random_technician(rng: random.Random, index: int, now: int, committed: tuple[str, ...]) -> Technician:
    place = _random_place(rng)
    busy = now + rng.randrange(0, HOUR)
    may_leave = rng.random() < 0.3
    skills = [Skill(name="gas", valid_until_s=None if rng.random() < 0.8 else now + 2 * HOUR)]
    skills += [Skill(name="boiler")] if rng.random() < 0.4 else []
    return a_technician(
        f"T{index}",
        place,
        available_s=busy,
        shift_end_s=DAY_END + rng.randrange(-2, 3) * HOUR,
        end_place=_random_place(rng) if rng.random() < 0.5 else None,
        skills=tuple(skills) if rng.random() < 0.8 else (),
        committed=committed,
        leave=Leave(place=place, from_s=now + 120) if may_leave else None,
    )


def changed_job(problem: Problem, job_id: str, **fields: object) -> Problem:
    """Return the problem with some fields of one job replaced."""
    jobs = [msgspec.structs.replace(job, **fields) if job.id == job_id else job for job in problem.jobs]
    return msgspec.structs.replace(problem, jobs=tuple(jobs))
