"""Crews under way to one emergency are turned to another only when all together are reached sooner."""

from __future__ import annotations

from msgspec.structs import replace

from routing.problem import Problem
from routing.turning import find_turns
from routing.urgent import insert_urgent
from routing.waiting import QueueRules
from tests.routing.worlds import DAY_START, a_leak, a_problem, a_technician, east

RULES = QueueRules(target_s=3600)


def a_crossing(second_m: float = 12_000.0, **lu: object) -> Problem:
    """Return Wang on his way to a leak 12 km east; another is reported beside him; Lu sits near the first."""
    leaks = [a_leak("far", east(12_000), release_s=DAY_START), a_leak("near", east(300), release_s=DAY_START)]
    wang = a_technician("Wang", committed=("far",))
    return a_problem([wang, a_technician("Lu", east(second_m), **lu)], leaks)


def turns(problem: Problem, *, redirect_s: int = 60, least_left_s: int = 0) -> list[tuple[str, str, str]]:
    """Return who should turn to what, and who takes what he leaves, with the plan of the instant answer."""
    plan, under_way = insert_urgent(problem, None, "near").plan, {"Wang": "far"}
    found = find_turns(problem, plan, under_way, rules=RULES, redirect_s=redirect_s, least_left_s=least_left_s)
    return [(one.technician_id, one.to_job_id, one.successor_id) for one in found]


def test_crew_is_turned_when_another_stands_where_it_drives_to() -> None:
    """Wang takes the leak beside him, Lu the one beside her: both wait minutes instead of half an hour."""
    assert turns(a_crossing()) == [("Wang", "near", "Lu")]


def test_crew_drives_on_when_too_little_is_saved_or_it_is_nearly_there() -> None:
    """The saving must be worth the turn, and nobody turns round at the door."""
    assert turns(a_crossing(), redirect_s=7200) == []
    assert turns(a_crossing(), least_left_s=7200) == []


def test_crew_drives_on_when_nobody_else_could_take_its_emergency() -> None:
    """Lu is not qualified for the first leak: it keeps Wang, whatever lies beside him."""
    known = a_crossing()
    jobs = (replace(known.jobs[0], barred=("Lu",)), known.jobs[1])
    assert turns(replace(known, jobs=jobs)) == []
