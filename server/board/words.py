"""The planner's remarks in both languages, with the branch's own names in them."""

from __future__ import annotations

from collections.abc import Iterable

from routing.remark import Remark
from routing.words import in_one_sentence, in_words, reason_in_words
from server.board.rows import Scene
from server.core import texts

Both = dict[str, str]


def names_of(scene: Scene, lang: str) -> dict[str, str]:
    """Return the words for ids: technicians by name, orders by number."""
    people = {t.id: (t.name_en if lang == "en" else "") or t.name for t in scene.technicians.values()}
    return people | {order.id: order.number for order in scene.orders.values()}


def sentence(scene: Scene, said: Iterable[Remark]) -> Both:
    """Return remarks as one sentence in every language."""
    parts, catalog = tuple(said), texts.catalog()
    return {lang: in_one_sentence(catalog, lang, parts, names_of(scene, lang)) for lang in texts.LANGUAGES}


def remark(scene: Scene, said: Remark) -> Both:
    """Return one remark in every language."""
    return {lang: in_words(texts.catalog(), lang, said, names_of(scene, lang)) for lang in texts.LANGUAGES}


def reason(code: str | None) -> Both | None:
    """Return the words of a reason in every language; None when there is none."""
    return None if code is None else {lang: reason_in_words(texts.catalog(), lang, code) for lang in texts.LANGUAGES}
