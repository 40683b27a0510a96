"""Every screen in both languages: words fit, targets are large enough, and a rebuild loses nothing."""

from typing import Any

import pytest
from kivy.metrics import dp

from deploy import phone_camera
from mobile.widgets.basics import TARGET_DP, PushButton, Word
from mobile.widgets.inputs import Box

pytestmark = pytest.mark.kivy
_ROUNDING_PX = 2


def screens(hand: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the screens that a job on site can show."""
    leak = hand.phone.jobs()[0].work_order_id
    for command in ("accept_assignment", "depart", "arrive"):
        hand.phone.act(command, leak)
    protocol = hand.phone.protocols(leak)[0]
    names = ("job_detail", "outcome", "exceptions", "waive", "customer_copy", "signature")
    found: list[tuple[str, dict[str, Any]]] = [(name, {"job": leak}) for name in names]
    found += [("protocol", {"job": leak, "protocol": protocol.ref})]
    found += [("step", {"job": leak, "protocol": protocol.ref, "step": s.id}) for s in protocol.steps]
    return [*found, ("job_list", {}), ("sync_status", {}), ("settings", {}), ("enrol", {})]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_words_fit_and_targets_are_large_enough(hand: Any, language: str, scale: float) -> None:
    """No button's words are wider than the button, nothing leaves the window, every target is 48 dp."""
    hand.ui.language = language
    for name, arguments in screens(hand):
        hand.ui.go(name, **arguments)
        hand.ui.choose_text_scale(scale)
        phone_camera.settle()
        for widget in hand.walk():
            if isinstance(widget, PushButton):
                assert widget.texture_size[0] <= widget.width + _ROUNDING_PX, (name, widget.text)
                assert widget.texture_size[1] <= widget.height + _ROUNDING_PX, (name, widget.text)
            if isinstance(widget, (PushButton, Box)):
                assert min(widget.width, widget.height) >= dp(TARGET_DP) - _ROUNDING_PX, (name, widget)
            if isinstance(widget, Word):
                assert widget.to_window(widget.right, 0)[0] <= hand.ui.width + _ROUNDING_PX, (name, widget.text)


def test_language_switches_at_run_time(hand: Any) -> None:
    """The same screen speaks the other language at once."""
    hand.ui.go("settings")
    assert "设置" in hand.texts()
    hand.tap("English")
    assert "Settings" in hand.texts()
    assert "设置" not in hand.texts()


def test_rebuild_keeps_every_screen(hand: Any) -> None:
    """After a pause the root is made anew from the store: the same words stand on every screen."""
    for name, arguments in screens(hand):
        hand.ui.go(name, **arguments)
        before = hand.texts()
        hand.ui.rebuild()
        assert hand.texts() == before, name


def test_back_leads_to_the_screen_before(hand: Any) -> None:
    """The back button walks the way back and stops at the list."""
    hand.tap(hand.t("phone.next_job"))
    assert hand.ui.back()
    assert hand.ui.name == "job_list"
    assert not hand.ui.back()


def test_no_text_is_missing_on_any_screen(hand: Any) -> None:
    """A missing text would show as «key»."""
    shown = screens(hand)
    for language in ("zh_CN", "en"):
        hand.ui.language = language
        for name, arguments in shown:
            hand.ui.go(name, **arguments)
            assert not [text for text in hand.texts() if "«" in text], name
