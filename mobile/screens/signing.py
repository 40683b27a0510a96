"""The end of the visit: the phone is handed to the customer, or why nobody signs; then the copy with its code."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.boxlayout import BoxLayout

from mobile.actions import records
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import PushButton, Surface, Text
from mobile.widgets.inputs import SignaturePad
from mobile.widgets.rows import ActionRow
from mobile.widgets.theme import gap
from shared import service_record, wire
from shared.errors import DomainError
from shared.text import LANGUAGES

_SHOWN_LINES: Final = 40
_PIN_FIELDS: Final = ("pin", "again")


def signature_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show what will be signed, then hand the phone to the customer; or what keeps it from being signed."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("phone.signature"), job.number)
    try:
        draft = records.draft_record(ui.phone.desk, key, language=ui.language)
    except DomainError as refused:
        blockers = [ui.t(f"blocker.{b.code}", **b.data) for b in refused.data.get("blockers", ())]
        page.add(
            Surface(Text("\n".join(blockers) or ui.t(f"error.{refused.code}"), "name", "p1", bold=True), role="p1_bg")
        )
        return page
    charge = service_record.parse(draft.record_json).charge
    page.add(Surface(*(Text(line, "small") for line in draft.lines[:_SHOWN_LINES]), spacing=1))
    page.add(Surface(Text(f"{ui.t('record.charge')}  {service_record.money(charge.total_cents)}", "name", bold=True)))
    page.add(Text(ui.t("kiosk.hand_over_hint"), "small", "ink_2"))
    page.set_foot(
        PushButton(ui.t("phone.not_signing"), lambda: ui.go("waive", job=key)),
        PushButton(ui.t("kiosk.hand_over"), lambda: _hand_over(ui, job), primary=True),
    )
    return page


def _hand_over(ui: Ui, job: wire.Job) -> None:
    if not ui.phone.kiosk.has_pin():
        ui.replace("set_pin", job=job.work_order_id)
        return
    wanted = job.customer.language
    ui.attempt(lambda: ui.hand_over(job.work_order_id, wanted if wanted in LANGUAGES else ui.language))


def set_pin_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Choose the PIN that leads back from the customer's screen; a known one is changed with the old one."""
    page = Page(ui, ui.t("kiosk.pin_set"))
    page.add(Text(ui.t("kiosk.pin_set_hint"), role="ink_2"))
    names = ("old", *_PIN_FIELDS) if ui.phone.kiosk.has_pin() else _PIN_FIELDS
    labels = {"old": "kiosk.pin", "pin": "kiosk.pin_set", "again": "kiosk.pin_again"}
    fields = {name: parts.kept_field(arguments, name, "") for name in names}
    for name, field in fields.items():
        field.password, field.input_filter, field.input_type = True, "int", "number"
        page.add(Surface(Text(ui.t(labels[name]), "small", "ink_2"), field))
    page.fields = tuple(fields.values())
    page.set_foot(PushButton(ui.t("phone.save"), lambda: _keep_pin(ui, arguments), primary=True))
    return page


def _keep_pin(ui: Ui, arguments: dict[str, Any]) -> None:
    typed = {name: arguments.pop(name, "") for name in ("old", *_PIN_FIELDS)}
    if not ui.attempt(lambda: ui.phone.kiosk.choose_pin(typed["pin"], typed["again"], typed["old"])):
        return
    if "job" in arguments:
        ui.replace("signature", job=arguments["job"])
    else:
        ui.back()


