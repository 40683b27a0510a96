"""What one transaction with many works knows already: rows that it has read or locked, and rows that are not there.

A phone that was away brings hundreds of facts about one visit; without this each would read order, assignment and
visit again. Outside such a transaction every question goes to the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from sqlalchemy import orm

R = TypeVar("R")
K = TypeVar("K", str, tuple[str, ...])

_KEY: Final = "leakfirst-held"
_ABSENT: Final = object()


def begin(session: orm.Session) -> None:
    """Remember from here on; called again when a part of the session's work was undone, it forgets the rows.

    What was not there is not there afterwards either.
    """
    known = session.info.get(_KEY, {})
    session.info[_KEY] = {place: row for place, row in known.items() if row is _ABSENT}


def get(session: orm.Session, kind: type[R], key: Any, **options: Any) -> R | None:
    """Return a row as `session.get` with these options does, out of memory when this transaction has had it before."""
    known: dict[Any, Any] | None = session.info.get(_KEY)
    if known is None:
        return session.get(kind, key, **options)
    place = (kind, key, bool(options))  # who asks for a lock is not served with a row that was only read
    if place not in known:
        known[place] = session.get(kind, key, **options)
        if known[place] is None:
            del known[place]
            return None
    found: R | None = None if known[place] is _ABSENT else known[place]
    return found


def note_absent(session: orm.Session, kind: type[Any], keys: Iterable[Any]) -> None:
    """Note that rows are not there: nobody need ask for each."""
    known: dict[Any, Any] | None = session.info.get(_KEY)
    if known is not None:
        known.update({(kind, key, False): _ABSENT for key in keys})


def put(session: orm.Session, kind: type[R], key: Any, row: R, *, is_locked: bool = False) -> None:
    """Note a row that is new, or that was read with many others; `is_locked` when it was read for a change."""
    known: dict[Any, Any] | None = session.info.get(_KEY)
    if known is not None:
        known[(kind, key, is_locked)] = row


def list_unknown(session: orm.Session, kind: type[Any], keys: Iterable[K], *, is_locked: bool = False) -> list[K]:
    """Return in their order, once each, the keys of which nothing is known yet; none where nothing is remembered."""
    known: dict[Any, Any] | None = session.info.get(_KEY)
    return [] if known is None else [key for key in sorted(set(keys)) if (kind, key, is_locked) not in known]
