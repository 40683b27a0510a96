"""Announces files and notes when they have come whole."""

from __future__ import annotations

from typing import Final

from server.core.unit_of_work import Tx
from server.uploads import repository
from server.uploads.models import FileReference, Upload
from shared import events, facts
from shared.errors import DomainError

_LONGEST_MIME: Final = 80


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


def refer(tx: Tx, event_id: str, work_order_id: str, sha256: str) -> None:
    """Remember that an order's fact speaks of a file."""
    tx.session.add(FileReference(event_id=event_id, branch_id=tx.branch_id, sha256=sha256, work_order_id=work_order_id))
