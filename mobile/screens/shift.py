"""The start of a shift: fit for duty, instruments with their calibration, the van's stock, a test alarm."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any, Final

import msgspec
from kivy.clock import Clock
from kivy.uix.widget import Widget

from mobile.actions import duty
from mobile.platform import lists
from mobile.screens import parts
from mobile.screens.evidence import part_name
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.store import refusals
from mobile.widgets.basics import Chip, PushButton, Row, Surface, Text
from mobile.widgets.rows import ActionRow, Counter
from shared import facts

_REASONS: Final = ("ill", "tired", "other")


def shift(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Declare the shift; while it runs, show since when, and end it."""
    kit = ui.phone.own.kit()
    since = parts.clock_text(kit.shift_started_ms)
    page = Page(ui, ui.t("phone.shift"), ui.t("phone.on_shift_since", time=since) if since else "")
    if not since:
        page.add(_fitness_card(ui, arguments))
    page.add(_instruments_row(ui, kit.instruments))
    pieces = sum(line.quantity for line in kit.stock)
    page.add(
        ActionRow("square", ui.t("phone.van_stock"), lambda: ui.go("stock"), hint=ui.t("phone.pieces", count=pieces))
    )
    page.add(ActionRow("lock", ui.t("kiosk.pin_change"), lambda: ui.go("set_pin")))
    page.add(_push_card(ui, arguments), *parts.cash_cards(ui))
    if since:
        page.set_foot(PushButton(ui.t("phone.end_shift"), lambda: _end(ui), primary=True))
        return page
    start = PushButton(ui.t("phone.start_shift"), lambda: _start(ui, arguments), primary=True)
    start.disabled = arguments.get("is_fit") is None
    page.set_foot(start)
    return page


def _fitness_card(ui: Ui, arguments: dict[str, Any]) -> Widget:
    options = [(True, ui.t("phone.fit")), (False, ui.t("phone.unfit"))]
    lines = [Text(ui.t("phone.fit_question"), "name", bold=True), Text(ui.t("phone.fit_hint"), "small", "ink_2")]
    lines.append(parts.picks(ui, arguments, "is_fit", options, columns=1))
    if arguments.get("is_fit") is False:
        reasons = [(ui.t(f"phone.unfit_{r}"), ui.t(f"phone.unfit_{r}")) for r in _REASONS]
        lines.append(parts.picks(ui, arguments, "reason", reasons, columns=1))
    return Surface(*lines)


def _instruments_row(ui: Ui, carried: tuple[facts.Instrument, ...]) -> Widget:
    expired = sum(is_expired(ui, item) for item in carried)
    hint = ui.t("phone.instruments_carried", count=len(carried))
    chip = Chip(ui.t("phone.expired", count=expired), "p1", shape="triangle") if expired else None
    return ActionRow("clock", ui.t("phone.instruments"), lambda: ui.go("instruments"), hint=hint, chip=chip)


def is_expired(ui: Ui, instrument: facts.Instrument) -> bool:
    """Tell whether an instrument's calibration is over today, by the phone's own day; no date counts as over."""
    return instrument.valid_until < parts.day_text(ui.phone.clock.now_ms())


def _push_card(ui: Ui, arguments: dict[str, Any]) -> Widget:
    """Return the test alarm with its honest state: not tried, on its way, heard, missed."""
    push = ui.phone.own.test_push()
    if push is None:
        state, role = "phone.push_untried", "p4"
    elif push.seen_ms is not None:
        state, role = "phone.push_heard", "ok"
    else:
        state, role = ("phone.push_missed", "p1") if push.is_missed else ("phone.push_waits", "p2")
    lines: list[Widget] = [Text(ui.t("phone.push"), "name", bold=True), Text(ui.t(state), role=role, bold=True)]
    if arguments.get("push_refused"):
        lines.append(Text(ui.t(f"error.{arguments['push_refused']}"), "small", "p1"))
    lines.append(PushButton(ui.t("phone.push_ask"), lambda: _ask_push(ui, arguments)))
    return Surface(*lines)


def _ask_push(ui: Ui, arguments: dict[str, Any]) -> None:
    """Ask in a thread of its own; what comes of it is shown when the push arrives, or when it was refused."""

    def ask() -> None:
        refused = refusals.find_code(ui.phone.own.ask_test_push)
        Clock.schedule_once(lambda _dt: show(refused))

    def show(refused: str) -> None:
        arguments["push_refused"] = refused
        if ui.name == "shift":
            ui.rebuild()

    threading.Thread(target=ask, daemon=True).start()


def _start(ui: Ui, arguments: dict[str, Any]) -> None:
    kit = ui.phone.own.kit()
    push = ui.phone.own.test_push()
    is_heard = None if push is None else push.seen_ms is not None
    duty.start_shift(
        ui.phone.desk,
        is_fit=arguments["is_fit"],
        instruments=kit.instruments,
        stock=kit.stock,
        is_push_heard=is_heard,
        reason=arguments.get("reason", ""),
    )
    ui.home()


def _end(ui: Ui) -> None:
    duty.end_shift(ui.phone.desk)
    ui.home()


