"""What else can happen at a door: nobody opens, made safe for now, too hard for one, another odour."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.platform import lists
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import PushButton, Surface, Text
from mobile.widgets.inputs import StepRow
from mobile.widgets.rows import ActionRow
from shared import no_access, wire
from shared.no_access import Rung

_REASONS: Final = ("nobody_home", "refused", "locked", "wrong_address")
_SAFE: Final = ("isolated", "ventilated")


def exceptions_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show the ways out of the ordinary course, the most frequent first."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("phone.other"), job.number)
    if job.is_leak and job.visit.made_safe_ms is None:
        safe = [PushButton(ui.t(f"made_safe.{how}"), lambda h=how: _make_safe(ui, key, h)) for how in _SAFE]
        page.add(Surface(Text(ui.t("phone.make_safe"), "name", bold=True), parts.choices(*safe)))
    page.add(ActionRow("cross", ui.t("phone.no_access"), lambda: ui.go("no_access", job=key)))
    page.add(ActionRow("message", ui.t("phone.ask_centre"), lambda: ui.go("escalate", job=key)))
    page.add(ActionRow("nose", ui.t("phone.odour"), lambda: ui.go("odour", job=key)))
    page.add(ActionRow("camera", ui.t("phone.photos_title"), lambda: ui.go("photos", job=key)))
    page.add(ActionRow("square", ui.t("phone.parts_title"), lambda: ui.go("parts", job=key)))
    page.add(ActionRow("square", ui.t("money.title"), lambda: ui.go("money", job=key)))
    page.add(ActionRow("triangle", ui.t("money.damage"), lambda: ui.go("damage", job=key)))
    page.add(_note_card(ui, page, job, arguments))
    page.set_foot(PushButton(ui.t("phone.to_job"), ui.back, primary=True))
    return page


def _make_safe(ui: Ui, key: str, how: str) -> None:
    if ui.act("make_safe", key, how=how):
        ui.back()


def _note_card(ui: Ui, page: Page, job: wire.Job, arguments: dict[str, Any]) -> Widget:
    note = parts.kept_field(arguments, "note", ui.t("phone.note_hint"))
    page.fields = (note,)

    def keep() -> None:
        if note.text.strip() and ui.act("add_note", job.work_order_id, text=note.text.strip()):
            arguments["note"] = ""
            ui.rebuild()

    told = [Text(text, "small", "ink_2") for text in job.visit.notes]
    return Surface(Text(ui.t("phone.note"), "name", bold=True), *told, note, PushButton(ui.t("phone.save"), keep))


def no_access_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Climb the ladder of proofs, then say that nobody opens; what is missing is shown, nothing is refused."""
    job = ui.phone.get_job(arguments["job"])
    climbed: set[str] = arguments.setdefault("proofs", set())
    page = Page(ui, ui.t("phone.no_access"), job.number, chip=parts.line_chip(ui))
    reasons = [(reason, ui.t(f"no_access.{reason}")) for reason in _REASONS]
    page.add(Surface(Text(ui.t("phone.why"), "name", bold=True), parts.picks(ui, arguments, "reason", reasons)))
    rungs = no_access.list_rungs(lists.load_ladder(), is_leak=job.is_leak)
    rows = [_rung_row(ui, job, rung, arguments) for rung in rungs]
    page.add(Surface(Text(ui.t("phone.proofs"), "name", bold=True), *rows, spacing=0))
    if any(rung.persons and not _is_climbed(job, rung, climbed) for rung in rungs):
        person = parts.kept_field(arguments, "person", ui.t("phone.person_hint"))
        page.fields = (person,)
        page.add(Surface(Text(ui.t("phone.person"), "small", "ink_2"), person))
    missing = [rung for rung in rungs if rung.required and not _is_climbed(job, rung, climbed)]
    if missing:
        page.add(Text(ui.t("phone.proofs_missing", count=len(missing)), "small", "p2", bold=True))
    if job.is_leak:
        page.add(Surface(Text(ui.t("phone.leak_stays_open"), role="p1", bold=True), role="p1_bg"))
    record = PushButton(ui.t("phone.record_no_access"), lambda: _record(ui, arguments), primary=True)
    record.disabled = "reason" not in arguments
    page.set_foot(record)
    return page


def _is_climbed(job: wire.Job, rung: Rung, climbed: set[str]) -> bool:
    if rung.photo:
        return any(photo.purpose == rung.photo for photo in job.visit.photos)
    if rung.or_made_safe and job.visit.made_safe_how in rung.or_made_safe:
        return True
    return rung.code in climbed or any(told.to in rung.persons for told in job.visit.handed_over)


def _rung_row(ui: Ui, job: wire.Job, rung: Rung, arguments: dict[str, Any]) -> Widget:
    """Return one rung: a tick, a photo to take, or a person to name."""
    climbed: set[str] = arguments["proofs"]
    hint = ui.t("phone.photo_needed") if rung.photo else ui.t("phone.person") if rung.persons else ""
    hint = hint or ("" if rung.required else ui.t("phone.if_possible"))

    def tap() -> None:
        if rung.photo:
            ui.go("photos", job=job.work_order_id, purpose=rung.photo)
            return
        if rung.persons:
            ui.act("hand_over", job.work_order_id, to=rung.persons[0], person=arguments.get("person", ""))
        elif rung.code in climbed:
            climbed.remove(rung.code)
        else:
            climbed.add(rung.code)
        ui.rebuild()

    return StepRow(ui.words(rung.text), hint, "pass" if _is_climbed(job, rung, climbed) else "", tap)


def _record(ui: Ui, arguments: dict[str, Any]) -> None:
    rungs = tuple(sorted(arguments["proofs"]))
    if ui.act("record_no_access", arguments["job"], reason=arguments["reason"], proofs=rungs):
        ui.home()
