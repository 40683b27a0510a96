"""Every named event of a day: what it does to the plan, and what has to be done because of it."""

import pytest

from routing.happenings.aftermath import Act, Aftermath
from routing.happenings.crew import extended_visit, no_show, shift_change, technician_ill, vehicle_breakdown
from routing.happenings.emergencies import emergency_rechecked, emergency_revoked, several_emergencies
from routing.happenings.storm import Storm, StormRules, crews_needed, storm_mode
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Job, Problem, Technician
from routing.stop import MaxIterations
from routing.verify import verify_plan
from routing.waiting import QueueRules
from shared.errors import DomainError
from tests.routing.worlds import DAY_START, HOUR, a_job, a_leak, a_problem, a_technician, east, random_problem

RULES = QueueRules(target_s=3600, late_s=7200, limit_s=7200, limit_weight=3.0)
STORM = StormRules(horizon_s=2 * HOUR, bound_s=4500)


def planned(problem: Problem) -> Plan:
    """Return a day plan, the same every time."""
    return plan_routes(problem, seed=1, stop=MaxIterations(20)).plan


def holder(plan: Plan, job_id: str) -> str | None:
    """Return who has a job in a plan."""
    return next((r.technician_id for r in plan.routes for s in r.stops if s.job_id == job_id), None)


def duties(done: Aftermath, act: Act) -> set[str | None]:
    """Return the jobs (or technicians, where no job is named) for which something has to be done."""
    return {duty.job_id or duty.technician_id for duty in done.duties if duty.act == act}


def two_and(jobs: list[Job], **wang: object) -> Problem:
    """Return Wang near the centre and Sun six kilometres out, with some jobs."""
    return a_problem([a_technician("wang", east(500), **wang), a_technician("sun", east(6_000))], jobs)


def test_ill_technicians_stops_go_to_others_and_his_offer_is_recalled() -> None:
    """Wang falls ill on his way: the job is recalled from him and is Sun's, as is all he was to get."""
    problem = two_and([a_job("offered", east(800)), a_job("later", east(300))], committed=("offered",))
    done = technician_ill(problem, planned(problem), "wang", rules=RULES)
    assert [t.id for t in done.problem.technicians] == ["sun"]
    assert (holder(done.plan, "offered"), holder(done.plan, "later")) == ("sun", "sun")
    assert [(d.job_id, d.technician_id) for d in done.duties if d.act == Act.RECALL_OFFER] == [("offered", "wang")]


def test_leak_of_a_technician_who_falls_ill_on_site_is_taken_over_first() -> None:
    """The job he is at goes to the next as an emergency, before ordinary work."""
    problem = two_and([a_job("routine", east(5_900))])
    done = technician_ill(problem, planned(problem), "wang", rules=RULES, present=a_leak("at-work", east(500)))
    sun = next(r for r in done.plan.routes if r.technician_id == "sun")
    assert [stop.job_id for stop in sun.stops] == ["at-work", "routine"]
    assert done.certificates[0].technician_id == "sun"
    assert duties(done, Act.RECALL_OFFER) == {"at-work"}


def test_customer_is_told_when_nobody_can_keep_the_promise_of_an_ill_technician() -> None:
    """A promised window that only Wang could keep: its customer hears of it; who is still served in time does not."""
    soon = DAY_START + 600
    problem = two_and(
        [
            a_job("tight", east(0), windows=((DAY_START, soon),), promised=True),
            a_job("easy", east(0), windows=((DAY_START, DAY_START + 6 * HOUR),), promised=True),
        ]
    )
    done = technician_ill(problem, planned(problem), "wang", rules=RULES)
    assert duties(done, Act.TELL_CUSTOMER) == {"tight"}
    assert "tight" in done.plan.unserved


