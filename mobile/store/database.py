"""One connection, one writer: every write is BEGIN IMMEDIATE and durable when it returns (mobile.md section 5)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mobile.store import schema
from shared.errors import DomainError

FILE_NAME: Final = "phone.sqlite3"
_BUSY_TIMEOUT_S: Final = 10.0


class Store:
    """The phone's SQLite file, usable from every thread; a write is all or nothing."""

    def __init__(self, folder: Path) -> None:
        """Open the file in `folder`, made when absent. Raises DomainError `store_too_new` after a downgrade."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self.folder = folder
        self.connection = sqlite3.connect(
            folder / FILE_NAME, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except BaseException:
            self.connection.close()
            raise

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection within one transaction; any exception rolls all of it back. Never nest."""
        with self._lock:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        self._tell()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection within one consistent view. Never nest, never write."""
        with self._lock:
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit, in the thread that wrote."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Close the file; unfinished work of other threads is waited for."""
        with self._lock:
            self.connection.close()

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        with self.write() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > schema.VERSION:
                raise DomainError("store_too_new", found=version, known=schema.VERSION)
            for statement in schema.TABLES:
                db.execute(statement)
            db.execute(f"PRAGMA user_version={schema.VERSION}")

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
