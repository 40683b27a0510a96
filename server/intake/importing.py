"""Imports orders from any CSV by a small column mapping: bad rows are named, good rows come in once (threat C14)."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import math
import tomllib
import zoneinfo
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from server.core import texts
from server.core.calls import Services
from server.core.unit_of_work import Actor, Tx
from server.intake import service
from server.work_orders import repository as work_orders
from server.work_orders.service import Desk
from shared import events
from shared.errors import DomainError

_HOME: Final = Path(__file__).parent / "presets"
_LARGEST_FILE: Final = 64 * 1024 * 1024
_CHUNK: Final = 200
_SHOWN: Final = 50


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column tells when, and in which format (strptime)."""

    column: str
    format: str


class PlaceColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns hold WGS-84 degrees; what lies outside the bounds (south, west, north, east) is a bad row."""

    lat: str
    lon: str
    bounds: tuple[float, float, float, float]


class FaultColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One kind for all rows, or a column whose words name the kinds."""

    location: str = "unknown"
    answers: dict[str, str | bool] = {}
    fault_kind: str = ""
    column: str = ""
    kinds: dict[str, str] = {}


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a file's columns become fault reports; texts are templates over the columns."""

    time_zone: str
    encodings: tuple[str, ...]
    source_ref: str
    address: str
    description: str = ""
    channel: str = "phone"
    required: tuple[str, ...] = ()
    opened: Opened
    place: PlaceColumns
    fault: FaultColumns


class ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A good row: its line in the file, when it was reported (Unix ms), and the report."""

    line: int
    opened_ms: int
    source_ref: str
    request: service.ReportRequest


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be used: line, column, reason as a text code."""

    line: int
    column: str
    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did."""

    imported: int
    already: int
    bad_rows: tuple[BadRow, ...]


class _RowError(Exception):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column, self.reason = column, reason


def load_preset(name: str) -> Preset:
    """Return a preset by name, or by the path of a TOML file. Raises DomainError `preset_unknown`, `preset_invalid`."""
    path = Path(name) if name.endswith(".toml") else _HOME / f"{name}.toml"
    if not path.is_file() or (path.parent == _HOME and path.stem != name):
        raise DomainError("preset_unknown", preset=name)
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Preset)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise DomainError("preset_invalid", preset=name, reason=str(error)) from error


def read_rows(path: Path, preset: Preset, day: str = "") -> tuple[list[ImportRow], list[BadRow]]:
    """Return good and bad rows of a file, of one local day if given. Raises DomainError `file_unreadable`."""
    good: list[ImportRow] = []
    bad: list[BadRow] = []
    zone = _zone(preset)
    for line, raw in _records(path, preset):
        try:
            row = _row(line, raw, preset, zone)
        except _RowError as error:
            bad.append(BadRow(line=line, column=error.column, reason=error.reason))
            continue
        if not day or dt.datetime.fromtimestamp(row.opened_ms / 1000, zone).date().isoformat() == day:
            good.append(row)
    return good, bad


def _zone(preset: Preset) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(preset.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise DomainError("preset_invalid", preset=preset.time_zone, reason="time_zone") from error


def _records(path: Path, preset: Preset) -> Iterator[tuple[int, Mapping[str, str]]]:
    csv.field_size_limit(_LARGEST_FILE)
    reader = csv.DictReader(io.StringIO(_decode(path, preset), newline=""), restkey="_more", restval="")
    missing = [c for c in (*preset.required, preset.opened.column) if c not in (reader.fieldnames or ())]
    if missing:
        raise DomainError("file_unreadable", file=path.name, reason=f"{', '.join(missing)} ?")
    try:
        for raw in reader:
            yield reader.line_num, raw
    except csv.Error as error:
        raise DomainError("file_unreadable", file=path.name, reason=str(error)) from error


def _decode(path: Path, preset: Preset) -> str:
    """Return the text in the first encoding that fits; GB18030 is always tried last (Chinese spreadsheets)."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise DomainError("too_large")
        data = path.read_bytes()
    except OSError as error:
        raise DomainError("file_unreadable", file=path.name, reason=error.strerror or "") from error
    for encoding in (*preset.encodings, "gb18030"):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        return text.replace("\0", "")
    raise DomainError("file_unreadable", file=path.name, reason="encoding")


