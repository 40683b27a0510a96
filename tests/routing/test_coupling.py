"""Jobs that depend on each other meet, wait and follow, and are given up together when they cannot."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from routing.plan import Plan, StopTime
from routing.planner import plan_routes
from routing.problem import After, Problem
from routing.stop import MaxIterations
from routing.urgent import insert_job, insert_urgent, rank_candidates
from routing.verify import verify_plan
from tests.routing.worlds import DAY_START, HOUR, a_job, a_leak, a_problem, a_technician, east


def planned(problem: Problem, warm: Plan | None = None) -> Plan:
    """Return a plan that the judge accepts."""
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20), warm=warm).plan
    assert verify_plan(problem, plan) == []
    return plan


def visits(plan: Plan, job_id: str) -> dict[str, StopTime]:
    """Return the stops of a job by technician."""
    return {route.technician_id: stop for route in plan.routes for stop in route.stops if stop.job_id == job_id}


CREW = [a_technician("Wang"), a_technician("Lu", east(5000)), a_technician("Qi", east(-5000))]


def test_two_technicians_meet_when_a_job_needs_two() -> None:
    """Starts at the same second for both, with the nearest two, and keeps the routine work around it."""
    jobs = [a_job("heavy", east(2000), crew_size=2), *(a_job(f"J{n}", east(900 * n)) for n in range(4))]
    plan = planned(a_problem(CREW, jobs))
    assert not plan.unserved
    assert visits(plan, "heavy").keys() == {"Wang", "Lu"}
    assert len({stop.start_s for stop in visits(plan, "heavy").values()}) == 1


def test_meeting_keeps_its_time_and_people_when_planned_again() -> None:
    """Moves no agreed meeting because a routine job came in."""
    jobs = [a_job("heavy", east(2000), crew_size=2), *(a_job(f"J{n}", east(900 * n)) for n in range(4))]
    problem = a_problem(CREW, jobs)
    plan = planned(problem)
    more = replace(problem, jobs=(*problem.jobs, a_job("new", east(300))))
    assert visits(planned(more, plan), "heavy").keys() == visits(plan, "heavy").keys()
    inserted = insert_job(more, plan, "new")
    assert verify_plan(more, inserted) == []
    assert visits(inserted, "heavy") == visits(plan, "heavy")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"skills": ("boiler",)}, "no_skill"), ({"barred": ("Lu", "Qi")}, "partner_missing")],
)
def test_nobody_goes_alone_when_the_second_person_is_missing(fields: dict[str, Any], reason: str) -> None:
    """Leaves the job for two out as a whole, once, with the reason and its whole price."""
    heavy = a_job("heavy", crew_size=2, unserved_penalty=70_000.0, **fields)
    plan = planned(a_problem(CREW, [heavy, a_job("J1")]))
    assert plan.unserved == {"heavy": reason}
    assert plan.objective.unserved == 70_000.0


def test_first_goes_at_once_and_another_follows_when_a_leak_needs_two() -> None:
    """Sends the nearest without waiting for the second, who is somebody else."""
    leak = a_leak("leak", east(1500), crew_size=2)
    problem = a_problem(CREW, [leak, a_job("J1")])
    alone = insert_urgent(replace(problem, jobs=(replace(leak, crew_size=1), problem.jobs[1])), None, "leak")
    answer = insert_urgent(problem, None, "leak")
    assert answer.certificate.arrival_s == alone.certificate.arrival_s
    assert answer.certificate.job_id == "leak"
    assert len(visits(answer.plan, "leak")) == 2
    assert verify_plan(problem, answer.plan) == []
    assert [one.job_id for one in plan_routes(problem, seed=1, stop=MaxIterations(count=1)).certificates] == ["leak"]


def test_another_joins_when_the_first_of_two_is_on_his_way() -> None:
    """Keeps the technician under way, and adds one who comes no earlier than he starts."""
    problem = a_problem([replace(CREW[0], committed=("heavy",)), *CREW[1:]], [a_job("heavy", east(2000), crew_size=2)])
    found = visits(planned(problem), "heavy")
    assert found.keys() == {"Wang", "Lu"}
    assert found["Lu"].start_s >= found["Wang"].start_s


def test_jobs_start_together_when_they_form_a_group() -> None:
    """Shuts the valve in the street at the second the work in the house begins."""
    jobs = [a_job("valve", east(4000), sync="shut"), a_job("house", east(-4000), sync="shut"), a_job("J1")]
    plan = planned(a_problem(CREW, jobs))
    starts = {stop.start_s for job_id in ("valve", "house") for stop in visits(plan, job_id).values()}
    assert len(starts) == 1
    assert not plan.unserved


def test_group_is_given_up_together_when_one_of_it_cannot_be_served() -> None:
    """Does not shut the valve when nobody can work in the house."""
    jobs = [a_job("valve", sync="shut"), a_job("house", sync="shut", skills=("boiler",))]
    assert planned(a_problem(CREW, jobs)).unserved == {"valve": "group_broken", "house": "no_skill"}


def test_job_waits_when_another_has_to_end_before_it() -> None:
    """Starts the second an hour behind the end of the first at the earliest, whoever does it."""
    jobs = [a_job("fill", after=(After(job_id="dig", lag_s=HOUR),)), a_job("dig", east(6000)), a_job("J1")]
    plan = planned(a_problem(CREW, jobs))
    (dig,), (fill,) = visits(plan, "dig").values(), visits(plan, "fill").values()
    assert fill.start_s >= dig.end_s + HOUR
    assert not plan.unserved


def test_chain_is_given_up_from_its_break_on_when_a_link_cannot_be_served() -> None:
    """Serves what comes before the break, and says what each of the rest waits for."""
    jobs = [
        a_job("one"),
        a_job("two", skills=("boiler",), after=(After(job_id="one"),)),
        a_job("three", after=(After(job_id="two"),)),
    ]
    assert planned(a_problem(CREW, jobs)).unserved == {"two": "no_skill", "three": "predecessor_unserved"}


def test_follow_up_goes_to_the_same_technician_when_it_asks_for_him() -> None:
    """Sends whoever did the first visit, though somebody else is next door to the second."""
    jobs = [a_job("survey", east(-4500)), a_job("report", east(4500), same_technician_as="survey")]
    plan = planned(a_problem(CREW, jobs))
    assert visits(plan, "survey").keys() == visits(plan, "report").keys()


def test_follow_up_stays_when_its_first_visit_is_not_served() -> None:
    """Names the missing first visit as the reason."""
    jobs = [a_job("survey", skills=("boiler",)), a_job("report", same_technician_as="survey")]
    assert planned(a_problem(CREW, jobs)).unserved == {"survey": "no_skill", "report": "lead_unserved"}


def test_leak_comes_first_when_it_breaks_a_meeting() -> None:
    """Sends the nearest to the leak at once; the meeting is kept by others or given up whole, never by one alone."""
    jobs = [a_job("heavy", east(2000), crew_size=2, windows=((DAY_START, DAY_START + HOUR),))]
    problem = a_problem(CREW, jobs)
    plan = planned(problem)
    leak = a_leak("leak", east(1000), release_s=DAY_START)
    worse = replace(problem, jobs=(*problem.jobs, leak))
    answer = insert_urgent(worse, plan, "leak")
    assert answer.certificate.technician_id == "Wang"
    assert verify_plan(worse, answer.plan) == []
    assert len(visits(answer.plan, "heavy")) in {0, 2}


def test_candidates_are_ranked_when_the_job_is_coupled() -> None:
    """Answers "why this technician" for a job of two people like for any other."""
    problem = a_problem(CREW, [a_job("heavy", east(2000), crew_size=2)])
    assert {one.technician_id for one in rank_candidates(problem, None, "heavy")} == {"Wang", "Lu", "Qi"}
