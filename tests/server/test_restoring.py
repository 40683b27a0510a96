"""A restored server has forgotten; the phones' archives bring back what it had confirmed (reliability 3.6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile.service import Phone
from server import restoring
from server.core import journal, nudge
from server.sync import repository as sync
from server.visits import repository as visits
from shared import events
from shared.errors import DomainError
from tests.mobile.phones import go_to_the_door
from tests.server.house import HOME, STOVE, House, Wire

pytestmark = pytest.mark.slow  # restores whole databases

DAY_MS = 24 * 3_600_000


@pytest.fixture(autouse=True)
def _on_sqlite(house: House) -> None:
    if not house.database.is_sqlite:
        pytest.skip("copies the embedded database; PostgreSQL has its own tools")


def restored(house: House, backup: Path) -> House:
    """Return the company after its database was replaced by a backup; its time goes on."""
    house.database.close()
    restoring.restore(house.settings, backup)
    again = House(house.settings.database_url, house.folder)
    again.clock = again.uow.clock = house.clock
    return again


def move_phone(phone: Phone, house: House) -> None:
    """Let a phone's calls go to the restored server."""
    line = phone.engine._transport
    assert isinstance(line, Wire)
    line._client = house.app.test_client()


def ids_of_evidence(house: House, order_id: str) -> set[str]:
    """Return the ids of the facts that the server holds for an order."""
    return {row.id for row in house.read(lambda s: visits.list_evidence(s, order_id))}


def test_confirmed_evidence_returns_after_a_restore(house: House, tmp_path: Path) -> None:
    """Everything Wang did after the backup was confirmed, then forgotten: it is back after his next call, once."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    house.sync(wang)
    backup = tmp_path / "evening.db"
    restoring.back_up(house.settings, backup)
    go_to_the_door(wang, order_id)
    wang.act("add_note", order_id, text="阀门已关闭")
    house.sync(wang)
    confirmed = {item.event.id for item in wang.archived() if not item.event.body.intent}
    before = ids_of_evidence(house, order_id)
    again = restored(house, backup)
    assert ids_of_evidence(again, order_id) < before
    move_phone(wang, again)
    for _ in range(3):
        wang.sync_once()
        again.drain()
    assert ids_of_evidence(again, order_id) >= confirmed == before
    assert again.order(order_id).state == "on_site"
    assert len(again.read(lambda s: journal.list_of_type(s, HOME, events.GENERATION_BEGUN))) == 1
    assert [e.type for e in again.events(order_id)].count(events.FACT_RECORDED) == len(before)
    assert wang.audit().doubled_change_ids == ()
    assert wang.pending() == ()
    assert again.read(lambda s: journal.verify_chain(s, HOME)) == []
    again.close()


def test_order_reported_after_the_backup_keeps_its_evidence_in_quarantine(house: House, tmp_path: Path) -> None:
    """The server no longer knows the order itself: what Wang did there is kept for a person, and Wang sees it gone."""
    wang = house.phone("wang")
    backup = tmp_path / "evening.db"
    restoring.back_up(house.settings, backup)
    order_id = house.report(STOVE)
    house.sync(wang)
    go_to_the_door(wang, order_id)
    house.sync(wang)
    again = restored(house, backup)
    move_phone(wang, again)
    for _ in range(3):
        wang.sync_once()
        again.drain()
    kept = again.read(lambda s: sync.list_quarantine(s, HOME))
    assert {"departed", "arrived"} <= {name for row in kept for name in ("departed", "arrived") if name in row.raw}
    assert wang.jobs() == ()
    again.close()


def test_replaced_database_is_kept_beside(house: House, tmp_path: Path) -> None:
    """The wrong backup was taken: the forgotten database is still there, whole."""
    backup = tmp_path / "evening.db"
    restoring.back_up(house.settings, backup)
    order_id = house.report(STOVE)
    restored(house, backup).close()
    (kept,) = house.folder.glob("leakfirst.db.replaced-?")
    old = House(f"sqlite:///{kept}", house.folder)
    assert old.order(order_id).id == order_id
    old.close()


def test_running_server_is_not_restored_over(house: House, tmp_path: Path) -> None:
    """A process that listens in the data folder stands in the way."""
    backup = tmp_path / "evening.db"
    restoring.back_up(house.settings, backup)
    ear = nudge.LocalEar(house.folder, nudge.WORKER)
    with pytest.raises(DomainError, match="server_is_running"):
        restoring.restore(house.settings, backup)
    ear.wait()


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_file_that_is_no_backup_changes_nothing(house: House, tmp_path: Path, content: bytes) -> None:
    """An empty or foreign file is refused, and the database stays."""
    order_id, backup = house.report(STOVE), tmp_path / "evening.db"
    backup.write_bytes(content)
    with pytest.raises(DomainError, match="backup_unreadable"):
        restoring.restore(house.settings, backup)
    assert house.order(order_id).id == order_id


def test_backup_is_never_written_over(house: House, tmp_path: Path) -> None:
    """Yesterday's backup stays."""
    backup = tmp_path / "evening.db"
    restoring.back_up(house.settings, backup)
    with pytest.raises(DomainError, match="backup_exists"):
        restoring.back_up(house.settings, backup)