def test_broken_down_vehicle_frees_the_job_under_way_and_keeps_the_evening() -> None:
    """Wang stands until noon: what he drove to is Sun's at once, his afternoon stays his, from where he stands."""
    afternoon = a_job("afternoon", east(700), windows=((DAY_START + 6 * HOUR, DAY_START + 8 * HOUR),), promised=True)
    problem = two_and([a_leak("leak", east(2_000)), afternoon], committed=("leak",))
    until = DAY_START + 4 * HOUR
    done = vehicle_breakdown(problem, planned(problem), "wang", place=east(1_200), until_s=until, rules=RULES)
    wang = done.problem.technicians[0]
    assert (wang.available_s, wang.place, wang.committed) == (until, east(1_200), ())
    assert (holder(done.plan, "leak"), holder(done.plan, "afternoon")) == ("sun", "wang")
    assert duties(done, Act.RECALL_OFFER) == {"leak"}
    assert duties(done, Act.TELL_CUSTOMER) == set()


def test_vehicle_that_stays_broken_past_the_shift_takes_the_technician_out() -> None:
    """Until tomorrow is the same as gone."""
    problem = two_and([a_job("one", east(400))])
    tomorrow = DAY_START + 24 * HOUR
    done = vehicle_breakdown(problem, planned(problem), "wang", place=east(0), until_s=tomorrow, rules=RULES)
    assert [t.id for t in done.problem.technicians] == ["sun"]
    assert done.event == "vehicle_breakdown"


def test_emergency_that_waits_for_an_extended_visit_goes_to_somebody_else() -> None:
    """The leak was to wait ten minutes for Wang; he needs two hours more: Sun goes, and the promise to him is void."""
    problem = two_and([a_leak("leak", east(600))], available_s=DAY_START + 300)
    plan = several_emergencies(problem, None, (), rules=RULES).plan
    assert holder(plan, "leak") == "wang"
    done = extended_visit(problem, plan, "wang", remaining_s=2 * HOUR, rules=RULES)
    assert holder(done.plan, "leak") == "sun"
    assert done.problem.technicians[0].available_s == DAY_START + 2 * HOUR


def test_extended_visit_that_ends_earlier_takes_the_emergency_back() -> None:
    """The same event in the other direction: less time left than thought, and he is the first again."""
    problem = two_and([a_leak("leak", east(600))], available_s=DAY_START + 2 * HOUR)
    plan = several_emergencies(problem, None, (), rules=RULES).plan
    assert holder(plan, "leak") == "sun"
    assert holder(extended_visit(problem, plan, "wang", remaining_s=60, rules=RULES).plan, "leak") == "wang"


def test_absent_customer_frees_the_technician_and_is_given_another_appointment() -> None:
    """At a closed door: he is free there and then, and the visit is arranged anew."""
    closed = a_job("closed", east(900), promised=True)
    problem = two_and([closed, a_job("next", east(950))], committed=("closed",), available_s=DAY_START + HOUR)
    done = no_show(problem, planned(problem), "wang", closed, rules=RULES)
    wang = done.problem.technicians[0]
    assert (wang.available_s, wang.place, wang.committed) == (DAY_START, east(900), ())
    assert holder(done.plan, "closed") is None
    assert duties(done, Act.ARRANGE_VISIT) == {"closed"}
    assert holder(done.plan, "next") == "wang"


def test_leak_behind_a_closed_door_sounds_the_siren() -> None:
    """No access is not no leak."""
    leak = a_leak("leak", east(900))
    problem = two_and([leak], committed=("leak",))
    done = no_show(problem, planned(problem), "wang", leak, rules=RULES)
    assert duties(done, Act.SOUND_SIREN) == {"leak"}
    assert duties(done, Act.ARRANGE_VISIT) == set()


def test_shift_cut_short_gives_the_afternoon_away() -> None:
    """Wang goes home at noon: the afternoon is Sun's, the morning stays his."""
    jobs = [
        a_job("morning", east(400), windows=((DAY_START, DAY_START + HOUR),)),
        a_job("afternoon", east(400), windows=((DAY_START + 6 * HOUR, DAY_START + 8 * HOUR),)),
    ]
    problem = two_and(jobs)
    plan = planned(problem)
    shorter = a_technician("wang", east(500), shift_end_s=DAY_START + 4 * HOUR)
    done = shift_change(problem, plan, shorter, rules=RULES)
    assert holder(plan, "afternoon") == "wang"
    assert (holder(done.plan, "morning"), holder(done.plan, "afternoon")) == ("wang", "sun")


