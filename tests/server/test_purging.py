"""Idempotency rows stay for good; a setting of 90 days or more lets old ones go (decision 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.core.settings import Settings
from server.sync import purging
from server.sync import repository as sync
from shared import facts
from shared.errors import DomainError
from tests.server.device import Device
from tests.server.house import DAY_MS, STOVE, House


def processed(house: House, device: Device) -> set[str]:
    """Return the ids of the events that the server still remembers the results of."""
    return house.read(lambda s: sync.list_processed_ids(s, device.identity.device_id))


def test_rows_older_than_the_setting_go_and_younger_ones_stay(house: House) -> None:
    """After 91 days the first event is forgotten, yesterday's is not; the purge comes again by itself."""
    order_id, wang = house.report(STOVE), Device(house)
    wang.tell(order_id, facts.AssignmentSeen(), "old")
    house.write(lambda tx: purging.keep_purging(tx, 90))
    house.drain()
    assert processed(house, wang) == {"old"}
    house.clock.pass_ms(90 * DAY_MS)
    wang.tell(order_id, facts.NoteAdded(text="门锁着"), "young")
    house.clock.pass_ms(DAY_MS)
    house.drain()
    assert processed(house, wang) == {"young"}


def test_fact_sent_again_after_the_purge_is_known_by_its_id(house: House) -> None:
    """A phone found in a drawer sends its note once more: it is not kept twice."""
    order_id, wang = house.report(STOVE), Device(house)
    note = wang.event(order_id, facts.NoteAdded(text="门锁着"), "note-1")
    wang.call(note)
    house.clock.pass_ms(91 * DAY_MS)
    house.write(lambda tx: purging.purge(tx, 90))
    assert processed(house, wang) == set()
    assert wang.call(note).results[0].outcome == "duplicate"


def test_rows_stay_for_good_without_the_setting(house: House) -> None:
    """The default forgets nothing, and ends a purge that an earlier setting had begun."""
    order_id, wang = house.report(STOVE), Device(house)
    wang.tell(order_id, facts.AssignmentSeen(), "old")
    house.write(lambda tx: purging.keep_purging(tx, 90))
    house.write(lambda tx: purging.keep_purging(tx, 0))
    house.clock.pass_ms(400 * DAY_MS)
    house.drain()
    assert processed(house, wang) == {"old"}


def test_portions_follow_each_other_until_all_old_rows_are_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long transaction would hold up the phones: one row a turn here, and still none is left."""
    monkeypatch.setattr(purging, "_PER_TURN", 1)
    order_id, wang = house.report(STOVE), Device(house)
    for number in range(3):
        wang.tell(order_id, facts.NoteAdded(text=f"第{number}次"), f"note-{number}")
    house.clock.pass_ms(91 * DAY_MS)
    house.write(lambda tx: purging.keep_purging(tx, 90))
    house.drain()
    assert processed(house, wang) == set()


@pytest.mark.parametrize("days", ["1", "89", "-1", "soon"])
def test_shorter_memory_than_the_promise_is_refused(tmp_path: Path, days: str) -> None:
    """Ninety days are promised."""
    with pytest.raises(DomainError, match="setting_invalid"):
        Settings.from_env({"LEAKFIRST_DATA_DIR": str(tmp_path), "LEAKFIRST_IDEMPOTENCY_DAYS": days})
