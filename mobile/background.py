"""The phone as a service without screens: syncs, rings for leaks, watches the place on shift and never else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from mobile.platform.texts import load_texts
from mobile.service import Phone
from mobile.store import pocket
from shared import wire, work_order
from shared.assignment import PENDING_STATES
from shared.errors import DomainError
from shared.text import LANGUAGES

_LOG: Final = logging.getLogger(__name__)
_LOOK_S: Final = 1.0
_RETRY_S: Final = 5.0


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

    def look(self) -> None:
        """Bring alarms, wake lock and location in line with what the phone knows now."""
        wanted = {job.assignment.id: job for job in self._phone.jobs() if _is_alarming(job)}
        for key in self._ringing - wanted.keys():
            self._machine.silence(key)
        for key in wanted.keys() - self._ringing:
            title = load_texts().text(self._language, "android.leak_title")
            self._machine.alarm(key, title, wanted[key].number)
        self._ringing = set(wanted)
        gate = self._phone.engine.gate
        is_on_duty = any(start <= self._phone.clock.now_ms() < end for start, end in gate.duty)
        self._machine.stay_awake(is_wanted=is_on_duty)
        self._machine.watch_place(self._phone.report_position, is_wanted=is_on_duty and not gate.is_paused)


def run(folder: Path, machine: Machine, stopping: threading.Event | None = None, server_url: str = "") -> None:
    """Serve the phone in `folder` until `stopping`: before enrolment, while locked out and after a wipe it waits."""
    stopping = stopping or threading.Event()
    while not stopping.is_set():
        try:
            _serve(folder, machine, stopping, server_url)
        except DomainError as error:
            _LOG.warning("the service waits: %s", error)
        stopping.wait(_RETRY_S)


def _serve(folder: Path, machine: Machine, stopping: threading.Event, server_url: str) -> None:
    phone = Phone(folder, server_url)
    try:
        if phone.find_identity() is None:
            return
        watchman = Watchman(phone, machine, _language(phone))
        phone.start_background(hears_others=True)
        while not stopping.wait(_LOOK_S) and phone.guard().state != "wiped":
            watchman.look()
    finally:
        machine.watch_place(phone.report_position, is_wanted=False)
        machine.stay_awake(is_wanted=False)
        phone.close()


def _language(phone: Phone) -> str:
    with phone.desk.store.read() as db:
        return pocket.get_preferences(db).language or LANGUAGES[0]


def _is_alarming(job: wire.Job) -> bool:
    is_pending = job.assignment.state in PENDING_STATES
    return is_pending and work_order.is_alarming(job.priority, is_leak=job.is_leak)
