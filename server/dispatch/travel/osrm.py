"""Asks an OSRM server for tables of driving times: in chunks, with limits on time, size, and faith."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import requests
import urllib3

from routing.problem import Place
from server.core import clock
from server.dispatch.travel.geometry import Floats
from server.dispatch.travel.rules import OsrmRules
from shared.errors import DomainError

Rows = list[list[float | None]]

_LONGEST_BODY: Final = 32 * 1024 * 1024
_PIECE: Final = 64 * 1024
_LONGEST_LEG: Final = 2_000_000_000.0
_OK: Final = 200
_TOO_MANY: Final = 429
_SERVER_FAULT: Final = 500
_DAY_CHARS: Final = 10


class _Waypoint(msgspec.Struct):
    """Where the server put a place: metres from where it was asked for."""

    distance: float = 0.0


class _Table(msgspec.Struct):
    """The parts of a table answer that are read; null is a pair without a way."""

    code: str
    durations: Rows
    distances: Rows
    sources: list[_Waypoint]
    destinations: list[_Waypoint]
    data_version: str = ""


class OsrmTables:
    """Tables of one OSRM server. Raises DomainError ``travel_failed`` with a reason for whatever goes wrong."""

    def __init__(
        self,
        url: str,
        rules: OsrmRules,
        *,
        sleep_s: Callable[[float], None] = clock.sleep_s,
        chance: random.Random | None = None,
    ) -> None:
        """``url`` is the server's address up to the profile's port, such as ``http://127.0.0.1:5000``."""
        self._url, self._rules, self._sleep_s = url.rstrip("/"), rules, sleep_s
        self._chance = chance or random.Random(clock.random_bytes(8))
        self._session = requests.Session()
        # The operator named the server: no proxy and no password file of the machine's user comes in between.
        self._session.trust_env = False
        self.data_version = ""

    def find_legs(self, sources: Sequence[Place], targets: Sequence[Place]) -> tuple[Floats, Floats]:
        """Return seconds and metres of shape (sources, targets); inf where the server knows no way.

        Raises DomainError ``travel_failed`` (reasons ``timeout``, ``no_connection``, ``http_503``, ``broken_answer``,
        ``wrong_size``, the server's own code) and ``place_off_road``.
        """
        until_s = clock.mono_s() + self._rules.whole_s
        seconds, metres = (np.empty((len(sources), len(targets))) for _ in range(2))
        step = max(1, self._rules.table_limit // 2)
        for row in range(0, len(sources), step):
            for column in range(0, len(targets), step):
                rows, columns = slice(row, row + step), slice(column, column + step)
                table = self._ask(sources[rows], targets[columns], until_s)
                seconds[rows, columns], metres[rows, columns] = table
        return seconds, metres

    def _ask(self, sources: Sequence[Place], targets: Sequence[Place], until_s: float) -> tuple[Floats, Floats]:
        table = _read(self._fetch(self._address(sources, targets), until_s))
        for places, told in ((sources, table.sources), (targets, table.destinations)):
            self._check_snapped(places, told)
        self.data_version = table.data_version[:_DAY_CHARS]
        shape = (len(sources), len(targets))
        return _figures(table.durations, shape), _figures(table.distances, shape)

    def _address(self, sources: Sequence[Place], targets: Sequence[Place]) -> str:
        places = ";".join(f"{place.lon:.6f},{place.lat:.6f}" for place in (*sources, *targets))
        rows = ";".join(str(index) for index in range(len(sources)))
        columns = ";".join(str(len(sources) + index) for index in range(len(targets)))
        asked = f"sources={rows}&destinations={columns}&annotations=duration,distance"
        return f"{self._url}/table/v1/driving/{places}?{asked}"

    def _fetch(self, address: str, until_s: float) -> bytes:
        """Return the body of a good answer; tries again after faults that may pass, while there is time."""
        for attempt in range(self._rules.retries + 1):
            try:
                return self._fetch_once(address, until_s)
            except DomainError as failed:
                pause_s = self._rules.pause_s * 2**attempt * (1.0 + self._chance.random())
                is_last = attempt == self._rules.retries or clock.mono_s() + pause_s >= until_s
                if is_last or not failed.data["may_pass"]:
                    raise
                self._sleep_s(pause_s)
        raise _failed("timeout")

    def _fetch_once(self, address: str, until_s: float) -> bytes:
        waits = (self._rules.connect_s, self._rules.read_s)
        try:
            with self._session.get(address, timeout=waits, stream=True, allow_redirects=False) as answer:
                body = _body(answer, min(until_s, clock.mono_s() + self._rules.read_s))
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _failed("timeout", may_pass=True) from error
        # requests' own errors are OSErrors; below it urllib3 speaks when a body breaks off.
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            raise _failed("no_connection", may_pass=True) from error
        if answer.status_code != _OK:
            is_fault = answer.status_code >= _SERVER_FAULT or answer.status_code == _TOO_MANY
            raise _failed(_told_code(body) or f"http_{answer.status_code}", may_pass=is_fault)
        return body

    def _check_snapped(self, places: Sequence[Place], told: list[_Waypoint]) -> None:
        if len(told) != len(places):
            raise _failed("wrong_size")
        for place, waypoint in zip(places, told, strict=True):
            if not waypoint.distance <= self._rules.snap_limit_m:
                metres = round(waypoint.distance) if math.isfinite(waypoint.distance) else -1
                raise DomainError("place_off_road", lat=place.lat, lon=place.lon, metres=metres)


def _failed(reason: str, *, may_pass: bool = False) -> DomainError:
    return DomainError("travel_failed", provider="osrm", reason=reason, may_pass=may_pass)


def _body(answer: requests.Response, until_s: float) -> bytes:
    """Read a body piece by piece: a server that sends a byte a second must not hold anybody."""
    pieces, size = [], 0
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > _LONGEST_BODY:
            raise _failed("too_large")
        if clock.mono_s() > until_s:
            raise _failed("timeout", may_pass=True)
    return b"".join(pieces)


def _told_code(body: bytes) -> str:
    """Return the code of an error that the server explains, such as ``TooBig``; else nothing."""
    try:
        told: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    code = told.get("code") if isinstance(told, dict) else None
    return code[:40] if isinstance(code, str) and code.isalnum() else ""


def _read(body: bytes) -> _Table:
    try:
        table = msgspec.json.decode(body, type=_Table)
    except msgspec.DecodeError as error:
        raise _failed("broken_answer", may_pass=True) from error
    if table.code != "Ok":
        raise _failed(table.code[:40])
    return table


def _figures(rows: Rows, shape: tuple[int, int]) -> Floats:
    if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
        raise _failed("wrong_size")
    figures = np.array([[math.inf if cell is None else cell for cell in row] for row in rows]).reshape(shape)
    known = figures[np.isfinite(figures)]
    if np.isnan(figures).any() or (known < 0).any() or (known > _LONGEST_LEG).any():
        raise _failed("broken_answer")
    return figures
