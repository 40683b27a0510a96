"""The embedded faces: the GB2312 subset made at set-up, and the whole face for names with rarer characters."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from fontTools import ttLib
from fpdf import FPDF

from shared.errors import DomainError

FAMILY: Final = "sans"
_RARE: Final = "rare"
_FOLDER: Final = Path(__file__).resolve().parents[1] / "static" / "vendor" / "fonts"
_FACE: Final = _FOLDER / "NotoSansSC-Paper.ttf"
_FULL: Final = _FOLDER / "NotoSansSC-Full.ttf"


@functools.cache
def _points(face: Path) -> frozenset[int]:
    """Return the code points of a face; read once per process."""
    with ttLib.TTFont(str(face), lazy=True) as font:
        return frozenset(font.getBestCmap())


def add_faces(pdf: FPDF, text: str) -> None:
    """Give a document the faces for a text. Raises DomainError `fonts_missing` where set-up has not made them."""
    if not _FACE.exists():
        raise DomainError("fonts_missing")
    wanted = {ord(character) for character in text}
    # Only the characters of this sheet are looked at: reading all seven thousand costs more than the page.
    pdf.add_font(FAMILY, "", _FACE, unicode_range=sorted(wanted & _points(_FACE)))
    rare = {point for point in wanted - _points(_FACE) if point >= ord(" ")}
    if rare and _FULL.exists() and (rare := rare & _points(_FULL)):
        pdf.add_font(_RARE, "", _FULL, unicode_range=sorted(rare))
        pdf.set_fallback_fonts([_RARE], exact_match=False)
