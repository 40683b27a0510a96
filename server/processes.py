"""The processes of the server: gateway, worker, and the small supervisor over both (decision 11)."""

from __future__ import annotations

import concurrent.futures
import functools
import multiprocessing
import multiprocessing.process
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from routing.stop import MaxIterations, MaxSeconds, Stop
from routing.travel import TravelTimes
from server import handlers
from server.accounts import repository as accounts
from server.addresses import keeping as addresses
from server.basemap.day_maps import MapShelf
from server.board import paper_files
from server.core import clock, heartbeats, nudge, texts
from server.core.calls import Services
from server.core.db import Database, NativeThread
from server.core.heartbeats import Pulse
from server.core.relay import Relay
from server.core.settings import Settings
from server.core.unit_of_work import Actor, UnitOfWork
from server.dispatch import service as dispatch
from server.dispatch import solving
from server.dispatch.judged import Judged
from server.dispatch.problem import Snapshot, take_snapshot
from server.dispatch.travel import desk as travel_desk
from server.dispatch.travel import learning
from server.dispatch.travel.desk import Patience
from server.dispatch.travel.learning import Learner
from server.dispatch.warming import Warming
from server.documents.printing import Printing
from server.escalation import rules as escalation_rules
from server.escalation import service as escalation
from server.geocoding import asking
from server.outgoing import service as outgoing
from server.reports.anchoring import Anchoring
from server.seals import keyring
from server.sync import purging
from server.uploads.viewing import Viewing

_log = structlog.get_logger(__name__)

_LEASE_MS: Final = 120_000
_HARD_LIMIT_S: Final = 60.0
_START_LIMIT_S: Final = 600.0  # loading is no planning: a busy machine that needs a minute for it must still get a plan
_SEED: Final = 1
_RESTART_S: Final = 0.5
_ADDRESSES_EVERY_S: Final = 60.0
_WARM_EVERY_S: Final = 2.0
_SEND_EVERY_S: Final = 0.5
_LATE_MS: Final = 300
_MAPS_EVERY_S: Final = 2.0
_ANCHOR_EVERY_S: Final = 30.0
_PAPER_EVERY_S: Final = 20.0  # paper is promised to be a minute old at most, also on a busy machine
_LEISURE_S: Final = 0.5


def make_services(
    settings: Settings, writer: NativeThread | None = None, reader: NativeThread | None = None, database_url: str = ""
) -> Services:
    """Return what a process stands on; `database_url` stands over that of the settings."""
    if settings.catalog_dir is not None:
        texts.use_own_catalog(settings.catalog_dir)
    escalation_rules.configure(settings.time_zone)
    travel_desk.configure(settings)
    keyring.configure(settings.data_dir)
    database = Database(database_url or settings.database_url, writer, reader)

    bell = nudge.bell_for(settings)

    def ring() -> None:
        bell.ring(nudge.WORKER, nudge.GATEWAY)

    return Services(settings, UnitOfWork(database, clock.clock_for(settings.clock_address), handlers.is_awaited, ring))


