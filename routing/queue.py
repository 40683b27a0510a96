"""Several emergencies at once: the order in which busy crews reach those that wait, arranged together.

Placed one by one, each emergency takes the crew that is best for it alone, and crews cross the town while others wait.
Here all waiting emergencies are weighed together, lexicographically: first what lies beyond the target, then all
seconds waited (`routing.emergency_queue`). Nothing but emergencies is weighed: none ever waits on ordinary work.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from routing.anchors import anchor_to_plan
from routing.certificate import Certificate
from routing.errands import lacks_parts
from routing.grid import Grid, build_grid
from routing.knots import has_couplings
from routing.persons import is_second
from routing.plan import Plan, PlanResult
from routing.problem import Problem, Tier
from routing.state import State, state_of
from routing.travel import StraightLine, TravelTimes
from routing.urgent import as_planned_later, finished, first_tier_order, place_first, place_rest, stand, with_moved
from routing.waiting import QueueRules, Waiting


def arrange_queue(
    problem: Problem,
    plan: Plan | None,
    *,
    target_s: int,
    rules: QueueRules | None = None,
    travel: TravelTimes | None = None,
) -> PlanResult:
    """Place all emergencies and urgent leaks anew, emergencies arranged together against ``target_s`` or ``rules``.

    Other stops keep their technician where they still can. One certificate each; the second person of an emergency
    for two is chosen last: nobody waits because another one is helped. Raise DomainError ``problem_invalid``.
    """
    if has_couplings(problem):
        view = anchor_to_plan(problem, plan, travel)
        opened = arrange_queue(view.problem, view.warm, target_s=target_s, rules=rules, travel=travel)
        return view.close_result(opened)
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=False)
    before = stand(state_of(grid, plan, keep_first=True))
    proofs: dict[int, Certificate] = {}
    dropped: list[int] = []
    todo = first_tier_order(grid, state.unplanned())
    helpers = [job for job in todo if is_second(grid.jobs[job].id)]
    for job in todo:
        if job not in helpers:
            proofs[job], gone = place_first(state, job)
            dropped += gone
    _arrange(state, rules or QueueRules(target_s=target_s))
    for job in helpers:
        dropped += place_first(state, job)[1]
    known = {
        grid.job_index[s.job_id] for r in (plan.routes if plan else ()) for s in r.stops if s.job_id in grid.job_index
    }
    place_rest(state, [*dropped, *state.repair(), *sorted(known - state.planned())])
    certificates = tuple(
        with_moved(_settled(state, job, proof), state, before, of_technician=None) for job, proof in proofs.items()
    )
    done = finished(state, ("insertion", "queue"))
    return PlanResult(plan=done, certificates=certificates, engines=done.engines, objective=done.objective)


def _arrange(state: State, rules: QueueRules) -> None:
    """Share the emergencies out among the technicians anew, each line directly behind what he has committed to."""
    tiers = state.grid.tier
    # Who is to leave a job for an emergency keeps it: that option was exact and needs his consent.
    techs = [t for t in range(len(state.routes)) if not state.leaves_for[t]]
    held = [[job for job in state.routes[tech] if tiers[job] == Tier.EMERGENCY] for tech in techs]
    jobs = sorted(job for line in held for job in line)
    number = {job: index for index, job in enumerate(jobs)}
    if not jobs:
        return
    from routing.emergency_queue import arrange_lines  # noqa: PLC0415 - the gateway names the rule and never loads a compiler

    lines = arrange_lines(_waiting(state, techs, jobs), rules, [[number[job] for job in line] for line in held])
    for tech, line in zip(techs, lines, strict=True):
        head, route = len(state.grid.committed[tech]), state.routes[tech]
        rest = [job for job in route[head:] if tiers[job] != Tier.EMERGENCY]
        arranged = [*route[:head], *(jobs[index] for index in line), *rest]
        if route != arranged:
            state.set_route(tech, arranged)


def _waiting(state: State, techs: list[int], jobs: list[int]) -> Waiting:
    grid, now_s = state.grid, state.grid.problem.now_s
    starts = [after_committed(state, tech) for tech in techs]
    service = [[float(grid.jobs[job].service_s)] for job in jobs]
    return Waiting(
        travel_s=np.asarray(grid.legs.block([node for node, _ in starts], jobs), dtype=np.float64),
        between_s=np.asarray(grid.legs.block(jobs, jobs), dtype=np.float64),
        ready_s=np.array([[float(ready_s - now_s)] for _, ready_s in starts]),
        service_s=np.array(service),
        waited_s=np.array([float(now_s - grid.jobs[job].release_s) for job in jobs]),
        latest_s=np.array([[latest_arrival_s(grid, tech, job) - now_s for job in jobs] for tech in techs]),
    )


def after_committed(state: State, tech: int) -> tuple[int, int]:
    """Return node and second at which a technician is done with what he has committed to."""
    walked, head = state.walked(tech), len(state.grid.committed[tech])
    return walked.node_before[head], walked.ready_before[head]


def latest_arrival_s(grid: Grid, tech: int, job: int) -> float:
    """Return the last second at which he may arrive; minus infinity when he may not go at all."""
    if grid.bar_of(tech, job) is not None:
        return -math.inf
    if grid.has_needs[job] and lacks_parts(grid, tech, grid.committed[tech], job):
        return -math.inf
    away_s = grid.technicians[tech].away_from_s
    latest_s = min(grid.technicians[tech].shift_end_s, int(grid.valid_until[tech, grid.skill_class[job]]))
    return float(latest_s if away_s is None else min(latest_s, away_s - grid.jobs[job].service_s))


def _settled(state: State, job: int, proof: Certificate) -> Certificate:
    """Return the proof with the technician whom the arrangement gave; the candidates stay as they were looked at."""
    grid = state.grid
    tech = next((t for t, route in enumerate(state.routes) if job in route), None)
    if tech is None or proof.technician_id is None:
        return as_planned_later(proof, state, job)
    return _with_technician(grid, proof, tech, state.walked(tech).arrival_s[state.routes[tech].index(job)])


def _with_technician(grid: Grid, proof: Certificate, tech: int, arrival_s: int) -> Certificate:
    chosen = grid.technicians[tech].id
    others = [c for c in proof.candidates if c.technician_id != chosen and c.reason is None and c.arrival_s is not None]
    nearest = min(others, key=lambda c: (c.arrival_s or 0, c.technician_id), default=None)
    own = next((c for c in proof.candidates if c.technician_id == chosen), None)
    keeps = proof.needs_consent_of == chosen
    return msgspec.structs.replace(
        proof,
        technician_id=chosen,
        arrival_s=arrival_s,
        travel_s=own.travel_s if own else proof.travel_s,
        next_best_technician_id=nearest.technician_id if nearest else None,
        next_best_arrival_s=nearest.arrival_s if nearest else None,
        needs_consent_of=chosen if keeps else None,
    )
