"""One job in detail: what is known before the door, what to do next, and the way there."""

from __future__ import annotations

from typing import Any, Final

from kivy.core.clipboard import Clipboard
from kivy.uix.widget import Widget

from mobile.actions import hazards, places
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets import device
from mobile.widgets.basics import PRIORITY, Column, PushButton, Row, Surface, Text, Word
from mobile.widgets.icons import Icon
from mobile.widgets.rows import ActionRow
from shared import checklist, function_test, prices, service_record, wire
from shared.assignment import AssignmentState
from shared.protocol import Protocol

_REMAINING_MIN: Final = (10, 20, 30, 45, 60, 90)
_ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING})
_WAITING: Final = frozenset({AssignmentState.ACCEPTED, AssignmentState.SUSPENDED})
_ON_THE_WAY: Final = frozenset({AssignmentState.ACCEPTED, AssignmentState.EN_ROUTE})


def job_detail(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show one job, and the one thing to do next."""
    job = ui.phone.find_job(arguments["job"])
    if job is None or ui.phone.is_gone(arguments["job"]):
        return _gone(ui)
    page = Page(ui, ui.t(f"fault.{job.fault_kind}"), job.number, chip=parts.line_chip(ui))
    if job.is_leak and job.visit.made_safe_ms is None:
        page.add(parts.advice_card(ui, job))
    if job.hazards:
        page.add(_hazard_card(ui, job))
    page.add(_time_card(ui, job, page))
    if job.visit.voided_ms is not None:
        page.add(Surface(Text(ui.t("kiosk.voided"), "name", "p1", bold=True), role="p1_bg"))
    if is_on_site(job):
        page.add(_remaining_card(ui, job), _work_card(ui, job), _evidence_rows(ui, job))
    page.add(_customer_card(ui, job))
    if job.assignment.state in _ON_THE_WAY:
        page.add(ActionRow("pin", ui.t("phone.navigate"), lambda: ui.go("navigate", job=job.work_order_id)))
    if job.customer.phone and "*" not in job.customer.phone and device.is_phone():
        page.add(ActionRow("message", ui.t("phone.call"), lambda: device.open_uri(f"tel:{job.customer.phone}")))
    page.add(_history_card(ui, job))
    page.add(ActionRow("message", ui.t("phone.ask_centre"), lambda: ui.go("escalate", job=job.work_order_id)))
    _set_next(ui, page, job)
    return page


def _gone(ui: Ui) -> Page:
    page = Page(ui, ui.t("phone.job_gone"))
    page.add(Surface(Text(ui.t("phone.job_gone_hint"))))
    page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
    return page


def _hazard_card(ui: Ui, job: wire.Job) -> Widget:
    """Return what is known to be dangerous there, in words and with a sign."""
    lines: list[Widget] = [
        Row(Icon("triangle", "p2", size_dp=20), Word(ui.t("phone.hazards"), "name", "p2", bold=True))
    ]
    lines += [Text(hazards.name_hazard(ui.phone.desk, ui.language, code)) for code in job.hazards]
    return Surface(*lines, role="p2_bg", spacing=1)


def _time_card(ui: Ui, job: wire.Job, page: Page) -> Widget:
    """Return how long is left to the next promise, larger than anything else."""
    figure = Word("", "huge", "ink", bold=True)
    clock = parts.find_clock(job)
    status = ui.t(f"assignment.{job.assignment.state.value}")
    lines: list[Widget] = [parts.wrap(parts.priority_chip(ui, job), figure)]
    if clock is not None:
        lines.append(Text(ui.t(f"clock.{clock.kind}") + f" {parts.clock_text(clock.due_ms)}", bold=True))
    lines.append(Text(" · ".join(x for x in (status, parts.window_text(ui, job)) if x), "small", "ink_2"))

    def count_down() -> None:
        text, role = parts.countdown(ui, job)
        figure.text, figure.color = text, parts.color_of(role)

    page.every_second(count_down)
    return Surface(*lines, stripe=PRIORITY[job.priority], spacing=1.5)


def _customer_card(ui: Ui, job: wire.Job) -> Widget:
    customer = job.customer
    lines: list[Widget] = [Text(f"{customer.name}  {customer.phone}", "name", bold=True), Text(job.address)]
    if customer.is_vulnerable:
        sign = Row(Icon("triangle", "p2", size_dp=16), Word(ui.t("phone.vulnerable"), "small", "p2", bold=True))
        lines.append(sign)
    if job.description:
        lines.append(Text(f"{ui.t('phone.reported')}: {job.description}", "small", "ink_2"))
    if customer.appliances:
        lines.append(Text(f"{ui.t('phone.appliances')}: {'、'.join(customer.appliances)}", "small", "ink_2"))
    return Surface(*lines, spacing=1.5)


def _history_card(ui: Ui, job: wire.Job) -> Widget:
    """Return what was done there before (AR-02), newest first; an empty history says so."""
    lines: list[Widget] = [Text(ui.t("phone.history"), "name", bold=True)]
    for past in job.customer.history:
        what = f"{ui.t(f'fault.{past.fault_kind}')} · {ui.t(f'state.{past.outcome}')}"
        lines.append(
            Column(Text(f"{parts.day_text(past.at_ms)}  {past.number}", "small", "ink_2"), Text(what), spacing=0)
        )
    if not job.customer.history:
        lines.append(Text(ui.t("phone.no_history"), "small", "ink_2"))
    return Surface(*lines, spacing=1.5)


def is_on_site(job: wire.Job) -> bool:
    """Tell whether the technician stands at the job."""
    return job.assignment.state in _ON_SITE


def _work_card(ui: Ui, job: wire.Job) -> Widget:
    """Return the job's protocols with how far each has got; a tap opens one."""
    rows: list[Widget] = [
        PushButton(
            f"{ui.words(protocol.title)}  {_progress(protocol, job)}",
            lambda p=protocol: ui.go("protocol", job=job.work_order_id, protocol=p.ref),
        )
        for protocol in ui.phone.desk.shelf.list_known(job.protocols)
    ]
    newer = ui.phone.desk.shelf.list_unknown(job.protocols)
    if newer:
        rows.append(Text(ui.t("phone.app_too_old", refs=", ".join(newer)), "name", "p1", bold=True))
        rows.append(Text(ui.t("phone.app_too_old_hint")))
    return Surface(Text(ui.t("phone.work"), "name", bold=True), Column(*rows, spacing=2))


def _evidence_rows(ui: Ui, job: wire.Job) -> Widget:
    """Return the ways to photos, parts and money, with what there is of them."""
    key = job.work_order_id
    pieces = sum(part.quantity for part in job.visit.parts)
    price = "money.not_shown" if job.visit.price is None else "money.total"
    sum_text = service_record.money(prices.total(prices.list_agreed(job.visit)))
    hint = ui.t(price) if job.visit.price is None else f"{ui.t(price)} {sum_text}"
    taken = len(ui.phone.photos(key))
    return Column(
        ActionRow("camera", ui.t("phone.photos", count=taken), lambda: ui.go("photos", job=key)),
        ActionRow("square", ui.t("phone.parts_used", count=pieces), lambda: ui.go("parts", job=key)),
        ActionRow("square", ui.t("money.title"), lambda: ui.go("money", job=key), hint=hint),
    )


def _progress(protocol: Protocol, job: wire.Job) -> str:
    steps = [s for s in checklist.list_applicable(protocol, job.visit) if s.required]
    done = sum(1 for s in steps if checklist.result_of(protocol, s, job.visit))
    return f"{done}/{len(steps)}"


def _remaining_card(ui: Ui, job: wire.Job) -> Widget:
    """Return the one-tap answer to how long it will still take; what was told last counts down in large figures."""
    told, at_ms = job.visit.remaining_s, job.visit.remaining_told_ms
    lines: list[Widget] = [Text(ui.t("phone.remaining"), "name", bold=True)]
    if told is not None and at_ms is not None:
        left_s = told - (ui.phone.clock.now_ms() - at_ms) // 1000
        figure = Word(f"{max(0, round(left_s / 60))}", "huge", bold=True)
        lines.append(
            parts.wrap(figure, Word(ui.t("phone.minutes_told", time=parts.clock_text(at_ms)), "small", "ink_2"))
        )
    buttons = [PushButton(ui.t("phone.minutes", count=m), lambda m=m: _tell(ui, job, m)) for m in _REMAINING_MIN]
    return Surface(*lines, parts.choices(*buttons, columns=3))


def _tell(ui: Ui, job: wire.Job, minutes: int) -> None:
    ui.act("estimate_remaining_time", job.work_order_id, remaining_s=minutes * 60)
    ui.rebuild()


def find_open_protocol(ui: Ui, job: wire.Job) -> Protocol | None:
    """Return the first protocol with a required step open; tests that the outcome does not need are left out."""
    for protocol in ui.phone.desk.shelf.list_known(job.protocols):
        needless = protocol.kind == "function_test" and not function_test.is_needed(protocol, job.visit.outcome)
        if checklist.find_next_step(protocol, job.visit) is not None and not (needless and job.visit.outcome):
            return protocol
    return None


def _set_next(ui: Ui, page: Page, job: wire.Job) -> None:
    """Put the one thing to do next at the foot."""
    key = job.work_order_id
    state = job.assignment.state
    if parts.is_pending(job):
        page.set_foot(
            PushButton(ui.t("phone.decline"), lambda: ui.go("decline", job=key)),
            PushButton(ui.t("phone.accept"), lambda: _then_rebuild(ui, "accept_assignment", key), primary=True),
        )
    elif state in _WAITING:
        page.set_foot(PushButton(ui.t("phone.depart"), lambda: _then_rebuild(ui, "depart", key), primary=True))
    elif state is AssignmentState.EN_ROUTE:
        page.set_foot(PushButton(ui.t("phone.arrive"), lambda: _then_rebuild(ui, "arrive", key), primary=True))
    elif is_on_site(job):
        _set_next_on_site(ui, page, job)
    else:
        page.set_foot(PushButton(ui.t("phone.copy"), lambda: ui.go("customer_copy", job=key), primary=True))


def _set_next_on_site(ui: Ui, page: Page, job: wire.Job) -> None:
    key = job.work_order_id
    aside = PushButton(ui.t("phone.other"), lambda: ui.go("exceptions", job=key))
    protocol = find_open_protocol(ui, job)
    if ui.phone.desk.shelf.list_unknown(job.protocols):
        # Nothing can be signed by rules that are not here: evidence is kept freely until the app is new.
        photos = PushButton(ui.t("phone.photos_title"), lambda: ui.go("photos", job=key), primary=True)
        page.set_foot(aside, photos)
        return
    blockers = service_record.blockers(job, ui.phone.protocols(key), job.visit)
    if not blockers:
        page.set_foot(aside, PushButton(ui.t("phone.sign"), lambda: ui.go("signature", job=key), primary=True))
    elif protocol is not None:
        go = PushButton(ui.t("phone.go_on"), lambda: ui.go("protocol", job=key, protocol=protocol.ref), primary=True)
        page.set_foot(aside, go)
    else:
        page.set_foot(aside, PushButton(ui.t("phone.outcome"), lambda: ui.go("outcome", job=key), primary=True))


def _then_rebuild(ui: Ui, command: str, work_order_id: str) -> None:
    if ui.act(command, work_order_id):
        ui.rebuild()


def navigate(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Hand the address to the phone's own maps; where there are none, show it large, to be read out or copied."""
    job = ui.phone.get_job(arguments["job"])
    page = Page(ui, ui.t("phone.navigate"), job.number)
    lines = [Text(job.address, "title", bold=True)]
    if job.lat is not None and job.lon is not None:
        lines.append(Text(f"{job.lat:.5f}, {job.lon:.5f} (WGS-84)", role="ink_2"))
    else:
        lines.append(Text(ui.t("phone.no_place"), role="p2"))
    page.add(Surface(*lines))
    said = Text("", role="ink_2")
    page.add(said)

    def hand_over() -> None:
        if not device.open_uri(places.geo_uri(job)):
            said.text = ui.t("phone.no_maps")

    def copy() -> None:
        Clipboard.copy(job.address)
        said.text = ui.t("phone.copied")

    page.set_foot(
        PushButton(ui.t("phone.copy_address"), copy), PushButton(ui.t("phone.open_maps"), hand_over, primary=True)
    )
    return page
