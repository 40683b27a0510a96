"""Work on site: a protocol's steps, a reading on the keypad, a running timer, the outcome."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.actions import timers
from mobile.screens import parts
from mobile.screens.jobs import find_open_protocol
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.store.pocket import RunningTimer
from mobile.widgets.basics import Chip, PushButton, Surface, Text
from mobile.widgets.inputs import Field, Keypad, StepRow
from mobile.widgets.rows import ActionRow
from shared import checklist, formula, function_test, wire
from shared.protocol import FAIL, PASS, Protocol, Step
from shared.visit import Answer, find_answer

_LEAK_OUTCOMES: Final = ("repaired", "isolated", "all_clear")
_OUTCOMES: Final = ("done", "follow_up")
_SAFE_BY_OUTCOME: Final = {"repaired": "repaired", "isolated": "isolated", "all_clear": "no_gas_found"}


def protocol_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show a checklist or a full-function test: every step with its value, limit and mark."""
    job = ui.phone.get_job(arguments["job"])
    protocol = ui.phone.desk.shelf.get_protocol(arguments["protocol"])
    steps = checklist.list_applicable(protocol, job.visit)
    done = sum(1 for s in steps if s.required and checklist.result_of(protocol, s, job.visit))
    total = sum(1 for s in steps if s.required)
    page = Page(
        ui,
        ui.words(protocol.title),
        f"{protocol.clause}",
        chip=Chip(f"{done}/{total}", "ok" if done == total else "p3"),
    )
    rows = [_step_row(ui, job, protocol, step) for step in steps]
    for step, row in zip(steps, rows, strict=True):
        _keep_counting(ui, page, row, find_timer(ui, job, protocol, step) if step.kind == "timer" else None)
    page.add(Surface(*rows, spacing=0))
    page.add(_verdict_card(ui, job, protocol))
    page.set_foot(*_protocol_foot(ui, job, protocol))
    return page


def _protocol_foot(ui: Ui, job: wire.Job, protocol: Protocol) -> list[Widget]:
    step = checklist.find_next_step(protocol, job.visit)
    if step is not None:
        return [
            PushButton(ui.t("phone.later"), ui.back),
            PushButton(ui.t("phone.next_step"), lambda: _open_step(ui, job, protocol, step), primary=True),
        ]
    following = find_open_protocol(ui, job)
    if following is not None:
        go = lambda: ui.replace("protocol", job=job.work_order_id, protocol=following.ref)  # noqa: E731 - one line of a button
        return [PushButton(ui.t("phone.go_on"), go, primary=True)]
    name = "outcome" if not job.visit.outcome else "job_detail"
    return [
        PushButton(
            ui.t("phone.outcome" if name == "outcome" else "phone.to_job"),
            lambda: ui.replace(name, job=job.work_order_id),
            primary=True,
        )
    ]


def _verdict_card(ui: Ui, job: wire.Job, protocol: Protocol) -> Widget:
    verdict = (function_test if protocol.kind == "function_test" else checklist).evaluate(protocol, job.visit)
    if not verdict.complete:
        return Text(ui.t("phone.steps_open", count=len(verdict.missing)), "small", "ink_2")
    word = ui.t("result.pass" if verdict.passed else "result.fail")
    return Surface(
        Text(word, "name", "ok" if verdict.passed else "p1", bold=True), role="ok_bg" if verdict.passed else "p1_bg"
    )


def _step_row(ui: Ui, job: wire.Job, protocol: Protocol, step: Step) -> StepRow:
    answer = find_answer(job.visit, protocol.ref, step.id)
    running = find_timer(ui, job, protocol, step) if step.kind == "timer" else None
    result = checklist.result_of(protocol, step, job.visit)
    flag = checklist.flag_of(protocol, step, job.visit)
    limits = checklist.limits_text(step, checklist.limits_of(protocol, step, job.visit))
    if step.kind == "computed":
        return _computed_row(ui, job, protocol, step, limits)
    value = ui.t(f"flag.{flag}") if flag else _value_text(ui, step, answer, limits)
    if running is not None:
        value = _running_text(ui, running)
    role = "p1" if flag or result == FAIL else "ink_2"
    mark = {"pass": "pass", "fail": "fail", "not_applicable": "pass"}.get(result, "")
    return StepRow(ui.words(step.text), value, mark, lambda: _open_step(ui, job, protocol, step), value_role=role)


