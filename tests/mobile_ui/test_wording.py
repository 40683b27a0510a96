"""Words on narrow ground: set smaller, given a line of their own, never broken in the middle while there is a way."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploy import phone_camera
from mobile.widgets.theme import FONT, THEME
from tests.mobile_ui.measure import find_broken_words, find_stray_marks

pytestmark = pytest.mark.kivy
_PART = "Flame-failure thermocouple"
_ADDRESS = "晋东大道109号鸿泰苑小区12号楼2单元1801室"


@pytest.fixture(autouse=True)
def large_words() -> Iterator[None]:
    """Set the words as large as the settings allow."""
    THEME.text_scale = 1.3
    yield
    THEME.text_scale = 1.0


def lay_out(widget: Any, width: float) -> Any:
    """Return the widget as it stands in a place of that width."""
    widget.size_hint_x, widget.width = None, width
    phone_camera.settle(6)
    return widget


def test_measure_sees_a_word_that_kivy_breaks() -> None:
    """The bare label breaks the word between two letters, a wider one between the words: only the first is told."""
    from kivy.uix.label import Label  # noqa: PLC0415 - after the window

    label = Label(text=_PART, font_name=FONT, font_size=20, text_size=(60, None))
    label.texture_update()
    assert len(find_broken_words(label)) == 1
    label.text_size = (150, None)
    label.texture_update()
    assert label.texture_size[1] > THEME.size("small") * 2
    assert find_broken_words(label) == []


def test_wide_word_is_set_smaller_and_grows_again_with_its_room() -> None:
    """A little too narrow: the words shrink; with room they are as large as the technician wants them."""
    from mobile.widgets.basics import Text  # noqa: PLC0415 - after the window

    text = Text(_PART, bold=True)
    needed = text.least_px
    lay_out(text, needed + 2)
    assert THEME.size("body") * 0.84 < text.font_size < THEME.size("body")
    assert find_broken_words(text) == []
    text.text = "Gasket"
    assert text.font_size == THEME.size("body")
    text.text = _PART
    lay_out(text, needed * 2)
    assert text.font_size == THEME.size("body")


def test_words_are_never_smaller_than_85_percent() -> None:
    """A code that fits nowhere is broken after all: words that cannot be read would help nobody."""
    from mobile.widgets.basics import Text  # noqa: PLC0415 - after the window

    text = lay_out(Text("8f3a" * 16), 200)
    assert text.font_size == pytest.approx(THEME.size("body") * 0.85)


def test_buttons_stand_below_each_other_when_a_word_would_break_beside() -> None:
    """Both rows of three choices turn when one word is too wide, and turn back when the phone is turned."""
    from mobile.screens.parts import choices  # noqa: PLC0415 - after the window
    from mobile.widgets.basics import PushButton  # noqa: PLC0415 - after the window

    buttons = [PushButton(words, lambda: None) for words in (_PART, "Hose", "Gasket")]
    block = lay_out(choices(*buttons), 240)
    assert {(button.x, button.width) for button in buttons} == {(block.x, 240)}
    assert [b.top for b in buttons] == sorted((b.top for b in buttons), reverse=True)
    assert block.height >= sum(button.height for button in buttons)
    assert find_broken_words(block) == []
    lay_out(block, 480)
    assert buttons[0].top == buttons[1].top > buttons[2].top
    assert {button.width for button in buttons} == {buttons[2].width}
    assert buttons[2].width < 480 / 2


@pytest.mark.parametrize("kind", ["chip", "keys"])
def test_what_stands_beside_words_goes_below_when_a_word_would_break(kind: str) -> None:
    """A chip, or the keys of a count, leave the words a line of their own, and come back when there is room."""
    from mobile.widgets.basics import Beside, Chip, Column, Text  # noqa: PLC0415 - after the window
    from mobile.widgets.rows import Counter  # noqa: PLC0415 - after the window

    words = Column(Text(_PART, bold=True))
    row = Beside(words, Chip("No network")) if kind == "chip" else Counter(_PART, "L-2608", 2, lambda _count: None)
    aside, words = row.children
    lay_out(row, 250)
    assert aside.top <= words.y
    assert row.height >= aside.height + words.height
    assert find_broken_words(row) == []
    lay_out(row, 400)
    assert aside.x >= words.right
    assert row.height == max(aside.height, words.height)


def test_figures_among_hanzi_are_kept_whole() -> None:
    """At no width is a house or flat number torn apart; the label's own words stay as they are."""
    from mobile.widgets.basics import Text  # noqa: PLC0415 - after the window

    text = Text(_ADDRESS, "name")
    for width in range(120, 420, 30):
        lay_out(text, width)
        assert find_broken_words(text) == []
        assert text.texture_size[0] <= width
    assert text.text == _ADDRESS


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    """At every width between a few hanzi and a whole line; the bare label of Kivy does it at some."""
    from kivy.uix.label import Label  # noqa: PLC0415 - after the window

    from mobile.widgets.basics import Text  # noqa: PLC0415 - after the window

    words = "先测后进；不按门铃、不动开关、不打手机；（先关阀），再通风。“已送达”表示服务器已写入数据库。"
    text, bare = Text(words), Label(text=words, font_name=FONT, font_size=THEME.size("body"))
    strays = []
    for width in range(100, 320, 7):
        assert find_stray_marks(lay_out(text, width)) == []
        bare.text_size = (width, None)
        bare.texture_update()
        strays += find_stray_marks(bare)
    assert len(strays) > 3
