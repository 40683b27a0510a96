"""What the phone keeps and reports outside a job: shift, stock, timers, messages; all in one transaction each."""

from pathlib import Path

from mobile import service
from mobile.actions import duty, my_day, places, timers
from shared import facts, wire
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, go_to_the_door, open_phone

METER = facts.Instrument(serial="GT-201", kind="CH4", valid_until="2027-03-14")
HOSES = facts.StockLine(part="hose_metal_1_5_m", lot="L-88", quantity=4)
STEP = {"protocol": "leak-response@2026", "step": "ventilate"}


def arrive(phone: service.Phone, office: Office) -> str:
    """Stand at the door of the only job; return its id."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    return "order-1"


def names(phone: service.Phone) -> list[str]:
    """Return what waits to be sent, by name."""
    return [facts.name_of(item.event.body) for item in phone.pending()]


def test_shift_is_declared_once_and_kept(phone: service.Phone) -> None:
    """Wang declares himself fit with instrument and stock: kept on the phone, and queued for the centre."""
    duty.start_shift(phone.desk, is_fit=True, instruments=(METER,), stock=(HOSES,))
    kit = phone.own.kit()
    assert (kit.instruments, kit.stock, kit.shift_started_ms) == ((METER,), (HOSES,), phone.clock.now_ms())
    assert names(phone)[-1] == "shift_started"
    duty.end_shift(phone.desk)
    assert phone.own.kit().shift_started_ms is None


def here(clock: HandClock, lat: float = 37.86) -> wire.Position:
    """Return where Wang is now."""
    return wire.Position(at_ms=clock.now_ms(), lat=lat, lon=113.57)


def test_position_is_told_between_the_start_and_the_end_that_wang_declares_and_never_else(
    phone: service.Phone, office: Office, clock: HandClock
) -> None:
    """The roster alone is no consent: nothing goes before he begins, and what waits when he ends stays here."""
    phone.sync_once()
    phone.report_position(here(clock))
    phone.sync_once()
    assert office.positions == 0
    duty.start_shift(phone.desk, is_fit=True, instruments=(), stock=())
    phone.report_position(here(clock))
    phone.sync_once()
    assert office.positions == 1
    phone.report_position(here(clock, 37.87))
    duty.end_shift(phone.desk)
    phone.report_position(here(clock, 37.88))
    phone.sync_once()
    assert office.positions == 1
    assert not phone.engine.gate.shares_at(clock.now_ms())


def test_shift_that_was_never_ended_does_not_tell_the_position_of_the_next_day(
    phone: service.Phone, office: Office, clock: HandClock
) -> None:
    """Wang forgot to end yesterday's shift: today begins with a declaration of its own; unfit is none."""
    phone.sync_once()
    duty.start_shift(phone.desk, is_fit=True, instruments=(), stock=())
    clock.pass_ms(24 * 3_600_000)
    phone.report_position(here(clock))
    duty.start_shift(phone.desk, is_fit=False, instruments=(), stock=())
    phone.report_position(here(clock))
    phone.sync_once()
    assert office.positions == 0
    duty.start_shift(phone.desk, is_fit=True, instruments=(), stock=())
    phone.report_position(here(clock))
    phone.sync_once()
    assert office.positions == 1


def test_pause_in_one_process_shuts_the_gate_of_the_other(office: Office, clock: HandClock, tmp_path: Path) -> None:
    """Wang pauses on the screen: the service, which hears the satellites, tells nothing from then on."""
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    screens, behind = open_phone(tmp_path, clock), open_phone(tmp_path, clock, seed=2)
    behind.sync_once()
    duty.start_shift(screens.desk, is_fit=True, instruments=(), stock=())
    behind.report_position(here(clock))
    screens.pause_location(is_paused=True)
    behind.report_position(here(clock, 37.87))
    behind.sync_once()
    assert (office.positions, office.requests[-1].location_paused) == (0, True)
    screens.close()
    behind.close()


