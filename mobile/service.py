"""The phone without its screens: store, sync and commands in one object, step by step or in the background."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from mobile.actions.desk import Desk
from mobile.actions.kiosk import Kiosk
from mobile.actions.own import Own
from mobile.actions.shots import Shots
from mobile.actions.table import COMMANDS
from mobile.platform import chance, keys
from mobile.platform.catalog import Shelf, load_phone_rules, load_shelf, load_stillness
from mobile.platform.clock import Clock, SystemClock
from mobile.platform.texts import load_texts
from mobile.store import audit, files, jobs, meta, outbox, wiping
from mobile.store.database import Store
from mobile.store.guard import Guard
from mobile.sync import enrolment, lanes
from mobile.sync.day_maps import DayMapLane
from mobile.sync.doorbell import Doorbell
from mobile.sync.engine import SyncEngine, SyncOutcome, SyncState
from mobile.sync.http import HttpTransport
from mobile.sync.listener import Listener
from mobile.sync.location import LocationGate
from mobile.sync.transport import FileTransport, Transport
from mobile.sync.uploads import FileLane
from mobile.sync.warden import Warden
from shared import wire
from shared.errors import DomainError
from shared.protocol import Protocol
from shared.text import Catalog

_LOG: Final = logging.getLogger(__name__)
_POLL_S: Final = 3.0  # how soon a change is heard of without doorbell and long poll; an idle answer is small
_HEARD_POLL_S: Final = 15.0  # the same beside a long poll
_LONG_SILENCE_S: Final = 10.0
_FRESH_MS: Final = 3_000
_RUNG_POLL_S: Final = 30.0  # the same beside a doorbell: it says itself when it is dead
_STORE_TROUBLE_S: Final = 5.0
_LOOK_S: Final = 1.0  # how soon a write of another process is seen


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The honest state of the line: what waits here, what needs the technician, and how the last call ended.

    `state` is None before the first call. `is_listening` when news come by long poll because the socket is blocked.
    """

    state: SyncState | None
    unsent: int
    needs_attention: int
    has_doorbell: bool
    code: str
    unsent_photos: int = 0
    is_listening: bool = False


