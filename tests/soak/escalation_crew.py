"""The company of the escalation soak: branch, technicians, leaks; and the executors that are killed."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm

from server import handlers, processes, schema
from server.accounts import service as accounts
from server.core import clock, deadlines, heartbeats, nudge
from server.core.deadlines import Deadline
from server.core.heartbeats import Heartbeat, Pulse
from server.core.relay import Relay
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from server.dispatch import offers
from server.dispatch import repository as dispatch
from server.escalation import repository as escalation_rows
from server.escalation import service as escalation
from server.escalation.rules import ladder_of
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.service import Desk, NewWorkOrder
from shared import triage
from shared.assignment import PENDING_STATES
from shared.errors import DomainError
from shared.machine import Role

BRANCH: Final = "soak"
_CREWS: Final = 6
_HOUR_MS: Final = 3_600_000
_BATCH: Final = 20
_LOOK_S: Final = 0.02
_NAMES: Final = ("worker-0", "worker-1")
_LADDER: Final = """edition = "soak"
effective_from = 2026-01-01
audit_every_s = 5
overdue_s = 10
unplaced_s = 60
silent_after_s = 15
start_grace_s = 30
voice_technicians = 5
phone_silent_after_s = 90
[ladders.standard]
rungs = [
  {after_s = 0.5, action = "repeat", technicians = 1},
  {after_s = 1.0, action = "offer_next", technicians = 2},
  {after_s = 1.5, action = "offer_all"},
  {after_s = 2.0, action = "siren"},
  {after_s = 3.0, action = "siren", tell = ["supervisor"]},
]
[ladders.standard.forever]
after_s = 5
action = "siren"
"""


class Town:
    """Reports leaks, accepts and takes them as phones and desk would, through the services' own doors."""

    def __init__(self, environ: dict[str, str], broken: str) -> None:
        """Stand on a seeded database."""
        self.environ, self._broken = environ, broken
        self.settings = Settings.from_env(environ)
        self.services = processes.make_services(self.settings)
        self._uow = self.services.uow

    def report(self, number: int) -> str:
        """Open a leak and offer it to one technician, as the planner does; nobody has to plan here."""
        return self._uow.run(Actor.system(BRANCH), functools.partial(self._open, number=number))

    def _open(self, tx: Tx, number: int) -> str:
        answers: dict[str, str | bool] = {"smell_strength": "strong", "inside_building": True}
        report = triage.FaultReport(fault_kind="gas_leak", location="kitchen", answers=answers)
        new = NewWorkOrder(report=report, address=f"{number}", lat=37.86, lon=113.57)
        settings = self.settings
        desk = Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)
        order = work_order_service.open_work_order(tx, new, desk)
        offers.offer(tx, order, [f"crew-{number % _CREWS}"], settings.sla_profile)
        return order.id

    def accept_twice(self, order_id: str) -> bool:
        """Let two technicians who are asked accept in the same moment; False when only one is asked so far."""
        asked = self._uow.read(lambda s: dispatch.list_live_of_order(s, order_id))
        waiting = [a for a in asked if a.state in PENDING_STATES][:2]
        if len(waiting) < 2:
            return False
        threads = [threading.Thread(target=self._accept, args=(a.id, a.technician_id, a.epoch)) for a in waiting]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return True

    def _accept(self, assignment_id: str, technician_id: str, epoch: int) -> None:
        actor = Actor(id=technician_id, role=Role.TECHNICIAN, branch_id=BRANCH)

        def work(tx: Tx) -> None:
            row = dispatch.get_assignment(tx.session, BRANCH, assignment_id)
            if self._broken == "second_accept":
                offers.move(tx, row, "accept", Role.TECHNICIAN)
            else:
                offers.accept(tx, row, epoch, self.settings.sla_profile, tx.now_ms)

        try:
            self._uow.run(actor, work)
        except DomainError:
            return  # the other was first

    def take(self, order_id: str) -> None:
        """A dispatcher takes a leak."""

        def work(tx: Tx) -> None:
            order = work_orders.lock_order(tx.session, BRANCH, order_id)
            escalation.take(tx, order, "Lin")

        self._uow.run(Actor(id="lin", role=Role.DISPATCHER, branch_id=BRANCH), work)

    def cancel(self, order_id: str) -> None:
        """End an order that has been judged, so that its technicians are free for the next."""

        def work(tx: Tx) -> None:
            order = work_orders.lock_order(tx.session, BRANCH, order_id)
            for row in dispatch.list_live_of_order(tx.session, order_id):
                offers.move(tx, row, "recall", Role.DISPATCHER)
            order.state = "cancelled"

        self._uow.run(Actor(id="lin", role=Role.DISPATCHER, branch_id=BRANCH), work)


