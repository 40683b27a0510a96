"""A page as data: what stands on it, in which order, in words that are final. Drawing decides nothing but places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

Tone = Literal["ink", "grey", "brand", "ok", "warn", "bad"]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of a page's values."""


class Grid(Value, frozen=True, kw_only=True, tag="grid"):
    """Labels with their values, two pairs in a row; a pair of a wide grid takes the whole row."""

    title: str
    pairs: tuple[tuple[str, str], ...]
    is_wide: bool = False


class Verdict(Value, frozen=True, kw_only=True, tag="verdict"):
    """The outcome in one strong line: sign, words, tone."""

    sign: str
    text: str
    tone: Tone


class Table(Value, frozen=True, kw_only=True, tag="table"):
    """Rows under a head; `widths` in millimetres, `tones` one per row for its last cell."""

    title: str
    head: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[Tone, ...]


class Ticks(Value, frozen=True, kw_only=True, tag="ticks"):
    """Short statements with a sign before each, in two columns."""

    title: str
    items: tuple[tuple[str, str, Tone], ...]


class Words(Value, frozen=True, kw_only=True, tag="words"):
    """A paragraph; boxed when it must not be overlooked."""

    title: str
    text: str
    tone: Tone = "ink"
    is_boxed: bool = False


class Total(Value, frozen=True, kw_only=True, tag="total"):
    """Amounts line by line and the sum in bold."""

    title: str
    rows: tuple[tuple[str, str], ...]
    label: str
    amount: str
    note: str = ""


class Box(Value, frozen=True, kw_only=True):
    """One signature: strokes as lists of (x, y) in thousandths of the pad; no strokes leave a line to sign on."""

    label: str
    caption: str
    strokes: tuple[tuple[tuple[int, int], ...], ...] = ()


class Signatures(Value, frozen=True, kw_only=True, tag="signatures"):
    """Boxes side by side."""

    title: str
    boxes: tuple[Box, ...]


class Strip(Value, frozen=True, kw_only=True, tag="strip"):
    """The seal at the foot: QR, the eight characters, lines that say how to check."""

    qr: str
    label: str
    code: str
    lines: tuple[str, ...]


Block = Grid | Verdict | Table | Ticks | Words | Total | Signatures | Strip


class Sheet(Value, frozen=True, kw_only=True):
    """A whole document; `made_ms` (Unix milliseconds) is the only time in it, so the same sheet is the same file."""

    form: str
    language: str
    title: str
    role: str
    company: str
    contact: str
    number: str
    number_label: str
    date: str
    page_label: str
    made_ms: int
    blocks: tuple[Block, ...]
    attachment: bytes = b""


def list_texts(sheet: Sheet) -> Iterator[str]:
    """Yield every text of a sheet: its characters are the font's subset."""
    yield from _texts(msgspec.to_builtins(msgspec.structs.replace(sheet, attachment=b"")))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in _texts(item))
