"""Teaches a connection to seal and unseal: SQL says `seal('jobs', id, ?)` and `unseal('jobs', id, job)`."""

from __future__ import annotations

import sqlite3

from mobile.store.cipher import Cipher
from shared.errors import DomainError


class Vault:
    """The cipher as two SQL functions; it keeps the reason of a failure, for SQLite only says that there was one."""

    def __init__(self, db: sqlite3.Connection, cipher: Cipher) -> None:
        """Give the functions to `db`; each takes the table, the row's id and the value."""
        self._cipher = cipher
        self._damage: DomainError | None = None
        db.create_function("seal", 3, self._seal)
        db.create_function("unseal", 3, self._unseal)

    def take_damage(self) -> DomainError | None:
        """Return why a record could not be opened since the last call, None when all could."""
        damage, self._damage = self._damage, None
        return damage

    def _seal(self, table: str, row_id: str, value: bytes | str | None) -> bytes | None:
        if value is None:
            return None
        return self._cipher.seal(f"{table}/{row_id}", value.encode() if isinstance(value, str) else value)

    def _unseal(self, table: str, row_id: str, value: bytes | str | None) -> bytes | None:
        if value is None:
            return None
        try:
            return self._cipher.unseal(f"{table}/{row_id}", value.encode() if isinstance(value, str) else value)
        except DomainError as damage:
            self._damage = damage
            raise