def instruments(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show the instruments that are carried, with the end of their calibration; the first is the one in use."""
    page = Page(ui, ui.t("phone.instruments"))
    carried = ui.phone.own.kit().instruments
    for index, item in enumerate(carried):
        page.add(_instrument_card(ui, item, is_first=index == 0))
    if not carried:
        page.add(
            Surface(Text(ui.t("phone.no_instruments"), "name", bold=True), Text(ui.t("phone.no_instruments_hint")))
        )
    serial = parts.kept_field(arguments, "serial", ui.t("phone.serial_hint"))
    kind = parts.kept_field(arguments, "kind", ui.t("phone.kind_hint"))
    until = parts.kept_field(arguments, "until", "2027-12-31")
    page.fields = (serial, kind, until)
    labels = (("phone.serial", serial), ("phone.kind", kind), ("phone.valid_until", until))
    page.add(Surface(*(piece for key, field in labels for piece in (Text(ui.t(key), "small", "ink_2"), field))))
    parts.add_scanner(ui, page, arguments, "serial")
    page.add(Text(arguments.get("said", ""), "small", "p1"))

    def add() -> None:
        arguments["said"] = _add_instrument(ui, serial.text.strip(), kind.text.strip(), until.text.strip())
        if not arguments["said"]:
            arguments.update(serial="", kind="", until="")
        ui.rebuild()

    page.set_foot(PushButton(ui.t("phone.done"), ui.back), PushButton(ui.t("phone.add_instrument"), add, primary=True))
    return page


def _instrument_card(ui: Ui, item: facts.Instrument, *, is_first: bool) -> Widget:
    is_over = is_expired(ui, item)
    state = Chip(ui.t("phone.calibration_over" if is_over else "phone.calibrated"), "p1" if is_over else "ok")
    lines: list[Widget] = [
        Text(" · ".join(part for part in (item.serial, item.kind) if part), "name", bold=True),
        Row(state, Text(ui.t("phone.until", date=item.valid_until or "–"), "small", "ink_2")),
    ]
    use = PushButton(ui.t("phone.in_use" if is_first else "phone.use"), lambda: _use_first(ui, item), primary=is_first)
    drop = PushButton(ui.t("phone.remove"), lambda: _keep_instruments(ui, without=item.serial))
    return Surface(*lines, parts.choices(use, drop), stripe="p1" if is_over else "ok")


def _add_instrument(ui: Ui, serial: str, kind: str, until: str) -> str:
    """Keep an instrument; return what is wrong with it in words, empty when it is kept."""
    try:
        dt.date.fromisoformat(until)
    except ValueError:
        return ui.t("phone.date_wrong")
    if not serial:
        return ui.t("phone.serial_missing")
    _keep_instruments(ui, facts.Instrument(serial=serial, kind=kind, valid_until=until), without=serial)
    return ""


def _use_first(ui: Ui, item: facts.Instrument) -> None:
    ui.instrument = (item.serial, item.valid_until)
    ui.rebuild()


def _keep_instruments(ui: Ui, *added: facts.Instrument, without: str) -> None:
    kit = ui.phone.own.kit()
    others = tuple(item for item in kit.instruments if item.serial != without)
    ui.phone.own.set_kit(msgspec.structs.replace(kit, instruments=(*others, *added)))
    ui.rebuild()


def stock(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Count the van: pieces by part and lot."""
    page = Page(ui, ui.t("phone.van_stock"))
    lines = ui.phone.own.kit().stock
    for line in lines:
        hint = f"{ui.t('phone.lot')} {line.lot}" if line.lot else ""
        count = lambda pieces, kept=line: _set_stock(ui, kept, pieces)  # noqa: E731 - binds the loop's line
        page.add(Surface(Counter(part_name(ui, line.part), hint, line.quantity, count)))
    if not lines:
        page.add(Surface(Text(ui.t("phone.van_empty"), "name", bold=True), Text(ui.t("phone.van_count_hint"))))
    known = [(kind.code, ui.words(kind.text)) for kind in lists.load_parts().part]
    lot = parts.kept_field(arguments, "lot", ui.t("phone.lot_hint"))
    page.fields = (lot,)
    page.add(Surface(Text(ui.t("phone.add_part"), "name", bold=True), parts.picks(ui, arguments, "part", known), lot))

    parts.add_scanner(ui, page, arguments, "lot")

    def add() -> None:
        _set_stock(ui, facts.StockLine(part=arguments["part"], lot=lot.text.strip(), quantity=1), 1)

    more = PushButton(ui.t("phone.add"), add, primary=True)
    more.disabled = "part" not in arguments
    page.set_foot(PushButton(ui.t("phone.done"), ui.back), more)
    return page


def _set_stock(ui: Ui, line: facts.StockLine, pieces: int) -> None:
    kit = ui.phone.own.kit()
    counted = msgspec.structs.replace(line, quantity=pieces)
    if kit.find_stock(line.part, line.lot) is None:
        lines = (*kit.stock, counted)
    else:
        lines = tuple(counted if (s.part, s.lot) == (line.part, line.lot) else s for s in kit.stock)
    ui.phone.own.set_kit(msgspec.structs.replace(kit, stock=lines))
    ui.rebuild()
