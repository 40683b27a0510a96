"""How address text becomes words that can be looked up, in Chinese and in alphabets.

SQLite's tokenizers take a whole run of Chinese characters for one word, so a run is written as its pairs of neighbours
(bigrams): 德胜东街 is found by 德胜, by 东街 and by itself.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECE: Final = re.compile(rf"[{_HAN}]+|\d+[a-z]?(?![a-z])|[^\W\d_{_HAN}]+|\d+")
_NUMBER: Final = re.compile(r"\d+[a-z]?")
_HAN_RUN: Final = re.compile(rf"[{_HAN}]+")
# Signs behind a number that callers leave out: 12号 is said and written 12 as well.
_NUMBER_SIGNS: Final = frozenset("号號室")


def fold(text: str) -> str:
    """Return text in lower case, full-width signs made plain, accents taken off."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def pieces(text: str) -> list[str]:
    """Return the runs of an address in order: words, numbers, runs of Chinese characters."""
    return [piece for piece in _PIECE.findall(fold(text)) if piece not in _NUMBER_SIGNS]


def tokens(text: str) -> list[str]:
    """Return what is looked up: words, numbers and pairs of Chinese characters."""
    found: list[str] = []
    for piece in pieces(text):
        found += _pairs(piece) if _HAN_RUN.fullmatch(piece) and len(piece) > 1 else [piece]
    return found


def numbers(text: str) -> list[str]:
    """Return the numbers of an address in order, house number first."""
    return [piece for piece in pieces(text) if _NUMBER.fullmatch(piece)]


def name_only(text: str) -> str:
    """Return an address without its numbers: the part that may be misspelt."""
    return " ".join(piece for piece in pieces(text) if not _NUMBER.fullmatch(piece))


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
