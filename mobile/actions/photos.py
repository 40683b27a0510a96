"""Taking photos: the bytes are safe before the fact speaks of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import files, jobs
from shared import facts, wire
from shared.errors import DomainError

_KINDS: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


def take_photo(
    desk: Desk,
    work_order_id: str,
    *,
    content: bytes,
    purpose: str,
    protocol: str = "",
    step: str = "",
    note: str = "",
    lat: float | None = None,
    lon: float | None = None,
    moment: wire.Occurred | None = None,
    also: Callable[[sqlite3.Connection], None] | None = None,
) -> wire.PhoneEvent:
    """Keep a picture and tell of it; its bytes are delivered later, in a lane of their own.

    Without `moment` it was taken now; `also` writes what goes with it in the same transaction.

    Raises DomainError `order_not_here`, `file_invalid` for what is no picture or larger than the wire allows.
    """
    kind = next((mime for start, mime in _KINDS.items() if content.startswith(start)), "")
    if not kind or len(content) > facts.LARGEST_FILE_BYTES:
        raise DomainError("file_invalid", sha256="", size_bytes=len(content))
    sha256 = files.keep_bytes(desk.store, content)
    body = facts.PhotoTaken(
        sha256=sha256,
        size_bytes=len(content),
        mime=kind,
        purpose=purpose,
        protocol=protocol,
        step=step,
        note=note,
        lat=lat,
        lon=lon,
    )
    with desk.store.write() as db:
        stored = jobs.get_job(db, work_order_id)
        if also is not None:
            also(db)
        files.queue(db, sha256, work_order_id, len(content), kind, desk.clock.now_ms())
        event = desks.queue(desk, db, stored.job, body, moment)
    desk.on_append()
    return event
