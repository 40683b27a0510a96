"""The soak that tries to close leaks by hope: a sample holds, and each broken guard is found out."""

import os

import pytest

from tests.soak.closure import __main__ as command
from tests.soak.closure import faults

SAMPLE = 200_000 if os.environ.get("FULL") else 4_000


def counts_of(broken: str) -> dict[str, int]:
    """Return what a sample of sequences counts under a planted fault."""
    return command.play_chunk((0, SAMPLE, 7, broken))[1]


def test_no_sequence_closes_a_leak_without_evidence() -> None:
    """And honest visits do close: the guard is no wall."""
    counts = counts_of("")
    assert (counts["closed_without_evidence"], counts["sequences"]) == (0, SAMPLE)
    assert counts["closed"] > SAMPLE / 20
    assert counts["refused"] > SAMPLE / 20


@pytest.mark.parametrize("name", [name for name in faults.NAMES if name != "old_instruments"])
def test_broken_guard_is_found_out(name: str) -> None:
    """A guard that hopes, forgets the second round or the witness, or listens to the telephone."""
    assert counts_of(name)["closed_without_evidence"] > 0


def test_guard_that_takes_old_instruments_is_found_out() -> None:
    """Rarer than the others: it needs a sample of its own."""
    counts = command.play_chunk((0, 12_000, 1, "old_instruments"))[1]
    assert counts["closed_without_evidence"] > 0
