"""The phone as a program of its own, with the machine's own clock and chance."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mobile import service
from mobile.platform.clock import SystemClock
from shared.errors import DomainError
from tests.mobile.office import Office, change, job

ROOT = Path(__file__).resolve().parents[2]
TURNS = 400


def test_headless_phone_enrols_syncs_and_stops_when_told(office: Office, tmp_path: Path) -> None:
    """Started with a code it confirms the delivery; SIGTERM ends it; its folder keeps job and identity."""
    office.send(job())
    folder = tmp_path / "wang"
    command = [sys.executable, "-m", "mobile", "--headless", "--server", office.url, "--code", "GOOD-CODE"]
    running = subprocess.Popen([*command, "--folder", str(folder)], cwd=ROOT, stderr=subprocess.DEVNULL)
    pause = threading.Event()
    assert any(office.kept or pause.wait(0.05) for _ in range(TURNS))
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=30) == 0
    phone = service.Phone(folder)
    identity = phone.find_identity()
    assert identity is not None
    assert (identity.technician_name, identity.server_url) == ("王建国", office.url)
    assert len(phone.jobs()) == 1
    phone.close()


def test_key_is_readable_by_its_owner_only_and_survives_a_second_enrolment(office: Office, tmp_path: Path) -> None:
    """A new code gives a new token, the evidence and the key stay."""
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    first = service.Phone(tmp_path)
    key_id = first.desk.key.key_id
    first.close()
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    again = service.Phone(tmp_path)
    assert again.desk.key.key_id == key_id
    assert (tmp_path / "device.key").stat().st_mode & 0o077 == 0
    again.close()


def test_new_identity_reads_its_own_feed_and_keeps_what_waits(office: Office, tmp_path: Path) -> None:
    """The office revoked the device and gave a new code: unsent facts go up, the new feed is read from its start."""
    office.send(job(1))
    office.send(job(2))
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    first = service.Phone(tmp_path)
    first.sync_once()
    first.act("add_note", "order-1", text="not yet sent")
    first.close()
    office.device_id = "device-wang-2"
    office.feed = [change(1, job(2))]
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    again = service.Phone(tmp_path)
    assert again.sync_once().is_caught_up
    assert office.kept_types().count("note_added") == 1
    assert len(office.arrivals) == len(set(office.arrivals))
    assert [item.work_order_id for item in again.jobs()] == ["order-2"]
    assert again.audit().gaps == 0
    again.close()


def test_phone_that_is_not_enrolled_says_so(tmp_path: Path) -> None:
    """Stranger Qian opens the app: no jobs, no name, and no address to call."""
    phone = service.Phone(tmp_path)
    assert phone.jobs() == ()
    assert phone.find_identity() is None
    with pytest.raises(DomainError, match="not_enrolled"):
        phone.desk.get_identity()
    phone.start_background()
    phone.close()


def test_system_clock_counts_forward_within_one_boot() -> None:
    """Monotonic time never goes back, and two clocks of one machine name the same boot."""
    clock = SystemClock()
    assert clock.mono_ms() <= clock.mono_ms()
    if Path("/proc/sys/kernel/random/boot_id").exists():
        assert SystemClock().boot_id == clock.boot_id
