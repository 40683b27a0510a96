"""The phone as a service: rings for leaks, watches the place on shift only, and outlives what happens to its phone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mobile import background, service
from mobile.background import Watchman
from mobile.store.database import Store
from shared import wire
from shared.assignment import AssignmentState
from shared.errors import DomainError
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, open_phone, start_shift

HOUR_MS = 3_600_000


class SecurityError(Exception):
    """What pyjnius throws for Java's exception of that name."""


class PlayedMachine:
    """An Android that only remembers what it was told."""

    def __init__(self) -> None:
        """Sleep, in silence, looking nowhere."""
        self.ringing: dict[str, str] = {}
        self.rung = 0
        self.is_awake = self.is_watching = False
        self.is_place_refused = False
        self.asked = 0
        self.has_rung = threading.Event()

    def alarm(self, key: str, title: str, text: str) -> None:
        """Remember an alarm."""
        self.ringing[key] = f"{title} {text}"
        self.rung += 1
        self.has_rung.set()

    def silence(self, key: str) -> None:
        """Forget an alarm."""
        del self.ringing[key]

    def stay_awake(self, *, is_wanted: bool) -> None:
        """Remember whether sleep is put off."""
        self.is_awake = is_wanted

    def watch_place(self, on_place: Callable[[wire.Position], None], *, is_wanted: bool) -> None:  # noqa: ARG002 - a test gives none
        """Remember whether the place is asked for; refuse it as Android does whose permission is gone."""
        self.asked += is_wanted
        if is_wanted and self.is_place_refused:
            raise SecurityError("ACCESS_FINE_LOCATION")
        self.is_watching = is_wanted


@pytest.fixture
def machine() -> PlayedMachine:
    """Return a machine at rest."""
    return PlayedMachine()


def test_leak_rings_once_until_it_is_answered_and_names_no_customer(
    phone: service.Phone, office: Office, machine: PlayedMachine
) -> None:
    """An alarm on a locked screen carries the order's number, not whose kitchen it is."""
    office.send(job(1, priority=1, is_leak=True, fault_kind="gas_leak"))
    office.send(job(2))
    phone.sync_once()
    watchman = Watchman(phone, machine)
    watchman.look()
    watchman.look()
    assert list(machine.ringing) == ["assignment-1"]
    assert machine.rung == 1
    assert "LF-0001" in machine.ringing["assignment-1"]
    assert "赵敏" not in machine.ringing["assignment-1"]
    phone.act("accept_assignment", "order-1")
    watchman.look()
    assert machine.ringing == {}


def test_urgent_leak_rings_like_an_emergency_and_an_urgent_fault_does_not(
    phone: service.Phone, office: Office, machine: PlayedMachine
) -> None:
    """Smelt outdoors, nobody at risk: priority 2, and it wakes Wang all the same; a cold flat may wait for his look."""
    office.send(job(1, priority=2, is_leak=True, fault_kind="gas_odour"))
    office.send(job(2, priority=2))
    phone.sync_once()
    Watchman(phone, machine).look()
    assert list(machine.ringing) == ["assignment-1"]


def name_shift(phone: service.Phone, clock: HandClock, length_ms: int = 12 * HOUR_MS) -> None:
    """Let the server have named a shift that begins now."""
    phone.engine.gate.set_duty(((clock.now_ms(), clock.now_ms() + length_ms),))


def test_place_is_watched_on_shift_and_never_else(
    phone: service.Phone, office: Office, clock: HandClock, machine: PlayedMachine
) -> None:
    """Before a shift is named and declared, while paused and after it Android is not even asked for the place."""
    watchman = Watchman(phone, machine)
    watchman.look()
    assert (machine.is_watching, machine.is_awake) == (False, False)
    name_shift(phone, clock, 1000)
    watchman.look()
    assert (machine.is_watching, machine.is_awake) == (False, True)
    start_shift(phone)
    watchman.look()
    assert (machine.is_watching, machine.is_awake) == (True, True)
    phone.pause_location(is_paused=True)
    watchman.look()
    assert (machine.is_watching, machine.is_awake) == (False, True)
    phone.pause_location(is_paused=False)
    clock.pass_ms(1000)
    watchman.look()
    assert (machine.is_watching, machine.is_awake) == (False, False)
    assert office.positions == 0


def test_refused_place_is_told_and_asked_for_again_while_leaks_ring_on(
    phone: service.Phone, office: Office, clock: HandClock, machine: PlayedMachine
) -> None:
    """The permission is revoked during a shift: alarm and sync go on, the screens know, Android is asked anew."""
    name_shift(phone, clock)
    start_shift(phone)
    machine.is_place_refused = True
    watchman = Watchman(phone, machine)
    watchman.look()
    assert phone.engine.gate.has_trouble
    office.send(job(priority=1, is_leak=True, fault_kind="gas_leak"))
    phone.sync_once()
    for _ in range(600):
        watchman.look()
        clock.pass_ms(1_000)
    assert list(machine.ringing) == ["assignment-1"]
    assert machine.asked < 12
    machine.is_place_refused = False
    clock.pass_ms(600_000)
    watchman.look()
    assert (machine.is_watching, phone.engine.gate.has_trouble) == (True, False)


