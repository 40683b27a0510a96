"""One connection, one writer: every write is BEGIN IMMEDIATE and durable when it returns (mobile.md section 5)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mobile.platform import keys
from mobile.store import pictures, schema, sealing
from mobile.store.cipher import Cipher
from mobile.store.vault import Vault
from shared.errors import DomainError

FILE_NAME: Final = "phone.sqlite3"
_BUSY_TIMEOUT_S: Final = 10.0


class Store:
    """The phone's SQLite file, usable from every thread; a write is all or nothing."""

    def __init__(self, folder: Path) -> None:
        """Open the file in `folder`, made when absent; one of an earlier version is sealed first.

        Raises DomainError `store_too_new` after a downgrade, `store_key_missing`, `store_key_wrong`; then nothing was
        changed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._ended = ""
        self._foreign = 0
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
            self._check_open()
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                self._name_damage()
                raise
        self._tell()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection within one consistent view. Never nest, never write."""
        with self._lock:
            self._check_open()
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            except sqlite3.OperationalError:
                self._name_damage()
                raise
            finally:
                self.connection.execute("ROLLBACK")

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit, in the thread that wrote."""
        self._listeners.append(listener)

    def hear_others(self) -> bool:
        """Tell whether another process has written since the last call, and tell the listeners then."""
        with self._lock:
            self._check_open()
            (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        is_new, self._foreign = self._foreign not in {0, version}, int(version)
        if is_new:
            self._tell()
        return is_new

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other thread away from the file; the holder may read, write and end it."""
        with self._lock:
            yield

    def close(self) -> None:
        """Close the file; unfinished work of other threads is waited for."""
        with self._lock:
            self.connection.close()

    def end(self, code: str) -> None:
        """Close the file for good: whoever reads or writes from now on gets DomainError `code`."""
        self._ended = code
        self.close()
        self._tell()

    def _check_open(self) -> None:
        if self._ended:
            raise DomainError(self._ended)

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("PRAGMA secure_delete=ON")
        found = self._read_version()
        # A file that holds something sealed must never meet a new key: that would hide the loss of the old one.
        self.cipher = Cipher(keys.load_store_key(self.folder, may_create=found < schema.SEALED))
        self._vault = Vault(self.connection, self.cipher)
        with self.write() as db:
            self._bring_up(db)
        self._check_key()
        if self._read_version() < schema.VERSION:
            pictures.seal_leftovers(self.folder, self.cipher)
            sealing.clear_traces(self.connection)
            self.connection.execute(f"PRAGMA user_version={schema.VERSION}")

    def _read_version(self) -> int:
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        if version > schema.VERSION:
            raise DomainError("store_too_new", found=version, known=schema.VERSION)
        return int(version)

    def _bring_up(self, db: sqlite3.Connection) -> None:
        version = self._read_version()  # again: another process may have been faster
        for statement in schema.TABLES:
            db.execute(statement)
        if version == schema.PLAIN:
            sealing.seal_all(db)
        if version < schema.SEALED:
            sealing.put_check(db)
            db.execute(f"PRAGMA user_version={schema.VERSION if version == 0 else schema.SEALED}")

    def _check_key(self) -> None:
        try:
            with self.read() as db:
                sealing.read_check(db)
        except DomainError as error:
            raise DomainError("store_key_wrong") from error

    def _name_damage(self) -> None:
        damage = self._vault.take_damage()
        if damage is not None:
            raise damage

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