def found_town(folder: Path, broken: str) -> Town:
    """Make a database with a branch and its technicians, and the run's own edition of the ladder."""
    catalog = folder / "catalog"
    catalog.mkdir()
    (catalog / "escalation-2026.toml").write_text(_LADDER)
    environ = {
        "LEAKFIRST_DATA_DIR": str(folder),
        "LEAKFIRST_CATALOG_DIR": str(catalog),
        "LEAKFIRST_PLAN_ITERATIONS": "1",
    }
    schema.upgrade(Settings.from_env(environ).database_url)
    town = Town(environ, broken)
    town.services.uow.run(Actor.system(BRANCH), _hire)
    return town


def _hire(tx: Tx) -> None:
    accounts.create_branch(tx, {"zh_CN": "阳泉", "en": "Yangquan"}, (37.86, 113.57))
    for number in range(_CREWS):
        values: dict[str, Any] = {
            "name": f"{number}",
            "skills": [{"name": skill} for skill in ("gas_leak", "co")],
            "instruments": [],
            "home_lat": 37.86,
            "home_lon": 113.57 + number / 100,
        }
        shift = (tx.now_ms - _HOUR_MS, tx.now_ms + 24 * _HOUR_MS)
        accounts.add_technician(tx, f"crew-{number}", values, [shift])


class Executors:
    """Two processes that let leaks climb; one at a time is killed and started again."""

    def __init__(self, environ: dict[str, str], chance: random.Random, broken: str, *, is_whole: bool) -> None:
        """`is_whole` runs whole workers, planner included."""
        self._environ, self._chance = {**os.environ, **environ}, chance
        self._command = ["-m", "server", "worker"] if is_whole else ["-m", "tests.soak.escalation_crew", broken]
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._database_url = Settings.from_env(environ).database_url
        self.kills = 0

    def start(self) -> None:
        """Start both and wait for their signs of life."""
        for name in _NAMES:
            self._begin(name)
        for name in _NAMES:
            self._wait_for(name, 0)

    def kill_until(self, stopping: threading.Event, mean_s: float) -> None:
        """Kill one at random again and again; never the only one that works."""
        while not stopping.wait(self._chance.uniform(0.5, 1.5) * mean_s):
            name = self._chance.choice(_NAMES)
            self._children[name].kill()
            self._children[name].wait()
            since_ms = clock.real_ms()
            self.kills += 1
            self._begin(name)
            self._wait_for(name, since_ms)

    def _begin(self, name: str) -> None:
        environ = {**self._environ, "LEAKFIRST_WORKER_NAME": name}
        self._children[name] = subprocess.Popen([sys.executable, *self._command], env=environ)

    def _wait_for(self, name: str, since_ms: int) -> None:
        engine = sa.create_engine(self._database_url)
        query = sa.select(Heartbeat.beat_real_ms).where(Heartbeat.name == f"{heartbeats.WORKER}:{name}")
        until_s = time.monotonic() + 60
        with engine.connect() as connection:
            while time.monotonic() < until_s and (connection.scalar(query) or 0) <= since_ms:
                connection.rollback()
                time.sleep(0.05)
        engine.dispose()

    def stop(self) -> None:
        """End both."""
        for child in self._children.values():
            child.kill()
            child.wait()


