"""Four accidents that killed people, played again: each ends as it should have (gas-domain 2)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mobile.service import Phone
from server.dispatch import repository as dispatch
from shared import checklist, closure, door_facts, events, facts, wire
from shared.errors import DomainError
from tests.server import house as houses
from tests.server.device import Device
from tests.server.house import DAY_MS, HOUR_MS, LEAK, House
from tests.shared import cases

MINUTE_MS = 60_000
LAT, LON = 37.861, 113.571
ODOUR: dict[str, Any] = {
    **LEAK,
    "fault_kind": "gas_odour",
    "answers": {"smell_strength": "faint"},
    "location": "stairwell",
}


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """Yield a gas company with technicians Wang and Sun and dispatcher Lin."""
    houses.found_company(database_url, tmp_path / "house")
    company = House(database_url, tmp_path / "house")
    yield company
    company.close()


def report(house: House, body: dict[str, Any]) -> str:
    """Take a report in at Lin's desk, signed in anew; days pass in these stories."""
    answer = house.sign_in("lin").post("/api/v1/intake/reports", body)
    assert answer.status_code == 201
    house.drain()
    return str(answer.json["work_order_id"])


def send(house: House, technician_id: str, order_id: str) -> None:
    """Let Lin give an order to somebody."""
    body = {"ver": house.order(order_id).ver, "technician_id": technician_id}
    assert house.sign_in("lin").post(f"/api/v1/work-orders/{order_id}/assign", body).status_code == 200
    house.drain()


def arrive(house: House, device: Device, order_id: str) -> None:
    """Let the technician of a device stand at an order."""
    send(house, device.technician_id, order_id)
    way: dict[str, facts.AnyBody] = {"a": facts.AssignmentAccepted(), "d": facts.Departed(), "o": facts.Arrived()}
    for name, fact in way.items():
        epoch = house.order(order_id).epoch
        assert device.tell(order_id, fact, f"{order_id}-{device.technician_id}-{name}-{epoch}").outcome == "applied"


def arrive_with_app(house: House, phone: Phone, order_id: str) -> None:
    """Let technician Wang stand at an order with the real app in his hand."""
    send(house, "wang", order_id)
    house.sync(phone)
    for command in ("accept_assignment", "depart", "arrive"):
        phone.act(command, order_id)
    house.sync(phone)


def work(house: House, phone: Phone, order_id: str, outcome: str) -> None:
    """Answer everything that the protocols ask for an outcome, at an honest pace, and let the customer sign."""
    with_tests = outcome == "repaired"
    for body in cases.visit_facts(phone.protocols(order_id), outcome, with_tests=with_tests)[2:]:
        house.clock.pass_ms(3 * MINUTE_MS)
        tell(phone, order_id, body)
    phone.act("sign_record", order_id, strokes=cases.strokes(), signer_relation="self")
    house.sync(phone)


def tell(phone: Phone, order_id: str, body: facts.Body) -> None:
    """Let the app tell one fact by its own command."""
    match body:
        case facts.SiteMadeSafe():
            phone.act("make_safe", order_id, how=body.how)
        case facts.StepAnswered():
            phone.act("answer_step", order_id, protocol=body.protocol, step=body.step, outcome=body.outcome)
        case facts.TimerStopped():
            phone.act("stop_timer", order_id, protocol=body.protocol, step=body.step, elapsed_ms=body.elapsed_ms)
        case facts.OutcomeDeclared():
            phone.act("declare_outcome", order_id, outcome=body.outcome)
        case facts.ReadingRecorded():
            data = {name: getattr(body, name) for name in ("protocol", "step", "value", "unit")}
            data |= {name: getattr(body, name) for name in ("instrument_serial", "instrument_valid_until")}
            phone.act("record_reading", order_id, **data)


def sirens(house: House, order_id: str) -> list[dict[str, Any]]:
    """Return the alarms that the desk heard about an order."""
    return [e.data for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED]


def test_flower_branch_locked_meter_room_stays_open_until_somebody_has_been_inside(house: House) -> None:
    """2016, 7 dead: the door was locked, nobody was told, the call was over. Here the door is an alarm of its own."""
    device = Device(house)
    order_id = report(house, {**ODOUR, "location": "basement"})
    arrive(house, device, order_id)
    told = device.tell(order_id, facts.NoAccessRecorded(reason="locked", note="meter room locked"), "locked")
    assert "no_access_unproved" in told.flags
    house.drain()
    assert house.order(order_id).state == "no_access"
    assert sirens(house, order_id)[-1]["reason"] == "no_access"
    with pytest.raises(DomainError):
        door_facts.HandedOver(to="supervisor", person="")  # a tick without a name is no hand-over
    # The siren ends when a named person takes it. Sixteen days of telephone calls do not end it, and its clock says so.
    assert house.sign_in("lin").post(f"/api/v1/work-orders/{order_id}/take").status_code == 200
    house.pass_ms(16 * DAY_MS)
    lin = house.sign_in("lin")
    for command in ("cancel", "duplicate"):
        body: dict[str, Any] = {"ver": house.order(order_id).ver, "reason": "nobody smells it now"}
        body |= {"of": order_id} if command == "duplicate" else {}
        assert lin.post(f"/api/v1/work-orders/{order_id}/{command}", body).status_code >= 400
    assert house.order(order_id).state not in {"closed", "cancelled", "duplicate"}
    assert house.order(order_id).breached
    # Somebody gets in at last, measures every space twice, and only that closes it.
    assert lin.post(f"/api/v1/work-orders/{order_id}/release", {"ver": house.order(order_id).ver}).status_code == 200
    house.drain()
    phone = house.phone("wang", "app")
    arrive_with_app(house, phone, order_id)
    work(house, phone, order_id, "all_clear")
    assert house.order(order_id).state == "closed"