def _keep_counting(ui: Ui, page: Page, row: StepRow, running: RunningTimer | None) -> None:
    """Let a running timer's row go on counting while the checklist is shown."""
    if running is not None:
        page.every_second(lambda: setattr(row.value_label, "text", _running_text(ui, running)))


def _running_text(ui: Ui, running: RunningTimer) -> str:
    return ui.t("phone.timer_runs", time=parts.span_text(timers.elapsed_of(ui.phone.desk, running) // 1000))


def _computed_row(ui: Ui, job: wire.Job, protocol: Protocol, step: Step, limits: str) -> StepRow:
    """Show what the formula gives; there is nothing to tap."""
    number = checklist.number_of(protocol, step, job.visit)
    value = "–" if number is None else f"{formula.plain(number)} {step.unit} · {limits}".strip(" ·")
    mark = checklist.result_of(protocol, step, job.visit)
    return StepRow(ui.words(step.text), value, mark, lambda: None, value_role="p1" if mark == FAIL else "ink_2")


def _value_text(ui: Ui, step: Step, answer: Answer | None, limits: str) -> str:
    """Return what was answered, else the hint with the limits."""
    if answer is None:
        hint = ui.words(step.hint) if step.hint else ""
        return " · ".join(part for part in (hint, limits) if part)
    if answer.value:
        return f"{answer.value} {answer.unit} · {limits}".strip(" ·")
    if answer.elapsed_ms is not None:
        return f"{answer.elapsed_ms / 1000:.1f} s · {limits}".strip(" ·")
    chosen = next((c for c in step.choices if c.code == answer.outcome), None)
    return ui.words(chosen.text) if chosen else ui.t(f"result.{answer.outcome}")


def _open_step(ui: Ui, job: wire.Job, protocol: Protocol, step: Step) -> None:
    """A tick toggles at once; anything else has a page of its own."""
    key = job.work_order_id
    if step.kind != "tick" or step.may_skip:
        ui.go("step", job=key, protocol=protocol.ref, step=step.id)
        return
    answer = find_answer(job.visit, protocol.ref, step.id)
    outcome = FAIL if answer is not None and answer.outcome == PASS else PASS
    ui.act("answer_step", key, protocol=protocol.ref, step=step.id, outcome=outcome)
    ui.rebuild()


def step_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Answer one step: a choice, a reading on the keypad, or a timer."""
    job = ui.phone.get_job(arguments["job"])
    protocol = ui.phone.desk.shelf.get_protocol(arguments["protocol"])
    step = next(s for s in protocol.steps if s.id == arguments["step"])
    page = Page(ui, ui.words(protocol.title), step.clause or protocol.clause)
    card = [Text(ui.words(step.text), "name", bold=True)]
    if step.hint:
        card.append(Text(ui.words(step.hint), "small", "ink_2"))
    limits = checklist.limits_text(step, checklist.limits_of(protocol, step, job.visit))
    if limits:
        card.append(Text(limits, role="ink_2"))
    page.add(Surface(*card, spacing=1.5))
    {"reading": _reading, "timer": _timer}.get(step.kind, _choose)(ui, page, job, protocol, step)
    return page


def _answer(ui: Ui, job: wire.Job, protocol: Protocol, step: Step, outcome: str) -> None:
    if ui.act("answer_step", job.work_order_id, protocol=protocol.ref, step=step.id, outcome=outcome):
        ui.back()


def _skip_button(ui: Ui, job: wire.Job, protocol: Protocol, step: Step) -> list[Widget]:
    if not step.may_skip:
        return []
    return [PushButton(ui.t("result.not_applicable"), lambda: _answer(ui, job, protocol, step, "not_applicable"))]


def _choose(ui: Ui, page: Page, job: wire.Job, protocol: Protocol, step: Step) -> None:
    options = [(c.code, ui.words(c.text)) for c in step.choices] or [
        (PASS, ui.t("result.pass")),
        (FAIL, ui.t("result.fail")),
    ]
    buttons = [PushButton(text, lambda code=code: _answer(ui, job, protocol, step, code)) for code, text in options]
    page.add(parts.choices(*buttons, *_skip_button(ui, job, protocol, step), columns=1))


def _reading(ui: Ui, page: Page, job: wire.Job, protocol: Protocol, step: Step) -> None:
    figure = Text("–", "huge", bold=True, align="center")

    def show(value: str) -> None:
        figure.text = f"{value or '–'} {step.unit}"
        save.disabled = value in {"", "."}

    keypad = Keypad(show)

    def store() -> None:
        serial, valid = ui.instrument
        data = {"protocol": protocol.ref, "step": step.id, "value": keypad.value, "unit": step.unit}
        instrument = {"instrument_serial": serial, "instrument_valid_until": valid} if step.needs_instrument else {}
        if ui.act("record_reading", job.work_order_id, **data, **instrument):
            ui.back()

    save = PushButton(ui.t("phone.save"), store, primary=True)
    page.keypad = keypad
    page.add(Surface(figure, role="surface"))
    if step.needs_instrument:
        page.add(_instrument_row(ui))
    page.add(keypad)
    page.set_foot(*_skip_button(ui, job, protocol, step), save)
    show("")


def _instrument_row(ui: Ui) -> Widget:
    """Return the instrument in use, with a warning when its calibration is over: then the reading will not count."""
    serial, valid = ui.instrument
    if not serial:
        return ActionRow("triangle", ui.t("phone.no_instruments"), lambda: ui.go("instruments"))
    is_over = valid < parts.day_text(ui.phone.clock.now_ms())
    hint = ui.t("phone.calibration_over_hint") if is_over else ""
    title = ui.t("phone.instrument", serial=serial, date=valid)
    return ActionRow("triangle" if is_over else "clock", title, lambda: ui.go("instruments"), hint=hint)


def _timer(ui: Ui, page: Page, job: wire.Job, protocol: Protocol, step: Step) -> None:
    """Start, run, stop: the timer lives in the store and goes on while this screen, or the app, is closed."""
    place = {"protocol": protocol.ref, "step": step.id}
    running = find_timer(ui, job, protocol, step)
    figure = Text("0.0 s", "huge", bold=True, align="center")
    page.add(Surface(figure))

    def start() -> None:
        if ui.attempt(lambda: timers.start_timer(ui.phone.desk, job.work_order_id, **place)):
            ui.rebuild()

    def stop() -> None:
        if ui.attempt(lambda: timers.finish_timer(ui.phone.desk, job.work_order_id, **place)):
            ui.back()

    if running is None:
        page.set_foot(
            *_skip_button(ui, job, protocol, step), PushButton(ui.t("phone.start_timer"), start, primary=True)
        )
        return
    page.add(Text(ui.t("phone.timer_goes_on"), "small", "ink_2"))
    page.run(lambda: setattr(figure, "text", f"{timers.elapsed_of(ui.phone.desk, running) / 1000:.1f} s"))
    page.set_foot(PushButton(ui.t("phone.stop_timer"), stop, primary=True))


def find_timer(ui: Ui, job: wire.Job, protocol: Protocol, step: Step) -> RunningTimer | None:
    """Return the step's timer while it runs."""
    found = ui.phone.own.timers(job.work_order_id)
    return next((t for t in found if (t.protocol, t.step) == (protocol.ref, step.id)), None)


def outcome_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Declare how the job ended; a leak is made safe with it."""
    job = ui.phone.get_job(arguments["job"])
    page = Page(ui, ui.t("phone.outcome"), job.number)
    words = Field(job.visit.work_done, ui.t("phone.work_done_hint"))
    page.add(Surface(Text(ui.t("phone.work_done"), "small", "ink_2"), words))

    def declare(outcome: str) -> None:
        safe = not job.is_leak or job.visit.made_safe_ms is not None
        if (
            not safe
            and outcome in _SAFE_BY_OUTCOME
            and not ui.act("make_safe", job.work_order_id, how=_SAFE_BY_OUTCOME[outcome])
        ):
            return
        if ui.act("declare_outcome", job.work_order_id, outcome=outcome, work_done=words.text):
            ui.replace("job_detail", job=job.work_order_id)

    codes = _LEAK_OUTCOMES if job.is_leak else _OUTCOMES
    page.add(parts.choices(*(PushButton(ui.t(f"outcome.{c}"), lambda c=c: declare(c)) for c in codes), columns=1))
    return page
