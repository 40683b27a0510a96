"""Today's jobs, the alarm of a leak, and one job in detail."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import Column, PushButton, Row, Surface, Text, Word
from mobile.widgets.icons import Icon
from shared import checklist, function_test, service_record, wire
from shared.assignment import AssignmentState
from shared.protocol import Protocol

_REMAINING_MIN: Final = (10, 20, 30, 45, 60, 90)
_REFUSALS: Final = ("busy", "vehicle", "unwell", "far")
_DONE: Final = frozenset({AssignmentState.FINISHED})


def job_list(ui: Ui, _arguments: dict[str, Any]) -> Page:
    """Show today's work: an offered leak first, the next job large, the rest small."""
    jobs = [j for j in ui.phone.jobs() if j.assignment.state not in _DONE]
    identity = ui.phone.find_identity()
    page = Page(
        ui,
        ui.t("phone.today", count=len(jobs)),
        identity.technician_name if identity else "",
        chip=parts.line_chip(ui),
        has_back=False,
        icon=("gear", lambda: ui.go("settings")),
    )
    if not jobs:
        page.add(
            Surface(Text(ui.t("phone.no_jobs"), "name", bold=True), Text(ui.t("phone.no_jobs_hint"), role="ink_2"))
        )
    for index, job in enumerate(jobs):
        page.add(parts.job_card(ui, job, _opener(ui, job), is_large=index == 0))
    page.set_foot(
        PushButton(ui.t("phone.sync"), lambda: ui.go("sync_status")),
        PushButton(ui.t("phone.next_job"), _opener(ui, jobs[0]) if jobs else ui.rebuild, primary=True),
    )
    page.foot.children[0].disabled = not jobs
    page.every_second(lambda: None)
    return page


def _opener(ui: Ui, job: wire.Job) -> Any:
    name = "alarm" if parts.is_alarming(job) and parts.is_pending(job) else "job_detail"

    def open_job() -> None:
        ui.phone.act("see_assignment", job.work_order_id)
        ui.go(name, job=job.work_order_id)

    return open_job


