"""A coupled problem seen through a plan: what the plan keeps is anchored to its times, and can be closed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from routing.certificate import Certificate, MovedStop
from routing.grid import Grid, build_grid
from routing.knots import (
    AnchoredProblem,
    Stand,
    anchored,
    bounds_of,
    close_plan,
    is_bound,
    list_mates,
    list_unkept,
    open_problem,
    stands_of,
)
from routing.persons import first_id, is_second, second_id
from routing.plan import Plan, PlanResult, UrgentAnswer
from routing.problem import Problem, Tier
from routing.travel import StraightLine, TravelTimes


@dataclass(frozen=True, slots=True)
class Anchored:
    """An opened problem of plain jobs with the plan it came from, to be closed again after planning."""

    original: Problem
    problem: AnchoredProblem
    warm: Plan | None

    def close(self, plan: Plan) -> Plan:
        """Return a plan of the plain problem in the names of the original."""
        return close_plan(self.original, self.problem, plan)

    def close_answer(self, answer: UrgentAnswer) -> UrgentAnswer:
        """Return an instant answer in the names of the original."""
        return UrgentAnswer(plan=self.close(answer.plan), certificate=_closed_certificate(answer.certificate))

    def close_result(self, result: PlanResult) -> PlanResult:
        """Return a whole answer in the names of the original; one certificate per order."""
        plan = self.close(result.plan)
        own = tuple(_closed_certificate(one) for one in result.certificates if not is_second(one.job_id))
        moved = _closed_moves(result.moved)
        return replace(result, plan=plan, certificates=own, objective=plan.objective, moved=moved)


def _closed_certificate(certificate: Certificate) -> Certificate:
    late = tuple(dict.fromkeys(first_id(job_id) for job_id in certificate.made_late))
    name = first_id(certificate.job_id)
    return replace(certificate, job_id=name, moved=_closed_moves(certificate.moved), made_late=late)


def _closed_moves(moves: tuple[MovedStop, ...]) -> tuple[MovedStop, ...]:
    return tuple(replace(one, job_id=first_id(one.job_id)) for one in moves)


def anchor_to_plan(
    problem: Problem, plan: Plan | None, travel: TravelTimes | None = None, *, besides: str | None = None
) -> Anchored:
    """Anchor couplings to the times a plan has, without any search: for the instant answer.

    Coupled jobs that the plan does not keep are left out with ``not_planned_yet``, or the reason already known;
    ``besides`` stays in the problem whatever becomes of its couplings.
    """
    opened, warm = open_problem(problem, plan)
    grid = build_grid(opened, travel or StraightLine(problem.profile))
    stands = kept_stands(grid, warm)
    known = plan.unserved if plan is not None else {}
    left = {
        grid.jobs[job].id: known.get(first_id(grid.jobs[job].id), "not_planned_yet")
        for job in coupled_jobs(grid)
        if job not in stands and grid.tier[job] >= Tier.ORDINARY
    }
    left |= dependents(grid, left)
    left.pop(besides or "", None)
    return Anchored(problem, anchored(opened, bounds_of(grid, stands), left), warm)


def kept_stands(grid: Grid, plan: Plan | None) -> dict[int, Stand]:
    """Return where coupled jobs stand in a plan, those left out whose couplings the plan does not hold."""
    stands = {job: stand for job, stand in stands_of(grid, plan).items() if grid.allowed(stand[0], job)}
    while (found := next(list_unkept(grid, stands), None)) is not None:
        del stands[found[0]]
    coupled = coupled_jobs(grid)
    return {job: stand for job, stand in stands.items() if job in coupled or grid.tier[job] < Tier.ORDINARY}


def coupled_jobs(grid: Grid) -> set[int]:
    """Return every ordinary job that couplings touch: those that ask for something, and those they refer to."""
    bound = {job for job in range(len(grid.jobs)) if is_bound(grid, job)}
    named = {one for job in bound for one in references_of(grid, job)}
    return bound | {job for job in named if grid.tier[job] >= Tier.ORDINARY}


def references_of(grid: Grid, job: int) -> list[int]:
    """Return the jobs a job refers to: those it waits for, and the one whose technician has to come."""
    spec = grid.jobs[job]
    names = [wait.job_id for wait in spec.after]
    names += [] if spec.same_technician_as is None else [spec.same_technician_as]
    halves = [half for name in names for half in (name, second_id(name))]
    return [grid.job_index[half] for half in halves if half in grid.job_index]


def dependents(grid: Grid, left: Mapping[str, str]) -> dict[str, str]:
    """Return what cannot be served because something it needs is left: mates, successors, follow-ups."""
    gone = set(left)
    more: dict[str, str] = {}
    is_growing = True
    while is_growing:
        is_growing = False
        for job, spec in enumerate(grid.jobs):
            if spec.id in gone or not is_bound(grid, job):
                continue
            reason = _hangs_on(grid, job, gone)
            if reason is not None:
                gone.add(spec.id)
                more[spec.id], is_growing = reason, True
    return more


def _hangs_on(grid: Grid, job: int, gone: set[str]) -> str | None:
    spec = grid.jobs[job]
    if any(grid.jobs[mate].id in gone for mate in list_mates(grid, job)):
        return "partner_missing" if spec.sync is None else "group_broken"
    if any(wait.job_id in gone for wait in spec.after):
        return "predecessor_unserved"
    return "lead_unserved" if spec.same_technician_as in gone else None
