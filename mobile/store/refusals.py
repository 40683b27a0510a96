"""Tells an ordinary failure of the machine, which the technician is told in words, from an error of the program."""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Callable
from typing import Final

from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNWRITABLE: Final = frozenset({errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE})
_BUSY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF  # an extended code of SQLite carries the primary one in its last byte


def find_refusal(error: BaseException) -> DomainError | None:
    """Return what a failure is to the technician, None for an error of the program.

    `store_full` when there is no room, `store_unwritable` when the phone cannot write or read now: nothing of what was
    tried is kept and nothing of what was kept is lost. `store_damaged` when the file itself is broken.
    """
    if isinstance(error, DomainError):
        return error
    if isinstance(error, sqlite3.Error):
        return _judge_store(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY)
    if isinstance(error, OSError) and error.errno in _FULL:
        return DomainError("store_full")
    return DomainError("store_unwritable") if isinstance(error, OSError) and error.errno in _UNWRITABLE else None


def find_code(work: Callable[[], object]) -> str:
    """Do something that may fail in an ordinary way; return the failure's code, empty when it was done.

    For threads beside the screens: there nobody else would hear of it. An error of the program is raised.
    """
    try:
        work()
    except Exception as error:  # what is no refusal is raised again
        refused = find_refusal(error)
        if refused is None:
            raise
        _LOG.warning("not done: %s", error)
        return refused.code
    return ""


def _judge_store(code: int) -> DomainError | None:
    if code == sqlite3.SQLITE_FULL:
        return DomainError("store_full")
    if code in _DAMAGED:
        return DomainError("store_damaged", row="")
    return DomainError("store_unwritable") if code in _BUSY else None
