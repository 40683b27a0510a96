"""Measures a laid-out screen: words inside their widgets, nothing beside the window, targets large and apart."""

from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.metrics import dp
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.label import Label
from kivy.uix.scrollview import ScrollView
from kivy.uix.textinput import TextInput

from mobile.widgets.basics import TARGET_DP, Text

_ROUNDING_PX = 2.0
_NARROW_PX = 72.0
_SHORT = 6
_OPENING, _CLOSING = "（《「『【“", "，。、：；！？）》」』】”"
_FIRST_HANZI = "\u2e80"
Box = tuple[float, float, float, float]


def find_flaws(root: Any, width: float) -> list[str]:
    """List what is wrong with the screen under `root` in a window of that width, in words; empty when all is well."""
    shown = [(widget, group) for widget, group in _walk(root, "frame")]
    labels = [(w, g) for w, g in shown if isinstance(w, Label) and w.text]
    targets = [(w, g) for w, g in shown if isinstance(w, (ButtonBehavior, TextInput))]
    flaws = [f"clipped: {w.text!r} {w.texture_size} in {w.size}" for w, _ in labels if _is_clipped(w)]
    flaws += [f"hint too long: {w.hint_text!r}" for w, _ in shown if isinstance(w, TextInput) and _is_hint_long(w)]
    flaws += [f"field too low: {w.hint_text!r}" for w, _ in shown if isinstance(w, TextInput) and _is_low(w)]
    flaws += [f"squeezed: {w.text!r} {w.size}" for w, _ in labels if _is_squeezed(w)]
    flaws += find_broken_words(root) + find_stray_marks(root)
    flaws += [f"beside the window: {_name(w)}" for w, _ in [*labels, *targets] if _is_beside(w, width)]
    flaws += [
        f"target too small: {_name(w)} {w.size}" for w, _ in targets if min(w.size) < dp(TARGET_DP) - _ROUNDING_PX
    ]
    flaws += _overlaps("targets", [(w, g, _box(w)) for w, g in targets])
    return flaws + _overlaps("words", [(w, g, _words_box(w)) for w, g in labels])


def find_broken_words(root: Any) -> list[str]:
    """List the words that are laid out over two lines and broken in the middle; Chinese may break anywhere."""
    labels = [w for w, _ in _walk(root, "frame") if isinstance(w, Label) and w.text]
    return [f"broken in the middle: {' | '.join(_lines(w))!r} {w.size}" for w in labels if _is_broken(w)]


def find_stray_marks(root: Any) -> list[str]:
    """List the texts with a line that begins with a closing mark or ends with an opening one."""
    labels = [w for w, _ in _walk(root, "frame") if isinstance(w, Label) and w.text]
    return [f"stray mark: {' | '.join(_lines(w))!r} {w.size}" for w in labels if _has_stray_mark(_lines(w))]


def _has_stray_mark(lines: list[str]) -> bool:
    starts = any(line.startswith(tuple(_CLOSING)) for line in lines[1:])
    return starts or any(line.endswith(tuple(_OPENING)) for line in lines[:-1])


def _lines(label: Any) -> list[str]:
    """Return the lines as Kivy has laid them out."""
    return ["".join(word.text for word in line.words) for line in label._label._cached_lines]


def _is_broken(label: Any) -> bool:
    """Tell whether a line ends within a word: no space, hyphen or hanzi stands at the break."""
    lines, text, end = _lines(label), label.text, 0
    for line in lines if len(lines) > 1 else ():
        start = text.index(line, end)
        if start and start == end and _is_solid(text[start - 1]) and _is_solid(text[start]):
            return True
        end = start + len(line)
    return False


def _is_solid(letter: str) -> bool:
    """Tell whether a letter holds fast to its neighbours: Latin letters and figures do, hanzi and marks do not."""
    return letter.isalnum() and letter < _FIRST_HANZI


def _walk(widget: Any, group: str) -> Any:
    """Yield every widget that can be seen, with the group it moves with: the scrolled body, or the frame."""
    if not widget.opacity:
        return
    yield widget, group
    for child in widget.children:
        yield from _walk(child, "body" if isinstance(widget, ScrollView) else group)


def _is_clipped(label: Any) -> bool:
    return bool(
        label.texture_size[0] > label.width + _ROUNDING_PX or label.texture_size[1] > label.height + _ROUNDING_PX
    )


def _is_hint_long(field: Any) -> bool:
    text = CoreLabel(text=field.text or field.hint_text, font_size=field.font_size, font_name=field.font_name)
    return bool(text.get_extents(text.text)[0] > field.width - field.padding[0] - field.padding[2] + _ROUNDING_PX)


def _is_squeezed(label: Any) -> bool:
    """Tell whether words that wrap got so little room that they break within words."""
    return isinstance(label, Text) and label.width < _NARROW_PX and len(label.text) > _SHORT


def _is_low(field: Any) -> bool:
    return bool(field.line_height + field.padding[1] + field.padding[3] > field.height + _ROUNDING_PX)


def _box(widget: Any) -> Box:
    x, y = widget.to_window(widget.x, widget.y)
    return x, y, x + widget.width, y + widget.height


def _words_box(label: Any) -> Box:
    """Return where the words themselves stand."""
    x, y = label.to_window(label.center_x, label.center_y)
    half_w, half_h = label.texture_size[0] / 2, label.texture_size[1] / 2
    return x - half_w, y - half_h, x + half_w, y + half_h


def _is_beside(widget: Any, width: float) -> bool:
    left, _, right, _ = _box(widget)
    return left < -_ROUNDING_PX or right > width + _ROUNDING_PX


def _overlaps(kind: str, items: list[tuple[Any, str, Box]]) -> list[str]:
    return [
        f"{kind} overlap: {_name(a)} and {_name(b)}"
        for index, (a, group, box) in enumerate(items)
        for b, other_group, other in items[index + 1 :]
        if group == other_group and _cross(box, other) and not _is_within(a, b) and not _is_within(b, a)
    ]


def _cross(a: Box, b: Box) -> bool:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return wide > _ROUNDING_PX and high > _ROUNDING_PX


def _is_within(inner: Any, outer: Any) -> bool:
    while inner is not None and inner is not inner.parent:
        if inner is outer:
            return True
        inner = inner.parent
    return False


def _name(widget: Any) -> str:
    return f"{type(widget).__name__} {getattr(widget, 'text', '')!r}"
