"""One file of addresses: written once by a command, read by every process.

Words are looked up in SQLite's full-text index; a misspelt street is found among the streets' names by edit distance.
The file holds derived data: where it comes from OpenStreetMap it stays under the ODbL, apart from the product's code.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from rapidfuzz import fuzz, process

from server.addresses import words
from shared.errors import DomainError

_SCHEMA: Final = """
CREATE TABLE street (id INTEGER PRIMARY KEY, name TEXT, folded TEXT);
CREATE TABLE house (id INTEGER PRIMARY KEY, street_id INTEGER, number TEXT, label TEXT, lat REAL, lon REAL,
                    kind TEXT, ref TEXT);
CREATE INDEX house_by_street ON house (street_id, number);
CREATE VIRTUAL TABLE house_words
    USING fts5(words, content='', tokenize='unicode61 remove_diacritics 2', prefix='1 2 3');
"""
_POOL: Final = 200  # rows looked at closely
_STREETS: Final = 10  # streets tried for a name that is misspelt
_HOUSES: Final = 16  # houses of each looked at
_LEAST_ALIKE: Final = 55.0  # of 100; below it a name is another name
_CLEARLY_ALIKE: Final = 88.0  # one or two letters wrong: nothing better will be found by looking at parts
_SCORERS: Final = ((fuzz.ratio, 1.0), (fuzz.token_sort_ratio, 0.97), (fuzz.partial_ratio, 0.9))
_EXACT, _MISSPELT = 1.0, 0.7


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A place to be found: ``kind`` says where it is from (customer, osm, street), ``ref`` what it is there."""

    street: str
    number: str
    label: str
    lat: float
    lon: float
    kind: str
    ref: str = ""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """An address found; ``score`` is 1.0 where every word was right, less where the name had to be guessed."""

    label: str
    lat: float
    lon: float
    kind: str
    ref: str
    score: float


def write(path: Path, addresses: Iterable[Address]) -> int:
    """Write the index in one go beside ``path`` and put it in its place; return how many addresses it holds."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(fresh)) as database, database:
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        count = _fill(database, addresses)
    fresh.replace(path)
    return count


def _fill(database: sqlite3.Connection, addresses: Iterable[Address]) -> int:
    streets: dict[str, int] = {}
    count = 0
    for count, one in enumerate(addresses, 1):
        street_id = streets.setdefault(one.street, len(streets) + 1)
        row = (count, street_id, words.fold(one.number), one.label, one.lat, one.lon, one.kind, one.ref)
        database.execute("INSERT INTO house VALUES (?,?,?,?,?,?,?,?)", row)
        database.execute(
            "INSERT INTO house_words (rowid, words) VALUES (?,?)", (count, " ".join(words.tokens(one.label)))
        )
    rows = ((key, name, words.name_only(name)) for name, key in streets.items())
    database.executemany("INSERT INTO street VALUES (?,?,?)", rows)
    return count


class AddressIndex:
    """An index opened for reading. A connection is made for each search: threads and greenlets share nothing."""

    def __init__(self, path: Path) -> None:
        """Open ``path``. Raises DomainError `addresses_unusable` when it is no index."""
        self._path = path
        try:
            with self._open() as database:
                found = database.execute("SELECT folded, id FROM street WHERE folded <> ''").fetchall()
        except sqlite3.Error as fault:
            raise DomainError("addresses_unusable", file=path.name, reason=str(fault)) from fault
        self._names = [name for name, _ in found]
        self._street_ids = [key for _, key in found]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(f"file:{self._path}?mode=ro&immutable=1", uri=True)) as database:
            yield database

    def search(self, text: str, limit: int = 8) -> list[Hit]:
        """Return what the words mean, best first: all words right before any guess, the right number before others."""
        wanted = words.tokens(text)[:24]
        if not wanted:
            return []
        with self._open() as database:
            rows = self._by_words(database, wanted)
            hits = _ranked(rows, text, _EXACT)
            if len(hits) < limit and not _is_whole(hits, text):
                hits += _ranked(self._by_name(database, text), text, _MISSPELT)
        return _without_twins(hits)[:limit]

    def _by_words(self, database: sqlite3.Connection, wanted: list[str]) -> list[Any]:
        last = len(wanted) - 1
        # The last word may be unfinished: the caller is still speaking.
        query = " ".join(
            f'"{word}"' + ("*" if at == last and not word.isdigit() else "") for at, word in enumerate(wanted)
        )
        return database.execute(
            "SELECT h.label, h.lat, h.lon, h.kind, h.ref, h.number, s.folded, 100.0 FROM house_words w"
            " JOIN house h ON h.id = w.rowid JOIN street s ON s.id = h.street_id WHERE house_words MATCH ? LIMIT ?",
            (query, _POOL),
        ).fetchall()

    def _by_name(self, database: sqlite3.Connection, text: str) -> list[Any]:
        name = words.name_only(text)
        if not name:
            return []
        asked = words.numbers(text)
        marks = ",".join("?" * len(asked)) or "NULL"
        rows: list[Any] = []
        for at, score in _alike(name, self._names):
            rows += database.execute(
                "SELECT h.label, h.lat, h.lon, h.kind, h.ref, h.number, ?, ? FROM house h"  # noqa: S608 - marks only
                f" WHERE h.street_id = ? ORDER BY h.number NOT IN ({marks}), h.id LIMIT ?",
                (self._names[at], score, self._street_ids[at], *asked, _HOUSES),
            ).fetchall()
        return rows


def _alike(asked: str, names: list[str]) -> list[tuple[int, float]]:
    """Return which names are like what was asked, as (index, 0 to 100): whole, or one being a part of the other.

    A caller says the town behind the street, or only the street's own word without "Rua de".
    """
    points: dict[int, float] = {}
    for scorer, worth in _SCORERS:
        if points and max(points.values()) > _CLEARLY_ALIKE:
            break
        found = process.extract(asked, names, scorer=scorer, limit=_STREETS, score_cutoff=_LEAST_ALIKE)
        for _, score, at in found:
            points[at] = max(points.get(at, 0.0), score * worth)
    return sorted(points.items(), key=lambda one: (-one[1], abs(len(names[one[0]]) - len(asked))))[:_STREETS]


def _ranked(rows: list[Any], text: str, base: float) -> list[Hit]:
    """Return rows as hits, best first: every number right, then the least that was not asked for, customers first."""
    asked, name = words.numbers(text), words.name_only(text)
    found = []
    for label, lat, lon, kind, ref, house, street, alike in rows:
        there = words.numbers(label)
        right = sum(number in there for number in asked) / len(asked) if asked else 1.0
        is_house = house in asked or not asked
        score = base * alike / 100 * (1.0 if is_house else 0.8) * (0.9 + 0.1 * right)
        unasked = len(there) - len(asked) + abs(len(street) - len(name)) / 100
        hit = Hit(label=label, lat=lat, lon=lon, kind=kind, ref=ref, score=round(score, 3))
        found.append((-score, unasked, kind != "customer", label, ref, hit))
    return [hit for *_, hit in sorted(found, key=lambda one: one[:-1])]


def _is_whole(hits: list[Hit], text: str) -> bool:
    """Tell whether the words named a house, so that there is nothing to guess."""
    return bool(hits) and (hits[0].score == _EXACT and bool(words.numbers(text)))


def _without_twins(hits: list[Hit]) -> list[Hit]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for hit in hits:
        key = (hit.label, hit.ref)
        if key not in seen:
            seen.add(key)
            kept.append(hit)
    return kept
