"""The texts: every code of the rules has words in both languages, and no screen breaks on a missing one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events, machine, text, work_order
from shared.errors import DomainError
from tests.shared import cases

CATALOG = cases.texts()


def test_languages_have_the_same_keys_and_placeholders() -> None:
    """What exists in Chinese exists in English, with the same data."""
    first, second = (CATALOG.table(language) for language in text.LANGUAGES)
    assert first.keys() == second.keys()
    assert all(text.placeholders(first[key]) == text.placeholders(second[key]) for key in first)


def test_missing_text_shows_its_key() -> None:
    """A screen must not break."""
    assert CATALOG.text("en", "no.such") == "«no.such»"
    assert CATALOG.text("xx", "state.new") == "«state.new»"
    assert CATALOG.find("en", "no.such") is None


def test_placeholders_are_filled_by_name_even_when_named_like_an_argument() -> None:
    """Data may be called anything, and text inside data is never a template."""
    catalog = text.Catalog({"en": {"greeting": "{lang} {key} {self} {name}"}})
    assert catalog.text("en", "greeting", lang="a", key="b", self="c", name="{key}") == "a b c {key}"
    assert catalog.text("en", "greeting", name="x") == "{lang} {key} {self} x"


def test_both_gives_each_language() -> None:
    """For answers that carry both."""
    assert CATALOG.both("fault.no_gas") == {"zh_CN": "无气", "en": "No gas"}


def test_files_of_one_language_are_merged_and_the_later_wins() -> None:
    """Each part of the product keeps its own file."""
    catalog = text.Catalog.from_toml({"en": [b'[a]\nb = "1"\nc = "2"', b'[a]\nb = "3"\n[d.e]\nf = "4"']})
    assert catalog.table("en") == {"a.b": "3", "a.c": "2", "d.e.f": "4"}


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("event", sorted(events.ALL)),
        ("role", [role.value for role in machine.Role]),
        ("command", sorted({row.command for row in work_order.TABLE})),
        ("priority", [str(p.value) for p in work_order.Priority] + [p.name.lower() for p in work_order.Priority]),
        ("fault", [fault.code for fault in cases.triage_rules().fault]),
        ("location", list(cases.triage_rules().locations)),
        ("question", [question.code for question in cases.triage_rules().question]),
        ("option", ["true", "false", "unknown", "none", "faint", "strong"]),
        ("clock", sorted({rule.kind for rule in cases.profile().rule})),
        ("skill", sorted({skill for fault in cases.triage_rules().fault for skill in fault.skills})),
        ("outcome", ["repaired", "isolated", "all_clear", "done", "follow_up"]),
    ],
)
def test_every_code_of_the_rules_has_words(table: str, codes: list[str]) -> None:
    """Nobody ever reads a code."""
    missing = [code for code in codes for language in text.LANGUAGES if not CATALOG.find(language, f"{table}.{code}")]
    assert missing == []


def test_every_clock_event_has_words() -> None:
    """A clock explains itself in words."""
    names = {
        n for r in cases.profile().rule for n in (*r.starts_on, *r.stops_on, *r.ends_on, *r.paused_by, *r.resumed_by)
    }
    assert [name for name in sorted(names) if CATALOG.find("zh_CN", f"clock_event.{name}") is None] == []


@given(st.one_of(st.binary(max_size=100), st.sampled_from([b"a = 1", b"[a]\nb = [1]", b"a = 1979-05-27"])))
def test_garbage_file_is_a_domain_error_or_empty(data: bytes) -> None:
    """Only texts are texts."""
    try:
        table = text.Catalog.from_toml({"en": data}).table("en")
    except DomainError as refused:
        table = {"code": refused.code}
    assert table in ({}, {"code": "text_invalid"}) or all(isinstance(words, str) for words in table.values())
