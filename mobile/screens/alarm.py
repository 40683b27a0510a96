"""The alarm of an offered emergency: fills the screen, sounds louder with each round, until the technician answers."""

from __future__ import annotations

from typing import Any, Final

from mobile.actions import assignments
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import SHAPE, PushButton, Row, Surface, Text, Word
from mobile.widgets.icons import Icon
from shared import wire

_REFUSALS: Final = ("busy", "vehicle", "unwell", "far")


def alarm(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Fill the screen with an offered emergency until the technician answers."""
    job = ui.phone.find_job(arguments["job"])
    is_over = job is None or not parts.is_pending(job) or ui.phone.is_gone(arguments["job"])
    page = Page(ui, ui.t("phone.alarm"), job.number if job else "", chip=parts.line_chip(ui), has_back=False)
    page.is_held = not is_over
    if job is None or is_over:
        ui.siren.stop()
        page.add(Surface(Text(ui.t("phone.offer_over"), "name", bold=True)))
        page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
        return page
    page.add(_head(ui, job, page))
    page.add(Surface(Text(job.address, "title", bold=True), Text(job.description, "name"), spacing=3))
    left = assignments.find_left(ui.phone.desk, job.work_order_id)
    if left is not None:
        page.add(Surface(Text(ui.t("phone.leaves_job", number=left.number), "name", bold=True)))
    page.add(parts.advice_card(ui, job))
    page.set_foot(
        PushButton(ui.t("phone.decline"), lambda: ui.go("decline", job=job.work_order_id)),
        PushButton(ui.t("phone.accept"), lambda: _accept(ui, job), primary=True, role="p1"),
    )
    return page


def _head(ui: Ui, job: wire.Job, page: Page) -> Surface:
    figure, loudness = Word("", "huge", "p1", bold=True), Text("", "small", "p1")
    sign = Icon(SHAPE[job.priority], "p1", size_dp=28)
    head = Row(sign, Word(ui.t(f"priority.{job.priority}"), "name", "p1", bold=True))

    def ring() -> None:
        ui.siren.ring(is_sound_on=ui.preferences.is_sound_on)
        figure.text = parts.countdown(ui, job)[0]
        loudness.text = ui.t("phone.loudness", percent=round(ui.siren.volume * 100))

    page.every_second(ring)
    title = Text(parts.title_of(ui, job), "title", "p1", bold=True)
    return Surface(head, title, figure, loudness, role="p1_bg")


def decline(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Ask why a job cannot be taken: one tap."""
    page = Page(ui, ui.t("phone.decline"), ui.t("phone.why"))

    def refuse(reason: str) -> None:
        if ui.act("decline_assignment", arguments["job"], reason=reason):
            ui.home()

    page.add(
        parts.choices(*(PushButton(ui.t(f"phone.refusal_{r}"), lambda r=r: refuse(r)) for r in _REFUSALS), columns=1)
    )
    return page


def _accept(ui: Ui, job: wire.Job) -> None:
    if ui.act("accept_assignment", job.work_order_id):
        ui.replace("job_detail", job=job.work_order_id)
