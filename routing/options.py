"""For a job that goes first: what each technician could do, exactly, and the choice between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from routing.certificate import Candidate, Certificate
from routing.errands import lacks_parts
from routing.grid import NOBODY, Grid
from routing.problem import Tier
from routing.schedule import NO_START_S, Walk, visit
from routing.state import State, Trial, repaired
from routing.travel import UNREACHABLE_S
from routing.visits import ends_before_absence


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way for one technician to take a job at the head of his route; ``reason`` is set when it is no way."""

    tech: int
    position: int = 0
    leaves_for: int = 0
    needs_consent: bool = False
    arrival_s: int = 0
    start_s: int = 0
    travel_s: int = 0
    reason: str | None = None

    @property
    def is_immediate(self) -> bool:
        """Tell whether work starts on arrival: going first is of no use to a door that is still closed."""
        return self.reason is None and self.start_s == self.arrival_s


def list_options(state: State, job: int) -> list[Option]:
    """Return every option of every technician for an emergency or urgent leak: exact, none left out."""
    options: list[Option] = []
    state.grid.legs.fill_column(_origins(state), job)
    for tech in range(len(state.routes)):
        reason = _bar_of(state, tech, job)
        if reason is not None:
            options.append(Option(tech=tech, reason=reason))
            continue
        options.append(_supplied(state, job, _after_head(state, tech, job)))
        if _may_leave(state, tech, job):
            options.append(_supplied(state, job, _by_leaving(state, tech, job)))
    return options


def _bar_of(state: State, tech: int, job: int) -> str | None:
    # Nobody is two people: the second person is somebody else.
    if state.grid.partner[job] != NOBODY and state.grid.partner[job] in state.routes[tech]:
        return "partner_is_here"
    return state.grid.bar_of(tech, job)


def _supplied(state: State, job: int, option: Option) -> Option:
    # What goes first is never sent to a depot: the van must have the parts left.
    if not state.grid.has_needs[job] or option.reason is not None:
        return option
    head = state.routes[option.tech][: option.position]
    return replace(option, reason="no_parts") if lacks_parts(state.grid, option.tech, head, job) else option


def _origins(state: State) -> set[int]:
    # Every node an option may start from: where each technician is, what he may leave, and his first stops.
    grid = state.grid
    heads = {job for tech, route in enumerate(state.routes) for job in route[: state.head(tech)]}
    return heads.union(grid.start_node, grid.leave_node)


def choose(state: State, job: int, options: Sequence[Option]) -> Option | None:
    """Return the best option, lexicographic: start, consent, promised stops moved or late, windows, driving."""
    sound = [option for option in options if option.reason is None]
    if not sound:
        return None
    earliest = min(option.start_s for option in sound)
    tied = [option for option in sound if option.start_s == earliest]
    if len(tied) == 1:
        return tied[0]
    return min(tied, key=lambda option: (option.needs_consent, *_harm(state, job, option), option.tech))


def tried(state: State, job: int, option: Option) -> Trial:
    """Return the technician's route with the job at its head, without the stops that can then no longer be kept."""
    route = state.routes[option.tech]
    with_job = [*route[: option.position], job, *route[option.position :]]
    return repaired(state.grid, option.tech, with_job, option.leaves_for)


def apply(state: State, job: int, option: Option) -> list[int]:
    """Put the job at the head of the route; return the stops that had to go because they can no longer be kept."""
    trial = tried(state, job, option)
    state.adopt(option.tech, trial)
    return trial.dropped


def certify(state: State, job: int, options: Sequence[Option], chosen: Option | None) -> Certificate:
    """Return the certificate of a choice as seen before it is applied; moved stops are added by the caller."""
    grid = state.grid
    candidates = _candidates(grid, options)
    bound, bound_tech, bound_reason = _lower_bound(grid, job)
    own = min((one for one in options if one.reason is None and not one.needs_consent), key=_when, default=None)
    base = Certificate(
        job_id=grid.jobs[job].id,
        lower_bound_s=bound,
        lower_bound_technician_id=bound_tech,
        lower_bound_reason=bound_reason,
        candidates=candidates,
        technician_without_consent=None if own is None else grid.technicians[own.tech].id,
        arrival_without_consent_s=None if own is None else own.arrival_s,
        travel_quality=grid.quality,
    )
    return base if chosen is None else _with_choice(grid, base, options, chosen)


def _with_choice(grid: Grid, base: Certificate, options: Sequence[Option], chosen: Option) -> Certificate:
    name = grid.technicians[chosen.tech].id
    others = [one for one in options if one.reason is None and one.tech != chosen.tech]
    following = min(others, key=_when, default=None)
    known = {field: getattr(base, field) for field in base.__struct_fields__}
    known |= {
        "technician_id": name,
        "arrival_s": chosen.arrival_s,
        "travel_s": chosen.travel_s,
        "next_best_technician_id": None if following is None else grid.technicians[following.tech].id,
        "next_best_arrival_s": None if following is None else following.arrival_s,
        # A provider with odd triangles could put a chain below the direct drive; the bound never claims more.
        "lower_bound_s": chosen.arrival_s if base.lower_bound_s is None else min(base.lower_bound_s, chosen.arrival_s),
        "needs_consent_of": name if chosen.needs_consent else None,
    }
    return Certificate(**known)


def _when(option: Option) -> tuple[int, bool, int]:
    return option.start_s, option.needs_consent, option.tech


