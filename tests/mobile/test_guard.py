"""A lost phone: locked, unlocked, erased by the desk or by its own silence; what nobody had yet is not lost (C8)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mobile import service
from mobile.platform.catalog import load_phone_rules
from mobile.platform.clock import SystemClock
from mobile.store import wiping
from shared.errors import DomainError
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, open_phone

HOUR_MS = 3_600_000
LIMIT_MS = load_phone_rules().self_wipe_after_s * 1000
PHOTO = b"\xff\xd8\xff" + b"what only this phone has" * 9000
SERVER_KEY = X25519PrivateKey.generate()


@pytest.fixture
def wang(office: Office, clock: HandClock, tmp_path: Path) -> service.Phone:
    """Return Wang's phone with one job and an unsent note and picture; the office's own key is known to it."""
    office.recovery_key = SERVER_KEY.public_key().public_bytes_raw().hex()
    office.send(job())
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    opened = open_phone(tmp_path / "wang", clock)
    opened.sync_once()
    opened.act("add_note", "order-1", text="狗会咬人")
    opened.act("take_photo", "order-1", content=PHOTO, purpose="meter")
    return opened


def open_sealed(sealed: bytes) -> bytes:
    """Open a sealed file as the server does, written from the format's description alone."""
    mark, own, nonce, rest = sealed[:4], sealed[4:36], sealed[36:48], sealed[48:]
    shared_secret = SERVER_KEY.exchange(X25519PublicKey.from_public_bytes(own))
    info = b"leakfirst evidence 1" + own + SERVER_KEY.public_key().public_bytes_raw()
    return AESGCM(HKDF(hashes.SHA256(), 32, None, info).derive(shared_secret)).decrypt(nonce, rest, mark)


def list_recovered(sealed: list[bytes]) -> set[bytes | str]:
    """List the names of the events and the bytes of the pictures that the server finds in sealed files."""
    found: set[bytes | str] = set()
    for plain in map(open_sealed, sealed):
        if plain.startswith(b"LFPHOTO "):
            found.add(plain.split(b"\n", 1)[1])
        else:
            found |= {event["body"]["type"] for event in msgspec.json.decode(plain)["events"]}
    return found


def files_of(folder: Path) -> list[str]:
    """List what is left in a phone's folder, sealed evidence apart."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and "evidence" not in str(path)
    )


def test_locked_phone_takes_no_command_keeps_sending_and_is_unlocked(wang: service.Phone, office: Office) -> None:
    """The desk locks: nothing can be done on it, what was recorded still arrives, and unlocking gives it all back."""
    office.order = "lock"
    wang.sync_once()
    assert wang.guard().state == "locked"
    with pytest.raises(DomainError, match="phone_locked"):
        wang.act("accept_assignment", "order-1")
    wang.sync_once()
    assert office.requests[-1].guard == "locked"
    assert "note_added" in office.kept_types()
    office.order = ""
    wang.sync_once()
    wang.act("accept_assignment", "order-1")
    wang.sync_once()
    assert (office.requests[-1].guard, wang.guard().state) == ("", "open")
    wang.close()


def test_wiped_phone_keeps_nothing_and_its_evidence_opens_for_the_server_alone(
    wang: service.Phone, office: Office, clock: HandClock, tmp_path: Path
) -> None:
    """Keys, jobs and pictures are gone at once, the desk hears of it, and a new code hands the evidence in."""
    folder, office.order = tmp_path / "wang", "wipe"
    office.faults.append("")
    office.takes_evidence = False
    wang.sync_once()
    assert office.requests[-1].guard == "wiped"
    assert files_of(folder) == ["wiped.json"]
    assert wang.guard().state == "wiped"
    for attempt in (wang.jobs, lambda: wang.act("add_note", "order-1", text="x"), lambda: open_phone(folder, clock)):
        with pytest.raises(DomainError, match="phone_wiped"):
            attempt()
    sealed = [path.read_bytes() for path in wiping.list_evidence(folder)]
    assert list_recovered(sealed) >= {PHOTO}
    office.order, office.takes_evidence = "", True
    service.enrol(office.url, "GOOD-CODE", folder)
    again = open_phone(folder, clock)
    again.lane.run_once()
    assert sorted(office.evidence) == sorted(sealed)
    assert wiping.list_evidence(folder) == []
    assert again.guard().state == "open"
    again.close()


def test_evidence_is_handed_in_at_once_when_the_line_allows(
    wang: service.Phone, office: Office, tmp_path: Path
) -> None:
    """After the keys are gone and before the wipe is acknowledged: the server has it, the phone has nothing."""
    office.order = "wipe"
    wang.sync_once()
    assert PHOTO in list_recovered(office.evidence)
    assert wiping.list_evidence(tmp_path / "wang") == []


def test_silent_phone_erases_itself_after_72_hours_and_not_before(
    wang: service.Phone, office: Office, clock: HandClock, tmp_path: Path
) -> None:
    """Without any contact, unsent note and picture sealed; one answer in between starts the count anew."""
    office.is_cut_off = True
    for _ in range(71):
        clock.pass_ms(HOUR_MS)
        wang.sync_once()
    assert wang.guard().state == "open"
    office.is_cut_off = False
    clock.pass_ms(HOUR_MS // 2)
    wang.sync_once()
    wang.act("add_note", "order-1", text="unsent")
    office.is_cut_off = True
    clock.pass_ms(LIMIT_MS - 1)
    wang.sync_once()
    assert wang.guard().state == "open"
    clock.pass_ms(HOUR_MS)
    wang.sync_once()
    assert (wang.guard().state, wang.guard().reason) == ("wiped", "silence")
    assert list_recovered([p.read_bytes() for p in wiping.list_evidence(tmp_path / "wang")]) == {PHOTO, "note_added"}


def test_clock_set_back_does_not_make_the_phone_wait_longer(
    wang: service.Phone, office: Office, clock: HandClock
) -> None:
    """A thief turns the wall clock back three days: within one boot only the clock counts that nobody can set."""
    office.is_cut_off = True
    wang.sync_once()
    clock.turn_back_ms(LIMIT_MS)
    clock.pass_ms(LIMIT_MS + 1)
    wang.sync_once()
    assert wang.guard().state == "wiped"


def test_phone_that_slept_for_72_hours_has_been_silent_for_72_hours(
    wang: service.Phone, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a drawer the processor sleeps and Linux's monotonic clock stands still: the silence counts all the same."""
    wang.close()
    honest, slept_ns = time.clock_gettime_ns, [0]
    stopped_ns = time.monotonic_ns()

    def read(which: int) -> int:
        return honest(which) + slept_ns[0] if which == time.CLOCK_BOOTTIME else stopped_ns

    monkeypatch.setattr(time, "clock_gettime_ns", read)
    monkeypatch.setattr(time, "monotonic_ns", lambda: stopped_ns)
    drawer = service.Phone(tmp_path / "wang")
    drawer.sync_once()
    office.is_cut_off = True
    slept_ns[0] = (LIMIT_MS - HOUR_MS) * 1_000_000
    drawer.sync_once()
    assert drawer.guard().state == "open"
    slept_ns[0] = (LIMIT_MS + 1) * 1_000_000
    drawer.sync_once()
    assert (drawer.guard().state, drawer.guard().reason) == ("wiped", "silence")