def execute(broken: str) -> None:
    """Be one executor: the worker's own relay and handlers, without its planner."""
    settings = Settings.from_env(os.environ)
    services = processes.make_services(settings)
    if broken:
        break_relay(broken)
    profile = settings.sla_profile
    relay = Relay(services.uow, handlers.reactions(profile), handlers.duties(profile), settings.worker_name)
    relay.release_own_claims()
    pulse = Pulse(services.uow.database, heartbeats.WORKER, settings.worker_name)
    if not broken:
        threading.Thread(target=_hurry, args=(relay,), daemon=True).start()
    while True:
        pulse.beat()
        if not relay.run_once():
            time.sleep(nudge.POLL_S)


def _hurry(relay: Relay) -> None:
    """Let leaks climb beside the loop, as the worker does."""
    while True:
        processes._guarded(lambda: processes._hurry(relay), "ladder")


def break_relay(broken: str) -> None:
    """Make a build that must be caught: duties carried out by both executors, or by none."""
    if broken == "unclaimed_rows":
        Relay._carry_out_due = lambda *_arguments: 0  # type: ignore[method-assign]  # the build is broken on purpose
    elif broken == "ignored_claims":
        twins = Twins(Path(os.environ["LEAKFIRST_DATA_DIR"]))

        def carry_out_due(relay: Relay, before_ms: int, kind: str) -> int:
            return twins.carry_out_due(relay, before_ms, kind)

        escalation.find_due = twins.find_due_unfenced
        Relay._carry_out_due = carry_out_due  # type: ignore[assignment]  # the build is broken on purpose


class Twins:
    """Executors that ask for no claim: both read a ladder's duty, and only then does each carry it out."""

    def __init__(self, folder: Path) -> None:
        """Tell each other through files in a folder which duties they have read."""
        self._folder = folder
        self._rungs: dict[tuple[str, int], int] = {}

    def carry_out_due(self, relay: Relay, before_ms: int, kind: str) -> int:
        """Carry out what is due, the ladders' duties without asking whether their rows are still there."""
        due = relay._uow.read(lambda session: self._read_due(session, before_ms, kind))
        for duty in due:
            self._told(duty, relay._name).touch()
        for duty in due:
            if duty.kind == escalation.CLIMB:
                self._wait_for_other(relay, duty)
                relay._uow.run(Actor.system(duty.branch_id), functools.partial(_carry_out_unclaimed, relay, duty))
            else:
                relay._carry_out(duty.branch_id, [duty])
        return len(due)

    def _read_due(self, session: orm.Session, before_ms: int, kind: str) -> list[Deadline]:
        due = deadlines.list_due(session, before_ms, clock.real_ms(), _BATCH, kind)
        for duty in due:
            row = escalation_rows.find_escalation(session, duty.key) if duty.kind == escalation.CLIMB else None
            if row is not None and row.fence == duty.data["fence"]:
                self._rungs[(duty.key, row.fence)] = row.step
        return due

    def _told(self, duty: Deadline, name: str) -> Path:
        return self._folder / f"seen-{duty.id}-{name}"

    def _wait_for_other(self, relay: Relay, duty: Deadline) -> None:
        """Wait until the other has read the duty too; a duty that was dropped meanwhile is nobody's."""
        (other,) = set(_NAMES) - {relay._name}
        while not self._told(duty, other).exists():
            if relay._uow.read(lambda session: session.get(Deadline, duty.id)) is None:
                return
            time.sleep(_LOOK_S)

    def find_due_unfenced(self, tx: Tx, work_order_id: str, fence: int) -> Any:
        """Return the rung as it was when the duty was read, whoever has carried it out meanwhile."""
        row = escalation_rows.find_escalation(tx.session, work_order_id)
        rung = self._rungs.get((work_order_id, fence))
        if row is None or row.ended_ms is not None or rung is None:
            return None
        row.step = rung
        return row, ladder_of(row.branch_id, row.started_ms).rung(rung)


def _carry_out_unclaimed(relay: Relay, duty: Deadline, tx: Tx) -> None:
    relay._due[duty.kind](tx, duty.data)


if __name__ == "__main__":
    execute(sys.argv[1] if len(sys.argv) > 1 else "")
