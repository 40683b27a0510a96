"""A phone's clock that was set: what it tells is kept and shown, and wins no promise (reliability 3.5, threat C21)."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from mobile import service as phones
from mobile.service import Phone
from server.accounts.models import Device as DeviceRow
from server.visits import repository as visits
from shared import facts, ids, wire
from tests.mobile.phones import HandClock
from tests.server.device import Device
from tests.server.house import HOUR_MS, STOVE, House, Wire

MINUTE_MS = 60_000
BOOT = "boot-1"


class OwnClock:
    """A phone's own clock beside the company's: its wall clock can be set, and it can be started anew."""

    def __init__(self, company: HandClock) -> None:
        """Run with the company's time."""
        self._company, self.wrong_ms, self.boot_id = company, 0, BOOT
        self._begun_ms = company.mono_ms() - HOUR_MS

    def now_ms(self) -> int:
        """Return Unix time as the phone shows it."""
        return self._company.now_ms() + self.wrong_ms

    def mono_ms(self) -> int:
        """Return milliseconds since the boot."""
        return self._company.mono_ms() - self._begun_ms

    def boot(self) -> None:
        """Start the phone anew."""
        self.boot_id, self._begun_ms = f"{self.boot_id}+", self._company.mono_ms() - MINUTE_MS


def open_phone(house: House, clock: OwnClock) -> Phone:
    """Return Wang's phone with a clock of its own; a second time the same phone, opened again."""
    folder = house.folder / "phones" / "own clock"
    if not folder.exists():
        phones.enrol("http://house", house.enrol_code("wang"), folder, transport=Wire(house.app))
    chance = random.Random(clock.boot_id)
    phone = Phone(
        folder, "http://house", clock, lambda now_ms: ids.uuid7(now_ms, chance.randbytes(10)), uniform=lambda: 1.0
    )
    identity = phone.find_identity()
    assert identity is not None
    phone.engine._transport = Wire(house.app, identity.token)
    house.drain()
    return phone


def arrival(house: House, order_id: str) -> tuple[int, list[str]]:
    """Return when the first arrival at an order was, and its flags."""
    facts_of = house.read(lambda s: visits.list_evidence(s, order_id))
    return next((fact.occurred_ms, fact.flags) for fact in facts_of if fact.type == "arrived")


def act_offline(house: House, phone: Phone, clock: OwnClock, order_id: str, wrong_ms: int) -> int:
    """Let Wang go to the door three hours late, without a network, by a clock that is wrong; return the real moment."""
    phone.act("accept_assignment", order_id)
    house.sync(phone)
    house.pass_ms(3 * HOUR_MS)
    clock.wrong_ms = wrong_ms
    phone.act("depart", order_id)
    phone.act("arrive", order_id)
    arrived_ms = house.clock.now_ms()
    house.pass_ms(HOUR_MS)
    return arrived_ms


@pytest.mark.parametrize("restarts", [False, True])
def test_clock_set_back_without_a_network_does_not_make_an_arrival_earlier(house: House, *, restarts: bool) -> None:
    """Wang sets his clock back three hours, arrives, and sets it right: the arrival counts when it was, and is shown.

    That he starts his phone anew before it calls changes nothing: the boot of that time is known from an earlier call.
    """
    clock = OwnClock(house.clock)
    phone, order_id = open_phone(house, clock), house.report(STOVE)
    house.sync(phone)
    real_ms = act_offline(house, phone, clock, order_id, -3 * HOUR_MS)
    clock.wrong_ms = 0
    if restarts:
        phone.close()
        clock.boot()
        phone = open_phone(house, clock)
    house.sync(phone)
    at_ms, flags = arrival(house, order_id)
    assert (at_ms, flags) == (real_ms, ["clock_wrong"])
    assert (house.order(order_id).arrived_ms, house.order(order_id).state) == (real_ms, "on_site")
    assert "clock_wrong" in house.flags(order_id)
    assert phone.pending() == ()
    phone.close()


@pytest.mark.parametrize("wrong_ms", [0, -5 * HOUR_MS, 5 * HOUR_MS])
def test_clock_that_is_wrong_all_day_and_known_to_be_is_believed(house: House, wrong_ms: int) -> None:
    """What the phone has measured against the server's clock puts it right: hours without a network are no offence."""
    clock = OwnClock(house.clock)
    clock.wrong_ms = wrong_ms
    phone, order_id = open_phone(house, clock), house.report(STOVE)
    house.sync(phone)
    real_ms = act_offline(house, phone, clock, order_id, wrong_ms)
    house.sync(phone)
    assert arrival(house, order_id) == (real_ms, [])
    phone.close()


def test_arrival_before_the_job_was_offered_is_shown_and_counts_from_the_offer(house: House) -> None:
    """Of a boot that nobody knows only this much is certain: nobody arrives at a job that he was not yet offered."""
    wang, order_id = Device(house), house.report(STOVE)
    offered_ms = house.clock.now_ms()
    house.pass_ms(MINUTE_MS)
    wang.tell(order_id, facts.AssignmentAccepted(), "w-1")
    wang.tell(order_id, facts.Departed(), "w-2")
    early = wire.Occurred(wall_ms=offered_ms - HOUR_MS, boot_id="unknown", mono_ms=5)
    result = wang.tell(order_id, facts.Arrived(), "w-3", occurred=early)
    assert (result.outcome, result.flags) == ("flagged", ("clock_wrong",))
    assert arrival(house, order_id) == (offered_ms, ["clock_wrong"])
    told = [e.data.get("told_ms") for e in house.events(order_id) if e.data.get("event_id") == "w-3"]
    assert offered_ms - HOUR_MS in told


@pytest.mark.parametrize(
    "told",
    [
        {"boot_id": BOOT, "sent_mono_ms": -(10**30)},
        {"boot_id": BOOT, "sent_mono_ms": 10**30},
        {"boot_id": "b" * 9000, "sent_mono_ms": 5},
        {"boot_id": "\0", "sent_mono_ms": 5},
        {"boot_id": "", "sent_mono_ms": 5},
    ],
)
def test_absurd_clocks_hold_no_fact_up(house: House, told: dict[str, Any]) -> None:
    """A note comes with a call whose clocks mean nothing, and says itself that it happened at none."""
    wang, order_id = Device(house), house.report(STOVE)
    occurred = wire.Occurred(wall_ms=house.clock.now_ms(), boot_id=str(told["boot_id"]), mono_ms=-(10**30))
    raw = wang.event(order_id, facts.NoteAdded(text="门口"), "w-1", occurred=occurred)
    for _ in range(2):
        request = wire.SyncRequest(v=1, gen="g1", cursor=0, events=(msgspec.Raw(raw),), **told)
        reply = wang.line.post("/api/v1/sync", msgspec.json.encode(request), 0)
        assert reply.status == 200
        assert msgspec.json.decode(reply.body, type=wire.SyncResponse).results[0].outcome in {"applied", "duplicate"}


def test_boots_of_a_phone_are_bounded_and_written_down_once(house: House) -> None:
    """The newest few are kept, and a call that tells of a known one changes nothing."""
    wang = Device(house)
    for number in (1, 2, 3, 4, 5, 6, 6):
        request = wire.SyncRequest(v=1, gen="g1", cursor=0, boot_id=f"b-{number}", sent_mono_ms=1_000)
        wang.line.post("/api/v1/sync", msgspec.json.encode(request), 0)
    device = house.read(lambda s: s.get(DeviceRow, wang.identity.device_id))
    assert device is not None
    assert list(device.boots) == ["b-3", "b-4", "b-5", "b-6"]
