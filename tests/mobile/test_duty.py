"""What the phone keeps and reports outside a job: shift, stock, timers, messages; all in one transaction each."""

from mobile import service
from mobile.actions import duty, timers
from shared import facts, wire
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, go_to_the_door

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
