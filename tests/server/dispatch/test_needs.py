"""What the company knows of customers and instruments weighs on the plan: who must not wait, who can measure."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from routing.problem import Job, Problem
from server.accounts.models import Technician
from server.customers.models import Customer
from server.dispatch import problem
from server.dispatch import repository as dispatch
from server.dispatch.rules import dispatch_rules
from tests.server.house import HOME, LEAK, MORNING_MS, STOVE, House

TODAY = dt.datetime.fromtimestamp(MORNING_MS / 1000, dt.UTC).date()


def asked(house: House) -> Problem:
    """Return the problem that the planner is given now."""
    now_ms, profile = house.clock.now_ms(), house.settings.sla_profile
    return house.read(lambda s: problem.take_snapshot(s, HOME, now_ms, profile)).problem


def job_of(house: House, work_order_id: str) -> Job:
    """Return an order as the planner sees it."""
    return next(job for job in asked(house).jobs if job.id == work_order_id)


def lend(house: House, technician_id: str, valid_until: dt.date) -> None:
    """Give a technician one instrument only, calibrated until a day."""
    kit = [{"serial": "XP-9", "valid_until": valid_until.isoformat()}]
    row = sa.update(Technician).where(Technician.id == technician_id).values(instruments=kit)
    house.write(lambda tx: tx.session.execute(row))


def test_order_of_a_vulnerable_customer_is_told_to_the_planner(house: House) -> None:
    """Zhao is marked in the register; a caller whom nobody knows is not."""
    house.write(lambda tx: tx.session.execute(sa.update(Customer).values(is_vulnerable=True)))
    frail, other = house.report({**STOVE, "customer_id": "zhao"}), house.report(STOVE)
    assert (job_of(house, frail).vulnerable, job_of(house, other).vulnerable) == (True, False)
    assert asked(house).vulnerable_factor == dispatch_rules().vulnerable_factor > 1.0


def test_job_that_is_measured_goes_to_whose_instrument_is_in_calibration(house: House) -> None:
    """Wang stands beside the stove, but his instrument was due yesterday: Sun goes; a leak is his all the same."""
    lend(house, "wang", TODAY - dt.timedelta(days=1))
    stove = house.report(STOVE)
    assert [a.technician_id for a in house.read(lambda s: dispatch.list_live_of_order(s, stove))] == ["sun"]
    leak = house.report(LEAK)
    assert [a.technician_id for a in house.read(lambda s: dispatch.list_live_of_order(s, leak))] == ["wang"]


def test_nothing_is_asked_for_while_everybody_is_in_calibration(house: House) -> None:
    """The plan stays a plain one: instruments matter where one runs out."""
    stove = house.report(STOVE)
    assert job_of(house, stove).instruments == ()
    lend(house, "sun", TODAY)
    assert job_of(house, stove).instruments == ("calibrated",)
