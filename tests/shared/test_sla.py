"""SLA clocks: a pure function of events, whose elapsed time is always accounted for."""

import datetime as dt
import os
import random
import zoneinfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import sla
from shared.errors import DomainError
from tests.shared import cases

T0 = cases.NOON_MS
HOUR_MS = 3_600_000
NAMES = ["arrive", "make_safe", "finish_work", "hold", "release", "pause", "resume", "report_no_access", "close"]
EVENTS = st.lists(
    st.builds(
        sla.ClockEvent,
        at_ms=st.integers(T0 - HOUR_MS, T0 + 60 * HOUR_MS),
        name=st.sampled_from([*NAMES, "reopen", "cancel", "offer", "request_engineering", "call_back"]),
        by=st.sampled_from(["lin", "wang"]),
    ),
    max_size=12,
)
BERLIN = sla.Calendar(
    id="office",
    timezone="Europe/Berlin",
    weekdays=(0, 1, 2, 3, 4, 5, 6),
    opens=dt.time(0, 0),
    closes=dt.time(23, 0),
    holidays=(dt.date(2026, 10, 26),),
)


def specs(
    fault_kind: str = "stove_fault", location: str = "kitchen", window: tuple[int, int] | None = None
) -> dict[str, sla.ClockSpec]:
    """Return the clocks of a report by kind."""
    verdict = cases.assess(fault_kind, location)
    return {spec.kind: spec for spec in sla.deadlines_for(cases.profile(), verdict, T0, window, fault_kind)}


def event(name: str, hours: float, by: str = "lin") -> sla.ClockEvent:
    """Return an event so many hours after the report."""
    return sla.ClockEvent(at_ms=T0 + round(hours * HOUR_MS), name=name, by=by)


@pytest.mark.parametrize(
    ("fault_kind", "location", "minutes"), [("gas_leak", "kitchen", 30), ("gas_odour", "outdoor", 60)]
)
def test_leak_has_an_arrival_target_by_its_class(fault_kind: str, location: str, minutes: int) -> None:
    """An emergency is reached in 30 minutes, an urgent leak in 60, by this profile."""
    assert specs(fault_kind, location)["arrive_by"].limit_s == minutes * 60


def test_general_fault_is_handled_within_six_and_repaired_within_twenty_four_hours() -> None:
    """DI-03, both clocks from the report."""
    clocks = specs()
    assert sla.clock(clocks["handle_by"], [], T0).due_ms == T0 + 6 * HOUR_MS
    assert sla.clock(clocks["repair_by"], [], T0).due_ms == T0 + 24 * HOUR_MS


def test_leak_is_handled_when_made_safe_and_not_on_arrival() -> None:
    """Standing at the door does not handle a leak."""
    spec = specs("gas_leak")["handle_by"]
    assert sla.clock(spec, [event("arrive", 1)], T0 + 2 * HOUR_MS).met_ms is None
    assert sla.clock(spec, [event("arrive", 1), event("make_safe", 2)], T0 + 3 * HOUR_MS).met_ms == T0 + 2 * HOUR_MS


def test_hold_moves_the_due_time_by_the_pause() -> None:
    """A pause of two hours gives two hours, and history says who paused."""
    told = [event("hold", 1), event("release", 3)]
    state = sla.clock(specs()["handle_by"], told, T0 + 4 * HOUR_MS)
    assert state.due_ms == T0 + 8 * HOUR_MS
    assert state.paused_s == 2 * 3600
    assert [(e.name, e.by) for e in state.history] == [("open", ""), ("hold", "lin"), ("release", "lin")]


def test_hold_does_not_pause_the_arrival_at_a_leak() -> None:
    """Gas does not wait for paper."""
    state = sla.clock(specs("gas_leak")["arrive_by"], [event("hold", 0.1)], T0 + HOUR_MS)
    assert not state.paused
    assert state.breached


@pytest.mark.parametrize(("at_ms", "breached"), [(T0 + 6 * HOUR_MS, False), (T0 + 6 * HOUR_MS + 1, True)])
def test_clock_is_breached_one_millisecond_after_it_is_due(at_ms: int, breached: bool) -> None:  # noqa: FBT001  expected
    """The due time itself still keeps the promise."""
    assert sla.clock(specs()["handle_by"], [], at_ms).breached is breached


def test_late_arrival_meets_and_breaches() -> None:
    """What was kept late stays red and keeps its due time."""
    state = sla.clock(specs()["handle_by"], [event("arrive", 7)], T0 + 9 * HOUR_MS)
    assert (state.met_ms, state.due_ms, state.breached) == (T0 + 7 * HOUR_MS, T0 + 6 * HOUR_MS, True)


