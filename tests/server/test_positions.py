"""Positions with respect: nobody is located off duty, whoever looks is named, and traces are forgotten (PR-04)."""

from __future__ import annotations

import os
import random
from typing import Any

import msgspec
import pytest

from mobile.service import Phone
from server.accounts import repository as accounts
from server.positions import repository as positions
from server.positions import service
from server.positions.rules import location_rules
from shared import wire
from tests.mobile.phones import start_shift
from tests.server.device import Device
from tests.server.house import DAY_MS, HOME, HOUR_MS, MORNING_MS, House

FAR_OFF = 100_000


def point(at_ms: int, lat: float = 37.861, lon: float = 113.571, *, is_mocked: bool = False) -> wire.Position:
    """Return a position near the depot."""
    return wire.Position(at_ms=at_ms, lat=lat, lon=lon, accuracy_m=5.0, is_mocked=is_mocked)


def send(house: House, *points: wire.Position) -> int:
    """Let the server take positions of technician Wang; return how many it kept."""
    now_ms = house.clock.now_ms()
    return house.write(lambda tx: service.keep(tx.session, {"wang": points}, now_ms))


def shift_of(house: House) -> tuple[int, int]:
    """Return Wang's shift of today."""
    rows = house.read(lambda s: accounts.list_shifts(s, HOME, MORNING_MS, MORNING_MS + 1))
    return next((r.start_ms, r.end_ms) for r in rows if r.technician_id == "wang")


def place_of(house: House) -> tuple[float | None, float | None]:
    """Return where the map shows Wang."""
    row = house.read(lambda s: accounts.get_technician(s, HOME, "wang"))
    return row.lat, row.lon


def trace(house: House, who: str = "lin") -> Any:
    """Ask for Wang's trace of the day."""
    body = {"from_ms": MORNING_MS - DAY_MS, "until_ms": MORNING_MS + DAY_MS}
    return house.sign_in(who).post("/api/v1/technicians/wang/trace", body)


def phone_on_duty(house: House) -> Phone:
    """Return Wang's phone, which knows his shifts, and on which he has declared this one."""
    wang = house.phone("wang")
    wang.sync_once()
    start_shift(wang)
    return wang


