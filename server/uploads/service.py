"""Announces files and notes when they have come whole."""

from __future__ import annotations

from typing import Final

from sqlalchemy import orm

from server.core.unit_of_work import Tx
from server.uploads import repository
from server.uploads.models import FileReference, Picture, Upload
from server.uploads.pictures import Seen, is_alike
from shared import events, facts
from shared.errors import DomainError

_LONGEST_MIME: Final = 80
_PICTURE: Final = "image/"


def announce(tx: Tx, device_id: str, sha256: str, size_bytes: int, mime: str) -> Upload:
    """Register a file before its first byte; the same file again changes nothing. Raises DomainError `file_invalid`."""
    if not facts.is_sha256(sha256) or not 0 < size_bytes <= facts.LARGEST_FILE_BYTES or len(mime) > _LONGEST_MIME:
        raise DomainError("file_invalid", sha256=sha256[:64], size_bytes=size_bytes)
    known = repository.find_upload(tx.session, tx.branch_id, sha256)
    if known is not None and known.completed_ms is None:
        # Nothing of a wrong announcement binds: only the hash decides whether a file is whole.
        known.size_bytes, known.device_id = size_bytes, device_id
    if known is not None:
        return known
    row = Upload(
        branch_id=tx.branch_id,
        sha256=sha256,
        device_id=device_id,
        size_bytes=size_bytes,
        mime=mime,
        started_ms=tx.now_ms,
        completed_ms=None,
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def complete(tx: Tx, sha256: str) -> None:
    """Note that a file lies here whole and verified; once. Raises DomainError `not_found`."""
    row = repository.get_upload(tx.session, tx.branch_id, sha256)
    if row.completed_ms is None:
        row.completed_ms = tx.now_ms
        tx.record(events.FILE_RECEIVED, {"sha256": sha256, "size_bytes": row.size_bytes, "mime": row.mime})
        if row.mime.startswith(_PICTURE):
            tx.session.add(Picture(branch_id=tx.branch_id, sha256=sha256, state="owed", twins=[]))


def refer(tx: Tx, event_id: str, work_order_id: str, sha256: str) -> None:
    """Remember that an order's fact speaks of a file; what another order has shown is told, and kept as well."""
    others = [
        order for order in repository.list_work_orders(tx.session, tx.branch_id, sha256) if order != work_order_id
    ]
    tx.session.add(FileReference(event_id=event_id, branch_id=tx.branch_id, sha256=sha256, work_order_id=work_order_id))
    if others:
        _tell_repeated(tx, sha256, [sha256], sorted({work_order_id, *others}))


def list_twins(session: orm.Session, branch_id: str, sha256: str, likeness: str) -> list[str]:
    """Return the branch's other pictures that show the same as one."""
    known = repository.list_likenesses(session, branch_id) if likeness else []
    return [other for other, told in known if other != sha256 and is_alike(likeness, told)]


def note_seen(tx: Tx, sha256: str, seen: Seen, twins: list[str]) -> None:
    """Keep what was found in a picture, and tell of others in the branch that show the same (threat C13)."""
    row = repository.find_picture(tx.session, tx.branch_id, sha256)
    if row is None or row.state != "owed":
        return
    row.state, row.reason = ("refused", seen.reason) if seen.reason else ("shown", "")
    row.width, row.height, row.likeness, row.twins, row.looked_ms = (
        seen.width,
        seen.height,
        seen.likeness,
        twins,
        tx.now_ms,
    )
    if seen.reason:
        tx.record(events.PICTURE_UNREADABLE, {"sha256": sha256, "reason": seen.reason})
    orders = {order for one in (sha256, *twins) for order in repository.list_work_orders(tx.session, tx.branch_id, one)}
    if twins and len(orders) > 1:
        _tell_repeated(tx, sha256, twins, sorted(orders))


def note_unseen(tx: Tx, sha256: str, most_attempts: int) -> None:
    """Count a try at a picture over which the looking process ended; after the last one it is no picture."""
    row = repository.find_picture(tx.session, tx.branch_id, sha256)
    if row is not None and row.state == "owed":
        row.attempts += 1
        if row.attempts >= most_attempts:
            note_seen(tx, sha256, Seen(reason="not_a_picture"), [])


def _tell_repeated(tx: Tx, sha256: str, twins: list[str], work_order_ids: list[str]) -> None:
    tx.record(events.PICTURE_REPEATED, {"sha256": sha256, "twins": twins, "work_order_ids": work_order_ids})
