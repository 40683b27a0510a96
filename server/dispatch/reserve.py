"""Skill reserve: who can go to a leak is kept free of work that others can do, the more so the scarcer he is.

How many leaks still to expect, what they ask for and how long each binds is learnt from the branch's own (decision 5
of routing); before there are enough nobody is kept. A price, never a bar, and never on work that asks for the skill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from routing.abilities import is_in_reserve
from routing.anticipation.reserve import Dial, LeakForecast, expected_leak_work_s, skilled_load
from routing.problem import Problem, SkillReserve, Technician
from server.dispatch.rules import dispatch_rules

if TYPE_CHECKING:
    from server.dispatch.durations.laws import LeakLaw


def with_reserve(problem: Problem, law: LeakLaw | None) -> Problem:
    """Return the problem with the price of plain work for those who can go to a leak; unchanged when everybody can."""
    if law is None:
        return problem
    skills = frozenset(law.skills)
    crew = [one for one in problem.technicians if is_in_reserve(one, skills, problem.now_s)]
    if not 0 < len(crew) < len(problem.technicians):
        return problem
    rules = dispatch_rules().reserve
    dial = Dial(easy=rules.easy_price, full=rules.full_price, easy_load=rules.easy_load, full_load=rules.full_load)
    price = dial.at(_load(problem, crew, law))
    return msgspec.structs.replace(problem, reserve=SkillReserve(skills=law.skills, price=price))


def _load(problem: Problem, crew: list[Technician], law: LeakLaw) -> float:
    """Return the work for those who can go to a leak, known and expected, over the time they have left.

    Nothing beyond the planner's horizon counts.
    """
    rules, skills = dispatch_rules().reserve, frozenset(law.skills)
    asked = [job for job in problem.jobs if not skills.isdisjoint(job.skills)]
    known_s = sum(job.service_s + rules.drive_s for job in asked)
    last_s = problem.now_s + dispatch_rules().horizon_s
    ends_s = [min(one.shift_end_s, last_s) for one in crew]
    forecast = LeakForecast(
        leaks_per_hour=law.per_hour, seconds_per_leak=law.seconds_each + rules.drive_s, until_s=max(ends_s)
    )
    begins_s = [max(one.available_s, one.shift_start_s, problem.now_s) for one in crew]
    left_s = sum(max(0, end_s - begin_s) for begin_s, end_s in zip(begins_s, ends_s, strict=True))
    return skilled_load(known_s, expected_leak_work_s(forecast, problem.now_s), 1, left_s)
