"""Report another odour: the shared rules of triage judge it on the phone, also without a network (decision 15)."""

from __future__ import annotations

from typing import Any, Final

from mobile.actions import duty
from mobile.platform import lists
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import PRIORITY, SHAPE, Chip, PushButton, Surface, Text
from shared import triage

_FAULT: Final = "gas_odour"
_ASKED: Final = ("smell_strength", "hissing_sound", "inside_building", "fire_or_spark", "anyone_ill")


def odour(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Ask where and how strong; what to do at once stands on top as soon as it is known."""
    arguments.setdefault("location", "stairwell")
    page = Page(ui, ui.t("phone.odour"), chip=parts.line_chip(ui))
    if arguments.get("is_sent"):
        return _sent(ui, page, arguments)
    address = parts.kept_field(arguments, "address", ui.t("phone.odour_address"))
    page.fields = (address,)
    page.add(Surface(Text(ui.t("phone.odour_where"), "name", bold=True), address, _locations(ui, arguments)))
    for code in _ASKED:
        question = next(q for q in lists.load_triage().list_questions() if q.code == code)
        options = [(option, _option_text(ui, option)) for option in question.options]
        columns = 3 if len(options) > 2 else 2  # noqa: PLR2004 - two answers are yes and no
        page.add(Surface(Text(ui.t(f"question.{code}")), parts.picks(ui, arguments, code, options, columns=columns)))
    send = PushButton(ui.t("phone.report_now"), lambda: _report(ui, arguments), primary=True, role="p1")
    page.set_foot(send)
    return page


def _locations(ui: Ui, arguments: dict[str, Any]) -> Any:
    options = [(place, ui.t(f"location.{place}")) for place in lists.load_triage().locations]
    return parts.picks(ui, arguments, "location", options)


def _option_text(ui: Ui, option: triage.AnswerValue) -> str:
    if isinstance(option, bool):
        return ui.t("option.true" if option else "option.false")
    return ui.t(f"option.{option}")


def _answers(arguments: dict[str, Any]) -> dict[str, str | bool]:
    return {code: arguments[code] for code in _ASKED if code in arguments}


def _report(ui: Ui, arguments: dict[str, Any]) -> None:
    address = arguments["address"].strip() or ui.t("phone.odour_here")
    report = {"address": address, "location": arguments["location"], "answers": _answers(arguments)}
    if ui.attempt(lambda: duty.report_odour(ui.phone.desk, **report)):
        arguments["is_sent"] = True
        ui.rebuild()


def _sent(ui: Ui, page: Page, arguments: dict[str, Any]) -> Page:
    """Show the verdict of the shared rules: how urgent it is, and what to do until somebody comes."""
    report = triage.FaultReport(fault_kind=_FAULT, location=arguments["location"], answers=_answers(arguments))
    verdict = triage.assess(report, lists.load_triage())
    level = int(verdict.priority)
    chip = Chip(ui.t(f"priority.{level}"), PRIORITY[level], shape=SHAPE[level])
    told = Text(ui.t("phone.odour_told"), "name", bold=True)
    page.add(Surface(parts.alone(chip), told, Text(ui.t("phone.odour_state"), "small", "ink_2")))
    page.add(Surface(*(Text(ui.t(f"advice.{code}"), role="p1") for code in verdict.advice), role="p1_bg"))
    page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
    return page