def _row(line: int, raw: Mapping[str, str], preset: Preset, zone: zoneinfo.ZoneInfo) -> ImportRow:
    if "_more" in raw:
        raise _RowError("", "too_many_columns")
    for column in preset.required:
        if not (raw.get(column) or "").strip():
            raise _RowError(column, "empty")
    lat, lon = _place(raw, preset.place)
    request = service.ReportRequest(
        fault_kind=_fault_kind(raw, preset.fault),
        location=preset.fault.location,
        answers=preset.fault.answers,
        description=_fill(preset.description, raw)[:500],
        address=_fill(preset.address, raw)[:200],
        lat=lat,
        lon=lon,
        channel=preset.channel,
    )
    return ImportRow(
        line=line,
        opened_ms=_opened_ms(raw, preset.opened, zone),
        source_ref=_fill(preset.source_ref, raw)[:120],
        request=request,
    )


def _fill(template: str, raw: Mapping[str, Any]) -> str:
    for name, value in raw.items():
        template = template.replace("{" + str(name) + "}", str(value or "").strip())
    return template


def _opened_ms(raw: Mapping[str, str], opened: Opened, zone: zoneinfo.ZoneInfo) -> int:
    try:
        local = dt.datetime.strptime(raw[opened.column].strip(), opened.format).replace(tzinfo=zone)
        return round(local.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise _RowError(opened.column, "time_unreadable") from error


def _place(raw: Mapping[str, str], columns: PlaceColumns) -> tuple[float, float]:
    south, west, north, east = columns.bounds
    for column, low, high in ((columns.lat, south, north), (columns.lon, west, east)):
        value = _number(raw, column)
        if not low <= value <= high:
            raise _RowError(column, "outside_area")
    return float(raw[columns.lat]), float(raw[columns.lon])


def _number(raw: Mapping[str, str], column: str) -> float:
    try:
        value = float(raw.get(column) or "")
    except ValueError as error:
        raise _RowError(column, "not_a_number") from error
    if not math.isfinite(value):
        raise _RowError(column, "not_a_number")
    return value


def _fault_kind(raw: Mapping[str, str], fault: FaultColumns) -> str:
    if fault.fault_kind:
        return fault.fault_kind
    word = (raw.get(fault.column) or "").strip()
    if word not in fault.kinds:
        raise _RowError(fault.column, "kind_unknown")
    return fault.kinds[word]


def import_orders(services: Services, branch_id: str, path: Path, preset: Preset, day: str = "") -> Outcome:
    """Import a file's good rows once, however often it is repeated; each chunk is one transaction."""
    good, bad = read_rows(path, preset, day)
    imported = 0
    for start in range(0, len(good), _CHUNK):
        chunk = good[start : start + _CHUNK]
        imported += services.uow.run(
            Actor.system(branch_id), functools.partial(_import_chunk, rows=chunk, services=services)
        )
    return Outcome(imported=imported, already=len(good) - imported, bad_rows=tuple(bad))


def _import_chunk(tx: Tx, rows: list[ImportRow], services: Services) -> int:
    settings = services.settings
    desk = Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)
    count = 0
    for row in rows:
        if work_orders.find_by_source(tx.session, tx.branch_id, row.source_ref) is None:
            service.take_fault_report(tx, row.request, desk, row.source_ref, row.opened_ms)
            count += 1
    if count:
        tx.record(events.ORDERS_IMPORTED, {"count": count})
    return count


def describe(outcome: Outcome) -> list[str]:
    """Return the outcome as lines in both languages: figures first, then the bad rows by line, column and reason."""
    catalog = texts.catalog()
    lines = []
    for lang in texts.LANGUAGES:
        counts = {"imported": outcome.imported, "already": outcome.already, "bad": len(outcome.bad_rows)}
        lines.append(catalog.text(lang, "import.done", **counts))
    for row in outcome.bad_rows[:_SHOWN]:
        reasons = [catalog.text(lang, f"import.{row.reason}") for lang in texts.LANGUAGES]
        lines.append(f"{row.line}: {row.column}: {' / '.join(reasons)}")
    return lines