class Planning:
    """Planning runs in a process of their own, with a hard limit; a run's result is dropped when the plan moved on."""

    def __init__(self, services: Services) -> None:
        """Start without a process; the first run makes it."""
        self._services = services
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def run_once(self) -> bool:
        """Carry out one wanted run; tell whether there was one."""
        if not self._services.uow.read(dispatch.count_runs):
            return False
        _load_compiled()
        branches = self._services.uow.database.write(lambda s: dispatch.lease_runs(s, _LEASE_MS))
        for branch_id in branches:
            self._plan(branch_id)
        return bool(branches)

    def _plan(self, branch_id: str) -> None:
        settings, uow = self._services.settings, self._services.uow
        now_ms = uow.clock.now_ms()
        asked = uow.read(lambda s: take_snapshot(s, branch_id, now_ms, settings.sla_profile))
        result = self._solve(asked, travel_to_hand_over(asked), _stop(settings))
        actor = Actor.system(branch_id)
        is_current = uow.run(actor, lambda tx: dispatch.apply_plan(tx, result, asked, settings.sla_profile))
        if not is_current:
            _log.info("plan outdated", branch_id=branch_id)
            uow.run(actor, lambda tx: dispatch.request_replan(tx, "outdated"))

    def _solve(self, asked: Snapshot, travel: TravelTimes, stop: Stop) -> Judged | None:
        try:
            pool = self._started()
            wanted: dict[str, Any] = {"seed": _SEED, "stop": stop, "max_moved": asked.max_moved, "travel": travel}
            wanted["workers"] = self._services.settings.solver_workers
            run = pool.submit(solving.in_solving_process, asked.problem, asked.plan, **wanted)
            return run.result(timeout=_HARD_LIMIT_S)
        except Exception as error:  # noqa: BLE001 - whatever ends one branch's run, its plan stands and the others go on
            _log.warning("planning run failed, the plan that stands is kept", error=repr(error))
            self.close()
            return None

    def _started(self) -> concurrent.futures.ProcessPoolExecutor:
        """Return the solving process, with its solvers loaded."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent)
            self._pool.submit(solving.load).result(timeout=_START_LIMIT_S)
        return self._pool

    def close(self) -> None:
        """End the solving process, also in the middle of a run."""
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - the pool has no public kill
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _start_at_leisure(step: Callable[[], int], name: str) -> None:
    """Run a step again and again in a thread; after one that found nothing to do half a second passes."""

    def look() -> None:
        if not step():
            clock.sleep_s(_LEISURE_S)

    threading.Thread(target=_forever, args=(look, name), daemon=True).start()


def _anchor(anchoring: Anchoring) -> None:
    """Write signed heads when an hour has passed; the pause keeps the question cheap."""
    clock.sleep_s(_ANCHOR_EVERY_S)
    anchoring.run_once()


@functools.cache
def _load_compiled() -> None:
    """Load the compiled rules for waiting leaks and idle crews once, in the planning thread: no transaction waits.

    The first order asks for a run, so the rule is there before a second leak makes a queue.
    """
    from routing import emergency_queue  # noqa: PLC0415 - loads a compiler, which belongs to this process alone
    from routing.anticipation import stations  # noqa: PLC0415 - as above

    emergency_queue.warm_up()
    stations.warm_up()


def travel_to_hand_over(asked: Snapshot) -> TravelTimes:
    """Return travel times for the solving process; here, outside every transaction, they may be searched or fetched."""
    places, now_s = travel_desk.list_places(asked.problem), asked.problem.now_s
    return travel_desk.portable(travel_desk.times_for(asked.terms, places, now_s, Patience.FETCH), places, now_s)


def _end_with_parent() -> None:
    """End this solving process when the worker is gone: a killed worker cannot do it, and nobody else would."""

    def watch(parent: multiprocessing.process.BaseProcess) -> None:
        parent.join()
        os._exit(0)

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()


def _stop(settings: Settings) -> Stop:
    """Stop by iterations where a run must be the same on every machine, else by time (decision 18)."""
    return MaxIterations(settings.plan_iterations) if settings.plan_iterations else MaxSeconds(settings.solver_seconds)


def run_worker(settings: Settings) -> None:
    """Handle events and due duties, and plan, until the process ends."""
    services = make_services(settings)
    warming = Warming(services.uow, settings.sla_profile)
    learner = Learner(services.uow, settings.time_zone)
    pulse = Pulse(services.uow.database, heartbeats.WORKER, settings.worker_name)
    relay = _make_relay(services, warming, pulse)
    relay.release_own_claims()
    _keep_purging(services)
    services.uow.database.write(dispatch.release_runs)
    planning, rung = Planning(services), threading.Event()
    threading.Thread(target=_forever, args=(lambda: _plan_when_rung(planning, rung), "planning"), daemon=True).start()
    anchoring = Anchoring(services)
    threading.Thread(target=_forever, args=(lambda: _anchor(anchoring), "anchoring"), daemon=True).start()
    _start_at_leisure(Viewing(services).run_once, "viewing")
    _start_at_leisure(asking.make_step(services), "geocoding")
    _start_at_leisure(Printing(services).run_once, "printing")
    threading.Thread(
        target=_forever, args=(lambda: _keep_warm(services, warming, learner), "travel"), daemon=True
    ).start()
    shelf = MapShelf(settings.data_dir, settings.basemap_dir)
    threading.Thread(target=_forever, args=(lambda: _pack_maps(shelf), "maps"), daemon=True).start()
    threading.Thread(target=_forever, args=(lambda: _keep_addresses(services), "addresses"), daemon=True).start()
    steps: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: _send(services), "outgoing"),
        (lambda: _hurry(relay), "ladder"),
        (lambda: _keep_paper(services), "paper"),
    )
    for step, name in steps:
        threading.Thread(target=_forever, args=(step, name), daemon=True).start()
    line = nudge.ear_for(settings, nudge.WORKER)
    _log.info("worker runs", name=settings.worker_name)
    while True:
        _guarded(pulse.beat, "pulse")
        if not _guarded(relay.run_once, "relay"):
            line.wait()
        rung.set()


def _plan_when_rung(planning: Planning, rung: threading.Event) -> bool:
    """Carry out one wanted run, or wait for a ring as the loop does, which hears it; True: a pause was made."""
    if not planning.run_once():
        rung.wait(nudge.POLL_S)
        rung.clear()
    return True


def _make_relay(services: Services, warming: Warming, pulse: Pulse) -> Relay:
    """Return the relay of this worker; between two events it shows a sign of life."""
    settings = services.settings

    def prepare(branch_id: str) -> None:
        pulse.beat()
        warming.prepare(branch_id)

    reactions, duties = handlers.reactions(settings.sla_profile), handlers.duties(settings.sla_profile)
    return Relay(services.uow, reactions, duties, settings.worker_name, prepare, handlers.list_pressing)


def _keep_purging(services: Services) -> None:
    for branch in services.uow.read(accounts.list_branches):
        actor = Actor.system(branch.id)
        services.uow.run(actor, lambda tx: purging.keep_purging(tx, services.settings.idempotency_days))


def _keep_warm(services: Services, warming: Warming, learner: Learner) -> bool:
    """Look up travel times ahead for every branch, and learn from its trips once a day; True: a pause was made."""
    branches = services.uow.read(learning.list_branch_ids)
    for branch_id in branches:
        warming.warm(branch_id)
    learner.learn_if_due(branches)
    clock.sleep_s(_WARM_EVERY_S)
    return True


def _keep_addresses(services: Services) -> bool:
    """Bring the branches' address indexes up to their customer archives; True: a pause was made."""
    for branch_id in services.uow.read(learning.list_branch_ids):
        addresses.refresh(services, branch_id)
    clock.sleep_s(_ADDRESSES_EVERY_S)
    return True


