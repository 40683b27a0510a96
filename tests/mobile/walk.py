"""Walks phones through a whole visit and kills them before a chosen write: `python -m tests.mobile.walk`.

Each argument is FOLDER=URL=POINT. A child process walks until its store is about to do its POINT-th write and dies by
SIGKILL; a second child goes on from what it finds. Point 0 dies never. Each line of the output is
FOLDER=WRITES=KILLS.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from mobile import service
from shared import checklist, wire
from shared.assignment import PENDING_STATES, AssignmentState
from tests.mobile.office import START_MS
from tests.mobile.phones import HandClock, answer_well, sign_name

WRITES = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "COMMIT", "CREATE", "PRAGMA user_version=")
MOST_STEPS = 200
SYNC_EVERY = 5


class Countdown:
    """Counts the writes of every store in this process and kills it before the chosen one."""

    def __init__(self, kill_at: int) -> None:
        """Kill before write number `kill_at`; 0 never kills."""
        self.kill_at = kill_at
        self.writes = 0

    def connect(self, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        """Open a connection that reports its statements here."""
        connection: sqlite3.Connection = _CONNECT(*args, **kwargs)
        connection.set_trace_callback(self.count)
        return connection

    def count(self, statement: str) -> None:
        """Count one statement."""
        if statement.lstrip().startswith(WRITES):
            self.writes += 1
            if self.writes == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


_CONNECT: Any = sqlite3.connect


def take_next_step(phone: service.Phone, job: wire.Job) -> bool:
    """Do what a technician would do next, judging by the screen alone; False when the visit is over."""
    state = job.assignment.state
    if state in PENDING_STATES:
        phone.act("accept_assignment", job.work_order_id)
    elif state is AssignmentState.ACCEPTED:
        phone.act("depart", job.work_order_id)
    elif state is AssignmentState.EN_ROUTE:
        phone.act("arrive", job.work_order_id)
    elif state is AssignmentState.FINISHED:
        return False
    elif not answer_next(phone, job):
        finish(phone, job)
    return True


def answer_next(phone: service.Phone, job: wire.Job) -> bool:
    """Answer the next open step; False when there is none."""
    for protocol in phone.protocols(job.work_order_id):
        step = checklist.find_next_step(protocol, job.visit)
        if step is not None:
            answer_well(phone, job.work_order_id, protocol.ref, step)
            return True
    return False


def finish(phone: service.Phone, job: wire.Job) -> None:
    """Declare the outcome, then let the customer sign."""
    if not job.visit.outcome:
        phone.act("declare_outcome", job.work_order_id, outcome="repaired", cause="hose")
    else:
        phone.act("sign_record", job.work_order_id, strokes=sign_name(), signer_relation="self")


def walk(folder: Path, url: str) -> None:
    """Walk one phone from enrolment to a quiet line, going on from whatever is in its folder."""
    if not is_enrolled(folder):
        service.enrol(url, "GOOD-CODE", folder)
    phone = service.Phone(folder, clock=HandClock(START_MS + len(list(folder.iterdir()))))
    for count in range(MOST_STEPS):
        if count % SYNC_EVERY == 0:
            phone.sync_once()
        job = phone.find_job("order-1")
        if job is not None and not take_next_step(phone, job) and phone.sync_once().is_caught_up:
            phone.close()
            return
    raise RuntimeError("the visit did not end")


def is_enrolled(folder: Path) -> bool:
    """Tell whether the phone in `folder` knows who it is."""
    phone = service.Phone(folder, "http://127.0.0.1:1")
    identity = phone.find_identity()
    phone.close()
    return identity is not None


def walk_in_child(folder: Path, url: str, kill_at: int) -> tuple[bool, int]:
    """Walk in a process of its own; return whether it was killed, and how many writes it did when it was not.

    Raises RuntimeError when it ended in any other way.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        countdown = Countdown(kill_at)
        with mock.patch.object(sqlite3, "connect", countdown.connect):
            walk(folder, url)
        os.write(writer, str(countdown.writes).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        writes = told.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"the walk in {folder} ended with {code}")
    return code == -signal.SIGKILL, int(writes or 0)


def main() -> None:
    """Walk every phone of the command line."""
    for argument in sys.argv[1:]:
        folder, url, point = argument.split("=")
        is_killed, writes = walk_in_child(Path(folder), url, int(point))
        if is_killed:
            _, writes = walk_in_child(Path(folder), url, 0)
        sys.stdout.write(f"{folder}={writes}={int(is_killed)}\n")


if __name__ == "__main__":
    main()
