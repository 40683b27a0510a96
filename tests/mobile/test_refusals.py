"""An ordinary failure is told from an error of the program, also beside the screens."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from mobile.store import refusals
from mobile.store.database import Store
from shared.errors import DomainError


def fill(folder: Path) -> None:
    """Write into a store without room."""
    store = Store(folder)
    try:
        store.connection.execute("PRAGMA max_page_count=1")
        with store.write() as db:
            db.execute("INSERT INTO meta VALUES ('ballast', zeroblob(1000000))")
    finally:
        store.close()


def refuse(error: Exception) -> None:
    """Fail."""
    raise error


def test_write_without_room_is_named_store_full(tmp_path: Path) -> None:
    """SQLite's own refusal, not a played one."""
    assert refusals.find_code(lambda: fill(tmp_path)) == "store_full"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DomainError("no_network"), "no_network"),
        (OSError(errno.ENOSPC, "no room"), "store_full"),
        (OSError(errno.EIO, "a broken card"), "store_unwritable"),
    ],
)
def test_ordinary_failure_has_a_code_with_words(error: Exception, code: str) -> None:
    """What the technician can do something about is told to him."""
    assert refusals.find_code(lambda: refuse(error)) == code


@pytest.mark.parametrize(
    "error", [KeyError("x"), sqlite3.OperationalError("no such table"), OSError(errno.ENOENT, "x")]
)
def test_error_of_the_program_is_raised(error: Exception) -> None:
    """It is not dressed up as a full storage."""
    with pytest.raises(type(error)):
        refusals.find_code(lambda: refuse(error))


def test_work_that_succeeds_has_no_code() -> None:
    """Nothing is wrong."""
    assert refusals.find_code(lambda: None) == ""