def _pack_maps(shelf: MapShelf) -> bool:
    """Make the maps that phones have asked for; True: a pause was made."""
    while shelf.make_next():
        pass
    clock.sleep_s(_MAPS_EVERY_S)
    return True


def _keep_paper(services: Services) -> bool:
    """Keep the boards that are read when the server is off; True: a pause was made."""
    paper_files.write_all(services)
    clock.sleep_s(_PAPER_EVERY_S)
    return True


def _send(services: Services) -> bool:
    """Send the messages that leave the building; True: a pause was made."""
    settings = services.settings
    outgoing.deliver_due(services.uow.database, settings.worker_name, os.environ, settings.data_dir)
    clock.sleep_s(_SEND_EVERY_S)
    return True


def _hurry(relay: Relay) -> bool:
    """Let leaks climb on time also while the loop is busy with something long; True: a pause was made."""
    relay.hurry(escalation.CLIMB, _LATE_MS)
    clock.sleep_s(_LATE_MS / 1000)
    return True


def _forever(step: Callable[[], Any], name: str) -> None:
    while True:
        if not _guarded(step, name):
            clock.sleep_s(nudge.POLL_S / 4)


def _guarded(step: Callable[[], Any], name: str) -> Any:
    """Run one step; a failure is logged and the loop goes on after a pause (the duty is still a row)."""
    try:
        return step()
    except Exception:  # noqa: BLE001 - a worker must outlive a database that is away for a while
        _log.exception("step failed", step=name)
        clock.sleep_s(_RESTART_S)
        return None


def supervise(names: Sequence[str]) -> int:
    """Run child processes of this program and start them again when they die; ends them on SIGTERM or Ctrl-C."""
    stopping = threading.Event()
    children: dict[str, subprocess.Popen[bytes]] = {}

    def stop(*_: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping.wait(_RESTART_S if children else 0):
        for name in names:
            child = children.get(name)
            if child is None or child.poll() is not None:
                children[name] = subprocess.Popen([sys.executable, "-m", "server", name], env=os.environ)  # noqa: S603 - our own program
    for child in children.values():
        child.terminate()
    for child in children.values():
        child.wait(timeout=10)
    return 0
