"""Plays a run: steps the clock to the next moment, and waits until server and phones are quiet before the next one."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests

from deploy.demo.agenda import Agenda
from deploy.demo.cast import Call, Play, Truth
from deploy.demo.children import Children
from deploy.demo.desk import HotlineDesk
from deploy.demo.run_clock import RunnerClock
from deploy.demo.technician import Technician
from mobile import service as phones
from mobile.service import Phone
from server.core import nudge
from shared import ids

_QUIET_LIMIT_S: Final = 120.0
_POLL_S: Final = 0.004
_BROKEN_LINE_S: Final = 0.1
_LONGEST_WAIT_S: Final = 5.0
_CONTACT_S: Final = 1.0


class NotQuietError(Exception):
    """The run could not come to rest: something is stuck, and the status says what."""


class Runner:
    """One run over real processes."""

    def __init__(
        self,
        play: Play,
        children: Children,
        clock: RunnerClock,
        folder: Path,
        *,
        seed: int,
        speed: float,
        has_doorbells: bool = False,
    ) -> None:
        """`speed` is how many times faster than life the clock runs; 0 means as fast as the machine can.

        With `has_doorbells` every phone also opens its socket; without them it hears everything by calling.
        """
        self.play, self.children, self.clock, self.folder = play, children, clock, folder
        self.agenda = Agenda()
        self.truths: dict[str, Truth] = {}
        self.calls: dict[str, Call] = {}
        self.technicians: dict[str, Technician] = {}
        self._devices: dict[str, str] = {}
        self._synced: dict[str, int] = {}
        self._seed, self._speed, self._has_doorbells = seed, speed, has_doorbells
        self._session = requests.Session()
        self._bell = nudge.LocalBell(folder)
        self._contact_s = 0.0
        self.on_step: Callable[[int], None] = lambda _now_ms: None

    def enrol(self, codes: dict[str, str]) -> None:
        """Enrol a phone for each crew, over HTTP, with its one-time code."""
        for crew in self.play.crews:
            home = self.folder / "phones" / crew.id
            identity = phones.enrol(self.children.url, codes[crew.id], home, label=crew.name)
            phone = Phone(home, self.children.url, clock=self.clock, ids=_ids(f"{self._seed}:{crew.id}"))
            if self._has_doorbells:
                phone.start_doorbell()
            technician = Technician(crew, phone, self.agenda.at, self.play.drive, self.truths, self._seed)
            self.technicians[crew.id] = technician
            self._devices[crew.id] = identity.device_id

    def schedule_calls(self, desk: HotlineDesk) -> None:
        """Put every call on the agenda."""
        for call in self.play.calls:
            self.agenda.at(call.at_ms, functools.partial(self._take, desk, call))

    def _take(self, desk: HotlineDesk, call: Call) -> None:
        # The truth must be known before a phone can hear of the order, which may be before this answer is read.
        answer = desk.report({**call.report, "ref": call.ref})
        self.truths[answer["work_order_id"]] = call.truth
        self.calls[answer["work_order_id"]] = call

    def run(self, is_over: Callable[[], bool], until_ms: int | None = None) -> None:
        """Play until the agenda is empty and the day is over, or until a moment of the day."""
        end_ms = self.play.end_ms if until_ms is None else until_ms
        while True:
            self.rest()
            status = self._status()
            moments = [m for m in (self.agenda.find_next_ms(), status["next_due_ms"]) if m is not None]
            is_idle = self.agenda.find_next_ms() is None and is_over()
            if not moments or is_idle or min(moments) > end_ms:
                return
            self._step_to(min(moments))
            act = self.agenda.pop_due(self.clock.now_ms())
            if act is not None:
                act()

    def _step_to(self, at_ms: int) -> None:
        if self._speed:
            time.sleep(min(_LONGEST_WAIT_S, max(0, at_ms - self.clock.now_ms()) / 1000 / self._speed))
            if time.monotonic() - self._contact_s > _CONTACT_S:
                self.keep_contact()
        self.clock.step_to(at_ms)
        self.on_step(self.clock.now_ms())
        self._bell.ring(nudge.WORKER)

    def keep_contact(self) -> None:
        """Let every phone on the line be heard, as phones with nothing to say do now and then; nothing else changes."""
        self._contact_s = time.monotonic()
        for technician in self.technicians.values():
            technician.sync()

    def rest(self) -> None:
        """Return when the relay is drained, no plan is under way, nothing is due, and every phone has heard all."""
        until = time.monotonic() + _QUIET_LIMIT_S
        while time.monotonic() < until:
            status = self._status()
            if self._sync_behind(status["heads"]):
                continue
            if status["is_quiet"] and all(t.is_offline or t.phone.is_quiet() for t in self.technicians.values()):
                return
            time.sleep(_POLL_S)
        raise NotQuietError(str(self._status()))

    def _sync_behind(self, heads: dict[str, int]) -> bool:
        """Let every phone sync that has news or something unsent; tell whether any did."""
        did = False
        for crew_id, technician in self.technicians.items():
            head = heads.get(self._devices[crew_id], 0)
            if technician.is_offline or (self._synced.get(crew_id, 0) >= head and technician.phone.is_quiet()):
                continue
            did = True
            if technician.sync():
                self._synced[crew_id] = head
        return did

    def _status(self) -> dict[str, Any]:
        until = time.monotonic() + _QUIET_LIMIT_S
        while True:
            try:
                answer = self._session.get(f"{self.children.url}/run/status", timeout=30)
                answer.raise_for_status()
                value: dict[str, Any] = answer.json()
            except (requests.RequestException, ValueError):
                # The gateway may have been killed on purpose; it comes back.
                if time.monotonic() > until:
                    raise
                time.sleep(_BROKEN_LINE_S)
            else:
                return value

    def close(self) -> None:
        """Close all phones."""
        for technician in self.technicians.values():
            technician.phone.close()


def _ids(seed: str) -> Callable[[int], str]:
    """Return a maker of event ids that is the same in every run of one seed."""
    chance = random.Random(seed)
    return lambda now_ms: ids.uuid7(now_ms, chance.randbytes(10))
