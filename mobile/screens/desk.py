"""Sign-in by code, the state of the line, and settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from kivy.uix.widget import Widget

from mobile.platform import android, permissions
from mobile.screens import parts
from mobile.screens.evidence import problem_text
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.store.files import StoredFile
from mobile.store.outbox import PendingEvent
from mobile.sync.engine import SyncState
from mobile.widgets import device
from mobile.widgets.basics import Chip, PushButton, Row, Surface, Text
from mobile.widgets.rows import ActionRow
from shared import facts, invitation
from shared.errors import DomainError
from shared.text import LANGUAGES

_LANGUAGE_NAMES: Final = {"zh_CN": "简体中文", "en": "English"}
_SCALES: Final = (1.0, 1.15, 1.3)
_THEMES: Final = ("auto", "light", "dark")
_SHOWN_EVENTS: Final = 30


def enrol(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Sign the phone in with a one-time code from the dispatcher: scanned on a phone, else typed or pasted."""
    page = Page(ui, "Leakfirst", ui.t("phone.enrol"), has_back=False)
    server = parts.kept_field(arguments, "server", ui.t("phone.server_hint"))
    code = parts.kept_field(arguments, "code", ui.t("phone.code_hint"))
    page.add(Surface(Text(ui.t("phone.enrol_help"), role="ink_2")))
    page.add(
        Surface(Text(ui.t("phone.server"), "small", "ink_2"), server, Text(ui.t("phone.code"), "small", "ink_2"), code)
    )
    if device.is_phone():
        page.add(ActionRow("camera", ui.t("phone.scan_code"), lambda: _scan(ui, arguments)))
    page.add(_language_buttons(ui))

    def redeem() -> None:
        told, one_time = invitation.read(code.text)
        try:
            ui.enrol(told or server.text.strip(), one_time)
        except DomainError as refused:
            ui.show(refused)

    page.fields = (server, code)
    page.set_foot(PushButton(ui.t("phone.enrol_now"), redeem, primary=True))
    return page


def _scan(ui: Ui, arguments: dict[str, Any]) -> None:
    """Fill in what the picture holds; the technician sees where it leads before he signs in."""

    def take(text: str) -> None:
        server, arguments["code"] = invitation.read(text)
        arguments["server"] = server or arguments["server"]
        ui.rebuild()

    if not device.scan_code(take):
        ui.show(DomainError("code_unreadable"))


