"""Opens phones with a clock and chance of the test's own, and walks them through a visit."""

from __future__ import annotations

import random
from pathlib import Path

from mobile import service
from mobile.sync.transport import Transport
from shared import ids
from tests.mobile.office import START_MS

STEP_MS = 1_000


class HandClock:
    """A clock that moves only when it is told to."""

    boot_id = "boot-of-the-test"

    def __init__(self, now_ms: int = START_MS) -> None:
        """Stand at `now_ms`, Unix milliseconds."""
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return self._now_ms

    def mono_ms(self) -> int:
        """Return milliseconds since this clock was made."""
        return self._now_ms - START_MS

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


def go_to_the_door(phone: service.Phone, work_order_id: str) -> None:
    """See, accept, depart, arrive."""
    for command in ("see_assignment", "accept_assignment", "depart", "arrive"):
        phone.act(command, work_order_id)
