"""Looks at pictures from the field: a rendition for eyes, and a likeness by which the same one is found again (C13).

The file itself is evidence and stays as it came. The rendition is drawn anew: one frame, no metadata, bounded in size.
"""

from __future__ import annotations

import io
import itertools
import warnings
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS: Final = 40_000_000
LARGEST_BYTES: Final = 12 * 1024 * 1024
_KINDS: Final = ("JPEG", "PNG", "WEBP")
_LONGEST_SIDE: Final = 2048
_QUALITY: Final = 82
_LIKENESS: Final = 8  # rows of eight comparisons: 64 bits
_MOST_DIFFERENT_BITS: Final = 4
_FLAT_BITS: Final = 6


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `reason` (a code of [picture]) when it is refused as a picture, else its rendition."""

    reason: str = ""
    width: int = 0
    height: int = 0
    likeness: str = ""
    rendition: bytes = b""


def look(path: Path) -> Seen:
    """Return what a file shows; whatever is no honest picture has a reason and no rendition."""
    if path.stat().st_size > LARGEST_BYTES:
        return Seen(reason="too_large")
    try:
        # A bomb is told by its head; with warnings as errors nothing of it is unpacked.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _look(path)
    except Image.DecompressionBombError:
        return Seen(reason="too_many_pixels")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Warning, MemoryError):
        # Pillow's decoders fail in all these ways on files made to hurt; none of them is a picture for us.
        return Seen(reason="not_a_picture")


def _look(path: Path) -> Seen:
    with Image.open(path, formats=_KINDS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            return Seen(reason="too_many_pixels", width=width, height=height)
        opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        opened.load()
        shown = ImageOps.exif_transpose(opened).convert("RGB")
    shown.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return Seen(width=width, height=height, likeness=likeness_of(shown), rendition=_redraw(shown))


def _redraw(shown: Image.Image) -> bytes:
    out = io.BytesIO()
    # Pixels alone are taken over: neither place nor maker nor anything hidden behind the picture.
    clean = Image.frombytes("RGB", shown.size, shown.tobytes())
    clean.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def likeness_of(shown: Image.Image) -> str:
    """Return 64 bits in hexadecimal: where the picture gets brighter from left to right, seen very coarsely."""
    small = shown.convert("L").resize((_LIKENESS + 1, _LIKENESS), Image.Resampling.BOX)
    pixels = small.tobytes()
    bits = 0
    for row in range(_LIKENESS):
        line = pixels[row * (_LIKENESS + 1) : (row + 1) * (_LIKENESS + 1)]
        for left, right in itertools.pairwise(line):
            bits = bits << 1 | (right > left)
    return f"{bits:016x}"


def is_alike(one: str, other: str) -> bool:
    """Say whether two likenesses are of the same picture; a flat one (a wall, a night) is like nothing."""
    if not one or not other:
        return False
    first, second = int(one, 16), int(other, 16)
    is_flat = min(first.bit_count(), 64 - first.bit_count()) < _FLAT_BITS
    return not is_flat and (first ^ second).bit_count() <= _MOST_DIFFERENT_BITS
