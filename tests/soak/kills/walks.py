"""One phone, killed before each of its writes in turn: statements of its store, and files it makes, renames or drops.

Every walk runs in a process of its own. Killed, another process goes on from what it finds on the disk.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from unittest import mock

from mobile.service import Phone
from shared import wire
from shared.assignment import AssignmentState
from tests.soak import outcome
from tests.soak.kills import checker, crew
from tests.soak.kills.checker import PhoneOnDisk
from tests.soak.kills.company import Company, running_company
from tests.soak.kills.crew import Reporter
from tests.soak.kills.storm_of_cuts import read_reports
from tests.soak.kills.witness import Witness

_WRITES: Final = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "COMMIT", "CREATE", "PRAGMA user_version=")
_FILE_EVENTS: Final = frozenset({"open", "os.rename", "os.remove", "os.mkdir"})
_WITNESS: Final = "witness.jsonl"
_MOST_TURNS: Final = 4000  # how soon is not asked here: a busy machine plans slowly
_TURN_S: Final = 0.05
_TECHNICIAN: Final = "crew-0"
_EVERY: Final = 25


class Countdown:
    """Counts the writes of this process below a folder and kills it before the chosen one; 0 kills never."""

    def __init__(self, folder: Path, kill_at: int) -> None:
        """Count from now on."""
        self.writes, self._kill_at, self._folder = 0, kill_at, str(folder)
        self._connect: Any = sqlite3.connect

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        """Open a connection whose statements are counted."""
        connection: sqlite3.Connection = self._connect(*arguments, **options)
        connection.set_trace_callback(self._see_statement)
        return connection

    def see_file(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count a file's making, renaming or dropping; an audit hook."""
        if event not in _FILE_EVENTS or not str(arguments[0]).startswith(self._folder):
            return
        is_reading = event == "open" and not int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        if not is_reading and _WITNESS not in str(arguments[0]):
            self._count()

    def _see_statement(self, statement: str) -> None:
        if statement.lstrip().startswith(_WRITES):
            self._count()

    def _count(self) -> None:
        self.writes += 1
        if self.writes == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Carry out the walks that are still to do, and judge."""
    is_phone_broken = options.broken == "naive_emit"
    module = f"tests.faults.{options.broken}" if options.broken and not is_phone_broken else "server"
    with running_company(folder, 1, module) as company:
        reporter = Reporter(company.url, folder / "hotline", 1)
        road = _Road(company, reporter, options, is_broken=is_phone_broken)
        state = road.walk_all()
        reporter.close()
        company.children.stop()
        found = checker.check(
            company.database_url, road.list_phones(), read_reports(folder / "hotline"), folder / "server"
        )
    return {
        "target": "phone",
        "broken": options.broken,
        "cycles": options.cycles,
        "boundaries": state["enrolment"] + state["visit"],
        "kills": state["kills"],
        "seconds": round(state["seconds"], 1),
        "acknowledged": found.acknowledged,
        "lost": found.lost,
        "duplicated": found.duplicated,
        "gaps": found.gaps,
        "half_records": found.half_records,
        "named": found.named,
    }


class _Road:
    """All walks of a run: each cycle a new phone, killed at every boundary of enrolment and of a visit."""

    def __init__(self, company: Company, reporter: Reporter, options: argparse.Namespace, *, is_broken: bool) -> None:
        self._company, self._reporter, self._options, self._is_broken = company, reporter, options, is_broken
        self._desk = company.sign_in("lin")
        self._phones = company.folder / "phones"
        self._told = company.folder / "state.json"
        self._current = ""
        fresh = {"done": 0, "enrolment": 0, "visit": 0, "kills": 0, "seconds": 0.0}
        self._state: dict[str, Any] = json.loads(self._told.read_text()) if self._told.exists() else fresh

    def walk_all(self) -> dict[str, Any]:
        """Measure once how many boundaries there are, then be killed at each of them."""
        if not self._state["visit"]:
            self._state["enrolment"] = self._enrol("measured", 0)
            self._state["visit"] = self._visit("measured", 0)
            self._save()
        started_s, before_s = time.monotonic(), self._state["seconds"]
        steps = list(self._plan())
        for number, (phase, name, point) in enumerate(steps[self._state["done"] :], start=self._state["done"] + 1):
            (self._enrol if phase == "enrolment" else self._visit)(name, point)
            self._state["done"], self._state["seconds"] = number, before_s + time.monotonic() - started_s
            self._save()
            if number % _EVERY == 0 or number == len(steps):
                outcome.say(f"  {number} of {len(steps)} walks, {self._state['seconds']:.0f} s")
        self._settle()
        return self._state

    def _settle(self) -> None:
        """Let the phone in use hear of everything that has happened, before it is judged."""
        _wait_for_reactions(self._company)
        if self._current:
            self._in_child(self._current, 0, lambda folder: hear_all(folder, self._company.url))

    def _plan(self) -> Iterator[tuple[str, str, int]]:
        for cycle in range(self._options.cycles):
            for point in self._points("enrolment", cycle):
                yield "enrolment", f"phone-{cycle}-{point}", point
            yield "enrolment", f"phone-{cycle}", 0
            for point in self._points("visit", cycle):
                yield "visit", f"phone-{cycle}", point

    def _points(self, phase: str, cycle: int) -> list[int]:
        """Return the boundaries of a cycle: all, or a sample spread over them that differs from cycle to cycle."""
        every, wanted = list(range(1, self._state[phase] + 1)), self._options.points
        share = (
            max(1, wanted * len(every) // (self._state["enrolment"] + self._state["visit"])) if wanted else len(every)
        )
        step = max(1, len(every) // share)
        return every[(cycle * 7 + step // 2) % step :: step][:share]

    def _save(self) -> None:
        self._told.write_text(json.dumps(self._state))

    def _enrol(self, name: str, point: int) -> int:
        """Enrol a phone of its own, killed on the way; the ones before it are gone for good."""
        self._settle()
        self._revoke_all()
        self._current = name
        code = self._desk.issue_code(_TECHNICIAN)
        writes, is_killed = self._in_child(name, point, lambda folder: crew.enrolled(folder, self._company.url, code))
        if is_killed:
            again = self._desk.issue_code(_TECHNICIAN)  # the first one may be used up, with nobody to know its token
            self._in_child(name, 0, lambda folder: crew.enrolled(folder, self._company.url, again))
        return writes

    def _visit(self, name: str, point: int) -> int:
        """Take one order from offer to end, killed on the way."""
        order = self._reporter.report(0)
        walk = functools.partial(walk_visit, url=self._company.url, order=order, is_broken=self._is_broken)
        writes, is_killed = self._in_child(name, point, walk)
        if is_killed:
            self._in_child(name, 0, walk)
        return writes

    def _in_child(self, name: str, point: int, walk: Callable[[Path], Any]) -> tuple[int, bool]:
        writes = walk_in_child(self._phones / name, point, walk)
        self._state["kills"] += writes < 0
        return max(writes, 0), writes < 0

    def _revoke_all(self) -> None:
        listed = self._desk._session.get(f"{self._company.url}/api/v1/devices", timeout=30).json()
        for device in listed["items"]:
            if device["revoked_ms"] is None:
                self._desk.post(f"/api/v1/devices/{device['id']}/revoke", {})

    def list_phones(self) -> list[PhoneOnDisk]:
        """Return every phone that is enrolled: those that still are, and those that were revoked after their walk."""
        found = []
        for folder in sorted(self._phones.iterdir()):
            phone = Phone(folder, self._company.url)
            identity = phone.find_identity()
            phone.close()
            if identity is not None:
                found.append(PhoneOnDisk(folder, identity.device_id))
        return found


def walk_in_child(folder: Path, kill_at: int, walk: Callable[[Path], Any]) -> int:
    """Walk in a process of its own; return how many writes it took, -1 when it was killed.

    Raises RuntimeError when it ended in any other way.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            countdown = Countdown(folder, kill_at)
            sys.addaudithook(countdown.see_file)
            with mock.patch.object(sqlite3, "connect", countdown.connect):
                walk(folder)
            os.write(writer, str(countdown.writes).encode())
            code = 0
        except BaseException:  # noqa: BLE001 - told here, for this process ends without another word
            traceback.print_exc()
        finally:
            os._exit(code)  # nothing of the parent is tidied up here
    os.close(writer)
    with os.fdopen(reader) as told:
        writes = told.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"the walk in {folder} ended with {code}")
    return int(writes) if code == 0 else -1


