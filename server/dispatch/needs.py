"""What weighs on a plan beside skills and times: customers who must not wait, instruments in calibration.

Leaks and emergencies ask for no instrument here: whoever is there first makes safe.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from routing.problem import Instrument, Job, Problem, Technician, Tier
from server.accounts import repository as accounts
from server.core import texts
from server.customers import repository as customers
from server.dispatch.rules import dispatch_rules
from shared import editions

if TYPE_CHECKING:
    from sqlalchemy import orm

    from server.work_orders.models import WorkOrder

_CALIBRATED: Final = "calibrated"
# The last day of a calibration ends first in the easternmost zone; there nobody is sent with an instrument out of date.
_EARLIEST_ZONE: Final = dt.timezone(dt.timedelta(hours=14))
_DAY: Final = dt.timedelta(days=1)


def with_needs(session: orm.Session, branch_id: str, problem: Problem, orders: Mapping[str, WorkOrder]) -> Problem:
    """Return the problem with vulnerable customers marked, and with instruments where somebody's runs out."""
    asked = {job.id: orders[job.id] for job in problem.jobs if job.id in orders}
    ids = {order.customer_id for order in asked.values() if order.customer_id is not None}
    frail = customers.list_vulnerable(session, branch_id, ids)
    marked = {order.id for order in asked.values() if order.customer_id in frail}
    jobs = tuple(msgspec.structs.replace(job, vulnerable=True) if job.id in marked else job for job in problem.jobs)
    seen = msgspec.structs.replace(problem, jobs=jobs, vulnerable_factor=dispatch_rules().vulnerable_factor)
    return _with_instruments(session, branch_id, seen, asked)


def _with_instruments(
    session: orm.Session, branch_id: str, problem: Problem, orders: Mapping[str, WorkOrder]
) -> Problem:
    """Add instruments only where one runs out within the plan; who has none on file is taken to have a good one."""
    until = {row.id: _valid_until_s(row.instruments) for row in accounts.list_technicians(session, branch_id)}
    last_s = max((one.shift_end_s for one in problem.technicians), default=problem.now_s)
    if all((end_s := until.get(one.id)) is None or end_s >= last_s for one in problem.technicians):
        return problem
    return msgspec.structs.replace(
        problem,
        technicians=tuple(_equipped(one, until.get(one.id)) for one in problem.technicians),
        jobs=tuple(_measured(job, orders[job.id]) if job.id in orders else job for job in problem.jobs),
    )


def _equipped(one: Technician, until_s: int | None) -> Technician:
    return msgspec.structs.replace(one, instruments=(Instrument(kind=_CALIBRATED, valid_until_s=until_s),))


def _measured(job: Job, order: WorkOrder) -> Job:
    is_asked = job.tier == Tier.ORDINARY and _needs_instrument(tuple(order.protocols))
    return msgspec.structs.replace(job, instruments=(_CALIBRATED,)) if is_asked else job


@functools.cache
def _needs_instrument(refs: tuple[str, ...]) -> bool:
    found = editions.resolve(texts.protocols(), refs)
    return any(step.needs_instrument and step.required for protocol in found for step in protocol.steps)


def _valid_until_s(instruments: Iterable[Mapping[str, str]]) -> int | None:
    """Return the last second at which any of somebody's instruments is good; None when none is on file."""
    last = max((str(one.get("valid_until", "")) for one in instruments), default="")  # dates as text sort as dates
    if not last:
        return None
    ends = dt.datetime.combine(dt.date.fromisoformat(last) + _DAY, dt.time(), _EARLIEST_ZONE)
    return int(ends.timestamp()) - 1
