"""Guards that are broken on purpose: each must be found out by the sequences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final
from unittest import mock

from shared import checklist, closure, work_order
from shared.machine import Role

NAMES: Final = ("hope", "one_moment", "old_instruments", "no_witness", "telephone")


@contextlib.contextmanager
def planted(name: str) -> Iterator[None]:
    """Break one guard while the sequences run; an empty name breaks none."""
    with contextlib.ExitStack() as stack:
        if name:
            stack.enter_context(_PATCHES[name]())
        yield


def _telephone() -> contextlib.AbstractContextManager[object]:
    """Let a leak be called off like any other order."""
    honest = work_order.decide

    def decide(facts: work_order.Facts, command: str, role: Role) -> work_order.WorkOrderState:
        known = work_order.Facts(facts.state, is_leak=facts.is_leak and command != "cancel", closure_evidence=False)
        return honest(facts if command != "cancel" else known, command, role)

    return mock.patch.object(work_order, "decide", decide)


_PATCHES: Final = {
    "hope": lambda: mock.patch.object(closure, "missing_evidence", return_value=()),
    "one_moment": lambda: mock.patch.object(closure, "_are_apart", return_value=True),
    "old_instruments": lambda: mock.patch.object(checklist, "_calibration_flag", return_value=""),
    "no_witness": lambda: mock.patch.object(closure, "_tightness", return_value=()),
    "telephone": _telephone,
}