def walk_visit(folder: Path, url: str, order: str, *, is_broken: bool) -> None:
    """Go on with an order from wherever this phone stands until it is finished and all is delivered.

    Raises RuntimeError when it does not end.
    """
    witness, chance = Witness(folder), random.Random(order)
    phone = crew.open_phone(folder, url, witness, chance, 0.0)
    if is_broken:
        confirm_unsent(phone)
    act = functools.partial(witness.act, phone)
    for _ in range(_MOST_TURNS):
        is_fresh = phone.sync_once().is_caught_up
        job = phone.find_job(order)
        if job is not None and not phone.is_gone(order) and job.assignment.state is not AssignmentState.FINISHED:
            crew.take_next_step(phone, job, act, chance, notes=1)
        elif job is not None and is_fresh and phone.lane.run_once().waiting == 0 and phone.sync_once().is_caught_up:
            phone.close()
            return
        else:
            time.sleep(_TURN_S)
    raise RuntimeError("the visit did not end")


def hear_all(folder: Path, url: str) -> None:
    """Sync a phone until it is caught up. Raises RuntimeError when it never is."""
    witness = Witness(folder)
    phone = crew.open_phone(folder, url, witness, random.Random(0), 0.0)
    for _ in range(_MOST_TURNS):
        if phone.sync_once().is_caught_up:
            phone.close()
            return
        time.sleep(_TURN_S)
    raise RuntimeError("the phone does not catch up")


def confirm_unsent(phone: Phone) -> None:
    """Break a phone: it takes for delivered what it is about to send."""
    from mobile.store import outbox  # noqa: PLC0415 - only the broken build reaches into the store

    line: Any = phone.engine._transport
    send = line.post

    def post(path: str, payload: bytes, timeout_s: float) -> Any:
        with phone._store.write() as db:
            for event in json.loads(payload).get("events", ()):
                outbox.settle(db, wire.EventResult(id=event["id"], outcome="applied"), phone.clock.now_ms())
        return send(path, payload, timeout_s)

    line.post = post


def _wait_for_reactions(company: Company) -> None:
    """Let the worker finish copies and closings."""
    from tests.soak.kills.rows import Rows  # noqa: PLC0415 - the judge's own reader

    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        with Rows.open(company.database_url) as rows:
            if not rows.all("SELECT count(*) FROM outbox")[0][0]:
                return
        time.sleep(_TURN_S)
