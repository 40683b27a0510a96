"""Test alarms that prove a phone's channel; orders to lost phones: lock, unlock, wipe (threat C8)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.accounts.models import Device
from server.core import deadlines, journal
from server.core.unit_of_work import Tx
from server.devices import repository
from server.devices.models import DeviceOrder, PushTest, SealedEvidence
from server.devices.rules import device_rules
from shared import events, wire
from shared.errors import DomainError

PUSH_UNANSWERED: Final = "push_unanswered"
LOCK: Final = "lock"
WIPE: Final = "wipe"
UNLOCK: Final = "unlock"


def send_test(tx: Tx, technician_id: str) -> str:
    """Send a test alarm to a technician's phone and owe a look whether it answered; return its id.

    Raises DomainError `not_found`, `device_not_enrolled`.
    """
    accounts.get_technician(tx.session, tx.branch_id, technician_id)
    if not _has_phone(tx.session, tx.branch_id, technician_id):
        raise DomainError("device_not_enrolled")
    return _send(tx, technician_id)


def test_at_start(tx: Tx, technician_id: str, start_ms: int) -> None:
    """Test the channel when a shift begins; nobody's phone is a missed test at once."""
    is_over = tx.now_ms - start_ms > device_rules().push_late_s * 1000
    if is_over or accounts.find_technician(tx.session, technician_id) is None:
        return
    push_id = _send(tx, technician_id)
    if not _has_phone(tx.session, tx.branch_id, technician_id):
        note_unanswered(tx, push_id)


def _has_phone(session: orm.Session, branch_id: str, technician_id: str) -> bool:
    devices = accounts.list_devices(session, branch_id)
    return any(d.technician_id == technician_id and d.revoked_ms is None for d in devices)


def _send(tx: Tx, technician_id: str) -> str:
    row = PushTest(id=tx.new_id(), branch_id=tx.branch_id, technician_id=technician_id, sent_ms=tx.now_ms)
    tx.session.add(row)
    tx.session.flush()
    due_ms = tx.now_ms + device_rules().push_answer_s * 1000
    deadlines.schedule(tx, PUSH_UNANSWERED, technician_id, due_ms, {"push_id": row.id})
    data = {"push_id": row.id, "technician_id": technician_id}
    tx.record(events.TEST_PUSH_SENT, data, technicians=(technician_id,))
    return row.id


def note_seen(tx: Tx, technician_id: str, push_id: str, at_ms: int) -> tuple[str, ...]:
    """Note that a phone has received a test alarm; return flags: `push_unknown` for one that was never sent to him."""
    row = repository.find_push(tx.session, push_id)
    if row is None or row.technician_id != technician_id:
        return ("push_unknown",)
    if row.seen_ms is None:
        row.seen_ms = max(at_ms, row.sent_ms)
        waited_ms = tx.now_ms - row.sent_ms
        data = {"push_id": row.id, "technician_id": technician_id, "waited_ms": waited_ms}
        tx.record(events.TEST_PUSH_SEEN, data, technicians=(technician_id,))
    return ()


def note_unanswered(tx: Tx, push_id: str) -> None:
    """Show dispatcher and technician that a phone did not answer in time."""
    row = repository.find_push(tx.session, push_id)
    if row is None or row.seen_ms is not None or row.missed_ms is not None:
        return
    row.missed_ms = tx.now_ms
    data = {"push_id": row.id, "technician_id": row.technician_id}
    tx.record(events.TEST_PUSH_MISSED, data, technicians=(row.technician_id,))


def view_push(session: orm.Session, technician_id: str, now_ms: int) -> wire.TestPush | None:
    """Return a technician's newest test alarm as his phone shows it, None when there is none of late."""
    row = repository.find_newest_push(session, technician_id)
    if row is None or now_ms - row.sent_ms > device_rules().push_shown_s * 1000:
        return None
    is_missed = row.missed_ms is not None and row.seen_ms is None
    return wire.TestPush(id=row.id, sent_ms=row.sent_ms, seen_ms=row.seen_ms, is_missed=is_missed)