def test_technician_who_begins_is_the_first_at_a_waiting_emergency() -> None:
    """The evening shift begins: a leak that waited for a busy crew is looked at again."""
    busy = a_technician("sun", east(6_000), available_s=DAY_START + 2 * HOUR)
    problem = a_problem([busy], [a_leak("leak")])
    plan = several_emergencies(problem, None, (), rules=RULES).plan
    done = shift_change(problem, plan, a_technician("evening", east(300)), rules=RULES)
    assert holder(done.plan, "leak") == "evening"


def test_technician_whose_shift_is_over_is_taken_out() -> None:
    """Hours that lie in the past take him out, like illness."""
    problem = two_and([a_job("one")])
    gone = a_technician("wang", east(500), shift_start_s=DAY_START - HOUR, shift_end_s=DAY_START)
    done = shift_change(problem, planned(problem), gone, rules=RULES)
    assert holder(done.plan, "one") == "sun"


def test_several_emergencies_are_arranged_together() -> None:
    """Two leaks at once: each gets a crew of its own, and none is reached later than by the crew nearest to it last."""
    problem = two_and([])
    done = several_emergencies(problem, None, (a_leak("a", east(5_000)), a_leak("b", east(5_900))), rules=RULES)
    assert {holder(done.plan, "a"), holder(done.plan, "b")} == {"wang", "sun"}
    assert {one.job_id for one in done.certificates} == {"a", "b"}


def test_emergency_that_nobody_can_reach_sounds_the_siren() -> None:
    """Nobody qualified: a person has to act, with the reason."""
    done = several_emergencies(two_and([]), None, (a_leak("leak", skills=("diving",)),), rules=RULES)
    assert [(d.act, d.reason) for d in done.duties] == [(Act.SOUND_SIREN, "no_skill")]


def test_recheck_changes_nothing_when_nothing_has_changed() -> None:
    """Looking again at the same world gives the same plan, and nothing has to be done."""
    problem = two_and([a_leak("leak", east(600)), a_job("one", east(300))])
    plan = several_emergencies(problem, planned(problem), (), rules=RULES).plan
    done = emergency_rechecked(problem, plan, rules=RULES)
    assert (done.plan.routes, done.duties, done.moved) == (plan.routes, (), ())


def test_revoked_emergency_frees_the_crew_for_the_other_one() -> None:
    """A false report: whoever was under way is told, and the emergency that waited gets him."""
    problem = a_problem(
        [a_technician("wang", east(500), committed=("false",))],
        [a_leak("false", east(3_000)), a_leak("real", east(600))],
    )
    plan = several_emergencies(problem, None, (), rules=RULES).plan
    done = emergency_revoked(problem, plan, "false", rules=RULES)
    assert [(d.act, d.job_id, d.technician_id) for d in done.duties] == [(Act.RECALL_OFFER, "false", "wang")]
    assert [s.job_id for s in done.plan.routes[0].stops] == ["real"]
    assert done.certificates[0].arrival_s is not None


def storm_day() -> Problem:
    """Return two gas technicians and one of another trade, with ordinary work for all, and one leak."""
    crew = [
        a_technician("wang", east(500)),
        a_technician("sun", east(1_000)),
        a_technician("li", east(800), skills=()),
    ]
    jobs = [a_job(f"j{i}", east(400 * i), promised=i == 0) for i in range(5)]
    jobs.append(a_job("boiler", east(900), skills=("gas",)))
    return a_problem(crew, [*jobs, a_leak("leak", east(700))])


def test_storm_keeps_qualified_crews_free_and_lets_others_take_over_what_they_can() -> None:
    """Three leaks an hour: both gas technicians do nothing ordinary, the third takes over, gas work waits."""
    problem = storm_day()
    done = storm_mode(problem, planned(problem), Storm(expected_per_h=3.0), rules=STORM, queue=RULES)
    early = {
        stop.job_id
        for route in done.plan.routes
        if route.technician_id != "li"
        for stop in route.stops
        if stop.start_s < DAY_START + STORM.horizon_s
    }
    assert early == {"leak"}
    assert "boiler" in duties(done, Act.POSTPONE)
    assert holder(done.plan, "j0") == "li"
    assert set(done.plan.unserved) == set()


