"""Whatever happens to a company, in whatever order, its laws hold after every step; three broken builds are caught."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.model import faults, machine
from tests.soak.model.laws import BrokenLawError
from tests.soak.model.machine import CompanyMachine

RUNS, STEPS = (1000, 50) if os.environ.get("FULL") else (60, 40)
ENOUGH_TO_FAIL: Final = 200


@pytest.fixture(scope="module", autouse=True)
def _one_company() -> Iterator[None]:
    yield
    machine.forget_world()


def settings_for(runs: int, steps: int, *phases: Phase) -> settings:
    """Return settings by which the same runs are made every time."""
    chosen = settings(machine.make_settings(runs, steps), derandomize=True, suppress_health_check=list(HealthCheck))
    return settings(chosen, phases=phases) if phases else chosen


def test_laws_hold_after_every_step() -> None:
    """Orders, offers, answers, evidence, plans, crashes, partitions, a restore: 60 mornings of 40 steps."""
    run_state_machine_as_test(CompanyMachine, settings=settings_for(RUNS, STEPS))


@pytest.mark.parametrize("build", faults.BROKEN)
def test_broken_build_is_caught(build: str) -> None:
    """Answers before it writes, does repeats again, reads the feed by time: each breaks a law within a few mornings."""
    with faults.broken(build), pytest.raises(BrokenLawError):
        run_state_machine_as_test(CompanyMachine, settings=settings_for(ENOUGH_TO_FAIL, STEPS, Phase.generate))
