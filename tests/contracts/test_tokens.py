"""One set of design tokens: phone, day map, verification page and paper show the colours of the console's CSS."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts import tree

TOKENS = "server/static/css/tokens.css"
THEMES = ("light", "dark")
HEX = re.compile(r"#[0-9A-Fa-f]{8}\b|#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b")
DAY_MAP = {"none": "bg", "land": "map-land", "water": "map-water", "park": "map-park", "building": "map-bld",
           "road": "map-road", "main": "map-road-2"}  # fmt: skip
VERIFY = {"on": "on-brand", "warn": "p2", "warn-bg": "p2-bg", "bad": "p1", "bad-bg": "p1-bg"}
PAPER = {"grey": "ink-2", "warn": "p2", "bad": "p1"}
# A QR code is read in black on white whatever the theme; what is behind a dialog is dimmed, not coloured.
OWN_COLOURS = {"#0b141a66"}


def tokens(root: Path = tree.ROOT) -> dict[str, dict[str, str]]:
    """Return the colours of both themes by role, written alike."""
    light, _, dark = re.sub(r"/\*.*?\*/", "", (root / TOKENS).read_text("utf-8"), flags=re.DOTALL).partition(
        "[data-theme"
    )
    return {"light": roles(light), "dark": {**roles(light), **roles(dark)}}


def roles(css: str) -> dict[str, str]:
    """Return the colours of custom properties by name."""
    return {name: plain(colour) for name, colour in re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]+)", css)}


def plain(colour: str) -> str:
    """Return a colour in small letters, #abc as #aabbcc."""
    digits = colour.lower().lstrip("#")
    return "#" + ("".join(2 * digit for digit in digits) if len(digits) == 3 else digits)


def literal(path: str, name: str) -> object:
    """Return a constant of a module without importing it."""
    for node in ast.walk(tree.parsed(tree.ROOT / path)):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value is not None:
            return ast.literal_eval(node.value)
    raise LookupError(name)


def phone_palettes() -> dict[str, dict[str, str]]:
    """Return the phone's palettes by theme; its roles are written with underscores."""
    found = {}
    for node in ast.walk(tree.parsed(tree.ROOT / "mobile/widgets/theme.py")):
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.target) in "LIGHTDARK"
        ):
            words = node.value.keywords
            found[ast.unparse(node.target).lower()] = {
                str(word.arg).replace("_", "-"): plain(ast.literal_eval(word.value)) for word in words
            }
    return found


def strangers(shown: dict[str, str], known: dict[str, str], names: dict[str, str]) -> list[str]:
    """List roles whose colour is not the token's; ``names`` maps a role to another name of the token."""
    return [f"{role} {colour}" for role, colour in shown.items() if known.get(names.get(role, role)) != colour]


@pytest.mark.parametrize("theme", THEMES)
def test_phone_shows_the_tokens_colours(theme: str) -> None:
    """Every role of the palette is a token of the same name."""
    palette = phone_palettes()[theme]
    assert len(palette) > 10
    assert strangers(palette, tokens()[theme], {}) == []


@pytest.mark.parametrize("theme", THEMES)
def test_map_on_the_phone_has_the_consoles_inks(theme: str) -> None:
    """Land, water, parks and roads look alike on the wall and in the hand."""
    inks = literal("mobile/widgets/day_map.py", "_INKS")
    assert isinstance(inks, dict)
    shown = {name: plain(colour) for name, colour in inks[theme].items()}
    assert strangers(shown, tokens()[theme], DAY_MAP) == []


def test_verification_page_shows_the_tokens_colours() -> None:
    """The page stands alone in one file, so it carries the colours itself."""
    page = (tree.ROOT / "server/documents/templates/verify.html").read_text("utf-8")
    light, dark = page.split("@media (prefers-color-scheme:dark)", 1)
    for theme, css in (("light", light), ("dark", dark)):
        assert strangers(roles(css), tokens()[theme], VERIFY) == []


def test_certified_copy_is_printed_in_the_tokens_colours() -> None:
    """Inks and the tints behind them, as red, green and blue."""
    known = tokens()["light"]
    inks, tints = (literal("server/documents/blocks.py", name) for name in ("COLOURS", "TINTS"))
    assert isinstance(inks, dict)
    assert isinstance(tints, dict)
    shown = {role: "#{:02x}{:02x}{:02x}".format(*colour) for role, colour in inks.items()}
    assert strangers(shown, known, PAPER) == []
    behind = {"#{:02x}{:02x}{:02x}".format(*colour) for colour in tints.values()}
    assert behind <= set(known.values())


def lone_colours(root: Path) -> Iterator[str]:
    """Yield colours of styles and standing pages that are no token of the light theme."""
    known = set(tokens(root)["light"].values()) | OWN_COLOURS
    sheets = [path for path in (root / "server/static/css").glob("*.css") if path.name != "tokens.css"]
    for path in [*sheets, *(root / "server").glob("*/templates/*.html")]:
        if path.name != "verify.html":
            for colour in HEX.findall(path.read_text("utf-8")):
                if plain(colour) not in known:
                    yield f"{path.name} {colour}"


def test_no_style_has_a_colour_of_its_own() -> None:
    """What is written as a number beside the tokens is one of them: on paper there are no variables."""
    assert list(lone_colours(tree.ROOT)) == []


def test_lone_colour_and_strange_role_are_found_when_planted(tmp_path: Path) -> None:
    """The rules bite."""
    css = ":root { --bg: #fff; --p1: #b3261e; }\n[data-theme='dark'] { --bg: #000; }"
    tree.plant(tmp_path, {TOKENS: css, "server/static/css/a.css": "a { color: #123456; } b { color: #FFFFFF; }"})
    assert list(lone_colours(tmp_path)) == ["a.css #123456"]
    assert strangers({"bg": "#ffffff", "p1": "#b3261f"}, tokens(tmp_path)["light"], {}) == ["p1 #b3261f"]
