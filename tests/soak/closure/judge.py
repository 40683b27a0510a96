"""Judges a leak's evidence anew: step names and limits written down by hand, none of the product's rules used.

It reads facts alone: `told` are (fact, Unix ms) in the order in which they happened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from shared import facts

CN: Final = dt.timezone(dt.timedelta(hours=8))
SPACES: Final = ("inside", "neighbours", "outside", "below")
APART_MS: Final = 300_000
TIGHT_TICKS: Final = ("gauge_connected", "joints_soaped", "restore", "relight", "explained", "witnessed")
TIGHTNESS: Final = "indoor-tightness@2009"
LEAK: Final = "leak-response@2026"

Told = Sequence[tuple[facts.Body, int]]


class _Last(NamedTuple):
    """The answer that stands for a step."""

    body: facts.Body
    at_ms: int


def proves(told: Told) -> bool:
    """Say whether the facts prove a leak closed: repaired and tight, isolated and warned, or clear in two rounds."""
    last = {
        (b.protocol, b.step): _Last(b, at_ms)
        for b, at_ms in told
        if isinstance(b, facts.StepAnswered | facts.ReadingRecorded | facts.TimerStopped)
    }
    if not any(isinstance(b, facts.SiteMadeSafe) for b, _ in told):
        return False
    outcome = next((b.outcome for b, _ in reversed(told) if isinstance(b, facts.OutcomeDeclared)), "")
    if outcome == "repaired":
        return _is_tight(last)
    if outcome == "isolated":
        ticks = ("valve_locked", "tag_hung", "notice_served")
        return _found(last) == "isolated" and all(_ticked(last, LEAK, step) for step in ticks)
    return outcome == "all_clear" and _found(last) == "all_clear" and _is_clear(last)


def _found(last: dict[tuple[str, str], _Last]) -> str:
    answer = last.get((LEAK, "finding"))
    return answer.body.outcome if answer and isinstance(answer.body, facts.StepAnswered) else ""


def _ticked(last: dict[tuple[str, str], _Last], protocol: str, step: str) -> bool:
    answer = last.get((protocol, step))
    return answer is not None and isinstance(answer.body, facts.StepAnswered) and answer.body.outcome == "pass"


def _skipped(last: dict[tuple[str, str], _Last], protocol: str, step: str) -> bool:
    answer = last.get((protocol, step))
    return (
        answer is not None and isinstance(answer.body, facts.StepAnswered) and answer.body.outcome == "not_applicable"
    )


def _read(last: dict[tuple[str, str], _Last], protocol: str, step: str, unit: str) -> Decimal | None:
    """Return a reading taken with an instrument in calibration."""
    answer = last.get((protocol, step))
    if answer is None or not isinstance(answer.body, facts.ReadingRecorded):
        return None
    body = answer.body
    day = dt.datetime.fromtimestamp(answer.at_ms / 1000, CN).date()
    is_good = body.unit == unit and body.instrument_serial and body.instrument_valid_until >= day.isoformat()
    return Decimal(body.value) if is_good else None


def _is_tight(last: dict[tuple[str, str], _Last]) -> bool:
    pressure, drop = (_read(last, TIGHTNESS, step, "kPa") for step in ("test_pressure", "pressure_drop"))
    stood = last.get((TIGHTNESS, "stand_time"))
    stood_ms = (stood.body.elapsed_ms if isinstance(stood.body, facts.TimerStopped) else 0) if stood else 0
    carbon = _read(last, TIGHTNESS, "co_after", "ppm")
    return (
        all(_ticked(last, TIGHTNESS, step) for step in TIGHT_TICKS)
        and pressure is not None
        and pressure >= 5
        and drop is not None
        and drop == 0
        and stood_ms >= 900_000
        and (_skipped(last, TIGHTNESS, "co_after") or (carbon is not None and 0 <= carbon <= 9))
    )


def _is_clear(last: dict[tuple[str, str], _Last]) -> bool:
    return all(_is_space_clear(last, space) for space in SPACES)


def _is_space_clear(last: dict[tuple[str, str], _Last], space: str) -> bool:
    steps = (f"{space}_1", f"{space}_2")
    if space == "below" and any(_skipped(last, LEAK, step) for step in steps):
        # A space that does not exist needs no reading; one reading in it needs its second.
        return all(_read(last, LEAK, step, "%LEL") is None for step in steps)
    if any(_read(last, LEAK, step, "%LEL") != 0 for step in steps):
        return False
    first, second = (last[LEAK, step].at_ms for step in steps)
    return abs(first - second) >= APART_MS
