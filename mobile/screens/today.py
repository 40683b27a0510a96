"""The day's work: an offered leak first, the next job large, the rest small, and what else must be known now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import PRIORITY, SHAPE, Column, PushButton, Surface, Tappable, Text, Word
from mobile.widgets.recycled import RecycledList
from mobile.widgets.rows import ActionRow, JobRow, job_row_px
from shared import wire
from shared.assignment import AssignmentState

_DONE: Final = frozenset({AssignmentState.FINISHED})


def job_list(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Show today's work; the list keeps few widgets however long it is, and is filled anew, not rebuilt."""
    identity = ui.phone.find_identity()
    name = identity.technician_name if identity else ""
    page = Page(ui, ui.t("phone.today", count=0), name, has_back=False, icon=("menu", lambda: ui.go("menu")))
    day = _Day(ui, page)
    page.refresh, page.day = day.fill, day
    page.every_second(day.tick)
    return page


class _Day:
    """What the list shows, and how it follows the store."""

    def __init__(self, ui: Ui, page: Page) -> None:
        self._ui, self._page = ui, page
        self._top, self._figure = Column(spacing=3), Word("", "huge", "ink", bold=True)
        self._rest: list[wire.Job] = []
        self._list = RecycledList(page.view, job_row_px(), lambda: JobRow(self._open_key), self._show_row)
        page.add(self._top, self._list)
        self._shown: Any = None
        self._first: wire.Job | None = None
        self.fill()

    def fill(self) -> None:
        """Read the store and show what changed."""
        ui, page = self._ui, self._page
        jobs = [job for job in ui.phone.jobs() if job.assignment.state not in _DONE]
        self._first, self._rest = (jobs[0] if jobs else None), jobs[1:]
        page.title_label.text = ui.t("phone.today", count=len(jobs))
        page.set_chip(parts.line_chip(ui))
        news = _list_news(ui)
        state = (self._first, tuple(text for _, text, _, _ in news))
        if state != self._shown:
            if self._shown is None or (state[0] is None) != (self._shown[0] is None):
                self._set_foot(is_empty=state[0] is None)
            self._shown = state
            self._fill_top(news)
        self._list.set_count(len(self._rest))
        self.tick()

    def tick(self) -> None:
        """Let the countdowns go on."""
        if self._first is not None:
            self._figure.text = parts.countdown(self._ui, self._first)[0]
        for row in self._list.rows:
            self._count_down(row)

    def _fill_top(self, news: list[tuple[str, str, str, Callable[[], None]]]) -> None:
        self._top.clear_widgets()
        for icon, text, hint, on_tap in news:
            self._top.add_widget(ActionRow(icon, text, on_tap, hint=hint))
        if self._first is None:
            ui = self._ui
            empty = (Text(ui.t("phone.no_jobs"), "name", bold=True), Text(ui.t("phone.no_jobs_hint"), role="ink_2"))
            self._top.add_widget(Surface(*empty))
            return
        self._figure = Word("", "huge", parts.countdown(self._ui, self._first)[1], bold=True)
        self._top.add_widget(_next_card(self._ui, self._first, self._figure, self._open_first))

    def _set_foot(self, *, is_empty: bool) -> None:
        ui = self._ui
        aside = ("map", "phone.map") if ui.has("map") else ("sync_status", "phone.sync")
        go = PushButton(ui.t("phone.next_job"), self._open_first, primary=True)
        go.disabled = is_empty
        self._page.set_foot(PushButton(ui.t(aside[1]), lambda: ui.go(aside[0])), go)

    def _open_first(self) -> None:
        if self._first is not None:
            parts.open_job(self._ui, self._first)

    def _open_key(self, key: str) -> None:
        job = self._ui.phone.find_job(key)
        if job is not None:
            parts.open_job(self._ui, job)

    def _show_row(self, row: JobRow, index: int) -> None:
        ui, job = self._ui, self._rest[index]
        state = ui.t(f"assignment.{job.assignment.state.value}")
        words = " · ".join(
            part for part in (ui.t(f"priority.{job.priority}"), state, parts.window_text(ui, job)) if part
        )
        icon = (SHAPE[job.priority], PRIORITY[job.priority])
        row.fill(job.work_order_id, icon, parts.title_of(ui, job), job.address, words)
        row.job = job
        self._count_down(row)

    def _count_down(self, row: JobRow) -> None:
        row.set_figure(*parts.countdown(self._ui, row.job))


def _next_card(ui: Ui, job: wire.Job, figure: Word, on_tap: Callable[[], None]) -> Widget:
    """Return the next job as a large card: how long is left stands above everything."""
    status = ui.t(f"assignment.{job.assignment.state.value}")
    lines: list[Widget] = [parts.wrap(parts.priority_chip(ui, job), figure)]
    lines.append(Text(parts.title_of(ui, job), "title", bold=True))
    lines.append(Text(job.address, "name"))
    if job.description:
        lines.append(Text(job.description, "small", "ink_2"))
    lines.append(Text(" · ".join(part for part in (status, parts.window_text(ui, job)) if part), "small", "ink_2"))
    return Tappable(Surface(*lines, stripe=PRIORITY[job.priority], spacing=1.5), on_tap=on_tap)


def _list_news(ui: Ui) -> list[tuple[str, str, str, Callable[[], None]]]:
    """List what must be known before the next job: icon, words, hint, where a tap leads."""
    line, news = ui.phone.line(), []
    unread = sum(not item.is_read for item in ui.phone.own.messages())
    place = ui.phone.own.wait_at()
    if ui.phone.own.kit().shift_started_ms is None:
        news.append(("person", ui.t("phone.shift_not_started"), ui.t("phone.shift_hint"), lambda: ui.go("shift")))
    if line.needs_attention:
        text = ui.t("phone.attention_waits", count=line.needs_attention)
        news.append(("sync", text, ui.t("phone.attention_hint"), lambda: ui.go("sync_status")))
    if line.code == "captive_portal":
        news.append(("sync", ui.t("phone.portal"), ui.t("phone.portal_hint"), lambda: ui.go("sync_status")))
    if unread:
        news.append(("message", ui.t("phone.unread", count=unread), "", lambda: ui.go("messages")))
    if place:
        news.append(("pin", ui.t("phone.wait_at", place=place), ui.t("phone.wait_hint"), lambda: ui.go("my_day")))
    return news
