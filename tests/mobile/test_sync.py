"""The sync engine against an office over real HTTP: nothing lost, nothing twice, whatever fails in between."""

from pathlib import Path

import msgspec
import pytest

from mobile import service
from mobile.store import meta
from mobile.sync.engine import SyncState
from mobile.sync.http import HttpTransport
from mobile.sync.transport import Reply
from shared import wire
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.work_order import WorkOrderState
from tests.mobile.office import TOKEN, Office, change, job
from tests.mobile.phones import HandClock, go_to_the_door, open_phone, start_shift


def test_stored_offer_is_confirmed_as_delivered_in_the_same_run(office: Office, phone: service.Phone) -> None:
    """Wang's phone stores an offer and tells the office without being asked."""
    office.send(job())
    outcome = phone.sync_once()
    assert outcome.state is SyncState.DONE
    assert phone.is_quiet()
    assert office.kept_types() == ["assignment_delivered"]
    assert phone.get_job("order-1").assignment.state is AssignmentState.DELIVERED


def test_offer_sent_twice_is_confirmed_once(office: Office, phone: service.Phone) -> None:
    """A second change of the same offering round brings no second confirmation."""
    office.send(job())
    phone.sync_once()
    office.send(job(ver=2))
    phone.sync_once()
    assert office.kept_types() == ["assignment_delivered"]


def test_actions_show_at_once_without_a_network(office: Office, phone: service.Phone) -> None:
    """Wang sees his own steps before the office knows of them, and that they are unsent."""
    office.send(job())
    phone.sync_once()
    office.is_cut_off = True
    go_to_the_door(phone, "order-1")
    phone.act("answer_step", "order-1", protocol="appliance-repair@2026", step="any", outcome="pass")
    seen = phone.get_job("order-1")
    assert seen.state is WorkOrderState.ON_SITE
    assert seen.assignment.state is AssignmentState.WORKING
    assert seen.visit.answers[0].outcome == "pass"
    assert phone.sync_once().state is SyncState.OFFLINE
    assert phone.line().unsent == 5
    assert not phone.is_accept_confirmed("order-1")


def test_lost_answers_leave_every_event_kept_once(office: Office, phone: service.Phone) -> None:
    """The office files the events, its answer is lost twice: the third call learns that they are there."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    office.faults.extend(["lose_answer", "lose_answer"])
    assert phone.sync_once().state is SyncState.OFFLINE
    assert phone.sync_once().state is SyncState.OFFLINE
    assert phone.sync_once().is_caught_up
    assert len(office.arrivals) > len(office.kept) == 5
    assert {item.outcome for item in phone.archived()} == {"applied", "duplicate"}
    assert set(phone.audit().confirmed_event_ids) == set(office.kept)


def test_numbers_are_gapless_when_the_phone_is_reopened(
    office: Office, phone: service.Phone, clock: HandClock, tmp_path: Path
) -> None:
    """The device's numbers continue after a restart, so that the office can say what is still out."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    phone.close()
    clock.pass_ms(1)
    again = open_phone(tmp_path / "wang", clock)
    again.act("depart", "order-1")
    again.sync_once()
    again.close()
    assert sorted(event.dseq for event in office.kept.values()) == [1, 2, 3]


def test_portal_page_counts_as_no_network(office: Office, phone: service.Phone) -> None:
    """A captive portal answers 200 with its own page: nothing is taken from it, nothing is dropped."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    office.faults.append("portal")
    assert phone.sync_once().state is SyncState.OFFLINE
    assert phone.line().unsent == 1
    assert phone.sync_once().is_caught_up


@pytest.mark.parametrize("status", ["500", "503", "408", "425", "429"])
def test_passing_trouble_of_the_server_keeps_events_queued(office: Office, phone: service.Phone, status: str) -> None:
    """What may pass by itself is repeated later."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    office.faults.append(status)
    outcome = phone.sync_once()
    assert outcome.state is SyncState.OFFLINE
    assert outcome.retry_in_s > 0
    assert phone.line().unsent == 1


def test_unknown_token_keeps_everything(office: Office, phone: service.Phone) -> None:
    """A 401 asks for a new enrolment; the evidence stays on the phone and is sent afterwards."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    office.faults.append("401")
    assert phone.sync_once().state is SyncState.SIGNED_OUT
    assert phone.line().unsent == 4
    assert phone.sync_once().is_caught_up
    assert len(office.kept) == 5


def test_refused_call_of_a_revoked_phone_sets_no_event_aside(office: Office, phone: service.Phone) -> None:
    """When an empty call is refused too, the events are not at fault."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    office.faults.extend(["403", "403"])
    outcome = phone.sync_once()
    assert outcome.state is SyncState.REFUSED
    assert outcome.code == "planted_403"
    assert phone.line().needs_attention == 0


