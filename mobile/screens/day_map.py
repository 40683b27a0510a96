"""The map of the day as a screen: the map fills it, the list is one tap away, nothing needs a network."""

from __future__ import annotations

from typing import Any

from kivy.uix.boxlayout import BoxLayout

from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import ButtonRow, PushButton, Text
from mobile.widgets.day_map import DayMapView, Pin, Scene
from mobile.widgets.theme import gap
from shared import wire


def map_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show where the day's jobs are; a tapped job opens. The part that is shown stays over rebuilds."""
    page = Page(ui, ui.t("day_map.title"))
    scene = Scene(ui.phone.maps.find(), list_pins(ui.phone.jobs()), own_place(ui), ui.language)
    view = DayMapView(scene, ui.t, lambda order: ui.go("job_detail", job=order), arguments.get("viewport"))
    arguments["viewport"] = view.viewport
    page.map = view
    page.remove_widget(page.view)
    page.add_widget(_frame(ui, view), index=1)
    page.set_foot(
        ButtonRow(
            PushButton("−", view.zoom_out),
            PushButton(ui.t("day_map.show_all"), view.show_all),
            PushButton("+", view.zoom_in),
        )
    )
    return page


def list_pins(jobs: tuple[wire.Job, ...]) -> list[Pin]:
    """Return the jobs that have a place, numbered as the list shows them."""
    return [
        Pin(job.work_order_id, number, job.priority, job.lat, job.lon)
        for number, job in enumerate(jobs, start=1)
        if job.lat is not None and job.lon is not None
    ]


def own_place(ui: Ui) -> tuple[float, float] | None:
    """Return where this phone was last, None off duty, while paused, and before the first position."""
    last = ui.phone.engine.gate.last
    return (last.lat, last.lon) if last is not None else None


def _frame(ui: Ui, view: DayMapView) -> BoxLayout:
    frame = BoxLayout(orientation="vertical")
    note = "" if view.scene.has_ground else "day_map.no_ground"
    note = note if view.scene.pins else "day_map.no_places"
    if note:
        words = Text(ui.t(note), "small", "ink_2", align="center")
        words.padding = (gap(2), gap(2))
        frame.add_widget(words)
    frame.add_widget(view)
    return frame
