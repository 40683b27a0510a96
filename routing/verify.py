"""An independent judge of plans: walks them with code of its own, so that an error of the engines cannot hide here.

It shares with the planner only the value types and, when one is given, the travel provider; never ``schedule``,
``grid``, ``state`` or the model.
"""

from __future__ import annotations

from routing.judge.case import Judge, Violation, open_case
from routing.judge.coupled import judge_couplings
from routing.judge.emergencies import judge_emergencies
from routing.judge.fitness import judge_fitness
from routing.judge.times import judge_times
from routing.judge.whole import judge_whole
from routing.plan import Plan
from routing.problem import Problem
from routing.travel import TravelTimes

__all__ = ["Violation", "verify_plan"]

_RULES: tuple[Judge, ...] = (judge_whole, judge_fitness, judge_times, judge_couplings, judge_emergencies)


def verify_plan(problem: Problem, plan: Plan, travel: TravelTimes | None = None) -> list[Violation]:
    """Return every violation of a plan; an empty list means that it can be driven as written.

    Codes of the whole: ``job_twice``, ``job_lost``, ``unknown_job``, ``unknown_technician``, ``committed_broken``,
    ``left_without_leave``, ``leak_not_first``. Of fitness: ``skill_missing``, ``skill_expired``, ``level_too_low``,
    ``instrument_missing``, ``calibration_expired``, ``parts_missing``, ``territory_closed``, ``barred_technician``,
    ``locked_broken``, ``window_violated``, ``too_early``, ``depot_twice``, ``unknown_depot``,
    ``depot_stock_exceeded``. Of time: ``travel_too_short``, ``wrong_times``, ``shift_violated``,
    ``absence_violated``, ``break_violated``, ``break_missed``, ``depot_closed``, ``wrong_overtime``. Of couplings:
    ``crew_too_small``, ``not_together``, ``sync_broken``, ``precedence_broken``, ``stranger_follows``. Of
    emergencies: ``emergency_late``, ``emergency_unserved``.

    Without ``travel`` legs are measured by the problem's profile on a sphere (0.6 % slack).
    """
    case = open_case(problem, plan, travel)
    return [violation for rule in _RULES for violation in rule(case)]
