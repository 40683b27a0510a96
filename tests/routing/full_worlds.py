"""Random problems over the whole model: every field of jobs, technicians and depots is used somewhere."""

from __future__ import annotations

import random

from msgspec.structs import replace

from routing.problem import After, Break, Depot, Instrument, Job, Place, Problem, Skill, SkillReserve, Technician
from tests.routing.worlds import DAY_START, HOUR, east, random_problem

NORTH, SOUTH = "north", "south"


def full_problem(seed: int, crew: int = 4, count: int = 12, emergencies: int = 1, *, coupled: bool = True) -> Problem:
    """Return a random sound problem of the whole model, the same for the same arguments."""
    rng = random.Random(f"full {seed}")
    base = random_problem(seed, crew, count, emergencies)
    committed = {job_id for technician in base.technicians for job_id in technician.committed}
    jobs = [_job(rng, job, [technician.id for technician in base.technicians]) for job in base.jobs]
    if coupled:
        jobs = _coupled(rng, jobs, committed)
    return replace(
        base,
        jobs=tuple(jobs),
        technicians=tuple(_technician(rng, technician, base.now_s) for technician in base.technicians),
        depots=tuple(_depot(rng, index, base.now_s) for index in range(rng.choice((0, 1, 1, 2)))),
        service_quantile=rng.choice((0.5, 0.5, 0.8)),
        vulnerable_factor=rng.choice((1.0, 3.0)),
        foreign_territory_price=rng.choice((0.0, 600.0)),
        reserve=rng.choice((None, None, SkillReserve(skills=("gas",), price=450.0))),
    )


def _some(rng: random.Random, share: float, value: object, otherwise: object) -> object:
    return value if rng.random() < share else otherwise


def _job(rng: random.Random, job: Job, names: list[str]) -> Job:
    due_s = job.due_s
    known: dict[str, object] = {
        "skill_levels": {name: rng.choice((1, 2)) for name in job.skills if rng.random() < 0.3},
        "instruments": rng.choice(((), (), (), ("detector",), ("detector", "analyser"))),
        "parts": {kind: rng.randrange(1, 3) for kind in ("valve", "meter") if rng.random() < 0.2},
        "territory": rng.choice((None, NORTH, SOUTH)),
        "barred": (rng.choice(names),) if rng.random() < 0.1 else (),
        "vulnerable": rng.random() < 0.2,
        "service_sd_s": rng.choice((0, 0, 300)),
        "service_p90_s": _some(rng, 0.2, job.service_s + 900, None),
        "breach_s": None if due_s is None else _some(rng, 0.4, due_s + HOUR, None),
        "breach_weight": 3.0,
        "moved_price": _some(rng, 0.2, 900.0, None),
    }
    return replace(job, **known)


def _coupled(rng: random.Random, jobs: list[Job], committed: set[str]) -> list[Job]:
    free = [index for index, job in enumerate(jobs) if job.id not in committed and job.priority > 1]
    rng.shuffle(free)
    for index in free[: rng.randrange(3)]:
        jobs[index] = replace(jobs[index], crew_size=2)
    if len(free) > 3 and rng.random() < 0.5:
        for index in free[2:4]:
            jobs[index] = replace(jobs[index], sync="together")
    if len(free) > 5 and rng.random() < 0.6:
        jobs[free[4]] = replace(jobs[free[4]], after=(After(job_id=jobs[free[5]].id, lag_s=rng.choice((0, 1800))),))
    if len(free) > 7 and rng.random() < 0.6:
        jobs[free[6]] = replace(jobs[free[6]], same_technician_as=jobs[free[7]].id)
    if len(free) > 8 and free[8] != 0 and rng.random() < 0.3:
        jobs[free[8]] = replace(jobs[free[8]], after=(After(job_id=jobs[0].id),), same_technician_as=jobs[free[0]].id)
    if rng.random() < 0.2:
        jobs[0] = replace(jobs[0], crew_size=2)
    return jobs


def _technician(rng: random.Random, technician: Technician, now_s: int) -> Technician:
    skills = [replace(skill, level=rng.choice((1, 1, 2, 3))) for skill in technician.skills]
    noon = DAY_START + 3 * HOUR + rng.randrange(0, HOUR)
    kinds = [kind for kind in ("detector", "analyser") if rng.random() < 0.75]
    ends = [None, None, now_s + 2 * HOUR, now_s - 1]
    normal_end_s = max(technician.shift_start_s, technician.shift_end_s - HOUR)
    known: dict[str, object] = {
        "skills": (*skills, Skill(name="gas", level=1)) if rng.random() < 0.3 else tuple(skills),
        "instruments": tuple(Instrument(kind=kind, valid_until_s=rng.choice(ends)) for kind in kinds),
        "stock": {kind: rng.randrange(0, 5) for kind in ("valve", "meter") if rng.random() < 0.7},
        "breaks": _breaks(rng, noon),
        "overtime_from_s": _some(rng, 0.5, normal_end_s, None),
        "overtime_price_per_h": rng.choice((0.0, 3600.0, 9000.0)),
        "territories": rng.choice(((), (), (NORTH,), (NORTH, SOUTH))),
        "keeps_territory": rng.random() < 0.3,
    }
    return replace(technician, **known)


def _breaks(rng: random.Random, noon: int) -> tuple[Break, ...]:
    lunch = Break(duration_s=rng.choice((1800, 3600)), earliest_s=noon, latest_s=noon + rng.choice((0, HOUR, 2 * HOUR)))
    tea = Break(duration_s=900, earliest_s=noon + 4 * HOUR, latest_s=noon + 5 * HOUR)
    return rng.choice(((), (lunch,), (lunch,), (lunch, tea)))


def _depot(rng: random.Random, index: int, now_s: int) -> Depot:
    place: Place = east(rng.uniform(-4000, 4000), rng.uniform(-4000, 4000))
    windows = rng.choice(
        ((), ((now_s, now_s + 6 * HOUR),), ((now_s + HOUR, now_s + 2 * HOUR), (now_s + 4 * HOUR,) * 2))
    )
    stock = rng.choice((None, {"valve": 9, "meter": 9}, {"valve": 2, "meter": 3}))
    instruments = (Instrument(kind="analyser"),) if rng.random() < 0.7 else ()
    return Depot(
        id=f"D{index}", place=place, windows=windows, visit_s=rng.choice((0, 600)), stock=stock, instruments=instruments
    )
