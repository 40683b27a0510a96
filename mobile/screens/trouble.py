"""What a phone shows that may not show its jobs: locked, erased, or with data that cannot be opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.store.guard import Guard
from mobile.widgets.basics import PushButton, Surface, Text
from mobile.widgets.theme import THEME, gap
from shared.text import Catalog

_KEYS: Final = frozenset({"store_key_missing", "store_key_wrong", "store_damaged", "key_unreadable"})


def locked(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Say that the desk has locked this phone; no job, no name, no way back."""
    page = Page(ui, ui.t("guard.locked"), has_back=False)
    page.add(Surface(Text(ui.t("guard.locked_hint"), "name"), _since(ui.t, ui.phone.guard()), spacing=3))
    return page


def wiped(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Say that this phone was erased, by whom, and how to go on."""
    state = ui.phone.guard()
    page = Page(ui, ui.t("guard.wiped"), has_back=False)
    page.add(Surface(*_wiped_words(ui.t, state), spacing=3))
    page.set_foot(PushButton(ui.t("guard.enrol_again"), lambda: ui.go("enrol", server=""), primary=True))
    return page


class TroubleView(BoxLayout):
    """The whole window when no phone can be opened: what happened, in words, and the one way on.

    `on_enrol` begins anew; data that cannot be opened is put aside for it, never deleted.
    """

    def __init__(
        self, texts: Catalog, language: str, code: str, state: Guard | None, on_enrol: Callable[[], None]
    ) -> None:
        """`code` is the error's, `state` when and why the phone was erased, if it was."""
        super().__init__(orientation="vertical", padding=gap(4), spacing=gap(4))

        def say(key: str, **data: Any) -> str:
            return texts.text(language, key, **data)

        with self.canvas.before:
            Color(*THEME.color("bg"))
            ground = Rectangle(size=Window.size)
        self.bind(size=lambda _view, size: setattr(ground, "size", size))
        self.code = code
        words = _wiped_words(say, state) if state else [Text(say(f"error.{code}"), "name")]
        self.add_widget(Text(say("guard.wiped" if state else "guard.trouble"), "title", bold=True))
        self.add_widget(Surface(*words, spacing=3))
        self.add_widget(Widget())
        if state or code in _KEYS:
            hint = "guard.enrol_again" if state else "guard.set_aside"
            if not state:
                self.add_widget(Text(say("guard.set_aside_hint"), "small", "ink_2"))
            self.button = PushButton(say(hint), on_enrol, primary=True)
            self.button.height = dp(56)
            self.add_widget(self.button)


def _wiped_words(say: Callable[..., str], state: Guard) -> list[Widget]:
    reason = "guard.wiped_by_silence" if state.reason == "silence" else "guard.wiped_by_desk"
    return [Text(say(reason), "name"), Text(say("guard.wiped_hint")), _since(say, state)]


def _since(say: Callable[..., str], state: Guard) -> Widget:
    moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(state.since_ms / 1000))
    return Text(say("guard.since", time=moment if state.since_ms else "–"), "small", "ink_2")
