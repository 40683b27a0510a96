"""The sockets only ring: with every message lost the same morning is played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.plays import ONCE, play

TIMING = {"run_seconds", "kills", "exit_code"}


def outcome(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report says of the work, without the time it took."""
    return {key: value for key, value in report.items() if key not in TIMING and not key.startswith("journal_events")}


@ONCE
@pytest.mark.timeout(600)
def test_losing_every_socket_message_loses_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, morning: dict[str, Any]
) -> None:
    """Same calls, same crews, once with ringing phones and once on a server whose sockets say nothing."""
    silent = play(tmp_path, monkeypatch, "", "--module", "tests.faults.sockets_cut")
    assert (morning["exit_code"], silent["exit_code"]) == (0, 0)
    assert outcome(silent) == outcome(morning)
