"""Learns how long visits last and how many leaks come, and keeps it as dated rows: once a day, by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from server.core.unit_of_work import Actor, Tx, UnitOfWork
from server.dispatch.durations import laws, repository
from server.dispatch.durations.laws import NO_LAWS, EndedVisit, Laws
from server.dispatch.durations.models import VisitLaws
from server.dispatch.rules import dispatch_rules

if TYPE_CHECKING:
    from sqlalchemy import orm

_log = structlog.get_logger(__name__)

_DAY_MS: Final = 86_400_000


def find_laws(session: orm.Session, branch_id: str) -> Laws:
    """Return what is in force in a branch; nothing is known before enough visits have ended."""
    newest = repository.find_newest(session, branch_id)
    return NO_LAWS if newest is None else msgspec.convert(newest.laws, Laws)


def learn_branch(uow: UnitOfWork, branch_id: str) -> Laws:
    """Fit a branch's ended visits; keep and return what they taught. Reading and fitting hold no lock."""
    rules, now_ms = dispatch_rules(), uow.clock.now_ms()
    since_ms = now_ms - rules.durations.days * _DAY_MS
    visits = uow.read(lambda session: repository.list_ended(session, branch_id, since_ms))
    lately_ms = now_ms - rules.reserve.days * _DAY_MS
    leaks = uow.read(lambda session: repository.list_past_leaks(session, branch_id, lately_ms, now_ms))
    found = msgspec.structs.replace(
        laws.learn(visits, rules.durations), leaks=laws.learn_leaks(leaks, (lately_ms, now_ms), rules.reserve)
    )
    uow.run(Actor.system(branch_id), lambda tx: _keep(tx, found, visits))
    return found


def learn_daily(uow: UnitOfWork, branch_ids: Sequence[str]) -> int:
    """Learn anew for every branch whose laws are older than the rules allow; return for how many."""
    due = [branch_id for branch_id in branch_ids if _is_due(uow, branch_id)]
    for branch_id in due:
        learnt = learn_branch(uow, branch_id)
        _log.info("durations learnt", branch_id=branch_id, kinds=len(learnt.kinds), people=len(learnt.technicians))
    return len(due)


def _is_due(uow: UnitOfWork, branch_id: str) -> bool:
    """Tell whether the newest laws, or the first visit that nothing was learnt from, are old enough."""
    before_ms = uow.clock.now_ms() - dispatch_rules().durations.refresh_every_s * 1000
    newest = uow.read(lambda session: repository.find_newest(session, branch_id))
    if newest is not None:
        return newest.made_ms <= before_ms
    first_ms = uow.read(lambda session: repository.find_first_ended_ms(session, branch_id))
    return first_ms is not None and first_ms <= before_ms


def _keep(tx: Tx, found: Laws, visits: Sequence[EndedVisit]) -> None:
    row = VisitLaws(branch_id=tx.branch_id, made_ms=tx.now_ms, visits=len(visits), laws=msgspec.to_builtins(found))
    tx.session.merge(row)