def test_used_parts_leave_the_van_and_come_back_when_corrected(phone: service.Phone, office: Office) -> None:
    """Two hoses used, then corrected to one: the van has three, the visit says one."""
    order = arrive(phone, office)
    duty.start_shift(phone.desk, is_fit=True, instruments=(), stock=(HOSES,))
    phone.act("use_part", order, part=HOSES.part, lot=HOSES.lot, quantity=2)
    phone.act("use_part", order, part=HOSES.part, lot=HOSES.lot, quantity=1)
    assert phone.act("use_part", order, part=HOSES.part, lot=HOSES.lot, quantity=1) is None
    assert [line.quantity for line in phone.own.kit().stock] == [3]
    assert [(p.lot, p.quantity) for p in phone.get_job(order).visit.parts] == [("L-88", 1)]


def test_running_timer_goes_on_while_the_app_is_dead(phone: service.Phone, office: Office, clock: HandClock) -> None:
    """A timer is started, the phone restarts after 20 s by the wall clock: 20 s are recorded, once."""
    order = arrive(phone, office)
    timers.start_timer(phone.desk, order, **STEP)
    clock.pass_ms(20_000)
    event = timers.finish_timer(phone.desk, order, **STEP)
    assert isinstance(event.body, facts.TimerStopped)
    assert event.body.elapsed_ms == 20_000
    assert phone.own.timers(order) == ()


def test_message_is_kept_once_and_confirmed_once(phone: service.Phone, office: Office) -> None:
    """The same message comes with two answers: shown once, confirmed once; reading tells the centre once."""
    office.messages = (wire.DeskMessage(id="m1", at_ms=1, sender="林静", text="带上检漏仪"),)
    phone.sync_once()
    phone.sync_once()
    assert [item.message.text for item in phone.own.messages()] == ["带上检漏仪"]
    duty.read_message(phone.desk, "m1")
    duty.read_message(phone.desk, "m1")
    phone.sync_once()
    kept = office.kept_types()
    assert (kept.count("message_delivered"), kept.count("message_read")) == (1, 1)


def test_portal_is_told_apart_from_no_network(phone: service.Phone, office: Office) -> None:
    """A hotel's sign-in page answers: the phone says so, and keeps everything."""
    duty.send_message(phone.desk, text="到了")
    office.faults.append("portal")
    phone.sync_once()
    assert phone.line().code == "captive_portal"
    assert names(phone) == ["message_sent"]


def test_place_is_handed_over_as_a_geo_address() -> None:
    """With a place the maps get degrees and the address; without one they search for the address."""
    order = job(lat=37.86, lon=113.58, address="桃北中街 218号")
    assert places.geo_uri(order).startswith("geo:37.860000,113.580000?q=37.860000,113.580000(%E6%A1%83")
    assert " " not in places.geo_uri(order)
    assert places.geo_uri(job(lat=None, lon=None, address="A")) == "geo:0,0?q=A"


def test_day_sums_up_hours_and_distances(phone: service.Phone, office: Office, clock: HandClock) -> None:
    """Ten minutes on the road and twenty on site, still there: the day says so; a visit of yesterday is left out."""
    office.send(job())
    phone.sync_once()
    for command, after_ms in (("accept_assignment", 0), ("depart", 0), ("arrive", 600_000)):
        clock.pass_ms(after_ms)
        phone.act(command, "order-1")
    clock.pass_ms(1_200_000)
    events = [item.event for item in phone.pending()]
    now_ms = clock.now_ms()
    day = my_day.sum_up(events, lambda _order: (37.8, 113.5), now_ms - 3_600_000, now_ms + 1, now_ms)
    assert (day.road_s, day.site_s, day.done_count, len(day.stops)) == (600, 1200, 0, 1)
    assert my_day.sum_up(events, lambda _order: None, now_ms, now_ms + 1, now_ms).stops == ()


def test_distance_adds_up_between_jobs() -> None:
    """Two jobs a hundredth of a degree apart to the north are 1.1 km apart, in a straight line."""
    apart = {"a": (37.80, 113.5), "b": (37.81, 113.5)}
    events = [
        wire.PhoneEvent(id=key, dseq=i, work_order_id=key, occurred=wire.Occurred(wall_ms=i), body=facts.Arrived())
        for i, key in enumerate(apart)
    ]
    assert my_day.sum_up(events, apart.get, 0, 10, 10).distance_m == 1112
