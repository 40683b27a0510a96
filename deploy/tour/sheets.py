"""Contact sheets: a dozen reduced pictures on a sheet, each with its name, to look at many at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

_WIDE: Final = (3, 4, 790, 510)  # columns, rows, and the box of one picture in pixels
_TALL: Final = (6, 2, 390, 1150)
_LABEL_PX: Final = 26
_GAP_PX: Final = 6


def make_sheets(pictures: Sequence[Path], out: Path, name: str, *, is_tall: bool = False) -> list[Path]:
    """Lay pictures out on sheets of at most 2400 × 2400 pixels; return the sheets."""
    columns, rows, width, height = _TALL if is_tall else _WIDE
    out.mkdir(parents=True, exist_ok=True)
    found = []
    for number, at in enumerate(range(0, len(pictures), columns * rows), start=1):
        sheet = _sheet(pictures[at : at + columns * rows], columns, (width, height))
        found.append(out / f"{name}-{number:02}.png")
        sheet.save(found[-1], optimize=True)
    return found


def _sheet(pictures: Sequence[Path], columns: int, box: tuple[int, int]) -> Image.Image:
    width, height = box
    rows = -(-len(pictures) // columns)
    cell = (width + _GAP_PX, height + _LABEL_PX + _GAP_PX)
    sheet = Image.new("RGB", (columns * cell[0], rows * cell[1]), "#777777")
    pen = ImageDraw.Draw(sheet)
    for place, path in enumerate(pictures):
        left, top = place % columns * cell[0], place // columns * cell[1]
        with Image.open(path) as picture:
            small = _top(picture, box).convert("RGB")
            small.thumbnail(box, Image.Resampling.LANCZOS)
        sheet.paste(small, (left, top + _LABEL_PX))
        pen.text((left + 4, top + 6), path.stem, fill="#ffffff", font_size=16)
    return sheet


def _top(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Return as much of a long page's top as can be read in its place on the sheet."""
    longest = max(round(picture.width * box[1] / box[0]), picture.width * 3 // 4)
    return picture.crop((0, 0, picture.width, min(picture.height, longest)))