def sync_status(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Three honest states: saved here, delivered, needs attention; each waiting event by name."""
    line = ui.phone.line()
    page = Page(ui, ui.t("phone.sync"), chip=parts.line_chip(ui))
    page.add(
        Surface(
            _count(ui, "phone.state_saved", line.unsent, "p2"),
            _count(ui, "phone.state_photos", line.unsent_photos, "p2"),
            _count(ui, "phone.state_attention", line.needs_attention, "p1"),
            _count(ui, "phone.state_delivered", len(ui.phone.archived()), "ok"),
            Text(ui.t("phone.promise"), "small", "ink_2"),
        )
    )
    if line.state is not SyncState.DONE:
        page.add(_line_card(ui, line.code))
    pending, photos = ui.phone.pending(), ui.phone.lane.list_troubled()
    for photo in photos[:_SHOWN_EVENTS]:
        page.add(_photo_card(ui, photo))
    for item in sorted(pending, key=lambda p: p.state != "needs_attention")[:_SHOWN_EVENTS]:
        page.add(_pending_card(ui, item))
    if not pending and not photos:
        page.add(Surface(Text(ui.t("phone.nothing_waits"), role="ok", bold=True)))
    if line.state is SyncState.SIGNED_OUT:
        sign_in = PushButton(ui.t("phone.enrol"), lambda: ui.go("enrol", server=_server_of(ui)), primary=True)
        page.set_foot(PushButton(ui.t("phone.sync_now"), lambda: _sync(ui)), sign_in)
        return page
    page.set_foot(PushButton(ui.t("phone.sync_now"), lambda: _sync(ui), primary=True))
    return page


def _server_of(ui: Ui) -> str:
    identity = ui.phone.find_identity()
    return identity.server_url if identity is not None else ""


def _count(ui: Ui, key: str, count: int, role: str) -> Widget:
    return Row(Chip(str(count), role if count else "p4"), Text(ui.t(key)), spacing=3)


def _line_card(ui: Ui, code: str) -> Widget:
    """Return why nothing is delivered now, and what the technician can do about it."""
    return Surface(Text(ui.t(f"error.{code or 'no_network'}"), role="p2"), role="p2_bg")


def _pending_card(ui: Ui, pending: PendingEvent) -> Widget:
    name = ui.t(f"fact.{facts.name_of(pending.event.body)}")
    when = parts.clock_text(pending.event.occurred.wall_ms)
    key = pending.event.id
    if pending.state != "needs_attention":
        return Surface(
            Text(f"{when}  {name}", bold=True), Text(ui.t("phone.saved"), "small", "p2"), stripe="p2", spacing=1
        )
    reason = ui.words(pending.result.text) if pending.result is not None and pending.result.text else ""
    again = PushButton(ui.t("phone.send_again"), lambda: _settle(ui, ui.phone.send_again, key))
    read = PushButton(ui.t("phone.dismiss"), lambda: _settle(ui, ui.phone.dismiss, key))
    lines = [Text(f"{when}  {name}", bold=True), Text(reason or ui.t("phone.state_attention"), "small", "p1")]
    return Surface(*lines, parts.choices(again, read), stripe="p1", spacing=1)


def _photo_card(ui: Ui, file: StoredFile) -> Widget:
    title = f"{parts.clock_text(file.made_ms)}  {ui.t('fact.photo_taken')}"
    again = PushButton(ui.t("phone.send_again"), lambda: _settle(ui, ui.phone.lane.send_again, file.sha256))
    lines = [Text(title, bold=True), Text(problem_text(ui, file), "small", "p1")]
    return Surface(*lines, parts.choices(again), stripe="p1", spacing=1)


def _settle(ui: Ui, act: Callable[[str], None], event_id: str) -> None:
    act(event_id)
    ui.rebuild()


def _sync(ui: Ui) -> None:
    ui.wake()
    ui.rebuild()


def settings(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Language, theme, text size, rotation, sound; each takes effect at once and is kept."""
    page = Page(ui, ui.t("phone.settings"))
    wanted = ui.preferences
    page.add(_language_buttons(ui))
    themes = [
        PushButton(ui.t(f"phone.theme_{n}"), lambda n=n: ui.choose_theme(n), primary=wanted.theme == n) for n in _THEMES
    ]
    page.add(Surface(Text(ui.t("phone.theme"), "small", "ink_2"), parts.choices(*themes, columns=3)))
    scales = [PushButton(f"{s:.0%}", lambda s=s: ui.choose_text_scale(s), primary=ui.text_scale == s) for s in _SCALES]
    page.add(Surface(Text(ui.t("phone.text_size"), "small", "ink_2"), parts.choices(*scales, columns=3)))
    turn, sound = ui.choose_rotation, ui.choose_sound
    page.add(_switch(ui, "phone.rotation", lambda *, is_on: turn(is_locked=is_on), is_on=wanted.is_rotation_locked))
    page.add(_switch(ui, "phone.sound", sound, is_on=wanted.is_sound_on))
    page.add(_sound_test(ui, arguments))
    page.add(ActionRow("clock", ui.t("phone.instruments"), lambda: ui.go("instruments")))
    page.add(ActionRow("eye", ui.t("phone.permissions"), lambda: ui.go("permissions")))
    if android.is_android():
        page.add(
            ActionRow("gear", ui.t("phone.battery"), android.ask_battery_exemption, hint=ui.t("phone.battery_hint"))
        )
    identity = ui.phone.find_identity()
    if identity is not None:
        page.add(Text(f"{identity.technician_name} · {identity.device_id[:8]}", "small", "ink_2"))
    page.set_foot(PushButton(ui.t("phone.done"), ui.back, primary=True))
    return page


def permissions_page(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Tell what the app may do on this phone, and why it asks for each of them."""
    page = Page(ui, ui.t("phone.permissions"))
    for matter, reasons in permissions.reasons(ui.language).items():
        lines = [Text(reason, "small", "ink_2") for reason in reasons]
        page.add(Surface(Text(ui.t(f"phone.may_{matter}"), bold=True), *lines, spacing=1))
    page.set_foot(PushButton(ui.t("phone.back_to_settings"), ui.back, primary=True))
    return page


class _Choose(Protocol):
    """Turns something on or off."""

    def __call__(self, *, is_on: bool) -> None: ...


def _switch(ui: Ui, key: str, choose: _Choose, *, is_on: bool) -> Widget:
    options = [
        PushButton(ui.t("phone.on"), lambda: choose(is_on=True), primary=is_on),
        PushButton(ui.t("phone.off"), lambda: choose(is_on=False), primary=not is_on),
    ]
    return Surface(Text(ui.t(key), "small", "ink_2"), parts.choices(*options))


def _sound_test(ui: Ui, arguments: dict[str, Any]) -> Widget:
    """Return the test of the alarm's sound; a machine without sound says so instead of staying silent."""

    def sound() -> None:
        arguments["sounded"] = ui.siren.test()
        ui.rebuild()

    lines: list[Widget] = [PushButton(ui.t("phone.sound_test"), sound)]
    if "sounded" in arguments:
        is_heard = arguments["sounded"]
        lines.append(
            Text(ui.t("phone.sound_played" if is_heard else "phone.sound_none"), "small", "ok" if is_heard else "p1")
        )
    return Surface(*lines)


def _language_buttons(ui: Ui) -> Widget:
    buttons = [
        PushButton(_LANGUAGE_NAMES[code], lambda c=code: ui.choose_language(c), primary=ui.language == code)
        for code in LANGUAGES
    ]
    return Surface(Text("语言 Language", "small", "ink_2"), parts.choices(*buttons))
