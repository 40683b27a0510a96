"""Every text exists in both languages, and every error code has one."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.contracts import tree

LANGUAGES = ("zh_CN", "en")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def catalog(root: Path, language: str) -> dict[str, str]:
    """Return a language's texts by dotted key, merged from all its files."""
    texts: dict[str, str] = {}
    for path in sorted((root / "shared" / "locale").glob(f"*{language}.toml")):
        texts |= flat(tomllib.loads(path.read_text(encoding="utf-8")))
    return texts


def flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    """Return nested tables as one table with dotted keys."""
    result: dict[str, str] = {}
    for key, value in table.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return result


def keys_of_one_language_only(root: Path) -> list[str]:
    """List keys that one language has and the other lacks."""
    first, second = (set(catalog(root, language)) for language in LANGUAGES)
    return sorted(first ^ second)


def unlike_placeholders(root: Path) -> list[str]:
    """List keys whose texts name different placeholders in the two languages."""
    first, second = (catalog(root, language) for language in LANGUAGES)
    return [
        key
        for key in sorted(set(first) & set(second))
        if set(PLACEHOLDER.findall(first[key])) != set(PLACEHOLDER.findall(second[key]))
    ]


def error_codes(root: Path) -> set[str]:
    """Return the literal codes with which DomainError is raised anywhere in the product."""
    return {
        str(node.args[0].value)
        for _, node in tree.nodes(root, *tree.PRODUCT)
        if isinstance(node, ast.Call)
        and tree.called_name(node).split(".")[-1] == "DomainError"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def codes_without_text(root: Path) -> list[str]:
    """List error codes that lack a text in either language."""
    texts = [catalog(root, language) for language in LANGUAGES]
    return sorted(code for code in error_codes(root) if not all(f"error.{code}" in table for table in texts))


def write_locale(root: Path, files: dict[str, str]) -> Path:
    """Write locale files, named without folder and ending, into a planted tree."""
    return tree.plant(root, {f"shared/locale/{name}.toml": content for name, content in files.items()})


def test_both_languages_have_the_same_keys() -> None:
    """A text added in one language only would show as its key in the other."""
    assert keys_of_one_language_only(tree.ROOT) == []


def test_lonely_key_is_found_when_planted(tmp_path: Path) -> None:
    """Keys are compared over all files of a language."""
    planted = write_locale(
        tmp_path, {"core.zh_CN": '[ui]\na = "甲"', "console.zh_CN": '[ui.b]\nc = "乙"', "core.en": '[ui]\na = "A"'}
    )
    assert keys_of_one_language_only(planted) == ["ui.b.c"]


def test_both_languages_name_the_same_placeholders() -> None:
    """A forgotten placeholder loses a fact in one language."""
    assert unlike_placeholders(tree.ROOT) == []


def test_forgotten_placeholder_is_found_when_planted(tmp_path: Path) -> None:
    """The order of placeholders is free, their set is not."""
    planted = write_locale(tmp_path, {"core.zh_CN": 'a = "{x}{y}"\nb = "{x}"', "core.en": 'a = "{y} {x}"\nb = "x"'})
    assert unlike_placeholders(planted) == ["b"]


def test_every_error_code_has_text_in_both_languages() -> None:
    """The phone and the console show text, never a code."""
    if not catalog(tree.ROOT, "en"):
        pytest.skip("there are no locale files yet")
    assert codes_without_text(tree.ROOT) == []


def test_code_without_text_is_found_when_planted(tmp_path: Path) -> None:
    """One missing language is enough."""
    tree.plant(tmp_path, {"server/a.py": 'raise errors.DomainError("lost", id=1)\nraise DomainError("kept")\n'})
    planted = write_locale(
        tmp_path, {"core.zh_CN": '[error]\nlost = "丢"\nkept = "留"', "core.en": '[error]\nkept = "kept"'}
    )
    assert codes_without_text(planted) == ["lost"]
