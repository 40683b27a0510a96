"""The table of forms as dated data (requirements 19): which blocks, in which words, made when."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Final, Literal

import msgspec

from server.core import texts
from shared import data_file
from shared.errors import DomainError

COPY: Final = "customer_copy"
Made = Literal["record", "no_access", "request"]
_Text = dict[str, str]


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the table's values."""


class Form(Value, frozen=True, kw_only=True):
    """One form. `when` is a condition of `filling.CONDITIONS`; a certified one is signed by the branch and kept."""

    code: str
    title: _Text
    role: _Text
    made: Made
    blocks: tuple[str, ...]
    when: str = "always"
    needs_record: bool = True
    is_certified: bool = False
    words: dict[str, _Text] = {}


class Company(Value, frozen=True, kw_only=True):
    """Who stands at the head of every paper; the setting LEAKFIRST_HOTLINE stands over `hotline`."""

    hotline: str = ""
    name: _Text
    contact: _Text


class Forms(Value, frozen=True, kw_only=True):
    """The whole table of an edition."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    company: Company
    form: tuple[Form, ...]

    def __post_init__(self) -> None:
        """Refuse two forms of one name and texts without both languages. Raises DomainError `forms_invalid`."""
        codes = [form.code for form in self.form]
        told = [text for form in self.form for text in (form.title, form.role, *form.words.values())]
        whole = all(set(text) == set(texts.LANGUAGES) for text in (*told, self.company.name, self.company.contact))
        if len(set(codes)) != len(codes) or not whole:
            raise DomainError("forms_invalid", reason="codes or languages")


@functools.cache
def table() -> Forms:
    """Return the forms in force. Raises DomainError `forms_invalid`."""
    return data_file.read(texts.read_data("forms-2026.toml"), Forms, "forms_invalid")


def has_hotline(setting: str) -> bool:
    """Say whether papers can name a telephone number: the setting's, or that of the company's own table."""
    return bool(setting or table().company.hotline)


def get_form(code: str) -> Form:
    """Return a form. Raises DomainError `not_found`."""
    found = next((form for form in table().form if form.code == code), None)
    if found is None:
        raise DomainError("not_found", what="form")
    return found
