"""Looks up travel times before a transaction needs them: nothing is fetched or searched while a lock is held."""

from __future__ import annotations

import concurrent.futures
from typing import Final

import structlog

from server.core import clock
from server.core.unit_of_work import UnitOfWork
from server.dispatch.problem import take_snapshot
from server.dispatch.travel import desk
from server.dispatch.travel.desk import Patience
from server.dispatch.travel.rules import travel_rules
from server.dispatch.travel.straight import STRAIGHT

_log = structlog.get_logger(__name__)

_CHOICE_LASTS_S: Final = 5.0


class Warming:
    """Keeps the legs between a branch's open orders and its technicians known to the branch's provider."""

    def __init__(self, uow: UnitOfWork, sla_profile: str) -> None:
        """One thread does the looking up, so that whoever waits for it can stop waiting."""
        self._uow, self._sla_profile = uow, sla_profile
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="travel")
        self._providers: dict[str, tuple[float, str]] = {}

    def prepare(self, branch_id: str) -> None:
        """Make ready for an answer of this branch, for as long as the rules let an emergency wait for it.

        What is not known in time is answered by the straight line, and flagged so.
        """
        try:
            if self._provider(branch_id) != STRAIGHT:
                self._thread.submit(self._look_up, branch_id).result(timeout=travel_rules().instant.prepare_s)
        except TimeoutError:
            _log.info("travel times are late", branch_id=branch_id)
        except Exception:  # noqa: BLE001 - whatever is wrong with looking ahead, the order is placed all the same
            _log.exception("looking ahead failed", branch_id=branch_id)

    def warm(self, branch_id: str) -> None:
        """Look up what has become unknown since the last time: technicians move."""
        if self._provider(branch_id) != STRAIGHT:
            self._thread.submit(self._look_up, branch_id).result()

    def _provider(self, branch_id: str) -> str:
        known = self._providers.get(branch_id)
        if known is not None and clock.mono_s() - known[0] < _CHOICE_LASTS_S:
            return known[1]
        terms = self._uow.read(lambda session: desk.read_terms(session, branch_id))
        self._providers[branch_id] = (clock.mono_s(), terms.provider)
        return terms.provider

    def _look_up(self, branch_id: str) -> None:
        now_ms = self._uow.clock.now_ms()
        asked = self._uow.read(lambda session: take_snapshot(session, branch_id, now_ms, self._sla_profile))
        desk.times_for(asked.terms, desk.list_places(asked.problem), asked.problem.now_s, Patience.FETCH)
