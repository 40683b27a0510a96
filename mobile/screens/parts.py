"""Pieces that several screens share: the line's state, a countdown, a job's card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.stacklayout import StackLayout
from kivy.uix.widget import Widget

from mobile.actions import door
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.sync.engine import SyncState
from mobile.widgets import device
from mobile.widgets.basics import PRIORITY, SHAPE, ButtonRow, Chip, Column, PushButton, Surface, Text
from mobile.widgets.inputs import Field
from mobile.widgets.rows import ActionRow
from mobile.widgets.theme import THEME, gap
from shared import service_record, warranty, wire, work_order
from shared.assignment import PENDING_STATES, AssignmentState

_HOUR_S: Final = 3600

ACTIVE: Final = frozenset(
    {AssignmentState.ACCEPTED, AssignmentState.EN_ROUTE, AssignmentState.ARRIVED, AssignmentState.WORKING}
)


def line_chip(ui: Ui) -> Chip:
    """Return the honest state of the line: needs attention, Wi-Fi sign-in, saved here, delivered, no network."""
    line = ui.phone.line()
    if line.needs_attention:
        return Chip(ui.t("phone.needs_attention", count=line.needs_attention), "p1")
    if line.code == "captive_portal":
        return Chip(ui.t("phone.captive_portal"), "p2")
    if line.unsent:
        return Chip(ui.t("phone.saved_here", count=line.unsent), "p2")
    if line.state is SyncState.DONE:
        return Chip(ui.t("phone.delivered"), "ok")
    return Chip(ui.t("phone.no_line"), "p4")


def title_of(ui: Ui, job: wire.Job) -> str:
    """Return what the job is about, in a few words."""
    return f"{ui.t(f'fault.{job.fault_kind}')} · {ui.t(f'location.{job.location}')}"


def priority_chip(ui: Ui, job: wire.Job) -> Chip:
    """Return the priority as shape, colour and word."""
    return Chip(ui.t(f"priority.{job.priority}"), PRIORITY[job.priority], shape=SHAPE[job.priority])


def find_clock(job: wire.Job) -> wire.ClockView | None:
    """Return the running clock that falls due first."""
    running = [c for c in job.clocks if c.met_ms is None and c.due_ms and not c.paused]
    return min(running, key=lambda c: c.due_ms, default=None)


def countdown(ui: Ui, job: wire.Job) -> tuple[str, str]:
    """Return the time left to the next target and the colour's role; past it with a minus sign."""
    clock = find_clock(job)
    if clock is None:
        return "", "ink_2"
    left_s = (clock.due_ms - ui.phone.clock.now_ms()) // 1000
    text = span_text(abs(left_s))
    if left_s < 0:
        return f"−{text}", "p1"
    return text, "p1" if job.priority == 1 else "ink"


def span_text(seconds: int) -> str:
    """Return h:mm:ss under an hour as mm:ss, else h:mm:ss."""
    hours, rest = divmod(seconds, _HOUR_S)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes:02d}:{left:02d}"


def clock_text(at_ms: int | None) -> str:
    """Return a time of day as HH:MM."""
    return dt.datetime.fromtimestamp(at_ms / 1000).strftime("%H:%M") if at_ms else ""  # noqa: DTZ006 - the phone's own zone


def window_text(ui: Ui, job: wire.Job) -> str:
    """Return the promised window, or when the planner expects the technician."""
    if job.window_start_ms and job.window_end_ms:
        return f"{clock_text(job.window_start_ms)}–{clock_text(job.window_end_ms)}"
    planned = clock_text(job.assignment.planned_arrival_ms)
    return ui.t("phone.planned_at", time=planned) if planned else ""


def line_words(ui: Ui) -> str:
    """Return how the last call ended, in words."""
    line = ui.phone.line()
    if line.code == "captive_portal":
        return ui.t("phone.portal")
    if line.state is SyncState.DONE:
        return ui.t("phone.delivered")
    return ui.t(f"error.{line.code}") if line.state is SyncState.SIGNED_OUT else ui.t("phone.no_line")


def open_job(ui: Ui, job: wire.Job) -> None:
    """Show a job; an offered emergency as the alarm that it is."""
    ui.phone.act("see_assignment", job.work_order_id)
    ui.go("alarm" if is_alarming(job) and is_pending(job) else "job_detail", job=job.work_order_id)


def advice_card(ui: Ui, job: wire.Job) -> Widget:
    """Return the safety warning: the first card of a leak."""
    lines = [Text(ui.t("phone.before_entering"), "name", "p1", bold=True), Text(ui.t("phone.safety"), role="p1")]
    if job.advice:
        told = " ".join(ui.t(f"advice.{code}") for code in job.advice[:3])
        lines.append(Text(ui.t("phone.caller_was_told", advice=told), "small", "ink_2"))
    return Surface(*lines, role="p1_bg", spacing=1.5)


def color_of(role: str) -> tuple[float, float, float, float]:
    """Return a colour of the theme in force."""
    return THEME.color(role)


