"""The phone as a service without screens: syncs, rings for leaks, watches the place on shift and never else."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from mobile.platform.texts import load_texts
from mobile.service import Phone
from mobile.store import pocket
from mobile.sync.backoff import Rests
from shared import wire, work_order
from shared.assignment import PENDING_STATES
from shared.errors import DomainError
from shared.text import LANGUAGES

_LOG: Final = logging.getLogger(__name__)
_LOOK_S: Final = 1.0
_RETRY_S: Final = 5.0
_PLACE: Final = "place"


class Machine(Protocol):
    """What the service asks of Android."""

    def alarm(self, key: str, title: str, text: str) -> None:
        """Ring for a leak."""
        ...

    def silence(self, key: str) -> None:
        """Take an alarm down."""
        ...

    def stay_awake(self, *, is_wanted: bool) -> None:
        """Keep the processor running, or let it sleep."""
        ...

    def watch_place(self, on_place: Callable[[wire.Position], None], *, is_wanted: bool) -> None:
        """Report positions, or stop."""
        ...


class Watchman:
    """Rings once for each offered leak and stops when it is answered; holds the machine awake on shift."""

    def __init__(self, phone: Phone, machine: Machine, language: str = LANGUAGES[0]) -> None:
        """Watch over `phone` with the hands of `machine`."""
        self._phone, self._machine, self._language = phone, machine, language
        self._ringing: set[str] = set()
        self._rests = Rests(phone.clock)

    def is_over(self) -> bool:
        """Tell whether the phone was erased; while that cannot be read the watch goes on."""
        try:
            return self._phone.guard().state == "wiped"
        except sqlite3.Error:
            _LOG.exception("the phone's state cannot be read")
            return False

    def look(self) -> None:
        """Bring alarms, wake lock and location in line with what the phone knows; no failure ends the others."""
        for part in (self._ring, self._keep_awake, self._watch_place):
            try:
                part()
            except Exception:  # noqa: BLE001 - of the store or of Java, whose kinds exist on a phone alone; logged
                _LOG.exception("the service could not do its part, it tries again: %s", part.__name__)

    def _ring(self) -> None:
        wanted = {job.assignment.id: job for job in self._phone.jobs() if _is_alarming(job)}
        for key in self._ringing - wanted.keys():
            self._machine.silence(key)
            self._ringing.discard(key)
        for key in wanted.keys() - self._ringing:
            title = load_texts().text(self._language, "android.leak_title")
            self._machine.alarm(key, title, wanted[key].number)
            self._ringing.add(key)

    def _keep_awake(self) -> None:
        self._machine.stay_awake(is_wanted=self._phone.engine.gate.is_on_duty(self._phone.clock.now_ms()))

    def _watch_place(self) -> None:
        """Ask for positions while they may be told; what refuses is told to the screens and asked again, ever rarer."""
        gate = self._phone.engine.gate
        is_wanted = gate.shares_at(self._phone.clock.now_ms())
        if is_wanted and not self._rests.is_due(_PLACE):
            return
        try:
            self._machine.watch_place(self._phone.report_position, is_wanted=is_wanted)
        except Exception:  # whatever it was: noted, then raised again
            self._rests.put_off(_PLACE)
            gate.note_trouble(is_troubled=is_wanted)
            raise
        self._rests.forget(_PLACE)
        gate.note_trouble(is_troubled=False)


def run(folder: Path, machine: Machine, stopping: threading.Event | None = None, server_url: str = "") -> None:
    """Serve the phone in `folder` until `stopping`: before enrolment, while locked out and after a wipe it waits."""
    stopping = stopping or threading.Event()
    while not stopping.is_set():
        try:
            _serve(folder, machine, stopping, server_url)
        except DomainError as error:
            _LOG.warning("the service waits: %s", error)
        except Exception:  # noqa: BLE001 - nothing ends the service for good, a leak has to ring; logged
            _LOG.exception("the service begins anew")
        stopping.wait(_RETRY_S)


def _serve(folder: Path, machine: Machine, stopping: threading.Event, server_url: str) -> None:
    phone = Phone(folder, server_url)
    with contextlib.ExitStack() as ends:
        ends.callback(phone.close)
        ends.callback(machine.stay_awake, is_wanted=False)
        ends.callback(machine.watch_place, phone.report_position, is_wanted=False)
        if phone.find_identity() is None:
            return
        watchman = Watchman(phone, machine, _language(phone))
        phone.start_background(hears_others=True)
        while not stopping.wait(_LOOK_S) and not watchman.is_over():
            watchman.look()


def _language(phone: Phone) -> str:
    with phone.desk.store.read() as db:
        return pocket.get_preferences(db).language or LANGUAGES[0]


def _is_alarming(job: wire.Job) -> bool:
    is_pending = job.assignment.state in PENDING_STATES
    return is_pending and work_order.is_alarming(job.priority, is_leak=job.is_leak)
