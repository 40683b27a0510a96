"""Who may do what: skills with levels and expiry, instruments in calibration, closed territories, parts on the van."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.problem import Instrument, Job, Problem, Technician, Tier

NEVER = -(1 << 60)
FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Need:
    """What a class of jobs asks of whoever does them; ``territory`` is set when it may be closed to somebody."""

    skills: frozenset[tuple[str, int]]
    instruments: frozenset[str]
    territory: str | None


@dataclass(frozen=True, slots=True)
class Abilities:
    """Classes of needs: ``skill_class[j]`` is the class of job j, ``valid_until[t, c]`` the last second for class c.

    NEVER where the technician may not do it at all. ``to_fetch[t, c]`` are the instruments he must fetch from a depot
    first; pairs without any are left out.
    """

    skill_class: list[int]
    valid_until: npt.NDArray[np.int64]
    to_fetch: dict[tuple[int, int], tuple[str, ...]]


def abilities_of(problem: Problem) -> Abilities:
    """Return what everybody may do, shape of ``valid_until`` (technicians, classes)."""
    bounded = any(technician.keeps_territory and technician.territories for technician in problem.technicians)
    classes: dict[Need, int] = {}
    skill_class = _classes_of(problem, classes, bounded=bounded)
    valid_until = np.full((len(problem.technicians), max(1, len(classes))), FOREVER, dtype=np.int64)
    to_fetch: dict[tuple[int, int], tuple[str, ...]] = {}
    stored = _valid_until(instrument for depot in problem.depots for instrument in depot.instruments)
    for tech, technician in enumerate(problem.technicians):
        held = _held(technician)
        carried = _valid_until(one for one in technician.instruments if _is_good(one, problem.now_s))
        for need, column in classes.items():
            until, missing = _until(technician, need, held, carried, stored)
            valid_until[tech, column] = until
            if missing and until > NEVER:
                to_fetch[tech, column] = missing
    return Abilities(skill_class, valid_until, to_fetch)


def _classes_of(problem: Problem, classes: dict[Need, int], *, bounded: bool) -> list[int]:
    # Most jobs ask for the same few things: they are told apart by what is cheap to compare.
    known: dict[tuple[object, ...], int] = {}
    found: list[int] = []
    for job in problem.jobs:
        key = (job.skills, job.instruments, bounded and (job.territory, job.tier == Tier.ORDINARY))
        number = None if job.skill_levels else known.get(key)
        if number is None:
            number = classes.setdefault(_need_of(job, bounded=bounded), len(classes))
            if not job.skill_levels:
                known[key] = number
        found.append(number)
    return found


def is_carried(problem: Problem, job: Job) -> bool:
    """Tell whether anybody has the instruments and parts of a job on his van."""
    return any(
        all(technician.stock.get(kind, 0) >= count for kind, count in job.parts.items())
        and {one.kind for one in technician.instruments if _is_good(one, problem.now_s)}.issuperset(job.instruments)
        for technician in problem.technicians
    )


def knows_territory(technician: Technician, job: Job) -> bool:
    """Tell whether a job lies where a technician is at home, or in no territory at all."""
    return job.territory is None or not technician.territories or job.territory in technician.territories


def is_in_reserve(technician: Technician, skills: Collection[str], now_s: int) -> bool:
    """Tell whether a technician has one of the skills now."""
    return any(
        one.name in skills and (one.valid_until_s is None or one.valid_until_s >= now_s) for one in technician.skills
    )


def list_kept(problem: Problem) -> tuple[list[bool], list[bool]]:
    """Tell which technicians are of the skill reserve, and of which jobs the reserve keeps them free."""
    if problem.reserve is None:
        return [False] * len(problem.technicians), [False] * len(problem.jobs)
    skills = frozenset(problem.reserve.skills)
    kept = [is_in_reserve(technician, skills, problem.now_s) for technician in problem.technicians]
    return kept, [job.tier == Tier.ORDINARY and skills.isdisjoint(job.skills) for job in problem.jobs]


def why_never(technician: Technician, job: Job) -> str:
    """Return why a technician who may never do a job may not: the code of the first rule that bars him."""
    held = _held(technician)
    for name in job.skills:
        if name not in held:
            return "no_skill"
        if all(level < job.skill_levels.get(name, 1) for level, _ in held[name]):
            return "level_too_low"
    if any(kind not in {one.kind for one in technician.instruments} for kind in job.instruments):
        return "no_instrument"
    if job.instruments and technician.instruments and knows_territory(technician, job):
        return "calibration_expired"
    return "closed_territory"


def _is_good(instrument: Instrument, now_s: int) -> bool:
    return instrument.valid_until_s is None or instrument.valid_until_s >= now_s


def _need_of(job: Job, *, bounded: bool) -> Need:
    return Need(
        frozenset((name, job.skill_levels.get(name, 1)) for name in job.skills),
        frozenset(job.instruments),
        # Territories do not bind a leak that goes first.
        job.territory if bounded and job.tier == Tier.ORDINARY else None,
    )


def _held(technician: Technician) -> dict[str, list[tuple[int, int]]]:
    held: dict[str, list[tuple[int, int]]] = {}
    for skill in technician.skills:
        until = FOREVER if skill.valid_until_s is None else skill.valid_until_s
        held.setdefault(skill.name, []).append((skill.level, until))
    return held


def _valid_until(instruments: Iterable[Instrument]) -> dict[str, int]:
    best: dict[str, int] = {}
    for one in instruments:
        until = FOREVER if one.valid_until_s is None else one.valid_until_s
        best[one.kind] = max(best.get(one.kind, NEVER), until)
    return best


def _until(
    technician: Technician,
    need: Need,
    held: dict[str, list[tuple[int, int]]],
    carried: dict[str, int],
    stored: dict[str, int],
) -> tuple[int, tuple[str, ...]]:
    until = FOREVER
    for name, least in need.skills:
        until = min(until, max((end for level, end in held.get(name, ()) if level >= least), default=NEVER))
    missing = tuple(sorted(kind for kind in need.instruments if kind not in carried))
    for kind in need.instruments:
        until = min(until, carried[kind] if kind in carried else stored.get(kind, NEVER))
    if need.territory is not None and technician.keeps_territory and technician.territories:
        until = until if need.territory in technician.territories else NEVER
    return until, missing


def has_needs(jobs: Sequence[Job]) -> list[bool]:
    """Tell for each job whether it needs parts or instruments."""
    return [bool(job.parts or job.instruments) for job in jobs]
