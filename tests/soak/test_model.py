"""Whatever happens to a company, in whatever order, its laws hold after every step; three broken builds are caught."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.model import faults, machine, stories
from tests.soak.model.laws import BrokenLawError
from tests.soak.model.machine import CompanyMachine

RUNS, STEPS = (1000, 50) if os.environ.get("FULL") else (60, 40)
ENOUGH_TO_FAIL: Final = 40
GOOD_MORNINGS: Final = 3


@pytest.fixture(scope="module", autouse=True)
def _one_company() -> Iterator[None]:
    yield
    machine.forget_world()


def test_laws_hold_after_every_step() -> None:
    """Orders, offers, answers, evidence, plans, crashes, partitions, a restore: 60 mornings of 40 steps."""
    chosen = settings(machine.make_settings(RUNS, STEPS), derandomize=True, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(CompanyMachine, settings=chosen)


@pytest.mark.parametrize("build", faults.BROKEN)
def test_broken_build_is_caught(build: str) -> None:
    """Answers before it writes, does repeats again, reads the feed by time: each breaks a law within a few mornings."""
    with faults.broken(build), pytest.raises(BrokenLawError):
        live_through(ENOUGH_TO_FAIL)


def test_good_build_lives_through_the_same_mornings() -> None:
    """What catches the broken builds above finds nothing wrong with the good one."""
    live_through(GOOD_MORNINGS)


def live_through(mornings: int) -> None:
    """Live through random mornings. Raises BrokenLawError at the first law that does not hold."""
    for seed in range(mornings):
        stories.live_through(machine.the_world(), seed, STEPS)