def test_service_outlives_a_store_that_cannot_be_read_for_a_moment(
    office: Office, tmp_path: Path, machine: PlayedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first looks fail on the disk: the service looks again, and the leak that came meanwhile rings."""
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    office.send(job(priority=1, is_leak=True, fault_kind="gas_leak"))
    honest, failures = service.Phone.jobs, iter([sqlite3.OperationalError("disk I/O error")] * 2)

    def list_jobs(phone: service.Phone) -> tuple[wire.Job, ...]:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return honest(phone)

    monkeypatch.setattr(service.Phone, "jobs", list_jobs)
    monkeypatch.setattr(background, "_LOOK_S", 0.05)
    machine.is_place_refused = True
    stopping = threading.Event()
    running = threading.Thread(target=background.run, args=(tmp_path, machine, stopping))
    running.start()
    assert machine.has_rung.wait(20)
    stopping.set()
    running.join(20)
    assert not running.is_alive()
    assert next(failures, None) is None


def test_service_serves_an_enrolled_phone_and_stops_when_told(
    office: Office, tmp_path: Path, machine: PlayedMachine
) -> None:
    """It syncs by itself, rings, and lets the machine sleep when it ends."""
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    office.send(job(priority=1, is_leak=True, fault_kind="gas_leak"))
    stopping = threading.Event()
    running = threading.Thread(target=background.run, args=(tmp_path, machine, stopping))
    running.start()
    assert machine.has_rung.wait(20)
    stopping.set()
    running.join(20)
    assert not running.is_alive()
    assert (machine.is_awake, machine.is_watching) == (False, False)
    assert "assignment_delivered" in office.kept_types()


def test_two_processes_on_one_folder_hear_of_each_others_writes(tmp_path: Path) -> None:
    """The screens see what the service received, without asking the server; their own writes are no news."""
    screens, behind = Store(tmp_path), Store(tmp_path)
    told: list[bool] = []
    screens.subscribe(lambda: told.append(True))
    assert not screens.hear_others()
    with behind.write() as db:
        db.execute("INSERT INTO meta VALUES ('x', 'y')")
    assert screens.hear_others()
    assert told == [True]
    with screens.write() as db:
        db.execute("DELETE FROM meta WHERE key = 'x'")
    assert not screens.hear_others()
    screens.close()
    behind.close()


def test_two_processes_syncing_one_phone_send_nothing_twice(office: Office, tmp_path: Path) -> None:
    """Screens and service take turns in any order: each fact arrives, none is kept twice, no number is skipped."""
    office.send(job())
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    screens, behind = open_phone(tmp_path, HandClock()), open_phone(tmp_path, HandClock(), seed=2)
    screens.sync_once()
    for command in ("see_assignment", "accept_assignment", "depart", "arrive"):
        screens.act(command, "order-1")
        behind.sync_once()
        behind.act("add_note", "order-1", text=f"after {command}")
        screens.sync_once()
    assert behind.jobs()[0].assignment.state is AssignmentState.ARRIVED
    assert sorted(event.dseq for event in office.kept.values()) == list(range(1, len(office.kept) + 1))
    assert len(office.arrivals) == len(set(office.arrivals))
    assert (screens.audit().gaps, screens.pending()) == (0, ())
    screens.close()
    behind.close()


def test_service_ends_when_the_screens_erase_the_phone(office: Office, tmp_path: Path) -> None:
    """Another process carried out the wipe: the service lets go of the erased file and calls nobody any more."""
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    behind = service.Phone(tmp_path)
    behind.start_background(hears_others=True)
    screens = open_phone(tmp_path, HandClock())
    screens.warden.wipe("desk")
    ended = threading.Event()
    assert any(behind.guard().state == "wiped" or ended.wait(0.1) for _ in range(200))
    with pytest.raises(DomainError, match="phone_wiped"):
        behind.jobs()
    behind.close()
    screens.close()
    assert {path.name for path in tmp_path.iterdir()} == {"wiped.json"}


def test_shift_without_a_network_grows_nothing_but_what_the_technician_records(
    phone: service.Phone, office: Office, clock: HandClock
) -> None:
    """Twelve hours of failed calls and positions: the file stays as it is, the trace keeps its latest minutes."""
    office.send(job())
    start_shift(phone)
    phone.sync_once()
    office.is_cut_off = True
    phone.sync_once()
    path = phone.desk.store.folder / "phone.sqlite3"
    before, pages = path.stat().st_size, count_pages(phone)
    for minute in range(12 * 60):
        clock.pass_ms(60_000)
        if minute % 20 == 0:
            phone.sync_once()
        place = wire.Position(at_ms=clock.now_ms(), lat=37.86 + minute / 1000, lon=113.57)
        phone.report_position(place)
    assert len(phone.engine.take_positions()) <= 60
    assert (path.stat().st_size, count_pages(phone)) == (before, pages)
    assert len(phone.pending()) == 0


def count_pages(phone: service.Phone) -> int:
    """Return how many pages the phone's file has."""
    with phone.desk.store.read() as db:
        return int(db.execute("PRAGMA page_count").fetchone()[0])
