"""Several emergencies at once: the order in which busy crews reach those that wait, arranged together.

Placed one by one, each emergency takes the crew that is best for it alone, and crews cross the town while others wait.
Here all waiting emergencies are weighed together, lexicographically: first the seconds waited beyond the target, then
all seconds waited. Nothing but emergencies is weighed, so no emergency ever waits on ordinary work.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from routing.certificate import Certificate
from routing.errands import lacks_parts
from routing.grid import Grid, build_grid
from routing.plan import Plan, PlanResult
from routing.problem import Problem, Tier
from routing.schedule import visit
from routing.state import State, state_of
from routing.travel import StraightLine, TravelTimes
from routing.urgent import finished, first_tier_order, place_first, place_rest, stand, with_moved

_MOST_ROUNDS = 50

Cost = tuple[int, int]
_UNREACHED: Cost = (1 << 60, 1 << 60)


def arrange_queue(
    problem: Problem, plan: Plan | None, *, target_s: int, travel: TravelTimes | None = None
) -> PlanResult:
    """Place all emergencies and urgent leaks anew, emergencies arranged together against ``target_s``.

    Other stops keep their technician where they still can. One certificate each. Raise DomainError ``problem_invalid``.
    """
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=False)
    before = stand(state_of(grid, plan, keep_first=True))
    proofs: dict[int, Certificate] = {}
    dropped: list[int] = []
    for job in first_tier_order(grid, state.unplanned()):
        proofs[job], gone = place_first(state, job)
        dropped += gone
    _arrange(state, target_s)
    known = {
        grid.job_index[s.job_id] for r in (plan.routes if plan else ()) for s in r.stops if s.job_id in grid.job_index
    }
    place_rest(state, [*dropped, *state.repair(), *sorted(known - state.planned())])
    certificates = tuple(
        with_moved(_settled(state, job, proof), state, before, of_technician=None) for job, proof in proofs.items()
    )
    done = finished(state, ("insertion", "queue"))
    return PlanResult(plan=done, certificates=certificates, engines=done.engines, objective=done.objective)


class _Queue:
    """Sequences of emergencies behind what each technician has committed to."""

    def __init__(self, state: State, target_s: int) -> None:
        grid = state.grid
        self.grid, self.target_s = grid, target_s
        # Who is to leave a job for an emergency keeps it: that option was exact and needs his consent.
        self.techs = [t for t in range(len(state.routes)) if not state.leaves_for[t]]
        self.heads = {t: len(grid.committed[t]) for t in self.techs}
        self.lines = {t: [j for j in state.routes[t] if grid.tier[j] == Tier.EMERGENCY] for t in self.techs}
        self._start = {t: _after_committed(state, t) for t in self.techs}
        self.costs = {t: self.cost(t, self.lines[t]) for t in self.techs}

    def cost(self, tech: int, line: Sequence[int]) -> Cost:
        """Return (seconds beyond the target, seconds waited) of a technician's line; unreached when he may not."""
        node, ready_s = self._start[tech]
        beyond = waited = 0
        for place, job in enumerate(line):
            if self.grid.bar_of(tech, job) is not None:
                return _UNREACHED
            if self.grid.has_needs[job] and lacks_parts(
                self.grid, tech, [*self.grid.committed[tech], *line[:place]], job
            ):
                return _UNREACHED
            arrival_s, start_s = visit(self.grid, tech, job, node, ready_s)
            spec = self.grid.jobs[job]
            if arrival_s > min(self.grid.technicians[tech].shift_end_s, self._held_until(tech, job)):
                return _UNREACHED
            wait_s = arrival_s - spec.release_s
            beyond, waited = beyond + max(0, wait_s - self.target_s), waited + wait_s
            node, ready_s = job, start_s + spec.service_s
        return beyond, waited

    def _held_until(self, tech: int, job: int) -> int:
        return int(self.grid.valid_until[tech, self.grid.skill_class[job]])

    def replace(self, lines: dict[int, list[int]]) -> None:
        """Take over new lines of some technicians."""
        for tech, line in lines.items():
            self.lines[tech], self.costs[tech] = line, self.cost(tech, line)

    def gain(self, lines: dict[int, list[int]]) -> Cost:
        """Return by how much new lines are better than the present ones; negative is worse."""
        old = [self.costs[t] for t in lines]
        new = [self.cost(t, line) for t, line in lines.items()]
        return sum(o[0] for o in old) - sum(n[0] for n in new), sum(o[1] for o in old) - sum(n[1] for n in new)


def _after_committed(state: State, tech: int) -> tuple[int, int]:
    """Return node and second at which a technician is done with what he has committed to."""
    walked, head = state.walked(tech), len(state.grid.committed[tech])
    return walked.node_before[head], walked.ready_before[head]


def _arrange(state: State, target_s: int) -> None:
    """Improve by moving one emergency or exchanging two, until nothing gets better."""
    queue = _Queue(state, target_s)
    jobs = sorted(job for line in queue.lines.values() for job in line)
    for _ in range(_MOST_ROUNDS if len(jobs) > 1 else 0):
        moved = [_move_best(queue, job) for job in jobs]
        swapped = [_swap(queue, a, b) for i, a in enumerate(jobs) for b in jobs[:i]]
        if not any(moved) and not any(swapped):
            break
    for tech, line in queue.lines.items():
        head, route = queue.heads[tech], state.routes[tech]
        rest = [j for j in route[head:] if state.grid.tier[j] != Tier.EMERGENCY]
        if route != [*route[:head], *line, *rest]:
            state.set_route(tech, [*route[:head], *line, *rest])


def _holder(queue: _Queue, job: int) -> int:
    return next(t for t, line in queue.lines.items() if job in line)


def _move_best(queue: _Queue, job: int) -> bool:
    """Move an emergency to the best place there is; tell whether that was better than where it was."""
    here = _holder(queue, job)
    without = [j for j in queue.lines[here] if j != job]
    best: tuple[Cost, dict[int, list[int]]] = ((0, 0), {})
    for tech in queue.techs:
        line = without if tech == here else queue.lines[tech]
        for position in range(len(line) + 1):
            lines = {here: without, tech: [*line[:position], job, *line[position:]]}
            best = max(best, (queue.gain(lines), lines), key=lambda option: option[0])
    queue.replace(best[1])
    return bool(best[1])


def _swap(queue: _Queue, a: int, b: int) -> bool:
    """Exchange two emergencies when that is better; tell whether it was."""
    lines = {
        t: [b if j == a else a if j == b else j for j in queue.lines[t]] for t in {_holder(queue, a), _holder(queue, b)}
    }
    if queue.gain(lines) <= (0, 0):
        return False
    queue.replace(lines)
    return True


def _settled(state: State, job: int, proof: Certificate) -> Certificate:
    """Return the proof with the technician whom the arrangement gave; the candidates stay as they were looked at."""
    grid = state.grid
    tech = next((t for t, route in enumerate(state.routes) if job in route), None)
    if tech is None or proof.technician_id is None:
        return proof
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