def test_a_hundred_thousand_points_off_shift_are_not_stored(house: House) -> None:
    """An adversarial phone sends points of every hour but those of the shift: none is kept, none shown."""
    start_ms, end_ms = shift_of(house)
    chance = random.Random(7)
    house.clock.pass_ms(end_ms - house.clock.now_ms() + 10 * DAY_MS)
    before = place_of(house)
    off = [start_ms - 1 - chance.randrange(300 * HOUR_MS) for _ in range(FAR_OFF // 2)]
    off += [end_ms + chance.randrange(200 * HOUR_MS) for _ in range(FAR_OFF // 2)]
    shifts = [s for s in house.read(lambda s: accounts.list_all_shifts(s, 0, 1 << 60)) if s.technician_id == "wang"]
    points = [point(at) for at in off if not any(s.start_ms <= at < s.end_ms for s in shifts)]
    assert len(points) > FAR_OFF * 0.9
    sample = points if os.environ.get("FULL") else chance.sample(points, 2_000)
    duty = house.read(lambda s: service.list_duty(s, house.clock.now_ms()))
    assert not any(start <= p.at_ms < end for p in points for start, end in duty.get("wang", ()))
    assert send(house, *sample) == 0
    assert house.read(lambda s: positions.count_points(s, HOME)) == 0
    assert place_of(house) == before


def test_positions_by_sync_are_kept_on_shift_and_the_newest_is_shown(house: House) -> None:
    """Wang drives: the map has his last place, the trace all of them, a late one fills only the trace."""
    wang, now_ms = Device(house), house.clock.now_ms()
    late, new = point(now_ms - 90_000, 37.8611), point(now_ms - 1_000, 37.862)
    for one in (new, late):
        wang.call(positions=(msgspec.json.encode(one),))
    assert place_of(house) == (37.862, 113.571)
    assert [p["lat"] for p in trace(house).json["points"]] == [37.8611, 37.862]


@pytest.mark.parametrize(
    ("second", "flags"),
    [
        (point(MORNING_MS - 50_000, 37.9, is_mocked=True), ["mocked"]),
        (point(MORNING_MS - 50_000, 38.9), ["too_fast"]),
        (point(MORNING_MS - 50_000, 37.862), []),
    ],
)
def test_point_that_cannot_be_is_kept_with_its_flag_and_not_believed(
    house: House, second: wire.Position, flags: list[str]
) -> None:
    """A faked place or one 100 km away in ten seconds stays in the trace; the map goes on with the last sound one."""
    assert send(house, point(MORNING_MS - 60_000), second) == 2
    assert trace(house).json["points"][-1]["flags"] == flags
    assert place_of(house)[0] == (37.861 if flags else second.lat)


def test_each_technician_is_judged_by_his_own_trace_when_many_phones_speak_at_once(house: House) -> None:
    """Wang and Sun are written down together: Sun's leap of 100 km is flagged, Wang's place is his own newest."""
    now_ms = house.clock.now_ms()
    told = {
        "wang": [point(now_ms - 20_000), point(now_ms - 10_000, 37.862)],
        "sun": [point(now_ms - 20_000, 37.87), point(now_ms - 10_000, 38.87)],
        "nobody": [point(now_ms)],
    }
    assert house.write(lambda tx: service.keep(tx.session, told, now_ms)) == 4
    assert house.write(lambda tx: service.keep(tx.session, told, now_ms)) == 0
    places = house.read(lambda s: {i: accounts.get_technician(s, HOME, i).lat for i in ("wang", "sun")})
    assert places == {"wang": 37.862, "sun": 37.87}


def test_doubted_points_that_come_again_or_late_do_not_move_the_place(house: House) -> None:
    """A faked point is sent twice and kept once; one from between the known ones fills the trace and no more."""
    now_ms = house.clock.now_ms()
    fake, late = point(now_ms - 5_000, 37.9, is_mocked=True), point(now_ms - 45_000, 37.8615)
    assert [send(house, fake), send(house, fake)] == [1, 0]
    assert send(house, point(now_ms - 60_000), point(now_ms - 30_000, 37.862)) == 2
    assert [send(house, late, fake), send(house, late)] == [1, 0]
    assert place_of(house)[0] == 37.862
    assert [p["flags"] for p in trace(house).json["points"]] == [[], [], [], ["mocked"]]


def test_place_read_in_the_same_transaction_is_the_new_one(house: House) -> None:
    """Who has loaded the technician before his positions came sees where he is now."""

    def work(tx: Any) -> float | None:
        wang = accounts.get_technician(tx.session, HOME, "wang")
        service.keep(tx.session, {"wang": [point(tx.now_ms - 1_000, 37.8633)]}, tx.now_ms)
        return wang.lat

    assert house.write(work) == 37.8633


def test_pause_keeps_positions_on_the_phone_and_both_sides_see_it(house: House) -> None:
    """One tap: nothing leaves the phone, the board shows it; another tap, and it goes on."""
    wang = phone_on_duty(house)
    wang.pause_location(is_paused=True)
    wang.report_position(point(house.clock.now_ms()))
    wang.sync_once()
    assert house.read(lambda s: positions.count_points(s, HOME)) == 0
    assert "wang" in house.read(accounts.list_paused)
    assert send(house, point(house.clock.now_ms())) == 0
    wang.pause_location(is_paused=False)
    wang.report_position(point(house.clock.now_ms()))
    wang.sync_once()
    assert house.read(lambda s: positions.count_points(s, HOME)) == 1
    assert "wang" not in house.read(accounts.list_paused)


def test_phone_sends_nothing_off_duty_and_little_while_it_stands(house: House) -> None:
    """The phone itself knows the shift: the gate is shut outside it, and a parked car is not news every second."""
    wang, (start_ms, end_ms) = phone_on_duty(house), shift_of(house)
    gate = wang.engine.gate
    assert not gate.admits(point(start_ms - 1))
    assert not gate.admits(point(end_ms))
    assert gate.admits(point(start_ms))
    assert not gate.admits(point(start_ms + 10_000))
    assert gate.admits(point(start_ms + 20_000, 37.865))
    assert gate.admits(point(start_ms + 20_000 + location_rules().still_s * 1000, 37.865))


def test_fresh_phone_without_a_word_of_the_server_sends_nothing(house: House) -> None:
    """Before the first answer the phone knows of no shift."""
    assert not house.phone("wang").engine.gate.admits(point(house.clock.now_ms()))


def test_everyone_who_looks_at_a_trace_stands_in_the_technicians_list(house: House) -> None:
    """Lin looks twice, the agent may not; Wang reads two lines with her name, Sun none."""
    wang, sun = Device(house), Device(house, "sun")
    assert trace(house, "chen").status_code == 403
    assert [trace(house).status_code for _ in range(2)] == [200, 200]
    assert (
        house.sign_in("qian").post("/api/v1/technicians/wang/trace", {"from_ms": 0, "until_ms": 1}).status_code == 404
    )
    looked = views(house, wang)
    assert [v["viewer"] for v in looked] == ["林静", "林静"]
    assert views(house, sun) == []


def views(house: House, device: Device) -> list[dict[str, Any]]:
    """Return who looked, as a technician's phone reads it."""
    answer = house.app.test_client().get(
        "/api/v1/position-views", headers={"Authorization": f"Bearer {device.line.token}"}
    )
    assert answer.status_code == 200
    found: list[dict[str, Any]] = (answer.json or {})["views"]
    return found


def test_traces_are_purged_after_the_days_of_the_rule(house: House) -> None:
    """What is older than the rule allows is gone the next day, without anybody's hand."""
    wang = Device(house)
    wang.call(positions=(msgspec.json.encode(point(house.clock.now_ms())),))
    house.drain()
    assert house.read(lambda s: positions.count_points(s, HOME)) == 1
    for _ in range(location_rules().kept_days + 2):
        house.pass_ms(DAY_MS)
    assert house.read(lambda s: positions.count_points(s, HOME)) == 0


def test_second_point_at_the_same_false_place_is_not_believed_either(house: House) -> None:
    """One jump of 100 km does not make the place it jumped to true."""
    far = [point(MORNING_MS - 50_000, 38.9), point(MORNING_MS - 40_000, 38.9)]
    assert send(house, point(MORNING_MS - 60_000), *far) == 3
    assert [p["flags"] for p in trace(house).json["points"]] == [[], ["too_fast"], ["too_fast"]]
    assert place_of(house)[0] == 37.861
