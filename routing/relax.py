"""Why an order stays undone, and what would change that: each way out is tried, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from routing.grid import Grid, build_grid
from routing.insertion import find_best_position
from routing.moved import spots
from routing.plan import Plan
from routing.problem import PRICE_LIMIT, Job, Problem, Technician, Tier, Value
from routing.remark import Remark, minutes, remark
from routing.state import State, state_of
from routing.travel import StraightLine, TravelTimes
from routing.urgent import insert_job, insert_urgent, job_index

_OVERTIME_S = (1800, 3600, 7200, 14_400)


class Undone(Value, frozen=True, kw_only=True):
    """An order nobody does: the reason that binds, and each single change that would let it be done."""

    job_id: str
    reason: str
    ways_out: tuple[Remark, ...] = ()


def explain_undone(problem: Problem, plan: Plan, job_id: str, travel: TravelTimes | None = None) -> Undone:
    """Try one change after the other on an order without technician. Raise DomainError ``job_unknown``."""
    asked = _Trial(problem, plan, job_id, travel or StraightLine(problem.profile))
    reason = plan.unserved.get(job_id) or asked.reason()
    return Undone(job_id=job_id, reason=reason, ways_out=tuple(asked.ways_out()))


class _Trial:
    """One order and the plan it is to come into."""

    def __init__(self, problem: Problem, plan: Plan, job_id: str, travel: TravelTimes) -> None:
        self.problem, self.plan, self.travel = problem, plan, travel
        self.grid: Grid = build_grid(problem, travel)
        self.index = job_index(self.grid, job_id)
        self.job: Job = problem.jobs[self.index]

    def reason(self) -> str:
        """Return the reason that binds as things stand."""
        return self._placed(self.problem).unserved.get(self.job.id, "")

    def ways_out(self) -> Iterator[Remark]:
        """Yield every single change that places the order."""
        if self._spot(self.problem) is not None:
            yield remark("way_now")
            return
        for attempt in (self._lock, self._skills, self._expiry, self._window, self._overtime, self._stop, self._price):
            found = attempt()
            if found is not None:
                yield found

    def _placed(self, problem: Problem) -> Plan:
        if self.job.tier == Tier.ORDINARY:
            return insert_job(problem, self.plan, self.job.id, self.travel)
        return insert_urgent(problem, self.plan, self.job.id, self.travel).plan

    def _spot(self, problem: Problem) -> tuple[str, int] | None:
        return spots(self._placed(problem)).get(self.job.id)

    def _with(self, **fields: object) -> Problem:
        changed = msgspec.structs.replace(self.job, **fields)
        jobs = tuple(changed if job.id == changed.id else job for job in self.problem.jobs)
        return msgspec.structs.replace(self.problem, jobs=jobs)

    def _with_crew(self, change: Callable[[Technician], dict[str, object]]) -> Problem:
        crew = tuple(msgspec.structs.replace(one, **change(one)) for one in self.problem.technicians)
        return msgspec.structs.replace(self.problem, technicians=crew)

    def _lock(self) -> Remark | None:
        spot = self._spot(self._with(locked_to=None)) if self.job.locked_to is not None else None
        return spot and remark("way_lock", technician=spot[0], count=self._in(spot[1]))

    def _skills(self) -> Remark | None:
        spot = self._spot(self._with(skills=())) if self.job.skills else None
        return spot and remark(
            "way_skill", technician=spot[0], skills=", ".join(map(str, self.job.skills)), count=self._in(spot[1])
        )

    def _expiry(self) -> Remark | None:
        def renewed(one: Technician) -> dict[str, object]:
            return {"skills": tuple(msgspec.structs.replace(skill, valid_until_s=None) for skill in one.skills)}

        spot = self._spot(self._with_crew(renewed)) if self.job.skills else None
        return spot and remark("way_renewal", technician=spot[0], count=self._in(spot[1]))

    def _window(self) -> Remark | None:
        spot = self._spot(self._with(windows=())) if self.job.windows else None
        return spot and remark("way_window", technician=spot[0], count=self._in(spot[1]))

    def _overtime(self) -> Remark | None:
        for extra_s in _OVERTIME_S:
            spot = self._spot(self._with_crew(_later(extra_s)))
            if spot is not None:
                return remark("way_overtime", technician=spot[0], count=minutes(extra_s))
        return None

    def _price(self) -> Remark | None:
        if self.job.tier != Tier.ORDINARY:
            return None
        spot = self._spot(self._with(unserved_penalty=PRICE_LIMIT))
        return spot and remark("way_price", technician=spot[0], count=self._in(spot[1]))

    def _stop(self) -> Remark | None:
        """Return the cheapest stop without promise whose place the order could take."""
        state = state_of(self.grid, self.plan, keep_first=True)
        state.remove(self.index)
        for tech, stop in _giveable(state):
            trial = state.copy()
            trial.remove(stop)
            if find_best_position(trial, self.index, [tech]) is not None:
                return remark("way_stop", job=self.grid.jobs[stop].id, technician=self.grid.technicians[tech].id)
        return None

    def _in(self, at_s: int) -> int:
        return minutes(at_s - self.problem.now_s)


def _later(extra_s: int) -> Callable[[Technician], dict[str, object]]:
    return lambda one: {"shift_end_s": one.shift_end_s + extra_s}


def _giveable(state: State) -> list[tuple[int, int]]:
    """Return (technician, job) of the stops that nobody was promised, the cheapest to leave first."""
    grid = state.grid
    found = [
        (tech, job)
        for tech, route in enumerate(state.routes)
        for job in route
        if grid.tier[job] == Tier.ORDINARY and not grid.jobs[job].promised
    ]
    return sorted(found, key=lambda pair: (grid.jobs[pair[1]].unserved_penalty, pair))
