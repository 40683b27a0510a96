"""Sign-in by code, the state of the line, and settings."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import Chip, PushButton, Row, Surface, Text
from mobile.widgets.inputs import Field
from shared import facts
from shared.errors import DomainError
from shared.text import LANGUAGES

_LANGUAGE_NAMES: Final = {"zh_CN": "简体中文", "en": "English"}
_SCALES: Final = (1.0, 1.15, 1.3)


def enrol(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Sign the phone in with a one-time code from the dispatcher."""
    page = Page(ui, "Leakfirst", ui.t("phone.enrol"), has_back=False)
    server = Field(arguments.get("server", ""), ui.t("phone.server_hint"))
    code = Field(arguments.get("code", ""), ui.t("phone.code_hint"))
    page.add(Surface(Text(ui.t("phone.enrol_help"), role="ink_2")))
    page.add(
        Surface(Text(ui.t("phone.server"), "small", "ink_2"), server, Text(ui.t("phone.code"), "small", "ink_2"), code)
    )
    page.add(_language_buttons(ui))

    def redeem() -> None:
        try:
            ui.enrol(server.text.strip(), code.text.strip())
        except DomainError as refused:
            ui.show(refused)

    page.fields = (server, code)
    page.set_foot(PushButton(ui.t("phone.enrol_now"), redeem, primary=True))
    return page


def sync_status(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Three honest states: saved here, delivered, needs attention; each waiting event by name."""
    line = ui.phone.line()
    page = Page(ui, ui.t("phone.sync"), chip=parts.line_chip(ui))
    page.add(
        Surface(
            _count(ui, "phone.state_saved", line.unsent, "p2"),
            _count(ui, "phone.state_attention", line.needs_attention, "p1"),
            _count(ui, "phone.state_delivered", len(ui.phone.archived()), "ok"),
            Text(ui.t("phone.promise"), "small", "ink_2"),
        )
    )
    for pending in ui.phone.pending():
        page.add(_pending_card(ui, pending))
    page.set_foot(PushButton(ui.t("phone.sync_now"), lambda: _sync(ui), primary=True))
    return page


def _count(ui: Ui, key: str, count: int, role: str) -> Widget:
    return Row(Chip(str(count), role if count else "p4"), Text(ui.t(key)), spacing=3)


def _pending_card(ui: Ui, pending: Any) -> Widget:
    name = ui.t(f"fact.{facts.name_of(pending.event.body)}")
    when = parts.clock_text(pending.event.occurred.wall_ms)
    lines = [Text(f"{when}  {name}", bold=True)]
    if pending.result is not None and pending.result.text:
        lines.append(Text(ui.words(pending.result.text), "small", "p1"))
    return Surface(*lines, stripe="p1" if pending.state == "needs_attention" else "p2", spacing=1)


def _sync(ui: Ui) -> None:
    ui.wake()
    ui.rebuild()


def settings(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Language, theme, text size, the reading instrument."""
    page = Page(ui, ui.t("phone.settings"))
    page.add(_language_buttons(ui))
    themes = [
        PushButton(ui.t(f"phone.theme_{n}"), lambda n=n: ui.choose_theme(n), primary=ui.theme_name == n)
        for n in ("light", "dark")
    ]
    page.add(Surface(Text(ui.t("phone.theme"), "small", "ink_2"), parts.choices(*themes)))
    scales = [PushButton(f"{s:.0%}", lambda s=s: ui.choose_text_scale(s), primary=ui.text_scale == s) for s in _SCALES]
    page.add(Surface(Text(ui.t("phone.text_size"), "small", "ink_2"), parts.choices(*scales, columns=3)))
    serial, valid = Field(ui.instrument[0], ui.t("phone.serial_hint")), Field(ui.instrument[1], "2027-12-31")

    def keep() -> None:
        ui.instrument = (serial.text.strip(), valid.text.strip())
        ui.back()

    page.add(Surface(Text(ui.t("phone.instrument_title"), "small", "ink_2"), serial, valid))
    identity = ui.phone.find_identity()
    if identity is not None:
        page.add(Text(f"{identity.technician_name} · {identity.device_id[:8]}", "small", "ink_2"))
    page.set_foot(PushButton(ui.t("phone.save"), keep, primary=True))
    return page


def _language_buttons(ui: Ui) -> Widget:
    buttons = [
        PushButton(_LANGUAGE_NAMES[code], lambda c=code: ui.choose_language(c), primary=ui.language == code)
        for code in LANGUAGES
    ]
    return Surface(Text("语言 Language", "small", "ink_2"), parts.choices(*buttons))