def alarm(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Fill the screen with an offered emergency until the technician answers."""
    job = ui.phone.find_job(arguments["job"])
    page = Page(ui, ui.t("phone.alarm"), job.number if job else "", chip=parts.line_chip(ui))
    if job is None or not parts.is_pending(job):
        page.add(Surface(Text(ui.t("phone.offer_over"), "name", bold=True)))
        page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
        return page
    figure = Text("", "title", "p1", bold=True)
    head = Row(Icon("diamond", "p1", size_dp=28), Word(ui.t("priority.1"), "name", "p1", bold=True))
    page.add(Surface(head, Text(parts.title_of(ui, job), "title", "p1", bold=True), figure, role="p1_bg"))
    page.add(Surface(Text(job.address, "title", bold=True), Text(job.description, "name"), spacing=3))
    page.add(_advice_card(ui, job))
    page.every_second(lambda: setattr(figure, "text", parts.countdown(ui, job)[0]))
    page.set_foot(
        PushButton(ui.t("phone.decline"), lambda: ui.replace("decline", job=job.work_order_id)),
        PushButton(ui.t("phone.accept"), lambda: _accept(ui, job), primary=True, role="p1"),
    )
    return page


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


def _advice_card(ui: Ui, job: wire.Job) -> Widget:
    """Return the safety warning: the first card of a leak."""
    lines = [Text(ui.t("phone.before_entering"), "name", "p1", bold=True), Text(ui.t("phone.safety"), role="p1")]
    if job.advice:
        told = " ".join(ui.t(f"advice.{code}") for code in job.advice[:3])
        lines.append(Text(ui.t("phone.caller_was_told", advice=told), "small", "ink_2"))
    return Surface(*lines, role="p1_bg", spacing=1.5)


def job_detail(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show one job, and the one thing to do next."""
    job = ui.phone.find_job(arguments["job"])
    if job is None or ui.phone.is_gone(arguments["job"]):
        page = Page(ui, ui.t("phone.job_gone"))
        page.add(Surface(Text(ui.t("phone.job_gone_hint"))))
        page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
        return page
    page = Page(ui, ui.t(f"fault.{job.fault_kind}"), job.number, chip=parts.line_chip(ui))
    if job.is_leak and job.visit.made_safe_ms is None:
        page.add(_advice_card(ui, job))
    page.add(_time_card(ui, job, page))
    page.add(_customer_card(ui, job))
    if _is_on_site(job):
        page.add(_work_card(ui, job))
        page.add(_remaining_card(ui, job))
    _set_next(ui, page, job)
    return page


def _time_card(ui: Ui, job: wire.Job, page: Page) -> Widget:
    figure = Word("", "title", "ink", bold=True)
    clock = parts.find_clock(job)
    head = Row(parts.priority_chip(ui, job), Widget(size_hint_y=None, height=1), figure)
    status = ui.t(f"assignment.{job.assignment.state.value}")
    lines = [head, Text(" · ".join(x for x in (status, parts.window_text(ui, job)) if x), "small", "ink_2")]
    if clock is not None:
        lines.append(Text(ui.t(f"clock.{clock.kind}") + f" {parts.clock_text(clock.due_ms)}", "small", "ink_2"))
    page.every_second(lambda: setattr(figure, "text", parts.countdown(ui, job)[0]))
    return Surface(*lines, stripe={1: "p1", 2: "p2", 3: "p3", 4: "p4"}[job.priority], spacing=1.5)


def _customer_card(ui: Ui, job: wire.Job) -> Widget:
    customer = job.customer
    lines: list[Widget] = [Text(f"{customer.name}  {customer.phone}", "name", bold=True), Text(job.address)]
    if customer.is_vulnerable:
        lines.append(Text(ui.t("phone.vulnerable"), "small", "p2", bold=True))
    if job.description:
        lines.append(Text(f"{ui.t('phone.reported')}: {job.description}", "small", "ink_2"))
    if customer.appliances:
        lines.append(Text(f"{ui.t('phone.appliances')}: {'、'.join(customer.appliances)}", "small", "ink_2"))
    lines += [Text(_past_text(ui, past), "small", "ink_2") for past in customer.history[:3]]
    return Surface(*lines, spacing=1.5)


def _past_text(ui: Ui, past: wire.PastVisit) -> str:
    return f"{past.number} · {ui.t(f'fault.{past.fault_kind}')} · {ui.t(f'state.{past.outcome}')}"


def _is_on_site(job: wire.Job) -> bool:
    return job.assignment.state in {AssignmentState.ARRIVED, AssignmentState.WORKING}


def _work_card(ui: Ui, job: wire.Job) -> Widget:
    """Return the job's protocols with how far each has got; a tap opens one."""
    rows = [
        PushButton(
            f"{ui.words(protocol.title)}  {_progress(protocol, job)}",
            lambda p=protocol: ui.go("protocol", job=job.work_order_id, protocol=p.ref),
        )
        for protocol in ui.phone.protocols(job.work_order_id)
    ]
    return Surface(Text(ui.t("phone.work"), "name", bold=True), Column(*rows, spacing=2))


def _progress(protocol: Protocol, job: wire.Job) -> str:
    steps = [s for s in checklist.list_applicable(protocol, job.visit) if s.required]
    done = sum(1 for s in steps if checklist.result_of(protocol, s, job.visit))
    return f"{done}/{len(steps)}"


def _remaining_card(ui: Ui, job: wire.Job) -> Widget:
    told = job.visit.remaining_s
    title = ui.t("phone.remaining") if told is None else ui.t("phone.remaining_told", minutes=round(told / 60))
    buttons = [PushButton(ui.t("phone.minutes", count=m), lambda m=m: _tell(ui, job, m)) for m in _REMAINING_MIN]
    return Surface(Text(title, "name", bold=True), parts.choices(*buttons, columns=3))


def _tell(ui: Ui, job: wire.Job, minutes: int) -> None:
    ui.act("estimate_remaining_time", job.work_order_id, remaining_s=minutes * 60)
    ui.rebuild()


def find_open_protocol(ui: Ui, job: wire.Job) -> Protocol | None:
    """Return the first protocol with a required step open; tests that the outcome does not need are left out."""
    for protocol in ui.phone.protocols(job.work_order_id):
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
    elif state is AssignmentState.ACCEPTED:
        page.set_foot(PushButton(ui.t("phone.depart"), lambda: _then_rebuild(ui, "depart", key), primary=True))
    elif state is AssignmentState.EN_ROUTE:
        page.set_foot(PushButton(ui.t("phone.arrive"), lambda: _then_rebuild(ui, "arrive", key), primary=True))
    elif _is_on_site(job):
        _set_next_on_site(ui, page, job)
    else:
        page.set_foot(PushButton(ui.t("phone.copy"), lambda: ui.go("customer_copy", job=key), primary=True))


def _set_next_on_site(ui: Ui, page: Page, job: wire.Job) -> None:
    key = job.work_order_id
    aside = PushButton(ui.t("phone.other"), lambda: ui.go("exceptions", job=key))
    protocol = find_open_protocol(ui, job)
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