class Phone:
    """One technician's phone. Every call is safe from any thread; after `close` none is allowed."""

    def __init__(
        self,
        folder: Path,
        server_url: str = "",
        clock: Clock | None = None,
        ids: Callable[[int], str] | None = None,
        *,
        uniform: Callable[[], float] | None = None,
        transport: Transport | None = None,
        lane_transport: FileTransport | None = None,
        shelf: Shelf | None = None,
        texts: Catalog | None = None,
    ) -> None:
        """Open the phone that lives in `folder`; without `server_url` the one it was enrolled at.

        `ids` makes event ids from Unix milliseconds, `uniform` numbers from 0 to 1 for jitter. Raises DomainError
        `store_too_new`, `store_key_missing`, `store_key_wrong`, `key_unreadable`, `protocol_invalid`, and `phone_wiped`
        for one that was erased.
        """
        wiping.check_not_wiped(folder)
        self._store = Store(folder)
        identity = self.find_identity()
        self._server_url, self._token = server_url, ""
        if identity:
            self._server_url, self._token = server_url or identity.server_url, identity.token
        self._lines: list[HttpTransport] = []
        new_id, self.clock = ids or chance.new_id, clock or SystemClock()
        self.desk = Desk(
            store=self._store,
            clock=self.clock,
            new_id=new_id,
            key=keys.load_or_create(folder),
            shelf=shelf or load_shelf(),
            texts=texts or load_texts(),
            on_append=self._wake_up,
        )
        self.engine = SyncEngine(
            self._store,
            transport or self._http(),
            self.clock,
            new_id=new_id,
            uniform=uniform or chance.uniform,
            gate=LocationGate(self._store, load_stillness(), load_phone_rules().shift_declared_s),
        )
        self.kiosk, self.shots = Kiosk(self.desk, load_phone_rules().kiosk), Shots(self.desk)
        self._set_up_lanes(lane_transport or self._http())

    def _set_up_lanes(self, aside: FileTransport) -> None:
        self.lane, self.own = FileLane(self._store, aside, self.clock), Own(self._store, aside, self.clock)
        rules = load_phone_rules()
        self.maps = DayMapLane(self._store, aside, self.clock, rules.day_map_stale_s)
        self.warden = Warden(self._store, self.engine, self.clock, rules, self.lane.deliver_evidence, self.shots.keep)
        self._doorbell: Doorbell | None = None
        self._was_away = False
        self._listener = Listener(self.engine, self.clock, self._has_doorbell, self._wake_up)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def _http(self) -> HttpTransport:
        self._lines.append(HttpTransport(self._server_url, self._token))
        return self._lines[-1]

    def find_identity(self) -> meta.Identity | None:
        """Return who this phone is, None before enrolment."""
        with self._store.read() as db:
            return meta.find_identity(db)

    # What the technician sees

    def jobs(self) -> tuple[wire.Job, ...]:
        """Return the jobs of this phone, his own unsent actions applied, most urgent first."""
        with self._store.read() as db:
            return tuple(jobs.list_jobs(db))

    def find_job(self, work_order_id: str) -> wire.Job | None:
        """Return one job, also one that has left this phone (`is_gone`), None when it was never here."""
        with self._store.read() as db:
            found = jobs.find_job(db, work_order_id)
        return found.job if found else None

    def get_job(self, work_order_id: str) -> wire.Job:
        """Return one job as `find_job` does. Raises DomainError `order_not_here`."""
        with self._store.read() as db:
            return jobs.get_job(db, work_order_id).job

    def is_gone(self, work_order_id: str) -> bool:
        """Tell whether a job is no longer this technician's."""
        with self._store.read() as db:
            found = jobs.find_job(db, work_order_id)
        return found is None or found.is_gone

    def protocols(self, work_order_id: str) -> tuple[Protocol, ...]:
        """Return the protocols of a job. Raises DomainError `order_not_here`, `protocol_unknown`."""
        return self.desk.shelf.list_protocols(self.get_job(work_order_id).protocols)

    def pending(self, work_order_id: str | None = None) -> tuple[outbox.PendingEvent, ...]:
        """Return the events that the server has not confirmed, of one work order or of all, oldest first."""
        with self._store.read() as db:
            return tuple(outbox.list_pending(db, work_order_id))

    def archived(self) -> tuple[outbox.ArchivedEvent, ...]:
        """Return the events of the last 7 days that the server has confirmed, oldest first."""
        with self._store.read() as db:
            return tuple(outbox.list_archived(db))

    def photos(self, work_order_id: str) -> tuple[files.StoredFile, ...]:
        """Return the pictures taken for a job on this phone, oldest first, with what has been delivered."""
        with self._store.read() as db:
            return tuple(files.list_of_order(db, work_order_id))

    def photo_bytes(self, sha256: str) -> bytes:
        """Return a picture of this phone. Raises OSError, DomainError `store_damaged`."""
        picture = files.open_picture(self._store, sha256)
        return picture.read(0, picture.size_bytes)

    def guard(self) -> Guard:
        """Return whether this phone is open, locked by the desk, or wiped."""
        return self.warden.guard()

    def is_accept_confirmed(self, work_order_id: str) -> bool:
        """Tell whether no accept of this job still waits for the server's word: before that it is not certain."""
        names = {item.event.body.__struct_config__.tag for item in self.pending(work_order_id)}
        return "assignment_accepted" not in names

    def line(self) -> Line:
        """Return the state of the line."""
        with self._store.read() as db:
            unsent, attention = outbox.count(db, "queued"), outbox.count(db, "needs_attention")
            unsent_photos, troubled = files.count_waiting(db), files.count_troubled(db)
        last = self.engine.last_outcome
        return Line(
            state=last.state if last else None,
            unsent=unsent,
            needs_attention=attention + troubled,
            has_doorbell=self._has_doorbell(),
            code=last.code if last else "",
            unsent_photos=unsent_photos,
            is_listening=self._listener.is_listening,
        )

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of the store, in the thread that made it."""
        self._store.subscribe(listener)

    # What the technician does

    def act(self, command: str, work_order_id: str, **data: Any) -> wire.PhoneEvent | None:
        """Give a command by its name in mobile.actions; return the event. Raises DomainError of the command."""
        if command not in COMMANDS:
            raise DomainError("command_unknown", command=command)
        self.warden.check_open()
        return COMMANDS[command](self.desk, work_order_id, **data)

    def send_again(self, event_id: str) -> None:
        """Queue an event again that needed attention."""
        with self._store.write() as db:
            outbox.requeue(db, event_id)
        self._wake_up()

    def dismiss(self, event_id: str) -> None:
        """File a refused event as read."""
        with self._store.write() as db:
            outbox.dismiss(db, event_id, self.clock.now_ms())

    def report_position(self, position: wire.Position) -> None:
        """Send a position over the socket, or with the next call when there is none; off shift and paused: never."""
        if not self.engine.gate.admits(position):
            return
        self.engine.add_position(position)
        doorbell = self._doorbell
        if doorbell is None or not doorbell.is_connected():
            return
        positions = self.engine.take_positions()
        if not doorbell.send_positions(positions):
            for item in positions:
                self.engine.add_position(item)

    def pause_location(self, *, is_paused: bool) -> None:
        """Pause or resume one's location; what waits is forgotten, and the desk sees the pause."""
        self.engine.gate.set_paused(is_paused=is_paused)
        self.engine.drop_positions()
        self._wake_up()

    def sync_once(self, wait_s: float = 0.0) -> SyncOutcome:
        """Send what is pending and fetch what is new, now and in this thread."""
        outcome = self.engine.run_once(wait_s)
        self._keep_guard(outcome)
        return outcome

    def is_quiet(self) -> bool:
        """Tell whether everything is sent, fetched and confirmed, as far as this phone has heard."""
        return self.engine.is_caught_up()

    def audit(self) -> audit.Audit:
        """Return the phone's own account of what it received and what was confirmed (decision 19)."""
        with self._store.read() as db:
            return audit.get_audit(db)

    def ring(self, bell: wire.Doorbell | None) -> None:
        """Take a ring of the doorbell; None is one without content."""
        if bell is None:
            self._was_away = False  # this socket is new: nothing is left that would have to be renewed
            for line in self._lines:
                line.give_up_silent(_LONG_SILENCE_S)  # what hangs on a line from before this socket is lost
            if self.engine.answered_ago_ms() > _FRESH_MS:
                self._wake_up()  # else the socket itself brings what was missed since that answer
        elif bell.is_order or not self.engine.hear(bell):
            self._wake_up()
        elif not self.engine.is_caught_up():
            self._wake_up()  # the phone still has to confirm the delivery

    def start_doorbell(self, server_url: str = "") -> None:
        """Open the socket, at its own address when one is given; rings are heard in its thread."""
        url = server_url or self._server_url
        if self._doorbell is None and url:
            self._doorbell = Doorbell(url, self._token, self.ring, position=self.engine.position)
            self._doorbell.start()

    def start_background(self, doorbell_url: str = "", *, hears_others: bool = False) -> None:
        """Sync in a thread of its own, woken by commands, by the doorbell, and by time; pictures in another one.

        `hears_others` when another process works on the same folder: its writes are then noticed (Android's service).
        """
        if not self._threads:
            self.start_doorbell(doorbell_url)
            self._threads = [
                threading.Thread(target=self._run, name="sync", daemon=True),
                threading.Thread(target=self._listener.run, name="listen", daemon=True),
                threading.Thread(
                    target=lanes.run, args=(self._closing, self.maps, self.lane), name="files", daemon=True
                ),
            ]
            if hears_others:
                self._threads.append(threading.Thread(target=self._hear_others, name="others", daemon=True))
            for thread in self._threads:
                thread.start()

    def close(self) -> None:
        """Stop the threads and close the store. What is stored stays; what is under way is repeated next time."""
        self._closing.set()
        self._listener.close()
        self._wake_up()
        for line in self._lines:
            line.close()
        if self._doorbell is not None:
            self._doorbell.stop()
        for thread in self._threads:
            thread.join()
        self._store.close()

    def _wake_up(self) -> None:
        self._wake.set()

    def _keep_guard(self, outcome: SyncOutcome) -> None:
        if outcome.state is SyncState.DONE:
            self.warden.obey()
        else:
            self.warden.watch()
        if self.warden.guard().state == "wiped":
            self._closing.set()
            self._wake_up()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            self._wake.wait(self._sync_and_rest_s())

    def _hear_others(self) -> None:
        while not self._closing.wait(_LOOK_S):
            if self.warden.notice_wiped():
                self._closing.set()
            elif self._store.hear_others():
                self._wake_up()

    def _has_doorbell(self) -> bool:
        return self._doorbell is not None and self._doorbell.is_connected()

    def _sync_and_rest_s(self) -> float:
        try:
            outcome = self.sync_once()
        except (sqlite3.Error, DomainError):
            # A full disk or a damaged record: keep running, the screen shows it.
            _LOG.exception("the store could not be read or written")
            return _STORE_TROUBLE_S
        self._watch_line(outcome)
        if not outcome.is_caught_up:
            return outcome.retry_in_s
        if self._has_doorbell():
            return _RUNG_POLL_S
        return _HEARD_POLL_S if self._listener.is_listening else _POLL_S

    def _watch_line(self, outcome: SyncOutcome) -> None:
        """Renew the doorbell when the line is back: its socket may be dead without knowing, or wait to try again."""
        is_back = outcome.state is not SyncState.OFFLINE
        if is_back and self._was_away and self._doorbell is not None:
            self._doorbell.renew()
        self._was_away = not is_back


def enrol(
    server_url: str,
    code: str,
    folder: Path,
    *,
    label: str = "",
    transport: Transport | None = None,
) -> meta.Identity:
    """Redeem a one-time code for the phone that lives in `folder`, and return who it now is.

    Raises DomainError `no_network`, `answer_unreadable`, or the server's code (code_invalid, code_expired, ...).
    """
    wiping.begin_again(_made(folder))
    key = keys.load_or_create(folder)
    store = Store(folder)
    try:
        wire_to_server = transport or HttpTransport(server_url)
        return enrolment.enrol(store, wire_to_server, server_url, code, key, label)
    finally:
        store.close()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