def test_bel_air_two_smells_a_night_apart_are_joined(house: House) -> None:
    """2024, 2 dead: a neighbour's report 0.2 mile away and another technician's remark were never put together."""
    phone = house.phone("wang", "app")
    neighbour = report(house, ODOUR)
    arrive_with_app(house, phone, neighbour)
    work(house, phone, neighbour, "all_clear")
    assert house.order(neighbour).state == "closed"
    house.clock.pass_ms(10 * HOUR_MS)
    # Sun is there for a stove, 0.2 mile away, and smells gas in the street.
    remark = facts.OdourReported(address="桃北中街300号外", location="street", lat=LAT + 0.0029, lon=LON)
    told = wire.PhoneEvent(
        id="remark", dseq=1, work_order_id="", occurred=wire.Occurred(wall_ms=house.clock.now_ms()), body=remark
    )
    assert Device(house, "sun").call(msgspec.json.encode(told)).results[0].outcome == "applied"
    house.drain()
    found = [e for e in house.events(neighbour) if e.data.get("flag") == "odour_nearby"]
    (joined,) = {str(e.data["other"]) for e in found}
    order = house.order(joined)
    assert (order.is_leak, order.state in {"closed", "cancelled"}) == (True, False)
    assert "odour_nearby" in order.flags
    assert "odour_nearby" in house.flags(neighbour)  # the closed search next door is looked at again
    # A third report in the same hours and the same street makes emergencies of both.
    third = report(house, {**ODOUR, "address": "桃北中街301号", "lat": LAT + 0.0031})
    assert {house.order(joined).priority, house.order(third).priority} == {1}


def test_dallas_second_fire_in_the_alley_is_not_told_away(house: House) -> None:
    """2018: two fires in three days, a family told "nothing to worry about". Here they are emergencies, and join."""
    fire = copy.deepcopy(LEAK)
    fire["answers"] = {"fire_or_spark": True, "smell_strength": "faint"}
    fire["fault_kind"] = "stove_fault"
    first = report(house, fire)
    assert (house.order(first).priority, house.order(first).is_leak) == (1, True)
    device = Device(house)
    arrive(house, device, first)
    # The crew sees a burnt kitchen, no leak, and says so with a word: no word closes it.
    device.tell(first, facts.OutcomeDeclared(outcome="done", work_done="kitchen fire, gas is fine"), "word")
    state = house.order(first).state
    assert state not in {"work_done", "signed", "closed"}
    house.clock.pass_ms(2 * DAY_MS)
    second = report(house, {**fire, "address": "后巷7号", "lat": LAT + 0.0008})
    assert house.order(second).priority == 1
    assert "odour_nearby" in house.flags(second)
    assert "odour_nearby" in house.flags(first)
    assert "call_fire_brigade" in house.order(second).advice
    cancel = {"ver": house.order(second).ver, "reason": "nothing to worry about"}
    answer = house.sign_in("lin").post(f"/api/v1/work-orders/{second}/cancel", cancel)
    assert answer.json["code"] == "leak_needs_a_visit"


def test_sunnyside_crew_stays_until_it_is_safe(house: House) -> None:
    """2007: a crew left because somebody else "had control". Here the job can neither be left nor ended before."""
    phone = house.phone("wang", "app")
    order_id = report(house, LEAK)
    arrive_with_app(house, phone, order_id)
    job = phone.get_job(order_id)
    (response, *_rest) = phone.protocols(order_id)
    assert not checklist.may_leave(response, job.visit)
    # Another leak goes to the other crew although Wang is nearer.
    other = report(house, {**LEAK, "address": "桃北中街9号", "lat": LAT + 0.0005})
    held = house.read(lambda s: dispatch.list_live_of_order(s, other))
    assert {a.technician_id for a in held} <= {"sun"}
    # Half way, somebody says that the network has control: the record cannot be signed, the work not be ended.
    for body in cases.visit_facts([response], "repaired")[3:8]:
        tell(phone, order_id, body)
    phone.act("declare_outcome", order_id, outcome="repaired")
    with pytest.raises(DomainError) as refused:
        phone.act("sign_record", order_id, strokes=cases.strokes(), signer_relation="self")
    assert refused.value.code == "record_blocked"
    house.sync(phone)
    assert house.order(order_id).state == "on_site"
    assert not checklist.may_leave(response, phone.get_job(order_id).visit)
    # He stays: isolated, tagged, warned in writing; only then it ends.
    work(house, phone, order_id, "isolated")
    assert house.order(order_id).state == "closed"
    visit = phone.find_job(order_id)
    assert visit is None or closure.closure_evidence(True, visit.visit, phone.protocols(order_id))  # noqa: FBT003 - it is a leak
