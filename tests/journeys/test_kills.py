"""Power cuts: server processes die by SIGKILL in the middle of a morning, and nothing that was confirmed is lost."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.demo.runner import Runner
from shared.errors import DomainError
from tests.journeys.plays import ONCE, play

KILLS: Final = 50 if os.environ.get("FULL") else 6


@pytest.mark.timeout(600)
def test_killed_server_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Gateway and worker die at random moments and come back: every promise of the morning is kept all the same."""
    report = play(tmp_path, monkeypatch, database_url, "--kill", str(KILLS))
    assert report["kills"] > 0
    assert (report["events_lost"], report["events_duplicated"], report["journal_ok"]) == (0, 0, True)
    assert (report["exit_code"], report["closed"], report["orders_no_access"]) == (0, 9, 1)
    assert (report["records_signed"], report["records_waived"], report["records_verified"]) == (7, 2, 9)
    assert (report["copies_issued"], report["call_backs_scheduled"], report["quarantined"]) == (9, 9, 0)
    assert report["leaks_closed_without_evidence"] == 0


def until_somebody_is_stuck(run: Callable[..., None]) -> Callable[..., None]:
    """Return a run that ends when the server has forgotten so much that a technician cannot go on."""

    def stop_early(*arguments: Any, **options: Any) -> None:
        with contextlib.suppress(DomainError):  # the loss has shown itself; now it must be counted
            run(*arguments, **options)

    return stop_early


@ONCE
@pytest.mark.timeout(600)
def test_build_that_answers_before_it_commits_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same power cuts on a build that lies: the count of lost events must not be zero, or it counts nothing."""
    monkeypatch.setattr(Runner, "run", until_somebody_is_stuck(Runner.run))
    report = play(tmp_path, monkeypatch, "", "--kill", str(KILLS), "--module", "tests.faults.early_ack")
    assert report["events_lost"] > 0
    assert report["exit_code"] == 1
