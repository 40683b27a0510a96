"""The one array problem: a validated Problem laid out as flat lists and matrices for the engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.legs import Legs, Rows
from routing.problem import Job, Place, Problem, Technician, Tier
from routing.travel import TravelTimes
from routing.validation import validate
from routing.validation import validate

NEVER = -(1 << 60)
FOREVER = 1 << 60
COMMITTED = -1
NOBODY = -1
STRANGER = -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Nodes are jobs 0…n-1, then start places, end places and left places of technicians, then one free node.

    ``travel[a][b]`` are driving seconds, asked of the provider when first looked at; ``legs`` gives them by rows,
    columns and blocks. The free node is reached from everywhere in 0 s and stands for "no end place". ``tier[j]`` is COMMITTED for a committed job, else its Tier. ``valid_until[t, c]`` is
    the last second at which technician t holds all skills of class c (NEVER: he lacks one).
    """

    problem: Problem
    quality: str
    legs: Legs
    travel: Rows
    jobs: tuple[Job, ...]
    technicians: tuple[Technician, ...]
    job_index: dict[str, int]
    technician_index: dict[str, int]
    tier: list[int]
    windows: list[tuple[tuple[int, int], ...]]
    skill_class: list[int]
    valid_until: npt.NDArray[np.int64]
    locked: list[int]
    previous: list[int]
    committed: list[list[int]]
    ready: list[int]
    start_node: list[int]
    end_node: list[int]
    leave_node: list[int]

    @property
    def matrix(self) -> npt.NDArray[np.int32]:
        """Return all driving seconds, shape (nodes, nodes); asks for the whole matrix when it is not there yet."""
        return self.legs.whole()

    def allowed(self, tech: int, job: int) -> bool:
        """Tell whether the technician holds the skills (at some time) and the job is not locked to another."""
        if self.locked[job] not in (NOBODY, tech):
            return False
        return bool(self.valid_until[tech, self.skill_class[job]] > NEVER)

    def allowed_mask(self, job: int) -> npt.NDArray[np.bool_]:
        """Return ``allowed`` for every technician, shape (technicians,)."""
        mask: npt.NDArray[np.bool_] = self.valid_until[:, self.skill_class[job]] > NEVER
        if self.locked[job] != NOBODY:
            mask &= np.arange(len(self.technicians)) == self.locked[job]
        return mask

    def moved_price(self, tech: int, job: int) -> float:
        """Return the price of giving the job to another technician than in the previous plan."""
        return self.problem.moved_stop_price if self.previous[job] not in (NOBODY, tech) else 0.0


def build_grid(problem: Problem, travel: TravelTimes) -> Grid:
    """Validate the problem and lay it out; raise DomainError ``problem_invalid``."""
    validate(problem)
    jobs, technicians = problem.jobs, problem.technicians
    job_index = {job.id: index for index, job in enumerate(jobs)}
    technician_index = {technician.id: index for index, technician in enumerate(technicians)}
    committed = [[job_index[job_id] for job_id in technician.committed] for technician in technicians]
    legs = _legs(problem, travel)
    skill_class, valid_until = _skills(problem)
    count, crew = len(jobs), len(technicians)
    return Grid(
        problem=problem,
        quality=travel.quality,
        legs=legs,
        travel=legs.rows,
        jobs=jobs,
        technicians=technicians,
        job_index=job_index,
        technician_index=technician_index,
        tier=_tiers(problem, committed, legs),
        windows=[tuple(sorted(job.windows)) for job in jobs],
        skill_class=skill_class,
        valid_until=valid_until,
        locked=[_index_of(technician_index, job.locked_to, STRANGER) for job in jobs],
        previous=[_index_of(technician_index, problem.previous.get(job.id), NOBODY) for job in jobs],
        committed=committed,
        ready=[max(t.available_s, t.shift_start_s, problem.now_s) for t in technicians],
        start_node=[count + tech for tech in range(crew)],
        end_node=[
            count + (crew + tech if technician.end_place is not None else 3 * crew)
            for tech, technician in enumerate(technicians)
        ],
        leave_node=[count + 2 * crew + tech for tech in range(crew)],
    )


def _index_of(index: dict[str, int], key: str | None, otherwise: int) -> int:
    return NOBODY if key is None else index.get(key, otherwise)


def _tiers(problem: Problem, committed: list[list[int]], legs: Legs) -> list[int]:
    tiers = [int(job.tier) for job in problem.jobs]
    starts = len(problem.jobs) + np.arange(len(problem.technicians))
    for index, tier in enumerate(tiers):
        job = problem.jobs[index]
        # Only a door that may be closed needs to know how far the nearest technician is.
        if tier == Tier.URGENT_LEAK and len(starts) and (job.windows or job.earliest_s > problem.now_s):
            nearest_s = problem.now_s + int(legs.block(starts, [index]).min())
            tiers[index] = int(Tier.ORDINARY if _is_closed(job, nearest_s) else Tier.URGENT_LEAK)
    for stops in committed:
        for stop in stops:
            tiers[stop] = COMMITTED
    return tiers


def _is_closed(job: Job, when_s: int) -> bool:
    # An urgent leak whose door opens only later is planned by cost until then: who went there first would only wait.
    later = all(opens > when_s or closes < when_s for opens, closes in job.windows) if job.windows else False
    return later or job.earliest_s > when_s


def _legs(problem: Problem, travel: TravelTimes) -> Legs:
    places: list[Place] = [job.place for job in problem.jobs]
    places += [technician.place for technician in problem.technicians]
    places += [technician.end_place or technician.place for technician in problem.technicians]
    places += [t.leave.place if t.leave is not None else t.place for t in problem.technicians]
    return Legs(places, travel, problem.now_s)


def _skills(problem: Problem) -> tuple[list[int], npt.NDArray[np.int64]]:
    classes: dict[frozenset[str], int] = {}
    skill_class = [classes.setdefault(frozenset(job.skills), len(classes)) for job in problem.jobs]
    valid_until = np.full((len(problem.technicians), max(1, len(classes))), FOREVER, dtype=np.int64)
    for tech, technician in enumerate(problem.technicians):
        held = _held_until(technician)
        for needed, column in classes.items():
            valid_until[tech, column] = min((held.get(name, NEVER) for name in needed), default=FOREVER)
    return skill_class, valid_until


def _held_until(technician: Technician) -> dict[str, int]:
    held: dict[str, int] = {}
    for skill in technician.skills:
        until = FOREVER if skill.valid_until_s is None else skill.valid_until_s
        held[skill.name] = max(held.get(skill.name, NEVER), until)
    return held


def is_first(tier: int) -> bool:
    """Tell whether a tier stands at the head of a route: committed, emergency or urgent leak."""
    return tier < Tier.ORDINARY