def test_agreed_window_is_a_promise_and_starts_the_clocks() -> None:
    """Arrival by the window's end (DI-06); the hours of DI-03 count from its start."""
    window = (T0 + 24 * HOUR_MS, T0 + 26 * HOUR_MS)
    clocks = specs(window=window)
    assert sla.clock(clocks["arrive_by"], [], T0).due_ms == window[1]
    assert sla.clock(clocks["handle_by"], [], T0).due_ms == window[0] + 6 * HOUR_MS
    early = sla.clock(clocks["handle_by"], [event("arrive", 23)], T0 + 40 * HOUR_MS)
    assert (early.met_ms, early.breached) == (T0 + 23 * HOUR_MS, False)


def test_call_back_is_due_seven_days_after_closing() -> None:
    """CO-17; before closing there is no due time."""
    spec = specs()["call_back_by"]
    assert sla.clock(spec, [], T0).due_ms is None
    assert sla.clock(spec, [event("close", 5)], T0 + 6 * HOUR_MS).due_ms == T0 + 5 * HOUR_MS + 7 * 24 * HOUR_MS


def test_no_access_to_a_leak_has_its_own_short_clock() -> None:
    """A closed door is not a closed leak: fifteen minutes to decide, and the arrival clock stays as it is."""
    state = sla.clock(specs("gas_leak")["no_access_by"], [event("report_no_access", 1)], T0 + 2 * HOUR_MS)
    assert state.due_ms == T0 + HOUR_MS + 15 * cases.MINUTE_MS
    assert state.breached


def test_reopened_order_runs_a_new_round() -> None:
    """After the promise was kept, a new round starts with the full limit."""
    told = [event("finish_work", 2), event("close", 3), event("reopen", 50)]
    state = sla.clock(specs()["repair_by"], told, T0 + 51 * HOUR_MS)
    assert (state.started_ms, state.due_ms) == (T0 + 50 * HOUR_MS, T0 + 74 * HOUR_MS)


@given(told=EVENTS, now_ms=st.integers(T0, T0 + 80 * HOUR_MS), fault=st.sampled_from(["stove_fault", "gas_leak"]))
def test_elapsed_is_active_plus_paused_plus_off_hours(told: list[sla.ClockEvent], now_ms: int, fault: str) -> None:
    """No millisecond is lost or counted twice, whatever the history."""
    for spec in specs(fault).values():
        state = sla.clock(spec, told, now_ms)
        if state.started_ms is None:
            continue
        end_ms = state.met_ms or state.ended_ms or now_ms
        assert end_ms - state.started_ms == state.active_ms + state.paused_ms + state.off_hours_ms
        assert state.breached == (state.active_ms > spec.limit_s * 1000)


@given(told=EVENTS, now_ms=st.integers(T0, T0 + 80 * HOUR_MS), factor=st.sampled_from([1, 2, 5]))
def test_other_limit_never_resets_what_has_elapsed(told: list[sla.ClockEvent], now_ms: int, factor: int) -> None:
    """A change of profile changes the due time only."""
    for spec in specs().values():
        changed = msgspec.structs.replace(spec, limit_s=spec.limit_s * factor + 60)
        before, after = sla.clock(spec, told, now_ms), sla.clock(changed, told, now_ms)
        assert (before.active_ms, before.paused_ms, before.started_ms, before.met_ms) == (
            after.active_ms,
            after.paused_ms,
            after.started_ms,
            after.met_ms,
        )


@given(told=EVENTS, now_ms=st.integers(T0, T0 + 80 * HOUR_MS), data=st.data())
def test_order_of_arrival_of_events_does_not_matter(
    told: list[sla.ClockEvent], now_ms: int, data: st.DataObject
) -> None:
    """A phone that reports late gives the same clock."""
    shuffled = data.draw(st.permutations(told))
    for spec in specs().values():
        assert sla.clock(spec, told, now_ms) == sla.clock(spec, shuffled, now_ms)


@given(told=EVENTS, now_ms=st.integers(T0, T0 + 80 * HOUR_MS))
def test_running_clock_is_breached_exactly_after_its_due_time(told: list[sla.ClockEvent], now_ms: int) -> None:
    """What the countdown shows and what turns red agree."""
    for spec in specs().values():
        state = sla.clock(spec, told, now_ms)
        running = state.started_ms is not None and state.met_ms is None and state.ended_ms is None
        if running and not state.paused and state.due_ms is not None:
            assert state.breached == (now_ms > state.due_ms)


def test_working_hours_skip_night_weekend_and_holiday() -> None:
    """One working hour from Wednesday before the National Day's eve ends on the first working day after it."""
    office = cases.profile().calendar[0]
    zone = zoneinfo.ZoneInfo("Asia/Shanghai")
    start = int(dt.datetime(2026, 9, 30, 17, 0, tzinfo=zone).timestamp() * 1000)
    due = dt.datetime.fromtimestamp(sla.add_working_ms(office, start, HOUR_MS) / 1000, zone)
    assert due == dt.datetime(2026, 10, 8, 9, 0, tzinfo=zone)