class _Line(StackLayout):
    """Two pieces whose middles are level while they stand beside each other."""

    def do_layout(self, *largs: Any) -> None:
        """Place both; the lower one is lifted to the other's middle."""
        super().do_layout(*largs)
        right, left = self.children
        if left.top == right.top:
            left.center_y = right.center_y = self.top - max(left.height, right.height) / 2


def wrap(left: Widget, right: Widget) -> StackLayout:
    """Return two pieces beside each other when there is room, else below each other."""
    line = _Line(size_hint_y=None, spacing=(gap(3), gap(1)))
    line.bind(minimum_height=line.setter("height"))
    line.add_widget(left)
    line.add_widget(right)
    return line


def alone(chip: Widget) -> Widget:
    """Return a chip on a line of its own, no wider than it is."""
    return wrap(chip, Widget(size_hint=(None, None), size=(0, 0)))


def add_scanner(ui: Ui, page: Page, arguments: dict[str, Any], name: str) -> None:
    """Let a phone's camera read a bar code into a field of the screen; a desktop has none."""

    def take(text: str) -> None:
        arguments[name] = text.strip()
        ui.rebuild()

    if device.is_phone():
        page.add(ActionRow("camera", ui.t("phone.scan_bar_code"), lambda: device.scan_code(take)))


def day_text(at_ms: int) -> str:
    """Return a day as YYYY-MM-DD."""
    return dt.datetime.fromtimestamp(at_ms / 1000).strftime("%Y-%m-%d")  # noqa: DTZ006 - the phone's own zone


def picks(
    ui: Ui, arguments: dict[str, Any], name: str, options: Sequence[tuple[Any, str]], *, columns: int = 2
) -> Widget:
    """Return buttons of which one is chosen; the choice is kept in the screen's own arguments."""

    def choose(value: Any) -> None:
        arguments[name] = value
        ui.rebuild()

    chosen = arguments.get(name)
    return choices(
        *(PushButton(text, lambda v=value: choose(v), primary=chosen == value) for value, text in options),
        columns=columns,
    )


def kept_field(arguments: dict[str, Any], name: str, hint: str) -> Field:
    """Return a field whose words survive a rebuild of the screen: they are kept in its arguments."""
    field = Field(arguments.setdefault(name, ""), hint)
    field.bind(text=lambda _field, text: arguments.__setitem__(name, text))
    return field


def is_alarming(job: wire.Job) -> bool:
    """Tell whether a job rings: an emergency, or an urgent leak."""
    return work_order.is_alarming(job.priority, is_leak=job.is_leak)


def is_pending(job: wire.Job) -> bool:
    """Tell whether the job still waits for the technician's answer."""
    return job.assignment.state in PENDING_STATES


def choices(*buttons: Widget, columns: int = 2) -> Widget:
    """Return buttons in rows of equal width."""
    starts = range(0, len(buttons), columns)
    rows = [ButtonRow(*buttons[start : start + columns], columns=columns, like=buttons) for start in starts]
    return Column(*rows, spacing=2)


def facts(*pairs: tuple[str, str]) -> Widget:
    """Return label and value lines."""
    lines = []
    for label, value in pairs:
        if value:
            name = Text(label, "small", "ink_2")
            name.size_hint_x = 0.32
            row = BoxLayout(size_hint_y=None, spacing=gap(2))
            words = Text(value)
            row.add_widget(name)
            row.add_widget(words)
            words.bind(height=row.setter("height"))
            row.height = words.height
            lines.append(row)
    return Column(*lines, spacing=1.5)


def seal_text(seal: str) -> Text:
    """Return the first characters of a seal in large groups, to be compared with the copy."""
    return Text(" ".join(seal[i : i + 4].upper() for i in range(0, 16, 4)), "title", bold=True, align="center")


def warranty_rows(ui: Ui, decision: warranty.Decision) -> list[Text]:
    """Return the verdict and, row by row, the rule and what it speaks for (WA-04)."""
    is_free = decision.verdict == warranty.FREE
    lines = [Text(ui.t(f"warranty.{decision.verdict}"), "name", "ok" if is_free else "p1", bold=True)]
    lines += [Text(ui.t(f"warranty.{r.code}", **r.data), role="ok" if r.is_for else "p1") for r in decision.rows]
    without = [ui.t(f"warranty.exclusion_{code}") for code in decision.ignored]
    return [*lines, *(Text(ui.t("warranty.exclusion_without_evidence", exclusion=x), "small", "p2") for x in without)]


def cash_cards(ui: Ui) -> list[Widget]:
    """Return until when the cash of today is handed in; nothing when none was taken (WA-08)."""
    due = door.find_cash(ui.phone.desk)
    if due is None:
        return []
    key, role = ("money.hand_in_late", "p1") if due.is_late else ("money.hand_in", "p2")
    words = ui.t(key, amount=service_record.money(due.cents), time=f"{due.by:%H:%M}")
    return [Surface(Text(words, "name", role, bold=True), role=f"{role}_bg")]
