"""Asks every engine one small question, so that what has to be compiled is compiled before somebody waits for it.

``python -m routing.warm_up`` does so when the product is installed; compiled code is kept on disk from then on.
"""

from __future__ import annotations

import sys

from routing.anticipation import stations
from routing.planner import plan_routes
from routing.problem import Job, Place, Problem, Profile, Technician
from routing.queue import arrange_queue
from routing.stop import MaxIterations
from routing.urgent import insert_job, insert_urgent
from routing.waiting import QueueRules

_HOUR_S = 3600


def warm_up() -> None:
    """Plan, re-plan, insert and arrange an invented day of three technicians and eight orders."""
    problem = _invented()
    plan = plan_routes(problem, seed=1, stop=MaxIterations(10)).plan
    plan_routes(problem, seed=1, stop=MaxIterations(10), warm=plan, max_moved=1)
    stations.warm_up()
    insert_urgent(problem, plan, "0")
    insert_job(problem, plan, "7")
    arrange_queue(problem, plan, target_s=_HOUR_S, rules=QueueRules(target_s=_HOUR_S, late_s=1.0))


def _invented() -> Problem:
    places = [Place(lat=30 + 0.01 * number, lon=110 + 0.007 * (number % 3)) for number in range(11)]
    jobs = tuple(
        Job(id=str(n), place=places[n], service_s=900, priority=1 if n < 2 else 4, windows=((0, 8 * _HOUR_S),))  # noqa: PLR2004 - two emergencies make a queue
        for n in range(8)
    )
    technicians = tuple(
        Technician(id=str(n), place=places[8 + n], available_s=0, shift_start_s=0, shift_end_s=10 * _HOUR_S)
        for n in range(3)
    )
    profile = Profile(detour=1.3, speed_m_s=8.0, start_up_s=60)
    return Problem(now_s=0, technicians=technicians, jobs=jobs, profile=profile)


if __name__ == "__main__":
    warm_up()
    sys.exit(0)
