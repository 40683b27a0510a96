"""The customer's own screens: he reads what he signs, chooses the language, says what he thinks, signs or refuses.

Nothing here leads to another screen; only the technician's PIN does (reliability C9).
"""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.actions import door, records
from mobile.actions.records import RecordDraft
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import KIOSK, Ui
from mobile.widgets.basics import PushButton, Surface, Text
from mobile.widgets.inputs import Keypad, SignaturePad
from shared import service_record, signature
from shared.errors import DomainError

RELATIONS: Final = ("self", "owner", "family", "tenant", "property", "neighbour", "other")
_OPINIONS: Final = ("satisfied", "polite", "clear", "slow")
_REFUSALS: Final = ("refused_work", "refused_price", "refused_text", "refused_other")
_LANGUAGES: Final = (("zh_CN", "中文"), ("en", "English"))
_LONGEST_PIN: Final = 8


class KioskPage(Page):
    """A page for the customer; a waiting alarm asks him to hand the phone back, and tells nothing else."""

    def __init__(self, ui: Ui, title: str, subtitle: str = "", *, has_back: bool = True) -> None:
        """`title` and `subtitle` stand in the header; beside them is the technician's way back."""
        icon = None if ui.name == "pin" else ("lock", lambda: ui.go("pin"))
        super().__init__(ui, title, subtitle, has_back=has_back, icon=icon)
        self.call: Widget | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show that the technician is called; what was typed or written stays as it is."""
        if self.ui.is_called and self.call is None:
            words = Text(self.ui.t("kiosk.call_technician"), "name", "p1", bold=True)
            self.call = Surface(words, role="p1_bg")
            self.body.add_widget(self.call, index=len(self.body.children))


def read_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show exactly what is signed, who signs, and the field for the customer's opinion."""
    job = ui.phone.get_job(arguments["job"])
    if job.visit.signed_ms is not None or job.visit.waived_ms is not None:
        return done_page(ui, arguments)
    page = KioskPage(ui, ui.t("kiosk.title"), job.number, has_back=False)
    page.add(_language_card(ui, arguments))
    try:
        draft = _draft(ui, arguments)
    except DomainError as refused:
        page.add(Surface(Text(ui.t(f"error.{refused.code}", **refused.data), role="p1", bold=True), role="p1_bg"))
        return page
    page.add(Surface(Text(ui.t("kiosk.what_is_signed"), "name", bold=True), *_lines(draft), spacing=1))
    page.add(*_warranty_card(ui, arguments["job"]), sum_card(ui, draft))
    relations = [(code, ui.t(f"relation.{code}")) for code in RELATIONS]
    arguments.setdefault("relation", "")
    page.add(Surface(Text(ui.t("kiosk.who_signs"), bold=True), parts.picks(ui, arguments, "relation", relations)))
    page.add(_opinion_card(ui, arguments))
    sign = PushButton(ui.t("kiosk.go_sign"), lambda: _open_pad(ui, arguments, draft), primary=True)
    sign.disabled = not arguments["relation"]
    page.set_foot(PushButton(ui.t("kiosk.refuse"), lambda: ui.go("kiosk_refuse", job=arguments["job"])), sign)
    return page


def _opinion_card(ui: Ui, arguments: dict[str, Any]) -> Widget:
    """Return the field that the customer himself fills (SG-02); a tap writes a frequent word into it."""
    words = [ui.t(f"phone.opinion_{code}") for code in _OPINIONS]
    taps = parts.picks(ui, arguments, "opinion", [(word, word) for word in words])
    return Surface(
        Text(ui.t("kiosk.opinion"), bold=True), taps, parts.kept_field(arguments, "opinion", ui.t("kiosk.opinion_hint"))
    )


def _draft(ui: Ui, arguments: dict[str, Any]) -> RecordDraft:
    """Return the record as first shown: a rebuild of the screen must not change the code of what is signed."""
    if "draft" not in arguments:
        arguments["draft"] = records.draft_record(ui.phone.desk, arguments["job"], language=ui.spoken)
    draft: RecordDraft = arguments["draft"]
    return draft


def _lines(draft: RecordDraft) -> list[Text]:
    return [Text(line, "small") for line in draft.lines]


def _language_card(ui: Ui, arguments: dict[str, Any]) -> Widget:
    def choose(language: str) -> None:
        ui.held = ui.phone.kiosk.enter(arguments["job"], language)
        arguments.pop("draft", None)
        ui.rebuild()

    buttons = [PushButton(name, lambda code=code: choose(code), primary=ui.spoken == code) for code, name in _LANGUAGES]
    return parts.choices(*buttons)


def _warranty_card(ui: Ui, key: str) -> list[Widget]:
    """Return the warranty decision with the rule of each row; nothing where none was taken."""
    decision = door.decide_warranty(ui.phone.desk, key)
    if decision is None:
        return []
    return [Surface(Text(ui.t("kiosk.warranty"), bold=True), *parts.warranty_rows(ui, decision), spacing=1)]


def sum_card(ui: Ui, draft: RecordDraft) -> Widget:
    """Return the sum in bold and the code of what is signed."""
    record = service_record.parse(draft.record_json)
    return Surface(
        Text(f"{ui.t('kiosk.sum')}  {service_record.money(record.charge.total_cents)}", "name", bold=True),
        Text(f"{ui.t('record.view_code')}  {draft.view_code}", "body", bold=True),
        Text(ui.t("kiosk.code_hint"), "small", "ink_2"),
        spacing=1,
    )


