"""The planner's codes and figures as words of a language; texts come from a catalog, names from the caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from routing.remark import Figure, Remark
from shared.text import Catalog

# Figures that are codes of their own: their words stand in a table of the catalog.
_TABLES = {"reason": "planner.reason"}
_NAMED = ("technician", "job")


def in_words(catalog: Catalog, lang: str, said: Remark, names: Mapping[str, str]) -> str:
    """Return one remark as text: ids become names, reasons their words, a count of one its own form."""
    key = f"planner.say.{said.code}"
    if said.data.get("count") == 1 and catalog.find(lang, f"{key}_one") is not None:
        key = f"{key}_one"
    return catalog.text(
        lang, key, **{name: _figure(catalog, lang, name, value, names) for name, value in said.data.items()}
    )


def in_one_sentence(catalog: Catalog, lang: str, said: Iterable[Remark], names: Mapping[str, str]) -> str:
    """Return several remarks as the one sentence that a dispatcher reads."""
    parts = [in_words(catalog, lang, one, names) for one in said]
    return catalog.text(lang, "planner.whole", parts=catalog.text(lang, "planner.between").join(parts))


def reason_in_words(catalog: Catalog, lang: str, code: str) -> str:
    """Return the words of a reason, or the code itself where the catalog does not know it."""
    return catalog.find(lang, f"planner.reason.{code}") or code


def _figure(catalog: Catalog, lang: str, name: str, value: Figure, names: Mapping[str, str]) -> Figure:
    if name in _NAMED:
        return names.get(str(value), value)
    if name in _TABLES:
        return catalog.find(lang, f"{_TABLES[name]}.{value}") or value
    return value
