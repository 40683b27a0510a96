"""Answers and phrases at hand: the FAQ that agents and customers search (IN-13, IN-25), the scripts (IN-16, IN-18)."""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import Final

import msgspec

from server.core import texts
from shared import data_file

_WORD: Final = re.compile(r"[a-z0-9]+")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
_COMMON: Final = frozenset({"the", "and", "for", "what", "how", "my", "is", "do", "to", "of", "怎么", "么办"})
_LONGEST: Final = 80


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question that is asked often, with its answer; `words` are other ways to ask it."""

    id: str
    topic: str
    question: dict[str, str]
    answer: dict[str, str]
    words: tuple[str, ...] = ()


class Faq(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One edition of the answers."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    entry: tuple[Entry, ...]


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said in a situation, and what never is."""

    id: str
    say: tuple[dict[str, str], ...]
    never: tuple[dict[str, str], ...]


class Scripts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One edition of the phrases."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    script: tuple[Script, ...]


@functools.cache
def faq() -> Faq:
    """Return the answers in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("faq-2026.toml"), Faq, "setting_invalid")


@functools.cache
def scripts() -> Scripts:
    """Return the phrases in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("scripts-2026.toml"), Scripts, "setting_invalid")


def search(query: str) -> list[Entry]:
    """Return the entries that share words with a question, the best first; all of them for an empty one."""
    asked = _pieces(query[:_LONGEST])
    if not asked:
        return list(faq().entry) if not query.strip() else []
    ranked = [(_score(asked, entry), entry) for entry in faq().entry]
    return [entry for score, entry in sorted(ranked, key=lambda one: -one[0]) if score > 0]


def _score(asked: set[str], entry: Entry) -> float:
    """Weigh words of the question and its synonyms twice those of the answer."""
    head = set().union(*(_pieces(text) for text in (*entry.question.values(), *entry.words)))
    body = set().union(*(_pieces(text) for text in entry.answer.values()))
    return (2 * len(asked & head) + len(asked & body - head)) / len(asked)


def _pieces(text: str) -> set[str]:
    """Return words of letters, and pairs of Han characters (a single one stands for itself)."""
    lower = text.casefold()
    found = {word.removesuffix("s") for word in _WORD.findall(lower)}
    for run in _HAN.findall(lower):
        found |= {run[i : i + 2] for i in range(len(run) - 1)} or {run}
    return found - _COMMON