def _after_head(state: State, tech: int, job: int) -> Option:
    grid, walked, leading = state.grid, state.walked(tech), state.leaves_for[tech]
    is_emergency = grid.tier[job] == Tier.EMERGENCY
    if leading and is_emergency:
        # He has left his job already (on paper): the next emergency comes before he goes back to it.
        last = state.routes[tech][leading - 1]
        ready = walked.start_s[leading - 1] + grid.jobs[last].service_s
        option = Option(tech=tech, position=leading, leaves_for=leading + 1, needs_consent=True)
        return _timed(grid, job, option, last, ready)
    position = state.head(tech, Tier.URGENT_LEAK if is_emergency else Tier.ORDINARY)
    option = Option(tech=tech, position=position, leaves_for=leading, needs_consent=leading > 0)
    return _timed(grid, job, option, walked.node_before[position], walked.ready_before[position])


def _may_leave(state: State, tech: int, job: int) -> bool:
    # One emergency never delays another: who already has one on his list is not asked to leave his job.
    grid = state.grid
    has_emergency = any(grid.jobs[one].tier == Tier.EMERGENCY for one in state.routes[tech])
    return grid.technicians[tech].leave is not None and grid.tier[job] == Tier.EMERGENCY and not has_emergency


def _by_leaving(state: State, tech: int, job: int) -> Option:
    grid, leave = state.grid, state.grid.technicians[tech].leave
    from_s = max(grid.problem.now_s, leave.from_s if leave is not None else 0)
    return _timed(grid, job, Option(tech=tech, leaves_for=1, needs_consent=True), grid.leave_node[tech], from_s)


def _timed(grid: Grid, job: int, option: Option, node: int, ready_s: int) -> Option:
    travel = grid.travel[node][job]
    arrival, start = visit(grid, option.tech, job, node, ready_s)
    reason = _binding(grid, option.tech, job, travel, arrival, start)
    return Option(
        tech=option.tech,
        position=option.position,
        leaves_for=option.leaves_for,
        needs_consent=option.needs_consent,
        arrival_s=arrival,
        start_s=start,
        travel_s=travel,
        reason=reason,
    )


def _binding(grid: Grid, tech: int, job: int, travel_s: int, arrival_s: int, start_s: int) -> str | None:
    if travel_s >= UNREACHABLE_S:
        return "unreachable"
    if arrival_s > grid.technicians[tech].shift_end_s:
        return "off_shift"
    if arrival_s > grid.valid_until[tech, grid.skill_class[job]]:
        return "skill_expired"
    if not ends_before_absence(grid, tech, job, arrival_s):
        return "away"
    return "window_closed" if start_s == NO_START_S else None


def _harm(state: State, job: int, option: Option) -> tuple[int, int, int]:
    # Promised stops dropped or made later than due, all stops so, and seconds driven, if this option were taken.
    trial, walked = tried(state, job, option), state.walked(option.tech)
    late = _late_jobs(state.grid, trial.route, trial.walk) - _late_jobs(state.grid, state.routes[option.tech], walked)
    harmed = (set(trial.dropped) | late) - {job}
    promised = sum(1 for one in harmed if state.grid.jobs[one].promised)
    return promised, len(harmed), trial.walk.drive_s - walked.drive_s


def _late_jobs(grid: Grid, route: Sequence[int], walked: Walk) -> set[int]:
    starts = zip(route, walked.start_s, strict=True)
    return {job for job, start in starts if (due := grid.jobs[job].due_s) is not None and start > due}


def _candidates(grid: Grid, options: Sequence[Option]) -> tuple[Candidate, ...]:
    by_tech: dict[int, list[Option]] = {}
    for option in options:
        by_tech.setdefault(option.tech, []).append(option)
    found = [_candidate(grid, several) for several in by_tech.values()]
    return tuple(sorted(found, key=lambda one: (one.arrival_s is None, one.arrival_s or 0, one.technician_id)))


def _candidate(grid: Grid, options: Sequence[Option]) -> Candidate:
    name = grid.technicians[options[0].tech].id
    sound = [option for option in options if option.reason is None]
    if not sound:
        return Candidate(technician_id=name, reason=options[0].reason)
    best = min(sound, key=_when)
    own = min((one.arrival_s for one in sound if not one.needs_consent), default=None)
    return Candidate(
        technician_id=name,
        arrival_s=best.arrival_s,
        travel_s=best.travel_s,
        needs_consent=best.needs_consent,
        arrival_without_consent_s=own,
    )


def _lower_bound(grid: Grid, job: int) -> tuple[int | None, str | None, str]:
    bounds = [(_bound_of(grid, tech, job), tech) for tech in range(len(grid.technicians))]
    sound = [((arrival, reason), tech) for (arrival, reason), tech in bounds if reason != "barred"]
    if not sound:
        return None, None, "no_qualified_technician"
    (arrival, reason), tech = min(sound, key=lambda item: (item[0][0], item[1]))
    return arrival, grid.technicians[tech].id, reason


def _bound_of(grid: Grid, tech: int, job: int) -> tuple[int, str]:
    technician, spec = grid.technicians[tech], grid.jobs[job]
    travel = min(grid.travel[grid.start_node[tech]][job], grid.travel[grid.leave_node[tech]][job])
    leaves = max(grid.problem.now_s, technician.shift_start_s)
    arrival = max(leaves + travel, spec.release_s)
    if grid.bar_of(tech, job) is not None or travel >= UNREACHABLE_S or arrival > technician.shift_end_s:
        return arrival, "barred"
    if arrival > grid.valid_until[tech, grid.skill_class[job]] or not ends_before_absence(grid, tech, job, arrival):
        return arrival, "barred"
    if arrival == spec.release_s > leaves + travel:
        return arrival, "release"
    return arrival, "shift_start" if technician.shift_start_s > grid.problem.now_s else "drive"