def test_small_storm_keeps_no_more_crews_free_than_it_needs() -> None:
    """One leak and little to come: the technician who has promised least is kept free, the other works on."""
    problem = storm_day()
    assert crews_needed(problem, Storm(expected_per_h=0.1), STORM) == 1
    plan = planned(problem)
    done = storm_mode(problem, plan, Storm(expected_per_h=0.1), rules=STORM, queue=RULES)
    assert holder(done.plan, "boiler") in {"wang", "sun"}
    assert duties(done, Act.POSTPONE) == set()


def test_storm_calls_in_who_brings_emergencies_within_the_target() -> None:
    """Six leaks and one crew: people off duty are called in as long as somebody waits beyond the target."""
    leaks = tuple(a_leak(f"leak{i}", east(1_500 * i)) for i in range(4))
    problem = a_problem([a_technician("wang")], list(leaks))
    off: tuple[Technician, ...] = tuple(
        a_technician(name, east(2_000), available_s=DAY_START + wait, **fields)
        for name, wait, fields in (("near", 900, {}), ("far", 5 * HOUR, {}), ("fitter", 0, {"skills": ()}))
    )
    done = storm_mode(problem, None, Storm(expected_per_h=0.0, off_duty=off), rules=STORM, queue=RULES)
    called = duties(done, Act.CALL_IN)
    assert "near" in called
    assert "fitter" not in called
    assert {t.id for t in done.problem.technicians} == {"wang", *called}


def test_storm_tells_only_customers_whose_promise_breaks() -> None:
    """A promised morning that only a gas technician could keep is put off: its customer is told, others are not."""
    problem = storm_day()
    morning = a_job("kept", windows=((DAY_START, DAY_START + HOUR),), skills=("gas",), promised=True)
    problem = a_problem(list(problem.technicians), [*problem.jobs, morning])
    done = storm_mode(problem, planned(problem), Storm(expected_per_h=3.0), rules=STORM, queue=RULES)
    assert duties(done, Act.TELL_CUSTOMER) == {"kept"}
    assert "kept" in duties(done, Act.POSTPONE)


def test_every_event_leaves_a_plan_that_the_judge_accepts() -> None:
    """On random days with every feature of the model: no event ever leaves a plan that breaks a rule."""
    for seed in range(6):
        problem = random_problem(seed)
        plan = planned(problem)
        one = problem.technicians[seed % 6].id
        waiting = next(job for job in problem.jobs if job.priority > 2)
        aftermaths = [
            technician_ill(problem, plan, one, rules=RULES),
            vehicle_breakdown(problem, plan, one, place=east(0), until_s=problem.now_s + HOUR, rules=RULES),
            extended_visit(problem, plan, one, remaining_s=3 * HOUR, rules=RULES),
            no_show(problem, plan, one, waiting, rules=RULES),
            emergency_rechecked(problem, plan, rules=RULES),
            emergency_revoked(problem, plan, "J000", rules=RULES),
            several_emergencies(problem, plan, (a_leak("x", east(4_000)), a_leak("y", east(-900))), rules=RULES),
            storm_mode(problem, plan, Storm(expected_per_h=2.0), rules=STORM, queue=RULES),
        ]
        for done in aftermaths:
            # Arranged together, one emergency may wait for another: the judge compares each with nobody else's need.
            found = {violation.code for violation in verify_plan(done.problem, done.plan)} - {"emergency_late"}
            assert found == set(), done.event


def test_unknown_technician_or_job_is_refused() -> None:
    """An event of somebody who is not there is an error of the caller, said in words."""
    problem = two_and([a_job("one")])
    with pytest.raises(DomainError) as nobody:
        technician_ill(problem, None, "qian", rules=RULES)
    with pytest.raises(DomainError) as nothing:
        emergency_revoked(problem, None, "none", rules=RULES)
    assert (nobody.value.code, nothing.value.code) == ("not_found", "job_unknown")
