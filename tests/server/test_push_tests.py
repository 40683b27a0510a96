"""At the start of a shift every phone proves its channel; one that does not answer is shown to both sides."""

import msgspec
import pytest

from shared import events, facts, wire
from tests.server.device import Device
from tests.server.house import HOUR_MS, House

pytestmark = pytest.mark.slow  # plays a phone for every push

PATH = "/api/v1/technicians/{}/shift"


def missed(house: House) -> list[str]:
    """Return the names of those whose phones did not answer, as the console shows them."""
    return sorted(row["name"] for row in house.lin.get("/api/v1/watch").json["missed_pushes"])


def begin_shift(house: House, technician_id: str) -> None:
    """Give a technician a shift that begins in an hour, and let that hour pass."""
    house.pass_ms(30 * 24 * HOUR_MS)
    start_ms = house.clock.now_ms() + HOUR_MS
    body = {"start_ms": start_ms, "end_ms": start_ms + 8 * HOUR_MS}
    assert house.lin.post(PATH.format(technician_id), body).status_code == 200
    house.pass_ms(HOUR_MS)


def test_phone_answers_the_test_at_shift_start_by_itself(house: House) -> None:
    """Wang's phone is awake: one call, and his channel is proven on both sides."""
    wang = house.phone("wang")
    begin_shift(house, "wang")
    house.sync(wang)
    house.pass_ms(10_000)
    house.sync(wang)
    push = wang.own.test_push()
    assert push is not None
    assert push.seen_ms is not None
    assert missed(house) == []


def test_silent_phone_is_shown_to_dispatcher_and_technician(house: House) -> None:
    """Sun's phone sleeps: Lin sees it after ten seconds, Sun when it wakes; a later answer heals both."""
    sun = house.phone("sun")
    house.sync(sun)
    begin_shift(house, "sun")
    house.pass_ms(10_000)
    assert missed(house) == ["孙梅"]
    sun.sync_once()
    push = sun.own.test_push()
    assert push is not None
    assert push.is_missed or push.seen_ms is not None
    house.sync(sun)
    assert missed(house) == []


def test_technician_without_a_phone_is_missed_at_once(house: House) -> None:
    """Nobody can reach Wang at all: that is known when his shift begins, not when a leak comes."""
    begin_shift(house, "wang")
    assert missed(house) == ["王建国"]


def test_technician_and_dispatcher_test_on_demand(house: House) -> None:
    """Wang asks from his phone, Lin from her desk; without a phone there is nothing to test."""
    wang = house.phone("wang")
    wang.own.ask_test_push()
    house.sync(wang)
    first = wang.own.test_push()
    house.pass_ms(1_000)
    answer = house.lin.post("/api/v1/technicians/wang/test-push")
    house.sync(wang)
    second = wang.own.test_push()
    assert first is not None
    assert second is not None
    assert second.id == answer.json["id"] != first.id
    assert second.seen_ms is not None
    assert house.lin.post("/api/v1/technicians/sun/test-push").status_code == 409


def test_answer_to_somebody_elses_test_proves_nothing(house: House) -> None:
    """Sun's phone answers Wang's test: flagged, and Wang is still missed."""
    wang, sun = Device(house), Device(house, "sun")
    push_id = house.lin.post("/api/v1/technicians/wang/test-push").json["id"]
    told = wire.Occurred(wall_ms=house.clock.now_ms())
    body = facts.TestPushSeen(push_id=push_id)
    answer = wire.PhoneEvent(id="x-1", dseq=1, work_order_id="", occurred=told, body=body)
    result = sun.call(msgspec.json.encode(answer)).results[0]
    assert "push_unknown" in result.flags
    house.pass_ms(10_000)
    assert missed(house) == ["王建国"]
    assert wang.call().test_push is not None
    assert events.TEST_PUSH_SEEN not in {e.type for e in house.events("")}
