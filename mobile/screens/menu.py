"""Everything that is not the next job, one tap away, each with its state."""

from __future__ import annotations

from typing import Any

from mobile.screens import parts
from mobile.screens.day import location_state
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import Chip, PushButton
from mobile.widgets.rows import ActionRow


def menu(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Show the ways to the other screens."""
    page = Page(ui, ui.t("phone.menu"), chip=parts.line_chip(ui))
    kit = ui.phone.own.kit()
    since = parts.clock_text(kit.shift_started_ms)
    shift = ui.t("phone.on_shift_since", time=since) if since else ui.t("phone.shift_not_started")
    unread = sum(not item.is_read for item in ui.phone.own.messages())
    page.add(ActionRow("person", ui.t("phone.shift"), lambda: ui.go("shift"), hint=shift))
    page.add(ActionRow("nose", ui.t("phone.odour"), lambda: ui.go("odour"), hint=ui.t("phone.odour_hint")))
    count = Chip(str(unread), "p2") if unread else None
    page.add(ActionRow("message", ui.t("phone.messages"), lambda: ui.go("messages"), chip=count))
    if ui.has("map"):
        page.add(ActionRow("map", ui.t("phone.map"), lambda: ui.go("map")))
    page.add(ActionRow("clock", ui.t("phone.my_day"), lambda: ui.go("my_day")))
    page.add(ActionRow("eye", ui.t("phone.who_looked"), lambda: ui.go("position_log"), hint=ui.t(location_state(ui))))
    page.add(ActionRow("sync", ui.t("phone.sync"), lambda: ui.go("sync_status"), hint=parts.line_words(ui)))
    page.add(ActionRow("gear", ui.t("phone.settings"), lambda: ui.go("settings")))
    page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
    return page
