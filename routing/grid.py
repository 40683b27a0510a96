"""The one array problem: a validated Problem laid out as flat lists and matrices for the engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.abilities import FOREVER, NEVER, abilities_of, has_needs, is_carried, knows_territory, list_kept, why_never
from routing.legs import Legs, Rows
from routing.persons import first_id, is_second, second_id
from routing.problem import Break, Job, Place, Problem, Technician, Tier, as_planned
from routing.travel import TravelTimes
from routing.validation import validate

__all__ = ["COMMITTED", "FOREVER", "NEVER", "NOBODY", "STRANGER", "Grid", "build_grid", "is_first"]

COMMITTED = -1
NOBODY = -1
STRANGER = -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Nodes are jobs 0…n-1, then start, end and left places of technicians, then depots, then one free node.

    ``travel[a][b]`` are driving seconds, asked of the provider when first looked at; ``legs`` gives them by rows,
    columns and blocks. The free node is reached from everywhere in 0 s and stands for "no end place".
    ``tier[j]`` is COMMITTED for a committed job, else its Tier. ``valid_until[t, c]`` is the last second at which
    technician t may start work of class c (NEVER: he may not at all); ``to_fetch[t, c]`` are the instruments he has
    to fetch from a depot before. ``rests[t]`` are his breaks by time, ``has_needs[j]`` tells whether job j needs parts
    or instruments, ``barred[j]`` are the technicians who may not take it, ``partner[j]`` is the other half of a job
    for two. ``kept[t]`` tells whether technician t is of the skill reserve, ``plain[j]`` whether job j is work that the
    reserve is kept free of.
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
    depot_node: list[int]
    rests: list[tuple[Break, ...]]
    has_needs: list[bool]
    any_needs: bool
    barred: list[frozenset[int]]
    to_fetch: dict[tuple[int, int], tuple[str, ...]]
    partner: list[int]
    kept: list[bool]
    plain: list[bool]

    @property
    def matrix(self) -> npt.NDArray[np.int32]:
        """Return all driving seconds, shape (nodes, nodes); asks for the whole matrix when it is not there yet."""
        return self.legs.whole()

    def allowed(self, tech: int, job: int) -> bool:
        """Tell whether he may do the job at some time, perhaps by way of a depot: not locked to another, not barred."""
        if self.locked[job] not in (NOBODY, tech) or tech in self.barred[job]:
            return False
        return bool(self.valid_until[tech, self.skill_class[job]] > NEVER)

    def allowed_mask(self, job: int) -> npt.NDArray[np.bool_]:
        """Return ``allowed`` for every technician, shape (technicians,)."""
        mask: npt.NDArray[np.bool_] = self.valid_until[:, self.skill_class[job]] > NEVER
        if self.locked[job] != NOBODY:
            mask &= np.arange(len(self.technicians)) == self.locked[job]
        if self.barred[job]:
            mask[list(self.barred[job])] = False
        return mask

    def bar_of(self, tech: int, job: int) -> str | None:
        """Return the rule that keeps a technician from going to a job straight away, None when nothing does.

        ``locked_to_other``, ``barred``, ``no_skill``, ``level_too_low``, ``no_instrument``, ``calibration_expired``,
        ``closed_territory``.
        """
        if self.locked[job] not in (NOBODY, tech):
            return "locked_to_other"
        if tech in self.barred[job]:
            return "barred"
        if self.valid_until[tech, self.skill_class[job]] == NEVER:
            return why_never(self.technicians[tech], self.jobs[job])
        return "no_instrument" if self.fetched_tools(tech, job) else None

    def fetched_tools(self, tech: int, job: int) -> tuple[str, ...]:
        """Return the instruments of a job that the technician would have to fetch from a depot."""
        return self.to_fetch.get((tech, self.skill_class[job]), ()) if self.to_fetch else ()

    def moved_price(self, tech: int, job: int) -> float:
        """Return the price of giving the job to another technician than in the previous plan."""
        if self.previous[job] in (NOBODY, tech):
            return 0.0
        own = self.jobs[job].moved_price
        return self.problem.moved_stop_price if own is None else own

    def territory_price(self, tech: int, job: int) -> float:
        """Return the price of work in a territory the technician does not know."""
        price = self.problem.foreign_territory_price
        return price if price and not knows_territory(self.technicians[tech], self.jobs[job]) else 0.0

    def reserve_price(self, tech: int, job: int) -> float:
        """Return the price of plain work done by somebody who is kept for emergencies."""
        reserve = self.problem.reserve
        return reserve.price if reserve is not None and self.kept[tech] and self.plain[job] else 0.0

    def pair_price(self, tech: int, job: int) -> float:
        """Return what giving the job to the technician costs beside time: moved stop, foreign territory, reserve."""
        return self.moved_price(tech, job) + self.territory_price(tech, job) + self.reserve_price(tech, job)


def build_grid(problem: Problem, travel: TravelTimes) -> Grid:
    """Validate the problem and lay it out; raise DomainError ``problem_invalid``."""
    validate(problem)
    problem = as_planned(problem)
    jobs, technicians = problem.jobs, problem.technicians
    job_index = {job.id: index for index, job in enumerate(jobs)}
    technician_index = {technician.id: index for index, technician in enumerate(technicians)}
    committed = [[job_index[job_id] for job_id in technician.committed] for technician in technicians]
    legs = _legs(problem, travel)
    abilities, (kept, plain) = abilities_of(problem), list_kept(problem)
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
        skill_class=abilities.skill_class,
        valid_until=abilities.valid_until,
        locked=[NOBODY if (to := job.locked_to) is None else technician_index.get(to, STRANGER) for job in jobs],
        previous=_previous(problem, technician_index),
        committed=committed,
        ready=[max(t.available_s, t.shift_start_s, problem.now_s) for t in technicians],
        start_node=list(range(count, count + crew)),
        end_node=[legs.free if t.end_place is None else count + crew + tech for tech, t in enumerate(technicians)],
        leave_node=list(range(count + 2 * crew, count + 3 * crew)),
        depot_node=list(range(count + 3 * crew, count + 3 * crew + len(problem.depots))),
        rests=[tuple(sorted(t.breaks, key=lambda one: one.earliest_s)) for t in technicians],
        has_needs=(needs := has_needs(jobs)),
        any_needs=any(needs),
        barred=[_barred(technician_index, job) if job.barred else _NOBODY_BARRED for job in jobs],
        to_fetch=abilities.to_fetch,
        partner=[_partner(job_index, job.id) if job.crew_size > 1 else NOBODY for job in jobs],
        kept=kept,
        plain=plain,
    )


def _partner(index: dict[str, int], job_id: str) -> int:
    return index.get(first_id(job_id) if is_second(job_id) else second_id(job_id), NOBODY)


_NOBODY_BARRED: frozenset[int] = frozenset()


def _barred(technician_index: dict[str, int], job: Job) -> frozenset[int]:
    return frozenset(technician_index.get(name, NOBODY) for name in job.barred) - {NOBODY}


def _previous(problem: Problem, technician_index: dict[str, int]) -> list[int]:
    had = problem.previous
    return [technician_index.get(had.get(job.id) or "", NOBODY) for job in problem.jobs]


def _tiers(problem: Problem, committed: list[list[int]], legs: Legs) -> list[int]:
    tiers = [int(job.tier) for job in problem.jobs]
    starts = len(problem.jobs) + np.arange(len(problem.technicians))
    for index, tier in enumerate(tiers):
        job = problem.jobs[index]
        # Only a door that may be closed needs to know how far the nearest technician is.
        if tier == Tier.URGENT_LEAK and len(starts) and (job.windows or job.earliest_s > problem.now_s):
            nearest_s = problem.now_s + int(legs.block(starts, [index]).min())
            tiers[index] = int(Tier.ORDINARY if _is_closed(job, nearest_s) else Tier.URGENT_LEAK)
        elif tier == Tier.URGENT_LEAK and (job.parts or job.instruments) and not is_carried(problem, job):
            # Somebody has to fetch what it needs: whoever went first would stand there with empty hands.
            tiers[index] = int(Tier.ORDINARY)
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
    places += [depot.place for depot in problem.depots]
    return Legs(places, travel, problem.now_s)


def is_first(tier: int) -> bool:
    """Tell whether a tier stands at the head of a route: committed, emergency or urgent leak."""
    return tier < Tier.ORDINARY
