"""Samples of the measurements of bad networks, of two thousand phones at once, and of an off-duty intruder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from tests.soak import network, offshift, storm
from tests.soak.proxy import FAULTS

IS_FULL: Final = bool(os.environ.get("FULL"))
HARM: Final = ("lost", "duplicated", "gaps", "half_records")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("fault", FAULTS if IS_FULL else ("half_open",))
def test_nothing_is_lost_or_doubled_on_a_bad_line(tmp_path: Path, fault: str) -> None:
    """Technicians write notes and leaks come in while the network fails them; afterwards all is there, once."""
    figures = network.run(fault, 4.0, 2, 1, tmp_path)
    assert {name: figures[name] for name in HARM} == dict.fromkeys(HARM, 0)
    assert figures["acknowledged"] >= figures["notes"] > 0


def test_phones_that_come_back_at_once_are_all_served(tmp_path: Path) -> None:
    """Every phone reads its feed, confirms its offer and hangs on to its socket without one error; the leak arrives."""
    figures = storm.run(40, tmp_path)
    assert (figures["synced"], figures["errors"], figures["missing"]) == (40, 0, 0)
    assert figures["leak_delivery_s"] is not None


def test_nothing_of_an_off_duty_intruder_is_kept(tmp_path: Path) -> None:
    """Points of every hour but the shift's, through every door: none stored, none shown; those on duty are."""
    figures = offshift.run(100_000 if IS_FULL else 2_000, 1, tmp_path)
    assert (figures["stored"], figures["shown"], figures["honest_missing"]) == (0, 0, 0)
    assert figures["honest_stored"] == 20