def test_poison_event_is_set_aside_and_all_others_pass(office: Office, phone: service.Phone) -> None:
    """One event among many that makes the office refuse every call is found, kept for Wang, and blocks nobody."""
    for number in (1, 2, 3):
        office.send(job(number))
    phone.sync_once()
    for number in (1, 2, 3):
        go_to_the_door(phone, f"order-{number}")
    poison = phone.act("add_note", "order-2", text="poison")
    phone.act("add_note", "order-2", text="after it")
    office.refuses = lambda event: poison is not None and event.id == poison.id
    outcome = phone.sync_once()
    assert outcome.set_aside == 1
    assert len(office.kept) == 3 + 12 + 1
    (waiting,) = phone.pending()
    assert (waiting.event.id, waiting.state) == (poison.id if poison else "", "needs_attention")
    assert waiting.result is not None
    assert waiting.result.code == "planted_refusal"
    office.refuses = lambda _event: False
    phone.send_again(waiting.event.id)
    phone.sync_once()
    assert not phone.pending()


def test_order_that_is_told_to_retry_does_not_hold_up_others(office: Office, phone: service.Phone) -> None:
    """More than a call's worth of events of one order wait; the other order's events still get through."""
    office.send(job(1))
    office.send(job(2))
    phone.sync_once()
    office.judge = lambda event: "retry" if event.work_order_id == "order-1" else "applied"
    for count in range(60):
        phone.act("add_note", "order-1", text=str(count))
    phone.sync_once()
    phone.act("accept_assignment", "order-2")
    phone.sync_once()
    assert "assignment_accepted" in office.kept_types()
    office.judge = lambda _event: "applied"
    phone.sync_once()
    phone.sync_once()
    numbers = [event.dseq for event in office.kept.values() if event.work_order_id == "order-1"]
    assert len(numbers) == 61
    assert numbers == sorted(numbers)


def test_arrival_made_without_a_network_is_told_before_the_leak_that_is_accepted_then(
    office: Office, phone: service.Phone
) -> None:
    """Else the office would take Wang off a home in which he stands. His notes of there come after the leak."""
    office.send(job(1))
    office.send(job(2, priority=1, is_leak=True))
    phone.sync_once()
    office.arrivals.clear()
    for command in ("accept_assignment", "depart", "arrive"):
        phone.act(command, "order-1")
    phone.act("add_note", "order-1", text="表前阀已关")
    phone.act("accept_assignment", "order-2")
    phone.sync_once()
    told = [(e.work_order_id, str(e.body.__struct_config__.tag)) for e in map(office.kept.__getitem__, office.arrivals)]
    assert told == [
        ("order-1", "assignment_accepted"),
        ("order-1", "departed"),
        ("order-1", "arrived"),
        ("order-2", "assignment_accepted"),
        ("order-1", "note_added"),
    ]


def test_rejected_accept_is_taken_back_and_can_be_dismissed(office: Office, phone: service.Phone) -> None:
    """Another technician was first: Wang's screen shows the offer again and the reason."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    assert phone.get_job("order-1").assignment.state is AssignmentState.ACCEPTED
    office.judge = lambda _event: "rejected"
    phone.sync_once()
    assert phone.get_job("order-1").assignment.state is AssignmentState.DELIVERED
    (waiting,) = phone.pending()
    phone.dismiss(waiting.event.id)
    assert phone.line().needs_attention == 0


def test_refusal_whose_answer_was_lost_is_still_a_refusal(office: Office, phone: service.Phone) -> None:
    """The accept came too late, the answer was lost; the repeat says duplicate with the first answer's reason."""
    office.send(job())
    phone.sync_once()
    accept = phone.act("accept_assignment", "order-1")
    assert accept is not None
    told = wire.EventResult(id=accept.id, outcome="duplicate", code="epoch_is_over")
    answer = wire.SyncResponse(gen="first", at_ms=0, results=(told,), changes=(), cursor=1)
    office.answers.append(msgspec.json.encode(answer))
    phone.sync_once()
    assert phone.get_job("order-1").assignment.state is AssignmentState.DELIVERED
    assert phone.line().needs_attention == 1


def test_new_generation_brings_the_archive_back_to_the_server(
    office: Office, phone: service.Phone, clock: HandClock
) -> None:
    """The office was restored from an old backup: every confirmed event of 7 days is sent again, jobs are read anew."""
    office.send(job(1))
    office.send(job(2))
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    phone.sync_once()
    before = dict(office.kept)
    office.kept.clear()
    office.gen = "second"
    office.feed = [change(1, job(1))]
    outcome = phone.sync_once()
    assert outcome.is_caught_up
    assert office.kept == before
    assert [item.work_order_id for item in phone.jobs()] == ["order-1"]
    assert phone.audit().gen == "second"
    assert not phone.audit().doubled_change_ids
    clock.pass_ms(8 * 24 * 3_600_000)
    office.send(job(3))
    phone.sync_once()
    assert {item.event.work_order_id for item in phone.archived()} == {"order-3"}


def test_skipped_sequence_number_is_counted_and_everything_read_anew(office: Office, phone: service.Phone) -> None:
    """A hole in the feed is a fault: the phone counts it and reads from the start."""
    office.send(job(1))
    phone.sync_once()
    skipped = wire.SyncResponse(gen="first", at_ms=0, results=(), changes=(change(3, job(3)),), cursor=3)
    office.answers.append(msgspec.json.encode(skipped))
    office.send(job(2))
    office.send(job(3))
    phone.sync_once()
    assert phone.audit().gaps == 1
    assert {item.work_order_id for item in phone.jobs()} == {"order-1", "order-2", "order-3"}