def waive_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Nobody signs here: absent with a second person who signs as witness (SG-04), a public place, or at a distance."""
    key = arguments["job"]
    page = Page(ui, ui.t("phone.not_signing"), ui.phone.get_job(key).number)
    page.add(
        ActionRow("message", ui.t("kiosk.remote"), lambda: ui.go("remote", job=key), hint=ui.t("kiosk.remote_hint"))
    )
    witness = parts.kept_field(arguments, "witness", ui.t("phone.witness_hint"))
    page.fields = (witness,)
    hint = Text(ui.t("kiosk.absent_hint"), "small", "ink_2")
    page.add(Surface(Text(ui.t("kiosk.absent"), "name", bold=True), hint, witness))
    page.pad = SignaturePad(ui.phone.clock.mono_ms, arguments.setdefault("strokes", []))
    page.fill(_frame(page.pad))
    page.set_foot(
        PushButton(ui.t("waive.public_place"), lambda: _waive(ui, key, "public_place")),
        PushButton(ui.t("kiosk.witness_signs"), lambda: _witness(ui, key, witness.text, page.pad), primary=True),
    )
    return page


def _frame(pad: SignaturePad) -> BoxLayout:
    frame = BoxLayout()
    frame.add_widget(pad)
    return frame


def _witness(ui: Ui, key: str, witness: str, pad: SignaturePad) -> None:
    if not ui.phone.get_job(key).visit.photos:
        ui.show(DomainError("absence_photo_missing"))
        return
    if not pad.strokes:
        ui.show(DomainError("signature_empty"))
        return
    _waive(ui, key, "absent", witness=witness, strokes=pad.strokes)


def _waive(ui: Ui, key: str, reason: str, **data: Any) -> None:
    if ui.act("waive_signature", key, reason=reason, **data):
        ui.home()
        ui.go("customer_copy", job=key)


def remote_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Let the customer sign in his own browser: the record goes to the server, the link to him (SG-07)."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("kiosk.remote"), job.number, chip=parts.line_chip(ui))
    page.add(Surface(Text(ui.t("kiosk.remote_hint")), Text(f"{job.customer.name}  {job.customer.phone}", bold=True)))
    if arguments.get("is_asked"):
        page.add(Surface(Text(ui.t("kiosk.remote_asked"), role="ok", bold=True), role="ok_bg"))
        page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
        return page
    page.set_foot(PushButton(ui.t("kiosk.remote_ask"), lambda: _ask_remote(ui, job), primary=True))
    return page


def _ask_remote(ui: Ui, job: wire.Job) -> None:
    if ui.act("ask_remote_signature", job.work_order_id):
        ui.replace("remote", job=job.work_order_id, is_asked=True)


def customer_copy(ui: Ui, arguments: dict[str, Any]) -> Page:
    """The customer's copy: its code in large letters, and where it will come from; or that the signature is void."""
    job = ui.phone.get_job(arguments["job"])
    if job.visit.voided_ms is not None:
        return _voided(ui, job)
    page = Page(ui, ui.t("record.customer_copy"), job.number, chip=parts.line_chip(ui))
    page.add(
        Surface(
            Text(ui.t("phone.sealed"), "name", "ok", bold=True),
            Text(parts.clock_text(job.visit.signed_ms or job.visit.waived_ms), role="ink_2"),
            role="ok_bg",
        )
    )
    hint = Text(ui.t("phone.copy_hint"), "small", "ink_2")
    page.add(Surface(Text(ui.t("record.seal"), "small", "ink_2"), parts.seal_text(job.visit.seal_hash), hint))
    page.add(parts.facts((ui.t("record.customer"), job.customer.name), (ui.t("record.address"), job.address)))
    if job.visit.payments:
        page.add(ActionRow("square", ui.t("money.receipt"), lambda: ui.go("receipt", job=job.work_order_id)))
    page.add(ActionRow("triangle", ui.t("kiosk.correct"), lambda: ui.go("correct", job=job.work_order_id)))
    page.body.padding = (gap(4), gap(4), gap(4), gap(6))
    page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
    return page


def _voided(ui: Ui, job: wire.Job) -> Page:
    """Show that a change after signing made the signature void: the customer signs anew (C10)."""
    page = Page(ui, ui.t("record.customer_copy"), job.number, chip=parts.line_chip(ui))
    page.add(Surface(Text(ui.t("kiosk.voided"), "name", "p1", bold=True), role="p1_bg"))
    page.add(Text(parts.clock_text(job.visit.voided_ms), role="ink_2"))
    again = PushButton(ui.t("kiosk.sign_again"), lambda: ui.go("signature", job=job.work_order_id), primary=True)
    page.set_foot(PushButton(ui.t("kiosk.correct"), lambda: ui.go("correct", job=job.work_order_id)), again)
    return page


def correct_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Open what was answered once more; every change makes the signature void."""
    key = arguments["job"]
    page = Page(ui, ui.t("kiosk.correct"), ui.phone.get_job(key).number)
    page.add(Surface(Text(ui.t("kiosk.correct_hint"), role="p1", bold=True), role="p1_bg"))
    for protocol in ui.phone.desk.shelf.list_known(ui.phone.get_job(key).protocols):
        go = lambda p=protocol: ui.go("protocol", job=key, protocol=p.ref)  # noqa: E731 - one line of a button
        page.add(ActionRow("square", ui.words(protocol.title), go))
    page.add(ActionRow("square", ui.t("phone.outcome"), lambda: ui.go("outcome", job=key)))
    page.add(ActionRow("square", ui.t("phone.parts_title"), lambda: ui.go("parts", job=key)))
    page.set_foot(PushButton(ui.t("phone.copy"), lambda: ui.replace("customer_copy", job=key), primary=True))
    return page
