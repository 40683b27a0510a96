"""The PIN that leads back from the customer's screen: guessed wrong it locks, and what was tried is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.screenshots_phone import PlayedServer, StillClock, make_phone, sample_jobs
from mobile.actions import kiosk as kiosks
from mobile.service import Phone
from mobile.store import pins
from shared import door_facts
from shared.errors import DomainError

PIN = "2580"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    """Yield technician Wang's phone in customer Zhao's hand."""
    phone = make_phone(tmp_path / "phone", PlayedServer(sample_jobs()), StillClock())
    phone.kiosk.choose_pin(PIN, PIN)
    phone.kiosk.enter(phone.jobs()[0].work_order_id, "zh_CN")
    yield phone
    phone.close()


def guess(phone: Phone, digits: str) -> str:
    """Try a PIN; return the refusal's code."""
    with pytest.raises(DomainError) as refused:
        phone.kiosk.leave(digits)
    return refused.value.code


@pytest.mark.parametrize("digits", ["", "123", "123456789", "1111", "4567", "8765", "12a4", "１２８４", "-1284"])
def test_simple_pin_is_refused(digits: str) -> None:
    """Four to eight digits that nobody guesses at once."""
    assert not kiosks.is_good(digits)


def test_phone_is_handed_over_only_with_a_way_back(tmp_path: Path) -> None:
    """Without a PIN the phone would be the customer's for good."""
    phone = make_phone(tmp_path / "phone", PlayedServer(sample_jobs()), StillClock())
    with pytest.raises(DomainError, match="pin_missing"):
        phone.kiosk.enter(phone.jobs()[0].work_order_id, "en")
    assert phone.kiosk.held() is None
    phone.close()


def test_right_pin_gives_the_phone_back(phone: Phone) -> None:
    """The technician's own digits end the customer's screen."""
    assert guess(phone, "0000") == "pin_wrong"
    phone.kiosk.leave(PIN)
    assert phone.kiosk.held() is None


def test_fifth_wrong_pin_locks_longer_each_time_and_is_told(phone: Phone) -> None:
    """Customer Qian guesses five times: even the right digits wait then, and the office hears of it."""
    assert [guess(phone, "9999") for _ in range(5)] == ["pin_wrong"] * 4 + ["pin_locked"]
    assert guess(phone, PIN) == "pin_locked"
    assert phone.kiosk.lock_left_s() == 60
    phone.clock.at_ms += 60_000  # type: ignore[attr-defined]  # the test's own clock
    assert [guess(phone, "9999") for _ in range(5)] == ["pin_wrong"] * 4 + ["pin_locked"]
    assert phone.kiosk.lock_left_s() == 120
    told = [e.event.body for e in phone.pending() if isinstance(e.event.body, door_facts.PinLocked)]
    assert [body.failures for body in told] == [5, 10]


def test_lock_outlives_a_restart_and_a_clock_that_is_set(phone: Phone, tmp_path: Path) -> None:
    """Neither turning the phone off nor setting its clock shortens the wait; the customer's screen stands again."""
    for _ in range(5):
        guess(phone, "9999")
    phone.close()
    clock = StillClock()
    clock.boot_id, clock.at_ms = "another", clock.at_ms + 3_600_000
    again = Phone(tmp_path / "phone", "", clock)
    assert again.kiosk.lock_left_s() == 60
    assert again.kiosk.held() is not None
    again.close()


def test_pin_is_kept_as_a_salted_digest_and_changed_with_the_old_one(phone: Phone) -> None:
    """Only a salted digest is kept, and only the old PIN changes it."""
    with phone.desk.store.read() as db:
        kept = pins.find_pin(db)
    assert kept is not None
    assert pins.make(PIN, b"another salt").digest != kept.digest
    assert (kept.is_right(PIN), kept.is_right("2581")) == (True, False)
    with pytest.raises(DomainError, match="pin_wrong"):
        phone.kiosk.choose_pin("1470", "1470", "9999")
    phone.kiosk.choose_pin("1470", "1470", PIN)
    phone.kiosk.leave("1470")