def test_job_that_left_keeps_taking_evidence_but_no_intents(office: Office, phone: service.Phone) -> None:
    """The order is recalled while Wang is on site: his readings are still stored and sent, an accept is not."""
    office.send(job(1))
    office.send(job(2))
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    office.send(job(1), job=None, gone=True)
    office.send(job(2), job=None, gone=True)
    phone.sync_once()
    assert phone.jobs() == ()
    phone.act("add_note", "order-1", text="gas smelled at the meter")
    phone.sync_once()
    assert office.kept_types()[-1] == "note_added"
    with pytest.raises(DomainError, match="order_not_here"):
        phone.act("accept_assignment", "order-2")


def test_waiting_call_returns_when_there_is_something(office: Office, phone: service.Phone) -> None:
    """With nothing to send the call tells the office how long it may be held."""
    office.send(job())
    phone.sync_once(wait_s=2.0)
    phone.sync_once()
    phone.sync_once(wait_s=2.0)
    assert [request.wait_s for request in office.requests] == [2.0, 0.0, 2.0]


def test_positions_travel_with_the_call_and_only_the_latest_are_kept(office: Office, phone: service.Phone) -> None:
    """A day without a network does not pile up a day's trace."""
    start_shift(phone)
    phone.sync_once()
    for second in range(200):
        phone.report_position(wire.Position(at_ms=second, lat=37.8 + second / 1000, lon=113.5))
    office.faults.append("500")
    phone.sync_once()
    phone.report_position(wire.Position(at_ms=201, lat=37.8, lon=113.5))
    phone.sync_once()
    assert 0 < office.positions <= 60


def test_retries_are_spread_and_short_while_an_emergency_is_here(office: Office, phone: service.Phone) -> None:
    """After many failures Wang's phone asks again within 5 seconds when it holds a leak."""
    office.send(job(1))
    phone.sync_once()
    office.faults.extend(["503"] * 10)
    calm = [phone.sync_once().retry_in_s for _ in range(10)]
    assert calm[0] < calm[3] < calm[-1] == 60.0
    office.send(job(2, priority=1, is_leak=True))
    phone.sync_once()
    office.faults.extend(["503"] * 10)
    assert max(phone.sync_once().retry_in_s for _ in range(10)) == 5.0


def test_dead_line_is_tried_within_seconds_on_shift_and_rarely_after_it(
    office: Office, phone: service.Phone, clock: HandClock
) -> None:
    """Wang works in a cellar: his phone finds the network again at once. At home its battery counts for more."""
    office.duty = ((clock.now_ms(), clock.now_ms() + 3_600_000),)
    phone.sync_once()
    office.is_cut_off = True
    assert max(phone.sync_once().retry_in_s for _ in range(10)) == 4.0
    clock.pass_ms(3_600_000)
    assert phone.sync_once().retry_in_s == 60.0


def offset_ms(phone: service.Phone) -> int:
    """Return by how much the phone believes its wall clock to be behind the server's."""
    with phone.desk.store.read() as db:
        return meta.get_number(db, meta.OFFSET_MS)


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000])
def test_wall_clock_that_is_set_makes_the_phone_measure_anew(
    phone: service.Phone, clock: HandClock, step_ms: int
) -> None:
    """Wang, or the network, sets the phone's clock by an hour: what was measured by the old one counts no more."""
    for _ in range(3):
        phone.sync_once()
    assert offset_ms(phone) == 0
    clock.turn_back_ms(step_ms)
    phone.sync_once()
    assert offset_ms(phone) == step_ms


def test_clock_that_is_set_during_a_call_spoils_no_measurement(
    office: Office, clock: HandClock, tmp_path: Path
) -> None:
    """The clock goes back while the answer is under way: a call cannot have taken less than no time."""
    service.enrol(office.url, "GOOD-CODE", tmp_path)
    line = HttpTransport(office.url, TOKEN)

    class Set:
        """A line on which the clock is set during the first call."""

        is_over = False

        def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
            """Pass a call on."""
            reply = line.post(path, payload, timeout_s)
            clock.turn_back_ms(0 if self.is_over else 3_600_000)
            self.is_over = True
            return reply

    phone = open_phone(tmp_path, clock, transport=Set())
    for _ in range(2):
        phone.sync_once()
        assert offset_ms(phone) == 3_600_000
    phone.close()
    line.close()


def test_wrong_code_is_told_by_its_name(office: Office, tmp_path: Path) -> None:
    """Stranger Qian guesses a code."""
    with pytest.raises(DomainError, match="code_invalid"):
        service.enrol(office.url, "GUESS", tmp_path / "qian")


def test_enrolment_without_a_network_says_so(office: Office, tmp_path: Path) -> None:
    """The address is right but nobody answers."""
    office.is_cut_off = True
    with pytest.raises(DomainError, match="no_network"):
        service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
