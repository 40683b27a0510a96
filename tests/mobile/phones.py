"""Opens phones with a clock and chance of the test's own, and walks them through a visit."""

from __future__ import annotations

import random
from pathlib import Path

from mobile import service
from mobile.actions import duty
from mobile.sync.transport import Transport
from shared import checklist, facts, ids
from shared.protocol import Step
from tests.mobile.office import START_MS

STEP_MS = 1_000


class HandClock:
    """A clock that moves only when it is told to."""

    boot_id = "boot-of-the-test"

    def __init__(self, now_ms: int = START_MS) -> None:
        """Stand at `now_ms`, Unix milliseconds."""
        self._now_ms = now_ms
        self._turned_back_ms = 0

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return self._now_ms - self._turned_back_ms

    def mono_ms(self) -> int:
        """Return milliseconds since this clock was made."""
        return self._now_ms - START_MS

    def turn_back_ms(self, by_ms: int) -> None:
        """Turn the wall clock back; time since the boot is not touched."""
        self._turned_back_ms += by_ms

    def pass_ms(self, elapsed_ms: int) -> None:
        """Move forward."""
        self._now_ms += elapsed_ms


def open_phone(
    folder: Path, clock: HandClock, seed: int = 1, transport: Transport | None = None, server_url: str = ""
) -> service.Phone:
    """Open a phone whose ids follow from `seed`, so that a failing run can be repeated."""
    chance = random.Random(f"{seed}-{folder.name}-{len(list(folder.glob('*')))}-{clock.now_ms()}")
    return service.Phone(
        folder,
        server_url,
        clock,
        lambda now_ms: ids.uuid7(now_ms, chance.randbytes(10)),
        uniform=lambda: 1.0,
        transport=transport,
    )


def start_shift(phone: service.Phone) -> None:
    """Declare the shift, fit for duty."""
    duty.start_shift(phone.desk, is_fit=True, instruments=(), stock=())


def go_to_the_door(phone: service.Phone, work_order_id: str) -> None:
    """See, accept, depart, arrive."""
    for command in ("see_assignment", "accept_assignment", "depart", "arrive"):
        phone.act(command, work_order_id)


def sign_name(size: int = 500) -> tuple[facts.Stroke, ...]:
    """Return the strokes of customer Zhao's name, `size` thousandths of the pad wide."""
    return (facts.Stroke(points=tuple((100 + size * i // 9, 300 + size // 12 * (i % 3), 80 * i) for i in range(10))),)


def do_the_work(phone: service.Phone, work_order_id: str) -> None:
    """Answer every step of the job's protocols well, and declare the outcome."""
    for protocol in phone.protocols(work_order_id):
        for step in protocol.steps:
            applicable = checklist.list_applicable(protocol, phone.get_job(work_order_id).visit)
            if step in applicable:
                answer_well(phone, work_order_id, protocol.ref, step)
    if phone.get_job(work_order_id).is_leak:
        phone.act("make_safe", work_order_id, how="repaired")
    phone.act("declare_outcome", work_order_id, outcome="repaired", cause="thermocouple", work_done="更换热电偶")


def answer_well(phone: service.Phone, work_order_id: str, protocol: str, step: Step) -> None:
    """Answer one step so that it passes."""
    where = {"protocol": protocol, "step": step.id}
    if step.kind == "reading":
        value = step.maximum or step.minimum or "0"
        instrument = {"instrument_serial": "XP-1", "instrument_valid_until": "2030-01-01"}
        phone.act("record_reading", work_order_id, **where, value=value, unit=step.unit, **instrument)
    elif step.kind == "timer":
        phone.act("stop_timer", work_order_id, **where, elapsed_ms=step.max_ms or step.min_ms or 1)
    elif step.kind == "choice":
        code = next(choice.code for choice in step.choices if choice.passes)
        phone.act("answer_step", work_order_id, **where, outcome=code)
    else:
        phone.act("answer_step", work_order_id, **where, outcome="pass")
