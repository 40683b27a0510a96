"""Pictures on the phone: written under their SHA-256 before anything speaks of them, kept until long delivered."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from mobile.store import pictures
from mobile.store.database import Store
from mobile.store.pictures import Picture

KEPT_MS: Final = 7 * 24 * 3_600_000
_SELECT: Final = """SELECT sha256, work_order_id, size_bytes, mime, made_ms, attempts, delivered_ms, code, is_final
    FROM files LEFT JOIN file_troubles USING (sha256)"""


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of this phone; `delivered_ms` is None until the server has it whole.

    `problem` is the code of what keeps it here and needs a human; `is_refused` when it is not tried again by itself.
    """

    sha256: str
    work_order_id: str
    size_bytes: int
    mime: str
    made_ms: int
    attempts: int
    delivered_ms: int | None
    problem: str = ""
    is_refused: bool = False


def keep_bytes(store: Store, content: bytes) -> str:
    """Make a picture durable and sealed, and return the SHA-256 of its plain bytes."""
    return pictures.keep_bytes(store.folder, store.cipher, content)


def open_picture(store: Store, sha256: str) -> Picture:
    """Open a picture of this phone for reading. Raises OSError, DomainError `store_damaged`."""
    return Picture(store.folder, sha256, store.cipher)


def queue(db: sqlite3.Connection, sha256: str, work_order_id: str, size_bytes: int, mime: str, now_ms: int) -> None:
    """Queue a file for delivery, in the transaction of the fact that speaks of it."""
    db.execute(
        """INSERT INTO files (sha256, work_order_id, size_bytes, mime, made_ms) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (sha256) DO NOTHING""",
        (sha256, work_order_id, size_bytes, mime, now_ms),
    )


def list_waiting(db: sqlite3.Connection) -> list[StoredFile]:
    """List the files that the server does not have yet, those least often tried first."""
    rows = db.execute(f"{_SELECT} WHERE delivered_ms IS NULL ORDER BY attempts, made_ms, sha256")
    return [_file(row) for row in rows]


def list_of_order(db: sqlite3.Connection, work_order_id: str) -> list[StoredFile]:
    """List the files of one work order, oldest first."""
    rows = db.execute(
        f"{_SELECT} WHERE work_order_id = ? ORDER BY made_ms, sha256",
        (work_order_id,),
    )
    return [_file(row) for row in rows]


def count_waiting(db: sqlite3.Connection) -> int:
    """Count the files that the server does not have yet."""
    return int(db.execute("SELECT count(*) FROM files WHERE delivered_ms IS NULL").fetchone()[0])


def list_troubled(db: sqlite3.Connection) -> list[StoredFile]:
    """List the files that need a human before the server can have them, oldest first."""
    rows = db.execute(f"{_SELECT} WHERE delivered_ms IS NULL AND code IS NOT NULL ORDER BY made_ms, sha256")
    return [_file(row) for row in rows]


def count_troubled(db: sqlite3.Connection) -> int:
    """Count the files that need a human before the server can have them."""
    query = "SELECT count(*) FROM files JOIN file_troubles USING (sha256) WHERE delivered_ms IS NULL"
    return int(db.execute(query).fetchone()[0])


def note_trouble(db: sqlite3.Connection, sha256: str, code: str, *, is_final: bool) -> None:
    """Note what keeps a file here; one that is refused for good is not tried again by itself."""
    db.execute("INSERT OR REPLACE INTO file_troubles VALUES (?, ?, ?)", (sha256, code, int(is_final)))


def send_again(db: sqlite3.Connection, sha256: str) -> None:
    """Try a file again that needed attention."""
    db.execute("DELETE FROM file_troubles WHERE sha256 = ?", (sha256,))


def mark_delivered(db: sqlite3.Connection, sha256: str, now_ms: int) -> None:
    """Note that the server has a file whole and verified."""
    db.execute("UPDATE files SET delivered_ms = ? WHERE sha256 = ?", (now_ms, sha256))
    send_again(db, sha256)  # whatever was wrong with it is over


def postpone(db: sqlite3.Connection, sha256: str) -> None:
    """Put a file behind the others for the next pass."""
    db.execute("UPDATE files SET attempts = attempts + 1 WHERE sha256 = ?", (sha256,))


def send_all_again(db: sqlite3.Connection) -> None:
    """Queue every file still here: the server was restored and may have lost them (reliability 3.6)."""
    db.execute("UPDATE files SET delivered_ms = NULL")
    db.execute("DELETE FROM file_troubles")


def prune(db: sqlite3.Connection, folder: Path, now_ms: int) -> None:
    """Forget files delivered more than 7 days ago, bytes first: a row without bytes is only a row.

    Bytes that no fact speaks of (the phone died between the two) go after the same time.
    """
    old = db.execute("SELECT sha256 FROM files WHERE delivered_ms < ?", (now_ms - KEPT_MS,)).fetchall()
    for (sha256,) in old:
        pictures.path_of(folder, str(sha256)).unlink(missing_ok=True)
    db.executemany("DELETE FROM files WHERE sha256 = ?", old)
    _drop_orphans(db, folder, now_ms)


def _drop_orphans(db: sqlite3.Connection, folder: Path, now_ms: int) -> None:
    for sha256, written_ms in pictures.list_kept(folder):
        is_known = db.execute("SELECT 1 FROM files WHERE sha256 = ?", (sha256,)).fetchone()
        if not is_known and written_ms < now_ms - KEPT_MS:
            pictures.path_of(folder, sha256).unlink(missing_ok=True)


def _file(row: tuple[str, str, int, str, int, int, int | None, str | None, int | None]) -> StoredFile:
    sha256, work_order_id, size_bytes, mime, made_ms, attempts, delivered_ms, problem, is_final = row
    return StoredFile(
        sha256=sha256,
        work_order_id=work_order_id,
        size_bytes=size_bytes,
        mime=mime,
        made_ms=made_ms,
        attempts=attempts,
        delivered_ms=delivered_ms,
        problem=problem or "",
        is_refused=bool(is_final),
    )