def list_missed(session: orm.Session, branch_id: str, now_ms: int) -> set[str]:
    """Return the technicians whose phone did not answer the newest test alarm."""
    newest: dict[str, PushTest] = {}
    for row in repository.list_pushes(session, branch_id, now_ms - device_rules().push_shown_s * 1000):
        newest[row.technician_id] = row
    return {t for t, row in newest.items() if row.missed_ms is not None and row.seen_ms is None}


def give_order(tx: Tx, device_id: str, kind: str) -> None:
    """Demand of a phone that it locks, opens again, or wipes itself; it obeys at its next contact.

    A wipe is final, and reaches also a phone whose access has ended. Raises DomainError `not_found`, `device_wiped`.
    """
    device = accounts.get_device(tx.session, tx.branch_id, device_id)
    row = repository.find_order(tx.session, device.id)
    if row is not None and row.kind == WIPE:
        raise DomainError("device_wiped")
    if kind == UNLOCK:
        _unlock(tx, device, row)
    else:
        _demand(tx, device, row, kind)
    data = {"device_id": device.id, "technician_id": device.technician_id, "kind": kind}
    tx.record(events.DEVICE_ORDER_GIVEN, data)


def _demand(tx: Tx, device: Device, row: DeviceOrder | None, kind: str) -> None:
    if row is None:
        row = DeviceOrder(device_id=device.id, branch_id=tx.branch_id)
        tx.session.add(row)
    row.kind, row.asked_ms, row.asked_by, row.done_ms = kind, tx.now_ms, tx.actor.id, None
    if kind == WIPE:
        device.revoked_ms = None  # it must still hear of the wipe; it gets nothing else
    reader = tx.session.get(journal.FeedReader, device.id)
    if reader is not None:
        reader.is_active = False


def _unlock(tx: Tx, device: Device, row: DeviceOrder | None) -> None:
    """Open a phone again; at its next contact it reads everything afresh and forgets what is no longer his."""
    if row is None:
        return
    tx.session.delete(row)
    reader = tx.session.get(journal.FeedReader, device.id)
    if reader is not None and device.revoked_ms is None:
        reader.is_active = True


def demand_on(session: orm.Session, device_id: str) -> str:
    """Return what is demanded of a phone: `lock`, `wipe`, or nothing."""
    row = repository.find_order(session, device_id)
    return row.kind if row else ""


def note_guard(tx: Tx, device_id: str, guard: str) -> None:
    """Note what a phone says of itself: that it has locked, or wiped itself, after which its access has ended."""
    row = repository.find_order(tx.session, device_id)
    is_answer = row is not None and (row.kind, guard) in {(LOCK, "locked"), (WIPE, "wiped")}
    if is_answer and row is not None and row.done_ms is None:
        row.done_ms = tx.now_ms
        tx.record(events.DEVICE_ORDER_DONE, {"device_id": device_id, "kind": row.kind})
    if guard == "wiped" and accounts.get_device(tx.session, tx.branch_id, device_id).revoked_ms is None:
        account_service.revoke_device(tx, device_id)


def list_orders(session: orm.Session, branch_id: str) -> dict[str, dict[str, Any]]:
    """Return what is demanded of the branch's phones, by device, for the console."""
    found = repository.list_orders(session, branch_id)
    return {i: {"order": row.kind, "order_ms": row.asked_ms, "order_done_ms": row.done_ms} for i, row in found.items()}


def is_recovered(session: orm.Session, sha256: str) -> bool:
    """Tell whether a sealed file was opened before."""
    return repository.find_evidence(session, sha256) is not None


def note_recovered(tx: Tx, sha256: str, device_id: str, count: int, photo: str) -> None:
    """Remember that a sealed file was opened and filed."""
    row = SealedEvidence(
        sha256=sha256, branch_id=tx.branch_id, device_id=device_id, events=count, photo=photo, at_ms=tx.now_ms
    )
    tx.session.merge(row)
