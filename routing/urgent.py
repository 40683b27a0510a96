"""The instant answer: an emergency into the running plan at the earliest arrival there is, with its proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from routing.anchors import anchor_to_plan
from routing.certificate import Candidate, Certificate, MovedStop
from routing.grid import NOBODY, Grid, build_grid
from routing.insertion import Position, best_by_technician, insert_all, unserved_reason
from routing.knots import has_couplings, keep_couplings
from routing.options import Option, apply, certify, choose, list_options, tried
from routing.persons import is_second
from routing.plan import Plan, UrgentAnswer
from routing.problem import Problem, Tier
from routing.state import State, Trial, plan_of, repaired, state_of
from routing.supply import enforce_depot_stock
from routing.travel import StraightLine, TravelTimes
from routing.visits import opening
from shared.errors import DomainError

# A customer is told minutes: a shift of less than one is not a moved stop.
_TOLD_S = 60

Stand = dict[int, tuple[int, int]]


def insert_urgent(problem: Problem, plan: Plan | None, job_id: str, travel: TravelTimes | None = None) -> UrgentAnswer:
    """Give an emergency (or urgent leak) the technician who arrives first, exactly, and certify the choice (DI-05).

    All other stops keep their technician where they still can; those that cannot are inserted elsewhere. Emergencies
    already in the plan are never delayed. When nobody qualifies the answer names no technician but every reason.
    Raise DomainError ``job_unknown``, or ``problem_invalid``.
    """
    if has_couplings(problem):
        view = anchor_to_plan(problem, plan, travel, besides=job_id)
        return view.close_answer(insert_urgent(view.problem, view.warm, job_id, travel))
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    job = job_index(grid, job_id)
    state = state_of(grid, plan, keep_first=True)
    before = stand(state)
    waiting = _placed(plan) - {grid.jobs[one].id for one in state.planned()}
    state.remove(job)
    certificate, dropped = place_first(state, job)
    partner = grid.partner[job]
    if partner != NOBODY and partner not in state.planned():
        dropped += place_first(state, partner)[1]
    dropped += [grid.job_index[one] for one in sorted(waiting) if one in grid.job_index and one != job_id]
    place_rest(state, dropped)
    certificate = with_moved(as_planned_later(certificate, state, job), state, before, of_technician=None)
    return UrgentAnswer(plan=finished(state, ("insertion",), _known(plan)), certificate=certificate)


def insert_job(problem: Problem, plan: Plan | None, job_id: str, travel: TravelTimes | None = None) -> Plan:
    """Insert one ordinary job where it costs least, moving nothing else to another technician.

    Raise DomainError ``job_unknown``, or ``problem_invalid``.
    """
    if has_couplings(problem):
        view = anchor_to_plan(problem, plan, travel, besides=job_id)
        return view.close(insert_job(view.problem, view.warm, job_id, travel))
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    job = job_index(grid, job_id)
    state = state_of(grid, plan, keep_first=True)
    if job not in state.planned():
        place_rest(state, [job])
    return finished(state, ("insertion",), _known(plan))


def rank_candidates(
    problem: Problem, plan: Plan | None, job_id: str, travel: TravelTimes | None = None
) -> tuple[Candidate, ...]:
    """Return every technician for any job, best first, with arrival, cost and moved stops: "why this technician".

    Emergencies and urgent leaks are ranked by arrival, other jobs by cost; those ruled out come last with the reason.
    Raise DomainError ``job_unknown``, or ``problem_invalid``.
    """
    if has_couplings(problem):
        view = anchor_to_plan(problem, plan, travel, besides=job_id)
        return rank_candidates(view.problem, view.warm, job_id, travel)
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    job = job_index(grid, job_id)
    state = state_of(grid, plan, keep_first=True)
    state.remove(job)
    goes_first = grid.tier[job] != Tier.ORDINARY
    options = {option.tech: option for option in sorted(list_options(state, job), key=_sound_last, reverse=True)}
    best = {} if goes_first else best_by_technician(state, job)
    crew = range(len(grid.technicians))
    ranked = [_ranked(state, job, options[tech], best.get(tech), first=goes_first) for tech in crew]
    return tuple(sorted(ranked, key=lambda one: _rank_key(one, first=goes_first)))


def job_index(grid: Grid, job_id: str) -> int:
    """Return the index of a job; raise DomainError ``job_unknown``."""
    if job_id not in grid.job_index:
        raise DomainError("job_unknown", id=job_id)
    return grid.job_index[job_id]


def first_tier_order(grid: Grid, jobs: Iterable[int]) -> list[int]:
    """Return the emergencies, then the urgent leaks, each in the order they were reported."""
    first = [job for job in jobs if Tier.EMERGENCY <= grid.tier[job] < Tier.ORDINARY]
    # Second persons after all others: no emergency waits because another one is helped.
    order = {job: (grid.tier[job], is_second(grid.jobs[job].id), grid.jobs[job].release_s) for job in first}
    return sorted(first, key=lambda job: (*order[job], grid.jobs[job].id))


def place_first(state: State, job: int) -> tuple[Certificate, list[int]]:
    """Put an emergency or urgent leak at the head of the best route; return certificate and stops that had to go.

    An urgent leak whose door opens only later is not put first: the certificate then names nobody and the leak is
    returned among the stops to place by cost; ``as_planned_later`` names who got it.
    """
    options = list_options(state, job)
    chosen = choose(state, job, options)
    certificate = certify(state, job, options, chosen)
    if chosen is None:
        # What nobody can begin on arrival may still be planned for later; an emergency never is.
        return certificate, [] if state.grid.tier[job] == Tier.EMERGENCY else [job]
    if not chosen.is_immediate:
        return certify(state, job, options, None), [job]
    return certificate, apply(state, job, chosen)


def as_planned_later(certificate: Certificate, state: State, job: int) -> Certificate:
    """Return the certificate of an urgent leak that waits for its door with whom the plan gives it, if anybody."""
    grid = state.grid
    tech = next((tech for tech, route in enumerate(state.routes) if job in route), None)
    if certificate.technician_id is not None or tech is None:
        return certificate
    walked, position = state.walked(tech), state.routes[tech].index(job)
    arrival_s, name = walked.arrival_s[position], grid.technicians[tech].id
    others = [c for c in certificate.candidates if c.arrival_s is not None and c.technician_id != name]
    nearest = min(others, key=lambda c: (c.arrival_s or 0, c.technician_id), default=None)
    opens_s = opening(grid.windows[job], max(certificate.lower_bound_s or 0, grid.jobs[job].earliest_s))
    return msgspec.structs.replace(
        certificate,
        technician_id=name,
        arrival_s=arrival_s,
        travel_s=grid.travel[walked.node_before[position]][job],
        next_best_technician_id=None if nearest is None else nearest.technician_id,
        next_best_arrival_s=None if nearest is None else nearest.arrival_s,
        lower_bound_s=min(arrival_s, max(opens_s, certificate.lower_bound_s or 0)),
        lower_bound_reason="window_opens",
    )


def place_rest(state: State, jobs: Iterable[int]) -> None:
    """Place stops that lost their place: emergencies and urgent leaks first, then the rest by importance."""
    grid = state.grid
    todo = list(dict.fromkeys(jobs))
    late: list[int] = []
    for job in first_tier_order(grid, todo):
        late += place_first(state, job)[1]
    # An emergency that could not be put first can be reached by nobody: nothing cheaper is looked for.
    planned = state.planned()
    rest = [job for job in dict.fromkeys([*todo, *late]) if job not in planned and grid.tier[job] != Tier.EMERGENCY]
    insert_all(state, sorted(rest, key=lambda job: (grid.tier[job], -grid.jobs[job].unserved_penalty, job)))


def stand(state: State) -> Stand:
    """Return technician index and start second of every planned job."""
    return {
        job: (tech, state.walked(tech).start_s[position])
        for tech, route in enumerate(state.routes)
        for position, job in enumerate(route)
    }


def with_moved(certificate: Certificate, state: State, before: Stand, *, of_technician: str | None) -> Certificate:
    """Add what moved between two stands to a certificate, for all stops or those one technician had."""
    after = stand(state)
    techs = state.grid.technicians
    moved = [
        _moved(state.grid, job, was, after.get(job))
        for job, was in before.items()
        if state.grid.jobs[job].id != certificate.job_id
        and (of_technician is None or techs[was[0]].id == of_technician)
        and _differs(was, after.get(job))
    ]
    late = [job for job, was in before.items() if _is_later(state.grid, job, was, after.get(job))]
    names = {one.job_id for one in moved}
    made_late = tuple(state.grid.jobs[job].id for job in late if state.grid.jobs[job].id in names)
    return msgspec.structs.replace(certificate, moved=tuple(moved), made_late=made_late)


def finished(state: State, engines: tuple[str, ...], known: Mapping[str, str] | None = None) -> Plan:
    """Freeze a state into a plan, each job left out with the reason that binds (or the one already known).

    Taken out first is what engines could not see: couplings that no longer hold, and what depots cannot give to all
    routes together (``depot_empty``).
    """
    given = dict(known or {}) | keep_couplings(state)
    given |= {state.grid.jobs[job].id: "depot_empty" for job in enforce_depot_stock(state)} | keep_couplings(state)
    jobs = {state.grid.jobs[job].id: job for job in state.unplanned()}
    left = {job_id: given.get(job_id) or unserved_reason(state, job) for job_id, job in jobs.items()}
    return plan_of(state, left, engines)


def _placed(plan: Plan | None) -> set[str]:
    return {stop.job_id for route in plan.routes for stop in route.stops} if plan is not None else set()


def _known(plan: Plan | None) -> dict[str, str]:
    return plan.unserved if plan is not None else {}


def _differs(was: tuple[int, int], now: tuple[int, int] | None) -> bool:
    return now is None or now[0] != was[0] or abs(now[1] - was[1]) >= _TOLD_S


def _is_later(grid: Grid, job: int, was: tuple[int, int], now: tuple[int, int] | None) -> bool:
    due = grid.jobs[job].due_s
    return now is None or (due is not None and now[1] > max(due, was[1]))


def _moved(grid: Grid, job: int, was: tuple[int, int], now: tuple[int, int] | None) -> MovedStop:
    return MovedStop(
        job_id=grid.jobs[job].id,
        promised=grid.jobs[job].promised,
        technician_before=grid.technicians[was[0]].id,
        technician_after=None if now is None else grid.technicians[now[0]].id,
        start_before_s=was[1],
        start_after_s=None if now is None else now[1],
    )


def _sound_last(option: Option) -> tuple[bool, int, bool]:
    return option.reason is not None, option.start_s, option.needs_consent


def _ranked(state: State, job: int, option: Option, best: Position | None, *, first: bool) -> Candidate:
    name = state.grid.technicians[option.tech].id
    if first and option.reason is None:
        return _described(state, tried(state, job, option), job, option, needs_consent=option.needs_consent)
    if first or best is None:
        return Candidate(technician_id=name, reason=option.reason or "no_room")
    route = state.routes[best.tech]
    with_job = [*route[: best.position], job, *route[best.position :]]
    trial = repaired(state.grid, best.tech, with_job, state.leaves_for[best.tech])
    return _described(state, trial, job, option, needs_consent=False)


def _described(state: State, trial: Trial, job: int, option: Option, *, needs_consent: bool) -> Candidate:
    grid, tech = state.grid, option.tech
    position = trial.route.index(job)
    before = dict(zip(state.routes[tech], state.walked(tech).start_s, strict=True))
    after = dict(zip(trial.route, trial.walk.start_s, strict=True))
    return Candidate(
        technician_id=grid.technicians[tech].id,
        arrival_s=trial.walk.arrival_s[position],
        travel_s=grid.travel[_node_before(trial, position)][job],
        needs_consent=needs_consent,
        delta_cost=_delta(state, tech, trial),
        is_kept=grid.reserve_price(tech, job) > 0,
        moved=_moved_stops(grid, _at(tech, before), _at(tech, after)),
    )


def _delta(state: State, tech: int, trial: Trial) -> float:
    # What the choice costs by itself: his route, and what he would have to give up.
    grid, was = state.grid, state.walked(tech)
    prices = sum(grid.pair_price(tech, job) for job in trial.route)
    prices -= sum(grid.pair_price(tech, job) for job in state.routes[tech])
    driven = trial.walk.drive_s - was.drive_s
    late = trial.walk.lateness_cost - was.lateness_cost
    return driven + late + prices + sum(grid.jobs[job].unserved_penalty for job in trial.dropped)


def _at(tech: int, starts: Mapping[int, int]) -> Stand:
    return {job: (tech, start_s) for job, start_s in starts.items()}


def _moved_stops(grid: Grid, before: Stand, after: Stand) -> tuple[MovedStop, ...]:
    return tuple(_moved(grid, job, was, after.get(job)) for job, was in before.items() if _differs(was, after.get(job)))


def _node_before(trial: Trial, position: int) -> int:
    # Between two stops before he returns to a left job, the walk's record already shows the return.
    if 0 < position < trial.leaves_for:
        return trial.route[position - 1]
    return trial.walk.node_before[position]


def _rank_key(one: Candidate, *, first: bool) -> tuple[bool, float, float, str]:
    arrival, cost = float(one.arrival_s or 0), one.delta_cost or 0.0
    lead, follow = (arrival, cost) if first else (cost, arrival)
    return one.reason is not None, lead, follow, one.technician_id
