"""Windows that may be promised: those into which the plan can take one more visit (IN-17). Asked, never solved."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import zoneinfo
from typing import Any, Final

import msgspec
from sqlalchemy import orm

from routing import fitting
from routing.fitting import Fit
from routing.plan import Plan
from routing.problem import Job, Place, Problem, Window
from routing.travel import TravelTimes
from server.board import words
from server.core import texts
from server.dispatch import problem as desk
from server.dispatch.rules import dispatch_rules
from server.dispatch.travel import desk as travel_desk
from server.dispatch.travel.desk import Patience
from shared import data_file, facts, triage
from shared.work_order import Priority

_DAY_S: Final = 86_400
_PROBE: Final = "asked"
EASY, TIGHT, FULL = "easy", "tight", "full"
GOES_NOW, NO_PLACE = "goes_now", "no_place"


class WindowRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hours and width of windows, and below which added cost (driving seconds) one is easy or tight."""

    id: str
    edition: str
    effective_from: dt.date
    days: int
    hours: tuple[int, ...]
    width_h: int
    easy_below_s: float
    tight_below_s: float
    source: str


class WindowsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of the visit for which a time is to be promised; the place is WGS-84."""

    fault_kind: str
    location: str = "unknown"
    answers: dict[str, str | bool] = {}
    lat: float | None = None
    lon: float | None = None

    def __post_init__(self) -> None:
        """Refuse places outside the earth. Raises DomainError."""
        facts.check_place(self.lat, self.lon)


@dataclasses.dataclass(frozen=True)
class _Day:
    """One day's crew and work: the plan that stands today, or the promises of a day to come."""

    problem: Problem
    plan: Plan | None
    travel: TravelTimes


@functools.cache
def window_rules() -> WindowRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("windows-2026.toml"), WindowRules, "setting_invalid")


def offer(
    session: orm.Session, branch_id: str, request: WindowsRequest, now_ms: int, profile: str, time_zone: str
) -> dict[str, Any]:
    """Return the windows with how well they fit; an emergency and a leak are promised none: somebody goes at once.

    Raises triage's errors.
    """
    report = triage.FaultReport(fault_kind=request.fault_kind, location=request.location, answers=request.answers)
    verdict = triage.assess(report, texts.triage_rules())
    if verdict.priority == Priority.EMERGENCY or verdict.is_leak:
        return _none(GOES_NOW)
    if request.lat is None or request.lon is None:
        return _none(NO_PLACE)
    job = _probe(verdict, Place(lat=request.lat, lon=request.lon), now_ms)
    fits: list[Fit] = []
    for number, windows in enumerate(list_windows(window_rules(), time_zone, now_ms)):
        day = _day(session, branch_id, number, windows, now_ms, profile) if windows else None
        if day is not None:
            fits += fitting.fit_windows(day.problem, day.plan, job, windows, day.travel)
    items = [_row(fit) for fit in fits]
    reasons = [fit.reason for fit in fits if fit.reason]
    if any(item["fit"] != FULL for item in items):
        return {"items": items, "reason_code": None, "reason": None}
    code = max(set(reasons), key=reasons.count) if reasons else "off_shift"
    return {"items": items, "reason_code": code, "reason": words.reason(code)}


def list_windows(rules: WindowRules, time_zone: str, now_ms: int) -> list[list[Window]]:
    """Return each day's windows (seconds) that have not begun, in local hours."""
    zone = zoneinfo.ZoneInfo(time_zone)
    today = dt.datetime.fromtimestamp(now_ms / 1000, zone).date()
    found = []
    for number in range(rules.days):
        day = today + dt.timedelta(days=number)
        starts = [round(dt.datetime.combine(day, dt.time(hour), zone).timestamp()) for hour in rules.hours]
        found.append([(at, at + rules.width_h * 3600) for at in starts if at * 1000 > now_ms])
    return found


def _none(code: str) -> dict[str, Any]:
    return {"items": [], "reason_code": code, "reason": None}


def _probe(verdict: triage.Triage, place: Place, now_ms: int) -> Job:
    weights = dispatch_rules().priority[str(int(verdict.priority))]
    return Job(
        id=_PROBE,
        place=place,
        service_s=verdict.expected_s,
        priority=int(verdict.priority),
        skills=tuple(verdict.skills),
        release_s=now_ms // 1000,
        lateness_weight=max(weights.lateness_weight, dispatch_rules().promised_lateness_weight),
        unserved_penalty=weights.unserved_penalty,
        promised=True,
    )


def _day(
    session: orm.Session, branch_id: str, number: int, windows: list[Window], now_ms: int, profile: str
) -> _Day | None:
    if number == 0:
        seen = desk.take_snapshot(session, branch_id, now_ms, profile)
        return _Day(seen.problem, seen.plan, seen.travel)
    begin_s = windows[0][0] // _DAY_S * _DAY_S
    problem = desk.later_day(session, branch_id, (windows[0][0], windows[-1][1]), now_ms, profile)
    if problem is None:
        return None
    terms = travel_desk.read_terms(session, branch_id)
    places = travel_desk.list_places(problem)
    return _Day(problem, None, travel_desk.times_for(terms, places, begin_s, Patience.LITTLE))


def _row(fit: Fit) -> dict[str, Any]:
    rules = window_rules()
    added = fit.added_s
    name = FULL
    if added is not None and added < rules.tight_below_s:
        name = EASY if added < rules.easy_below_s else TIGHT
    start_s, end_s = fit.window
    return {"start_ms": start_s * 1000, "end_ms": end_s * 1000, "fit": name, "added_s": added, "reason": fit.reason}