def _open_pad(ui: Ui, arguments: dict[str, Any], draft: RecordDraft) -> None:
    if not arguments["opinion"].strip():
        ui.show(DomainError("opinion_missing"))
        return
    said = {name: arguments[name] for name in ("job", "relation", "opinion")}
    ui.go("pad", draft=draft, strokes=[], **said)


def pad_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """The pad: sum and code above it, and nothing else."""
    draft: RecordDraft = arguments["draft"]
    page = KioskPage(ui, ui.t("kiosk.sign_here"), service_record.parse(draft.record_json).number)
    page.add(sum_card(ui, draft))
    page.pad = SignaturePad(ui.phone.clock.mono_ms, arguments.setdefault("strokes", []))
    frame = BoxLayout()
    frame.add_widget(page.pad)
    page.fill(frame)
    submit = PushButton(ui.t("phone.submit"), lambda: _sign(ui, arguments, page.pad), primary=True)
    page.set_foot(PushButton(ui.t("phone.clear"), page.pad.clear), submit)
    return page


def _sign(ui: Ui, arguments: dict[str, Any], pad: SignaturePad) -> None:
    said = {"strokes": pad.strokes, "signer_relation": arguments["relation"], "opinion": arguments["opinion"]}
    try:
        signature.check_strokes(pad.strokes)
        ui.phone.act("sign_record", arguments["job"], draft=arguments["draft"], **said)
    except DomainError as refused:
        if refused.code == "record_changed":
            ui.home()  # what changed is shown and read before it is signed
        ui.show(refused)
        return
    ui.home()


def refuse_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """The customer does not sign: he says why, and the record is sealed without his signature."""
    page = KioskPage(ui, ui.t("kiosk.refuse"))
    reasons = [(code, ui.t(f"waive.{code}")) for code in _REFUSALS]
    page.add(
        Surface(
            Text(ui.t("kiosk.why_refused"), "name", bold=True), parts.picks(ui, arguments, "reason", reasons, columns=1)
        )
    )
    words = parts.kept_field(arguments, "words", ui.t("kiosk.refuse_words"))
    page.add(Surface(Text(ui.t("kiosk.refuse_words"), "small", "ink_2"), words))
    send = PushButton(ui.t("kiosk.refuse_send"), lambda: _refuse(ui, arguments), primary=True)
    send.disabled = "reason" not in arguments
    page.set_foot(PushButton(ui.t("kiosk.back_to_text"), ui.back), send)
    return page


def _refuse(ui: Ui, arguments: dict[str, Any]) -> None:
    key, reason, words = arguments["job"], arguments["reason"], arguments["words"].strip()
    # His words become part of the record before it is sealed.
    if words and not ui.act("add_note", key, text=f"{ui.t(f'waive.{reason}')}: {words}"):
        return
    if ui.act("waive_signature", key, reason=reason):
        ui.home()


def done_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """It is sealed: the code, thanks, and who gets the phone now."""
    job = ui.phone.get_job(arguments["job"])
    page = KioskPage(ui, ui.t("kiosk.thanks"), job.number, has_back=False)
    said = "kiosk.thanks" if job.visit.signed_ms is not None else "kiosk.thanks_refused"
    page.add(Surface(Text(ui.t(said), "title", "ok", bold=True), role="ok_bg"))
    page.add(Surface(Text(ui.t("record.seal"), "small", "ink_2"), parts.seal_text(job.visit.seal_hash)))
    page.add(Text(ui.t("kiosk.hand_back"), "name", bold=True))
    page.set_foot(PushButton(ui.t("kiosk.technician"), lambda: ui.go("pin"), primary=True))
    return page


def pin_page(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """The one way out: the technician's PIN on large keys, never shown in figures."""
    page = KioskPage(ui, ui.t("kiosk.pin"))
    figure = Text("", "huge", bold=True, align="center")
    wait = Text("", role="p1", bold=True)

    def write(value: str) -> None:
        keypad.value = "".join(c for c in value if c.isdecimal())[:_LONGEST_PIN]
        figure.text = "*" * len(keypad.value)

    keypad = page.keypad = Keypad(write)
    unlock = PushButton(ui.t("kiosk.unlock"), lambda: _unlock(ui, keypad.value), primary=True)

    def count_down() -> None:
        left_s = ui.phone.kiosk.lock_left_s()
        wait.text = ui.t("kiosk.pin_wait", seconds=left_s) if left_s else ""
        keypad.disabled = unlock.disabled = left_s > 0

    page.add(Surface(figure), wait, keypad)
    page.set_foot(PushButton(ui.t("kiosk.stay"), ui.back), unlock)
    page.every_second(count_down)
    return page


def _unlock(ui: Ui, digits: str) -> None:
    held = ui.held
    if held is None or not ui.attempt(lambda: ui.take_back(digits)):
        return
    visit = ui.phone.get_job(held.work_order_id).visit
    is_over = visit.signed_ms is not None or visit.waived_ms is not None
    ui.go("customer_copy" if is_over else "job_detail", job=held.work_order_id)


__all__ = ["KIOSK", "RELATIONS", "done_page", "pad_page", "pin_page", "read_page", "refuse_page"]
