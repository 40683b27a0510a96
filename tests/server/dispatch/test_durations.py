"""How long visits last is learnt from those that ended, and reaches estimate and plan; too few change nothing."""

from __future__ import annotations

import math

import pytest

from server.core.unit_of_work import Tx
from server.dispatch import problem
from server.dispatch.durations import learning
from server.dispatch.durations.laws import EndedVisit, Laws, learn
from server.dispatch.models import Assignment
from server.dispatch.problem import Snapshot
from server.dispatch.rules import dispatch_rules
from server.visits.models import Record
from tests.mobile.phones import go_to_the_door
from tests.server.house import DAY_MS, HOME, MORNING_MS, STOVE, House

RULES = dispatch_rules().durations
MINUTE_MS = 60_000


def keep_visits(house: House, count: int, *, factor: float, has_record: bool = True) -> None:
    """Let a stove's visits of two days ago have lasted `factor` times as long as expected, a little more or less."""
    order_id = house.report(STOVE)
    expected_s = house.order(order_id).expected_s

    def work(tx: Tx) -> None:
        for number in range(count):
            lasted_s = expected_s * factor * (0.9 + 0.2 * (number % 3) / 2)
            begun_ms = MORNING_MS - 2 * DAY_MS + number * MINUTE_MS
            row = Assignment(
                id=f"past-{number}",
                branch_id=HOME,
                work_order_id=order_id,
                technician_id="sun",
                epoch=1,
                state="finished",
                offered_ms=begun_ms,
                arrived_ms=begun_ms,
                finished_ms=begun_ms + round(lasted_s * 1000),
            )
            tx.session.add(row)
            if has_record:
                tx.session.add(a_record(row))

    house.write(work)


def a_record(row: Assignment) -> Record:
    """Return the record that ended a visit."""
    return Record(
        id=f"record-{row.id}",
        branch_id=HOME,
        work_order_id=row.work_order_id,
        assignment_id=row.id,
        technician_id=row.technician_id,
        device_id="phone",
        kind="signed",
        record_json="{}",
        strokes=[],
        seal={},
        problems=[],
        signed_ms=row.finished_ms,
    )


def seen(house: House) -> Snapshot:
    """Return what the planner is told now."""
    return house.read(lambda s: problem.take_snapshot(s, HOME, house.clock.now_ms(), house.settings.sla_profile))


def free_in_min(house: House, technician_id: str) -> float:
    """Return in how many minutes the planner reckons that somebody is free."""
    asked = seen(house).problem
    return (next(t for t in asked.technicians if t.id == technician_id).available_s - asked.now_s) / 60


@pytest.mark.parametrize(("count", "has_record", "is_moved"), [(40, True, True), (19, True, False), (40, False, False)])
def test_estimate_moves_when_enough_visits_lasted_longer(
    house: House,
    count: int,
    has_record: bool,  # noqa: FBT001 - a table of cases
    is_moved: bool,  # noqa: FBT001 - as above
) -> None:
    """Visits lasted twice as long: running and coming ones are reckoned so; few, or closed doors, say nothing."""
    wang = house.phone()
    running = house.report(STOVE)
    house.sync(wang)
    go_to_the_door(wang, running)
    house.sync(wang)
    expected_s = house.order(running).expected_s
    before = free_in_min(house, "wang")
    assert before == pytest.approx(expected_s / 60, abs=1)
    keep_visits(house, count, factor=2.0, has_record=has_record)
    learning.learn_daily(house.uow, [HOME])
    waiting = house.report(STOVE)
    planned_s = next(job.service_s for job in seen(house).problem.jobs if job.id == waiting)
    factor = pytest.approx(2.0 if is_moved else 1.0, rel=0.1)
    assert free_in_min(house, "wang") / before == factor
    assert planned_s / expected_s == factor


def test_what_is_learnt_is_learnt_once_a_day(house: House) -> None:
    """Without a visit there is nothing to learn; the next look finds it fresh; a day later visits are read again."""
    assert learning.learn_daily(house.uow, [HOME]) == 0
    keep_visits(house, 1, factor=1.0)
    assert [learning.learn_daily(house.uow, [HOME]) for _ in range(2)] == [1, 0]
    house.clock.pass_ms(DAY_MS)
    assert learning.learn_daily(house.uow, [HOME]) == 1


def test_what_the_technician_told_counts_before_what_was_learnt(house: House) -> None:
    """Wang says ten minutes: ten minutes it is."""
    wang = house.phone()
    running = house.report(STOVE)
    house.sync(wang)
    go_to_the_door(wang, running)
    wang.act("estimate_remaining_time", running, remaining_s=600)
    house.sync(wang)
    keep_visits(house, 40, factor=2.0)
    learning.learn_daily(house.uow, [HOME])
    assert free_in_min(house, "wang") == pytest.approx(10, abs=1)


def visits(who: str, count: int, factor: float) -> list[EndedVisit]:
    """Return visits of somebody that lasted so many times as long as expected."""
    return [EndedVisit("stove_fault", who, 1800, 1800 * factor) for _ in range(count)]


def test_somebody_slower_than_others_is_reckoned_so_when_he_has_enough_visits() -> None:
    """Wang takes half as long again as the others; of Sun too little is known."""
    law = learn([*visits("wang", 30, 1.5), *visits("qi", 60, 1.0), *visits("sun", 10, 3.0)], RULES)
    assert law.technicians["wang"] == pytest.approx(math.log(1.5))
    assert "sun" not in law.technicians
    assert law.kinds["stove_fault"].visits == 100


def test_learning_leads_no_further_than_the_rules_allow() -> None:
    """Visits of a moment, or of days, teach nothing; ten times as long counts as three times."""
    assert learn(visits("wang", 40, 0.01) + visits("wang", 40, 100.0), RULES) == Laws()
    law = learn([EndedVisit("co", "wang", 1800, 18000.0) for _ in range(40)], RULES)
    assert law.kinds["co"].bias == pytest.approx(math.log(RULES.most_factor))
