"""Takes the attached record out of a PDF as the offline page does: plain bytes, one attachment, nothing clever."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

_STREAM: Final = re.compile(rb"/Type\s*/EmbeddedFile\b")
_LENGTH: Final = re.compile(rb"/Length\s+(\d+)")
_MOST_BYTES: Final = 8 * 1024 * 1024


def find(pdf: bytes) -> bytes | None:
    """Return the one attached file, read as the offline page reads it; None when there is none, or more than one."""
    found = list(_attachments(pdf))
    return found[0] if len(found) == 1 else None


def count(pdf: bytes) -> int:
    """Return how many attachments a file carries."""
    return sum(1 for _ in _STREAM.finditer(pdf))


def _attachments(pdf: bytes) -> Iterator[bytes]:
    for match in _STREAM.finditer(pdf):
        end = pdf.find(b"endstream", match.end())
        begin = pdf.find(b"stream\n", match.end(), end)
        length = _LENGTH.search(pdf[pdf.rfind(b"obj", 0, match.start()) : begin])
        if begin < 0 or end < 0 or length is None:
            return
        begin += len(b"stream\n")
        yield _inflate(pdf[begin : begin + int(length[1])])


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""
