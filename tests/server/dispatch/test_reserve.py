"""Who can go to a leak is kept free of what others can do, once the branch's own leaks have taught what to expect."""

import pytest
import sqlalchemy as sa

from routing.problem import Problem
from server.accounts.models import Technician
from server.core.unit_of_work import Tx
from server.dispatch import problem, repository
from server.dispatch.durations import learning
from server.dispatch.durations.laws import LeakLaw, PastLeak, learn_leaks
from server.dispatch.rules import dispatch_rules
from server.work_orders.models import WorkOrder
from tests.server.house import HOME, LEAK, STOVE, House

RULES = dispatch_rules().reserve
HOUR_MS = 3_600_000


def asked(house: House) -> Problem:
    """Return the problem that the planner is given now."""
    now_ms, profile = house.clock.now_ms(), house.settings.sla_profile
    return house.read(lambda s: problem.take_snapshot(s, HOME, now_ms, profile)).problem


def forget_leaks(house: House, technician_id: str) -> None:
    """Let somebody be qualified for appliances alone; he lives a kilometre from the leak's address."""
    known = {"skills": [{"name": "appliance", "valid_until_ms": None}], "home_lat": 37.87, "home_lon": 113.571}
    row = sa.update(Technician).where(Technician.id == technician_id).values(**known)
    house.write(lambda tx: tx.session.execute(row))


def keep_leaks(house: House, count: int) -> LeakLaw | None:
    """Let a leak have come every two hours until now, all over since; return what they taught."""
    now_ms, order_id = house.clock.now_ms(), house.report(LEAK)

    def work(tx: Tx) -> None:
        first = tx.session.get_one(WorkOrder, order_id)
        first.state, first.technician_id, first.opened_ms = "cancelled", "", now_ms - count * 2 * HOUR_MS
        tx.session.flush()
        known = dict(tx.session.execute(sa.select(WorkOrder.__table__).where(WorkOrder.id == order_id)).one()._mapping)
        for number in range(1, count):
            own = {"id": f"past-{number}", "number": f"P-{number}", "source_ref": None}
            tx.session.add(WorkOrder(**known | own | {"opened_ms": now_ms - (count - number) * 2 * HOUR_MS}))

    house.write(work)
    return learning.learn_branch(house.uow, HOME).leaks


def test_nobody_is_kept_before_there_are_enough_leaks(house: House) -> None:
    """One leak too few teaches nothing; the plan stays as it was."""
    forget_leaks(house, "sun")
    assert keep_leaks(house, RULES.least_leaks - 1) is None
    assert asked(house).reserve is None


def test_learnt_leaks_keep_the_qualified_for_leaks(house: House) -> None:
    """Some leaks in four weeks: Wang, who can go, is kept; nobody is while everybody can."""
    law = keep_leaks(house, RULES.least_leaks)
    assert law is not None
    assert law.skills == ("gas_leak",)
    assert law.per_hour == pytest.approx(RULES.least_leaks / (RULES.days * 24))
    assert asked(house).reserve is None
    forget_leaks(house, "sun")
    reserve = asked(house).reserve
    assert reserve is not None
    assert reserve.skills == ("gas_leak",)
    assert RULES.easy_price <= reserve.price <= RULES.full_price


def test_price_grows_with_the_work_of_those_who_can_go(house: House) -> None:
    """Leaks that wait take their time: plain work with them costs more."""
    forget_leaks(house, "sun")
    keep_leaks(house, RULES.least_leaks)
    idle = asked(house).reserve
    for _ in range(24):
        house.report(LEAK)
    busy = asked(house).reserve
    assert idle is not None
    assert busy is not None
    assert idle.price < busy.price == RULES.full_price


def test_caller_who_repeats_a_leak_and_a_visit_nobody_ended_teach_nothing(house: House) -> None:
    """Duplicates are the same smell; the median does not see one visit of two weeks."""
    assert keep_leaks(house, RULES.least_leaks) is not None
    one = sa.update(WorkOrder).where(WorkOrder.id == "past-1")
    house.write(lambda tx: tx.session.execute(one.values(state="duplicate")))
    assert learning.learn_branch(house.uow, HOME).leaks is None
    told = [PastLeak(0, ("gas_leak",), 2700.0)] * RULES.least_leaks + [PastLeak(0, ("gas_leak",), 14 * 86_400.0)]
    law = learn_leaks(told, (0, 24 * HOUR_MS), RULES)
    assert law is not None
    assert law.seconds_each == 2700.0


def test_skill_that_has_expired_keeps_nobody_free(house: House) -> None:
    """Wang's ran out yesterday: he is as good for plain work as Sun."""
    forget_leaks(house, "sun")
    keep_leaks(house, RULES.least_leaks)
    old = [{"name": "gas_leak", "valid_until_ms": house.clock.now_ms() - 24 * HOUR_MS}]
    wang = sa.update(Technician).where(Technician.id == "wang").values(skills=old)
    house.write(lambda tx: tx.session.execute(wang))
    assert asked(house).reserve is None


def test_plain_work_is_offered_to_who_cannot_go_to_a_leak_and_the_list_says_why(house: House) -> None:
    """Wang stands nearer to the stove, Sun gets it; among the candidates Wang is marked as kept."""
    forget_leaks(house, "sun")
    first = house.report(STOVE)
    assert house.order(first).technician_id == "wang"
    house.write(lambda tx: tx.session.execute(sa.update(WorkOrder).values(state="cancelled", technician_id="")))
    keep_leaks(house, RULES.least_leaks)
    second = house.report(STOVE)
    assert [a.technician_id for a in house.read(lambda s: repository.list_live_of_order(s, second))] == ["sun"]
    found = house.lin.get(f"/api/v1/work-orders/{second}/candidates").json["items"]
    assert [(one["technician_id"], one["is_kept"]) for one in found] == [("sun", False), ("wang", True)]
