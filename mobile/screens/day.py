"""My day: hours, jobs, distances; and who looked at my position, with the pause at the thumb."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any, Final

from kivy.clock import Clock
from kivy.uix.widget import Widget

from mobile.actions import my_day
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.store import refusals
from mobile.widgets.basics import PushButton, Row, Surface, Text, Word
from mobile.widgets.rows import ActionRow

_DAY_MS: Final = 86_400_000
_SHOWN: Final = 50


def my_day_page(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Show the day out of the technician's own events; nothing here is counted against him."""
    day = _sum_up(ui)
    kit = ui.phone.own.kit()
    since = parts.clock_text(kit.shift_started_ms)
    page = Page(ui, ui.t("phone.my_day"), ui.t("phone.on_shift_since", time=since) if since else "")
    figures = (
        ("phone.jobs_done", f"{day.done_count} / {len(day.stops)}"),
        ("phone.on_site", _hours(day.site_s)),
        ("phone.on_road", _hours(day.road_s)),
        ("phone.distance", f"{day.distance_m / 1000:.1f} km"),
    )
    page.add(Surface(*(_figure(ui.t(key), text) for key, text in figures)))
    place = ui.phone.own.wait_at()
    if place:
        page.add(
            Surface(
                Text(ui.t("phone.wait_at", place=place), bold=True), Text(ui.t("phone.wait_hint"), "small", "ink_2")
            )
        )
    page.add(*(_stop_card(ui, stop) for stop in day.stops))
    if not day.stops:
        page.add(Surface(Text(ui.t("phone.no_visits"), "name", bold=True), Text(ui.t("phone.no_visits_hint"))))
    page.add(ActionRow("eye", ui.t("phone.who_looked"), lambda: ui.go("position_log")))
    page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
    return page


def _sum_up(ui: Ui) -> my_day.Day:
    now_ms = ui.phone.clock.now_ms()
    today = dt.datetime.fromtimestamp(now_ms / 1000).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: DTZ006 - the phone's own day
    start_ms = int(today.timestamp() * 1000)
    events = [*(a.event for a in ui.phone.archived()), *(p.event for p in ui.phone.pending())]

    def find_place(work_order_id: str) -> tuple[float, float] | None:
        job = ui.phone.find_job(work_order_id)
        return (job.lat, job.lon) if job is not None and job.lat is not None and job.lon is not None else None

    return my_day.sum_up(events, find_place, start_ms, start_ms + _DAY_MS, now_ms)


def _hours(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d} h"


def _figure(label: str, text: str) -> Widget:
    return Row(Text(label, role="ink_2"), Word(text, "number", bold=True))


def _stop_card(ui: Ui, stop: my_day.Stop) -> Widget:
    job = ui.phone.find_job(stop.work_order_id)
    title = parts.title_of(ui, job) if job is not None else stop.work_order_id
    ended = parts.clock_text(stop.done_ms) or ui.t("phone.runs")
    lines = [Text(f"{parts.clock_text(stop.arrived_ms)} – {ended}", "small", "ink_2"), Text(title, bold=True)]
    if job is not None:
        lines.append(Text(job.address, "small", "ink_2"))
    return Surface(*lines, spacing=1)


def location_state(ui: Ui) -> str:
    """Return the text that says whether the position is told now, and why not."""
    gate = ui.phone.engine.gate
    if gate.is_paused:
        return "phone.location_paused"
    if not gate.shares_at(ui.phone.clock.now_ms()):
        return "phone.location_off_duty"
    return "phone.location_trouble" if gate.has_trouble else "phone.location_on"


def position_log(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show whether the position is shared, who looked at it, and pause it with one tap (PR-04)."""
    gate = ui.phone.engine.gate
    state = location_state(ui)
    page = Page(ui, ui.t("phone.who_looked"), chip=parts.line_chip(ui))
    role = {"phone.location_on": "ok", "phone.location_trouble": "p1"}.get(state, "p4")
    lines = [Text(ui.t(state), "name", role, bold=True), Text(ui.t("phone.location_rule"), "small", "ink_2")]
    page.add(Surface(*lines))
    _add_views(ui, page, arguments)
    turn = "phone.location_go_on" if gate.is_paused else "phone.location_pause"
    page.set_foot(PushButton(ui.t(turn), lambda: _turn(ui, is_paused=not gate.is_paused), primary=True))
    return page


def _turn(ui: Ui, *, is_paused: bool) -> None:
    ui.phone.pause_location(is_paused=is_paused)
    ui.rebuild()


def _add_views(ui: Ui, page: Page, arguments: dict[str, Any]) -> None:
    """Add who looked, with its own states: being asked, not reachable, nobody, or the list with its age."""
    known = ui.phone.own.position_views()
    if "asked" not in arguments:
        arguments.update(asked=True, state="loading")
        threading.Thread(target=_fetch, args=(ui, page, arguments), daemon=True).start()
    if arguments["state"] == "loading":
        page.add(Text(ui.t("phone.loading"), "small", "ink_2"))
    elif arguments["state"]:
        page.add(Surface(Text(ui.t(f"error.{arguments['state']}"), role="p2")))
    if known.fetched_ms is not None:
        page.add(Text(ui.t("phone.as_of", time=parts.clock_text(known.fetched_ms)), "small", "ink_2"))
    for view in known.views[:_SHOWN]:
        span = f"{parts.clock_text(view.from_ms)} – {parts.clock_text(view.until_ms)}"
        when = f"{parts.day_text(view.at_ms)} {parts.clock_text(view.at_ms)}"
        lines = [Text(view.viewer, bold=True), Text(ui.t("phone.looked_at", when=when, span=span), "small", "ink_2")]
        page.add(Surface(*lines, spacing=1))
    if known.fetched_ms is not None and not known.views:
        page.add(Surface(Text(ui.t("phone.nobody_looked"), bold=True)))
    page.add(PushButton(ui.t("phone.ask_again"), lambda: _ask_again(ui, arguments)))


def _ask_again(ui: Ui, arguments: dict[str, Any]) -> None:
    arguments.pop("asked", None)
    ui.rebuild()


def _fetch(ui: Ui, page: Page, arguments: dict[str, Any]) -> None:
    """Ask in a thread of its own; the screen is built anew only while it is still shown."""
    state = refusals.find_code(ui.phone.own.fetch_position_views)

    def show(_dt: float) -> None:
        arguments["state"] = state
        if ui.page is page or ui.name == "position_log":
            ui.rebuild()

    Clock.schedule_once(show)