def test_make_up_saturday_is_a_working_day() -> None:
    """A Saturday on which everybody works counts."""
    office, zone = cases.profile().calendar[0], zoneinfo.ZoneInfo("Asia/Shanghai")
    start = int(dt.datetime(2026, 10, 10, 0, 0, tzinfo=zone).timestamp() * 1000)
    assert sla.working_ms_between(office, start, start + 24 * HOUR_MS) == 9 * HOUR_MS


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 22), ((2026, 10, 25), 24), ((2026, 10, 26), 0)])
def test_day_of_the_clock_change_has_its_true_length(day: tuple[int, int, int], hours: int) -> None:
    """23 hours of opening are 22 in March, 24 in October, and none on a holiday."""
    start = dt.datetime(*day, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    end = dt.datetime.combine(start.date() + dt.timedelta(days=1), dt.time(), start.tzinfo)
    assert sla.working_ms_between(BERLIN, _ms(start), _ms(end)) == hours * HOUR_MS


@given(start=st.integers(T0 - 4000 * HOUR_MS, T0), span=st.integers(0, 200 * HOUR_MS))
def test_adding_working_time_is_the_inverse_of_counting_it(start: int, span: int) -> None:
    """Between a moment and the moment after so much working time lies that much."""
    assert sla.working_ms_between(BERLIN, start, sla.add_working_ms(BERLIN, start, span)) == span


@given(st.binary(max_size=200))
def test_garbage_profile_is_a_domain_error(data: bytes) -> None:
    """A broken file names itself."""
    with pytest.raises(DomainError) as refused:
        sla.Profile.from_toml(data)
    assert refused.value.code == "sla_profile_invalid"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"Asia/Shanghai"', b'"Asia/Nowhere"'),
        (b'calendar = "office"', b'calendar = "club"'),
        (b"08:30:00", b"18:30:00"),
    ],
)
def test_profile_with_an_impossible_calendar_is_refused(old: bytes, new: bytes) -> None:
    """A calendar that cannot be computed is found at load, not at night."""
    shipped = (cases.HOME / "catalog" / "sla-gas-cn-2026.toml").read_bytes()
    assert old in shipped
    with pytest.raises(DomainError):
        sla.Profile.from_toml(shipped.replace(old, new))


def _ms(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1000)


MANY = 100_000 if os.environ.get("FULL") else 10_000


@given(told=EVENTS, now_ms=st.integers(T0, T0 + 80 * HOUR_MS))
def test_change_of_a_promise_stands_in_the_history_and_moves_no_time(told: list[sla.ClockEvent], now_ms: int) -> None:
    """IN-14: a note explains the due time; what has run is what it was."""
    spec = specs(window=(T0 + HOUR_MS, T0 + 3 * HOUR_MS))["arrive_by"]
    note = event("change_promise", 0.5)
    plain, noted = sla.clock(spec, told, now_ms), sla.clock(spec, [*told, note], now_ms)
    assert msgspec.structs.replace(noted, history=()) == msgspec.structs.replace(plain, history=())
    assert (note in noted.history) == (note.at_ms <= now_ms)


def test_promised_answer_is_late_when_it_was_given_after_its_time() -> None:
    """IN-13: two hours were promised, three were taken."""
    spec = sla.promise_spec("reply_by", T0, T0 + 2 * HOUR_MS)
    state = sla.clock(spec, [event("keep_promise", 3)], T0 + 4 * HOUR_MS)
    assert (state.due_ms, state.met_ms, state.breached) == (T0 + 2 * HOUR_MS, T0 + 3 * HOUR_MS, True)


def test_ten_thousand_histories_account_for_every_millisecond_and_recompute_to_the_same_clock() -> None:
    """Elapsed = active + paused + off hours; a clock advanced event by event is the clock computed from all of them."""
    chance, kinds = random.Random(8), [specs(), specs("gas_leak"), specs(window=(T0 + HOUR_MS, T0 + 9 * HOUR_MS))]
    for _ in range(MANY):
        told = [event(chance.choice([*NAMES, "reopen", "cancel", "offer"]), chance.uniform(-1, 60)) for _ in range(9)]
        now_ms = T0 + round(chance.uniform(0, 80) * HOUR_MS)
        for spec in chance.choice(kinds).values():
            _check_whole(spec, told, now_ms)


def _check_whole(spec: sla.ClockSpec, told: list[sla.ClockEvent], now_ms: int) -> None:
    state = sla.clock(spec, told, now_ms)
    known = [e for e in told if e.at_ms <= now_ms]
    assert sla.clock(spec, known, now_ms) == state
    if state.started_ms is None:
        return
    end_ms = state.met_ms or state.ended_ms or now_ms
    assert end_ms - state.started_ms == state.active_ms + state.paused_ms + state.off_hours_ms
    if (state.met_ms or state.ended_ms) and "reopen" not in {e.name for e in told}:
        later = sla.clock(spec, known, now_ms + 100 * HOUR_MS)
        assert (later.active_ms, later.paused_ms, later.met_ms) == (state.active_ms, state.paused_ms, state.met_ms)
