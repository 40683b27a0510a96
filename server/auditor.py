"""The auditor: a small process of its own that reads the database only, and raises the alarm when the ladder is late.

It shares neither loop nor code with the worker's planning. A hung worker, a lost duty, a leak that never got a ladder:
it sounds the siren and sends the messages itself. Its own sign of life is a row and a file for an outside watchdog.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

import structlog

from server.core import clock, heartbeats, logs, nudge, texts
from server.core.db import Database
from server.core.heartbeats import Pulse
from server.core.settings import Settings
from server.core.unit_of_work import Actor, UnitOfWork
from server.escalation import auditing
from server.escalation import rules as escalation
from server.escalation.rules import escalation_rules
from server.outgoing import service as outgoing

_log = structlog.get_logger(__name__)

SIGN_FILE: Final = "auditor.heartbeat"


def main() -> int:
    """Look, for ever, every few seconds; end with the process."""
    logs.set_up_logs()
    run_auditor(Settings.from_env(os.environ))
    return 0


def run_auditor(settings: Settings) -> None:
    """Audit until the process ends; a failed look is logged, and leaves the sign of life old."""
    if settings.catalog_dir is not None:
        texts.use_own_catalog(settings.catalog_dir)
    escalation.configure(settings.time_zone)
    uow = make_uow(settings)
    pulse = Pulse(uow.database, heartbeats.AUDITOR, settings.worker_name)
    while True:
        try:
            audit_once(uow, settings.data_dir)
            pulse.beat()
            leave_sign(settings.data_dir)
        except Exception:  # noqa: BLE001 - the auditor outlives a database that is away; silence is what gives it away
            _log.exception("audit failed")
        clock.sleep_s(escalation_rules(uow.clock.now_ms()).audit_every_s)


def make_uow(settings: Settings) -> UnitOfWork:
    """Return the auditor's own way to the database; its events wait for no reaction."""
    bell = nudge.bell_for(settings)
    database = Database(settings.database_url)
    run_clock = clock.clock_for(settings.clock_address)
    return UnitOfWork(database, run_clock, lambda _event: False, lambda: bell.ring(nudge.GATEWAY))


def audit_once(uow: UnitOfWork, data_dir: Path) -> int:
    """Raise the alarm for every leak whose ladder is late; send what nobody sent. Return how many were raised."""
    now_ms = uow.clock.now_ms()
    rules = escalation_rules(now_ms)
    found = uow.read(lambda session: auditing.list_neglected(session, now_ms))
    raised = 0
    for branch_id, work_order_id in found:
        alarm = functools.partial(auditing.raise_alarm, work_order_id=work_order_id)
        raised += int(uow.run(Actor.system(branch_id), alarm))
    signs = uow.read(lambda session: heartbeats.list_signs(session, rules.silent_after_s))
    is_alone = any(sign["kind"] == heartbeats.WORKER and sign["is_silent"] for sign in signs)
    late_ms = 0 if is_alone else round(rules.overdue_s * 1000)
    outgoing.deliver_due(uow.database, heartbeats.AUDITOR, os.environ, data_dir, late_ms)
    return raised


def leave_sign(data_dir: Path) -> None:
    """Touch the file whose age an outside watchdog may look at: only after a whole look."""
    (data_dir / SIGN_FILE).write_text(f"{clock.real_ms()}\n")