def test_system_without_a_clock_that_counts_sleep_counts_by_its_monotonic_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Mac on a developer's desk has no such clock: time still goes on."""
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    before_ns = time.monotonic_ns()
    now_ms = SystemClock().mono_ms()
    assert before_ns // 1_000_000 <= now_ms <= time.monotonic_ns() // 1_000_000


def test_phone_without_the_servers_key_is_locked_rather_than_losing_evidence(
    office: Office, clock: HandClock, tmp_path: Path
) -> None:
    """There is nobody to seal the evidence to: the data stays, the screen is locked, contact opens it again."""
    office.send(job())
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    phone = open_phone(tmp_path / "wang", clock)
    phone.sync_once()
    phone.act("add_note", "order-1", text="unsent")
    office.is_cut_off = True
    phone.sync_once()
    clock.pass_ms(LIMIT_MS + 1)
    phone.sync_once()
    assert (phone.guard().state, phone.guard().reason) == ("locked", "silence")
    office.is_cut_off = False
    phone.sync_once()
    assert phone.guard().state == "open"
    assert "note_added" in office.kept_types()
    phone.close()


def die_at(moment: Callable[[], None]) -> Callable[..., None]:
    """Return a call that does its work and then dies."""

    def dying(*_args: object) -> None:
        moment()
        os.kill(os.getpid(), signal.SIGKILL)

    return dying


@pytest.mark.parametrize("step", ["mobile.platform.keys.erase", "mobile.store.wiping._remove_data"])
def test_erasure_that_is_killed_is_finished_by_the_next_start(
    wang: service.Phone, office: Office, clock: HandClock, tmp_path: Path, step: str
) -> None:
    """SIGKILL right before the keys go and right before the bytes go: the next start erases the rest."""
    office.order = "wipe"
    child = os.fork()
    if child == 0:
        with mock.patch(step, die_at(lambda: None)):
            wang.sync_once()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with pytest.raises(DomainError, match="phone_wiped"):
        open_phone(tmp_path / "wang", clock)
    assert files_of(tmp_path / "wang") == ["wiped.json"]
    assert PHOTO in list_recovered([p.read_bytes() for p in wiping.list_evidence(tmp_path / "wang")])
    wang.close()
