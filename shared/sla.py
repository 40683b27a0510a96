"""SLA clocks that explain themselves: a clock is a pure function of the order's events (DI-03, CO-17).

Nothing is stored but events, so another profile never resets what has elapsed, and a clock computed again is the same.
Event names are the commands of the work order's table: arrive, make_safe, finish_work, hold, release, close, …
All times are Unix milliseconds; days and hours of a working calendar are those of its own time zone.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Sequence
from typing import Final, Self

import msgspec

from shared import data_file
from shared.triage import PriorityName, Triage

OPEN: Final = "open"
_DAYS_SEARCHED: Final = 3660


class Calendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Working hours: weekdays (0 is Monday), from `opens` to `closes`; holidays off, `working_days` on all the same."""

    id: str
    timezone: str
    weekdays: tuple[int, ...]
    opens: dt.time
    closes: dt.time
    holidays: tuple[dt.date, ...] = ()
    working_days: tuple[dt.date, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a calendar that never opens or whose zone is unknown. Raises ValueError, which the reader reports."""
        if not self.opens < self.closes or not {*self.weekdays} <= {*range(7)} or not self.weekdays:
            raise ValueError(f"calendar {self.id} has no working hours")
        try:
            zoneinfo.ZoneInfo(self.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, OSError) as fault:
            raise ValueError(f"time zone {self.timezone} is not known") from fault


class ClockRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a profile: which orders have the clock, its limit in seconds, and which events move it.

    Empty `priorities` and `faults` mean all; `leak` None means leaks and others. `from_window` starts the clock at the
    start of an agreed time window instead of the report; `at_window_end` makes the window's end the due time (DI-06).
    Events of `noted_on` move nothing: they stand in the history because they explain a due time (IN-14).
    """

    kind: str
    limit_s: int
    stops_on: tuple[str, ...]
    starts_on: tuple[str, ...] = (OPEN,)
    ends_on: tuple[str, ...] = ("cancel", "mark_duplicate")
    paused_by: tuple[str, ...] = ()
    resumed_by: tuple[str, ...] = ()
    noted_on: tuple[str, ...] = ()
    priorities: tuple[PriorityName, ...] = ()
    faults: tuple[str, ...] = ()
    leak: bool | None = None
    calendar: str = ""
    from_window: bool = False
    at_window_end: bool = False
    source: str = ""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One edition of a company's promises."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    rule: tuple[ClockRule, ...]
    calendar: tuple[Calendar, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rule with an unknown calendar or no limit. Raises ValueError, which the reader reports."""
        known = {calendar.id for calendar in self.calendar} | {""}
        for rule in self.rule:
            if rule.calendar not in known or rule.limit_s < 0:
                raise ValueError(f"clock {rule.kind} has no such calendar or a negative limit")

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the profile of a file (catalog/sla-gas-cn-2026.toml). Raises DomainError `sla_profile_invalid`."""
        return data_file.read(data, cls, "sla_profile_invalid")


class ClockSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order's clock: the rule that it follows and when it starts by itself (None: only by an event)."""

    kind: str
    limit_s: int
    start_ms: int | None
    rule: ClockRule
    calendar: Calendar | None = None


class ClockEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event of the order's history: the command's name, by whom and why."""

    at_ms: int
    name: str
    by: str = ""
    reason: str = ""


class ClockState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock at one moment. Elapsed time = active + paused + off hours; `history` are the events that moved it.

    `due_ms` moves with every pause and is None before the start; `met_ms` is when the promise was kept (late or not),
    `ended_ms` when it lapsed because the order was cancelled.
    """

    kind: str
    started_ms: int | None = None
    due_ms: int | None = None
    met_ms: int | None = None
    ended_ms: int | None = None
    paused: bool = False
    active_ms: int = 0
    paused_ms: int = 0
    off_hours_ms: int = 0
    breached: bool = False
    history: tuple[ClockEvent, ...] = ()

    @property
    def active_s(self) -> float:
        """Return the seconds that count towards the limit."""
        return self.active_ms / 1000

    @property
    def paused_s(self) -> float:
        """Return the seconds during which somebody had paused the clock."""
        return self.paused_ms / 1000


def deadlines_for(
    profile: Profile, triage: Triage, opened_ms: int, window: tuple[int, int] | None = None, fault_kind: str = ""
) -> tuple[ClockSpec, ...]:
    """Return the clocks of an order: of each kind the first rule of the profile that fits.

    `window` is the agreed time window (start, end) in Unix milliseconds; rules that name fault kinds need `fault_kind`.
    """
    calendars = {calendar.id: calendar for calendar in profile.calendar}
    specs: dict[str, ClockSpec] = {}
    for rule in profile.rule:
        if rule.kind not in specs and _applies(rule, triage, window, fault_kind):
            specs[rule.kind] = _spec(rule, opened_ms, window, calendars.get(rule.calendar))
    return tuple(specs.values())


def promise_spec(kind: str, made_ms: int, due_ms: int) -> ClockSpec:
    """Return the clock of a promise given to a customer (IN-13): from when it was made to when it was promised for."""
    rule = ClockRule(
        kind=kind,
        limit_s=max(0, due_ms - made_ms) // 1000,
        stops_on=("keep_promise",),
        noted_on=("change_promise",),
        source="IN-13, IN-14",
    )
    return ClockSpec(kind=kind, limit_s=rule.limit_s, start_ms=made_ms, rule=rule)


def clock(spec: ClockSpec, events: Sequence[ClockEvent], now_ms: int) -> ClockState:
    """Return the clock's state at `now_ms`; events after that moment are not known yet, their order does not matter."""
    state = ClockState(kind=spec.kind)
    since = now_ms
    for event in _moving(spec, events, now_ms):
        state = _run(spec, state, since, event.at_ms)
        state, since = _moved(spec, state, event), event.at_ms
    return _judged(spec, _run(spec, state, since, now_ms), now_ms)


def _applies(rule: ClockRule, triage: Triage, window: tuple[int, int] | None, fault_kind: str) -> bool:
    return (
        (not rule.priorities or triage.priority.name in rule.priorities)
        and (not rule.faults or fault_kind in rule.faults)
        and (rule.leak is None or rule.leak == triage.is_leak)
        and (not rule.at_window_end or window is not None)
    )


def _spec(rule: ClockRule, opened_ms: int, window: tuple[int, int] | None, calendar: Calendar | None) -> ClockSpec:
    start_ms, limit_s = opened_ms, rule.limit_s
    if window is not None and rule.from_window:
        start_ms = max(opened_ms, window[0])
    if window is not None and rule.at_window_end:
        limit_s = max(0, window[1] - opened_ms) // 1000
    starts_alone = OPEN in rule.starts_on
    return ClockSpec(
        kind=rule.kind, limit_s=limit_s, start_ms=start_ms if starts_alone else None, rule=rule, calendar=calendar
    )


def _moving(spec: ClockSpec, events: Sequence[ClockEvent], now_ms: int) -> list[ClockEvent]:
    rule = spec.rule
    names = {*rule.starts_on, *rule.stops_on, *rule.ends_on, *rule.paused_by, *rule.resumed_by, *rule.noted_on} - {OPEN}
    own = [] if spec.start_ms is None else [ClockEvent(at_ms=spec.start_ms, name=OPEN)]
    told = [event for event in events if event.name in names]
    # Whole values break ties, so that the same events in another order give the same clock.
    return sorted(
        (event for event in (*own, *told) if event.at_ms <= now_ms),
        key=lambda e: (e.at_ms, e.name != OPEN, e.name, e.by, e.reason),
    )


def _moved(spec: ClockSpec, state: ClockState, event: ClockEvent) -> ClockState:
    rule, running = spec.rule, state.started_ms is not None and state.met_ms is None and state.ended_ms is None
    change: dict[str, int | bool] = {}
    if event.name == OPEN and state.started_ms is not None:
        return state
    if event.name in rule.noted_on:
        noted: ClockState = msgspec.structs.replace(state, history=(*state.history, event))
        return noted
    if event.name in rule.starts_on and not running:
        # A reopened order runs a new round; a round that is still running is never reset.
        fresh = ClockState(kind=spec.kind, started_ms=event.at_ms, history=(*state.history, event))
        return fresh if spec.start_ms is None or event.at_ms >= spec.start_ms else state
    if not running:
        # A promise kept before its window opens is kept.
        early = state.started_ms is None and spec.start_ms is not None and event.name in (*rule.stops_on, *rule.ends_on)
        return _kept_early(state, event, is_end=event.name in rule.ends_on) if early else state
    if event.name in rule.stops_on:
        change = {"met_ms": event.at_ms, "paused": False}
    elif event.name in rule.ends_on:
        change = {"ended_ms": event.at_ms, "paused": False}
    elif event.name in rule.paused_by and not state.paused:
        change = {"paused": True}
    elif event.name in rule.resumed_by and state.paused:
        change = {"paused": False}
    changed: ClockState = msgspec.structs.replace(state, **change, history=(*state.history, event)) if change else state
    return changed


def _kept_early(state: ClockState, event: ClockEvent, *, is_end: bool) -> ClockState:
    at_ms = event.at_ms
    return msgspec.structs.replace(
        state,
        started_ms=at_ms,
        met_ms=None if is_end else at_ms,
        ended_ms=at_ms if is_end else None,
        history=(*state.history, event),
    )


def _run(spec: ClockSpec, state: ClockState, since_ms: int, until_ms: int) -> ClockState:
    if state.started_ms is None or state.met_ms is not None or state.ended_ms is not None or until_ms <= since_ms:
        return state
    span = until_ms - since_ms
    if state.paused:
        return msgspec.structs.replace(state, paused_ms=state.paused_ms + span)
    worked = span if spec.calendar is None else working_ms_between(spec.calendar, since_ms, until_ms)
    left_ms, due_ms = spec.limit_s * 1000 - state.active_ms, state.due_ms
    if due_ms is None and worked > left_ms:
        due_ms = _after(spec.calendar, since_ms, left_ms)
    return msgspec.structs.replace(
        state, due_ms=due_ms, active_ms=state.active_ms + worked, off_hours_ms=state.off_hours_ms + span - worked
    )


def _judged(spec: ClockSpec, state: ClockState, now_ms: int) -> ClockState:
    if state.started_ms is None:
        due = None if spec.start_ms is None else _after(spec.calendar, spec.start_ms, spec.limit_s * 1000)
        return msgspec.structs.replace(state, due_ms=due)
    left_ms = spec.limit_s * 1000 - state.active_ms
    at_ms = next(t for t in (state.met_ms, state.ended_ms, now_ms) if t is not None)
    due_ms = _after(spec.calendar, at_ms, left_ms) if left_ms >= 0 else state.due_ms
    return msgspec.structs.replace(state, due_ms=due_ms, breached=left_ms < 0)


def _after(calendar: Calendar | None, start_ms: int, span_ms: int) -> int:
    return start_ms + span_ms if calendar is None else add_working_ms(calendar, start_ms, span_ms)


def working_ms_between(calendar: Calendar, since_ms: int, until_ms: int) -> int:
    """Return how many of the milliseconds between two moments are working time."""
    total = 0
    for opens_ms, closes_ms in _list_hours(calendar, since_ms):
        if opens_ms >= until_ms:
            break
        total += max(0, min(closes_ms, until_ms) - max(opens_ms, since_ms))
    return total


def add_working_ms(calendar: Calendar, start_ms: int, span_ms: int) -> int:
    """Return the moment after `span_ms` of working time. Raises ValueError when ten years do not hold so much."""
    left = span_ms
    for opens_ms, closes_ms in _list_hours(calendar, start_ms):
        begins = max(opens_ms, start_ms)
        if closes_ms - begins >= left:
            return begins + left
        left -= max(0, closes_ms - begins)
    raise ValueError("the calendar does not hold so much working time")


def _list_hours(calendar: Calendar, from_ms: int) -> Iterator[tuple[int, int]]:
    zone = zoneinfo.ZoneInfo(calendar.timezone)
    first = dt.datetime.fromtimestamp(from_ms / 1000, zone).date() - dt.timedelta(days=1)
    for count in range(_DAYS_SEARCHED):
        day = first + dt.timedelta(days=count)
        opened = day.weekday() in calendar.weekdays and day not in calendar.holidays
        if opened or day in calendar.working_days:
            yield _ms(day, calendar.opens, zone), _ms(day, calendar.closes, zone)


def _ms(day: dt.date, time: dt.time, zone: zoneinfo.ZoneInfo) -> int:
    return round(dt.datetime.combine(day, time, zone).timestamp() * 1000)
