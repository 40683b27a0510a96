"""Words with the centre, both ways, each with its honest state; and the call for help at a job."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.actions import duty
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import Chip, PushButton, Row, Surface, Text
from shared import facts, wire

_CANNED: Final = ("late", "parts", "access", "second")
_REASONS: Final = ("too_large", "equipment", "outside", "unsafe")
_SHOWN: Final = 30
_Line = tuple[int, Widget]


def messages(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show what passed, newest first, and send words: chosen ones at a tap, others written."""
    page = Page(ui, ui.t("phone.messages"), chip=parts.line_chip(ui))
    for item in ui.phone.own.messages():
        duty.read_message(ui.phone.desk, item.message.id)
    canned = [
        PushButton(ui.t(f"phone.say_{c}"), lambda c=c: _send(ui, ui.t(f"phone.say_{c}"), arguments)) for c in _CANNED
    ]
    words = parts.kept_field(arguments, "text", ui.t("phone.message_hint"))
    page.fields = (words,)
    page.add(Surface(words, parts.choices(*canned)))
    shown = _list_lines(ui, "")
    page.add(*(widget for _, widget in shown[:_SHOWN]))
    if not shown:
        page.add(Surface(Text(ui.t("phone.no_messages"), "name", bold=True), Text(ui.t("phone.no_messages_hint"))))
    page.set_foot(PushButton(ui.t("phone.send"), lambda: _send(ui, words.text, arguments), primary=True))
    return page


def _send(ui: Ui, text: str, arguments: dict[str, Any], about: str = "") -> None:
    if text.strip() and ui.attempt(lambda: duty.send_message(ui.phone.desk, text=text.strip(), about=about)):
        arguments["text"] = ""
        ui.rebuild()


def _list_lines(ui: Ui, about: str) -> list[_Line]:
    """List both sides' words about one work order, or all, newest first."""
    came = [item.message for item in ui.phone.own.messages() if not about or item.message.work_order_id == about]
    lines = [(message.at_ms, _theirs(ui, message)) for message in came]
    sent = [(p.event, "phone.saved" if p.state == "queued" else "phone.state_attention") for p in ui.phone.pending("")]
    sent += [(a.event, "phone.delivered") for a in ui.phone.archived() if not a.event.work_order_id]
    for event, state in sent:
        if isinstance(event.body, facts.MessageSent) and (not about or event.body.about == about):
            lines.append((event.occurred.wall_ms, _ours(ui, event.occurred.wall_ms, event.body.text, state)))
    return sorted(lines, key=lambda line: -line[0])


def _theirs(ui: Ui, message: wire.DeskMessage) -> Widget:
    job = ui.phone.find_job(message.work_order_id) if message.work_order_id else None
    about = f" · {job.number}" if job is not None else ""
    head = Text(f"{parts.clock_text(message.at_ms)}  {message.sender}{about}", "small", "ink_2")
    return Surface(head, Text(message.text), stripe="brand", spacing=1)


def _ours(ui: Ui, at_ms: int, text: str, state: str) -> Widget:
    role = {"phone.delivered": "ok", "phone.saved": "p2"}.get(state, "p1")
    chip = Chip(ui.t(state), role)
    head = Row(Text(f"{parts.clock_text(at_ms)}  {ui.t('phone.me')}", "small", "ink_2"), chip)
    return Surface(head, Text(text), spacing=1)


def escalate(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Ask the centre for advice and go on, or hand the job over (ON-09, DI-12); its advice stands here."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("phone.ask_centre"), job.number, chip=parts.line_chip(ui))
    for item in ui.phone.own.messages():
        if item.message.work_order_id == key:
            duty.read_message(ui.phone.desk, item.message.id)
    advice = [widget for _, widget in _list_lines(ui, key)]
    page.add(*(advice or [Surface(Text(ui.t("phone.no_advice"), "small", "ink_2"))]))
    reasons = [(ui.t(f"phone.hard_{r}"), ui.t(f"phone.hard_{r}")) for r in _REASONS]
    note = parts.kept_field(arguments, "text", ui.t("phone.note_hint"))
    page.fields = (note,)
    page.add(
        Surface(Text(ui.t("phone.too_hard"), "name", bold=True), parts.picks(ui, arguments, "reason", reasons), note)
    )
    page.add(Text(ui.t("phone.hand_over_hint"), "small", "ink_2"))

    def told() -> str:
        return " ".join(part for part in (arguments.get("reason", ""), note.text.strip()) if part)

    def hand_over() -> None:
        if ui.act("request_engineering", key, note=told() or "–"):
            ui.home()

    over = PushButton(ui.t("phone.hand_over"), hand_over)
    over.disabled = job.assignment.state.value not in {"arrived", "working"}
    ask = PushButton(ui.t("phone.ask_advice"), lambda: _send(ui, told(), arguments, key), primary=True)
    page.set_foot(over, ask)
    return page
