"""Leaks that nobody accepts while the executors are killed: a small run of the soak, and the builds it must catch."""

import functools
import os
from pathlib import Path
from typing import Any

import pytest

from server.core import texts
from server.escalation import rules
from tests.journeys.plays import ONCE
from tests.soak import escalation

SIZE = ["--leaks", "10", "--rate", "10", "--kill-every-s", "1", "--patience-s", "60"]


@pytest.fixture(autouse=True)
def own_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the run's own edition of the ladder be read afresh, and be nobody's after it."""
    monkeypatch.setattr(texts, "_own_catalog", [])
    monkeypatch.setattr(rules, "list_editions", functools.cache(rules.list_editions.__wrapped__))


@ONCE
def test_every_leak_reaches_a_human_while_executors_are_killed(tmp_path: Path) -> None:
    """None is forgotten, none is accepted twice, no rung is climbed twice."""
    figures = escalation.measure(escalation.parse(SIZE), tmp_path)
    assert figures["reached_human"] == figures["leaks"] == 10
    assert (figures["double_acceptances"], figures["steps_twice"]) == (0, 0)


@ONCE
def test_duties_carried_out_by_both_executors_are_caught(tmp_path: Path) -> None:
    """A build that ignores the claim on a duty climbs rungs twice."""
    assert play_broken("ignored_claims", tmp_path, accept_share="0.2")["steps_twice"] > 0


@ONCE
@pytest.mark.skipif(not os.environ.get("FULL"), reason="FULL=1 plays every broken build")
def test_second_acceptance_is_caught(tmp_path: Path) -> None:
    """A build that does not look at who was first lets two technicians drive to one leak."""
    assert play_broken("second_accept", tmp_path, accept_share="0.9")["double_acceptances"] > 0


def play_broken(broken: str, folder: Path, *, accept_share: str) -> dict[str, Any]:
    """Return the figures of a small run of a broken build."""
    size = ["--leaks", "4", "--rate", "10", "--kill-every-s", "100", "--patience-s", "30"]
    return escalation.measure(escalation.parse([*size, "--accept-share", accept_share, "--broken", broken]), folder)
