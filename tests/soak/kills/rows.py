"""Plain SQL over a database file or a PostgreSQL server, for a judge who uses nothing of what he judges."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg


class Rows:
    """Reads rows; statements are written with `?`."""

    def __init__(self, connection: Any, *, is_sqlite: bool) -> None:
        """Read through an open connection."""
        self._connection, self._is_sqlite = connection, is_sqlite

    @classmethod
    @contextlib.contextmanager
    def open(cls, url: str) -> Iterator[Rows]:
        """Open `sqlite:///PATH` or a PostgreSQL address for reading, and close it afterwards."""
        if url.startswith("sqlite"):
            connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
        else:
            connection = psycopg.connect(url.replace("postgresql+psycopg", "postgresql", 1), autocommit=True)
        with contextlib.closing(connection):
            yield cls(connection, is_sqlite=url.startswith("sqlite"))

    def all(self, statement: str, *values: object) -> list[Any]:
        """Return all rows of a statement."""
        text = statement if self._is_sqlite else statement.replace("%", "%%").replace("?", "%s")
        return list(self._connection.execute(text, values).fetchall())

    def of_type(self, name: str) -> list[Any]:
        """Return the data of all journal rows of a type, oldest first."""
        return self.all("SELECT data FROM journal WHERE type = ? ORDER BY id", name)

    def find_damage(self) -> str:
        """Return what the database itself says is broken; empty when nothing is."""
        if not self._is_sqlite:
            return ""
        (health,) = self._connection.execute("PRAGMA integrity_check").fetchone()
        return "" if health == "ok" else str(health)
