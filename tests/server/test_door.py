"""At the door: hazards told at once, grades by the qualified, closed doors with proof, prices, cash, parts, damage."""

from __future__ import annotations

from typing import Any

import pytest

from server.hazards import repository as hazards
from server.stock import repository as stock
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared import door_facts, facts, triage
from shared.errors import DomainError
from tests.server.device import Device
from tests.server.house import DAY_MS, HOME, HOUR_MS, LEAK, MORNING_MS, STOVE, House

INSPECTION = {**LEAK, "fault_kind": "inspection", "answers": {}}
CHECKLIST = "household-inspection@2026"


@pytest.fixture
def wang(house: House) -> Device:
    """Return technician Wang's phone."""
    return Device(house)


def go_to(house: House, device: Device, report: dict[str, Any]) -> str:
    """Let Wang stand at an order of this report."""
    order_id = house.report(report)
    body = {"ver": house.order(order_id).ver, "technician_id": device.technician_id}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/assign", body).status_code == 200
    house.drain()
    way: tuple[facts.AnyBody, ...] = (facts.AssignmentAccepted(), facts.Departed(), facts.Arrived())
    for number, fact in enumerate(way):
        assert device.tell(order_id, fact, f"{order_id}-way-{number}").outcome == "applied"
    return order_id


def answer(device: Device, order_id: str, step: str, outcome: str, event_id: str = "") -> tuple[str, ...]:
    """Answer a step of the inspection; return the flags."""
    body = facts.StepAnswered(protocol=CHECKLIST, step=step, outcome=outcome)
    return device.tell(order_id, body, event_id or f"{order_id}-{step}-{outcome}").flags


def notices(house: House, order_id: str) -> list[dict[str, Any]]:
    """Return an order's hazard notices as the console shows them."""
    return list(house.lin.get(f"/api/v1/work-orders/{order_id}/hazards").json["notices"])


def follow_ups(house: House, order_id: str) -> dict[str, str]:
    """Return the fault kinds and states of the orders that a notice opened."""
    (notice,) = notices(house, order_id)
    return {kind: house.order(new).fault_kind for kind, new in notice["follow_ups"].items()}


def test_failing_item_opens_notice_and_order_at_once(house: House, wang: Device) -> None:
    """A rubber hose: the notice has its number and the order is in the plan before Wang has left the kitchen."""
    order_id = go_to(house, wang, INSPECTION)
    assert answer(wang, order_id, "hose", "rubber") == ("hazard_found",)
    (notice,) = notices(house, order_id)
    assert notice["number"].startswith("HN-20260922-")
    assert (notice["level"], notice["state"], notice["served_ms"]) == ("major", "open", None)
    assert any("橡胶软管" in line or "Rubber hose" in line for line in notice["lines"])
    assert follow_ups(house, order_id) == {"hose_replacement": "hose_replacement"}
    assert house.order(notice["follow_ups"]["hose_replacement"]).customer_id == house.order(order_id).customer_id


def test_second_finding_joins_the_notice_and_the_same_one_opens_nothing_twice(house: House, wang: Device) -> None:
    """One notice per visit, one order per kind of repair."""
    order_id = go_to(house, wang, INSPECTION)
    answer(wang, order_id, "hose", "rubber")
    answer(wang, order_id, "hose", "aged")
    answer(wang, order_id, "stove", "no_flame_failure")
    answer(wang, order_id, "stove", "no_flame_failure", "again")
    (notice,) = notices(house, order_id)
    assert set(notice["follow_ups"]) == {"hose_replacement", "stove_fault"}
    assert len({i["step"] for i in notice["items"] if i["cleared_ms"] is None}) == 2


def test_gas_found_on_an_inspection_is_a_leak_order_at_once(house: House, wang: Device) -> None:
    """A reading in the kitchen is not a note for next year."""
    order_id = go_to(house, wang, INSPECTION)
    reading = facts.ReadingRecorded(
        protocol=CHECKLIST,
        step="room_reading",
        value="6",
        unit="%LEL",
        instrument_serial="XP-1",
        instrument_valid_until="2030-01-01",
    )
    assert wang.tell(order_id, reading, "gas").flags == ("hazard_found",)
    (notice,) = notices(house, order_id)
    leak = house.order(notice["follow_ups"]["gas_odour"])
    assert (notice["level"], leak.is_leak) == ("immediately_dangerous", True)


def test_instrument_is_judged_by_the_calibration_on_file(house: House, wang: Device) -> None:
    """XP-1 is calibrated until 2030: a phone that claims 2099 in the year 2031 proves nothing; the reading is kept."""
    order_id = go_to(house, wang, INSPECTION)
    house.clock.pass_ms(1700 * DAY_MS)
    reading = facts.ReadingRecorded(
        protocol=CHECKLIST,
        step="room_reading",
        value="0",
        unit="%LEL",
        instrument_serial="XP-1",
        instrument_valid_until="2099-01-01",
    )
    assert "instrument_out_of_calibration" in wang.tell(order_id, reading, "old").flags


def test_finding_put_right_on_the_spot_clears_the_notice(house: House, wang: Device) -> None:
    """What was wrong stays written, with the moment at which it was right again."""
    order_id = go_to(house, wang, INSPECTION)
    answer(wang, order_id, "valve", "fail")
    answer(wang, order_id, "valve", "pass")
    (notice,) = notices(house, order_id)
    assert notice["state"] == "withdrawn"
    assert notice["items"][0]["cleared_ms"] is not None


def test_notice_served_is_told_in_writing_and_settled_once(house: House, wang: Device) -> None:
    """Article 9: told in writing it is no longer the company's; the desk settles it when it is put right."""
    order_id = go_to(house, wang, INSPECTION)
    answer(wang, order_id, "bedroom", "fail")
    answer(wang, order_id, "hazards_told", "notice_served")
    (notice,) = notices(house, order_id)
    assert notice["served_ms"] is not None
    path = f"/api/v1/hazard-notices/{notice['id']}/settle"
    assert house.lin.post(path, {"note": "已改管"}).status_code == 200
    assert house.lin.post(path, {"note": "again"}).json["code"] == "notice_over"
    assert house.sign_in("qian").post(path, {"note": "x"}).status_code == 404
    assert house.read(lambda s: hazards.list_open(s, HOME)) == []


def test_grade_by_the_qualified_counts_and_raises_the_order(house: House, wang: Device) -> None:
    """Grade 1 is an emergency; who graded stays on the ticket."""
    order_id = go_to(house, wang, {**LEAK, "answers": {"smell_strength": "faint"}, "location": "street"})
    assert house.order(order_id).priority == 2
    assert wang.tell(order_id, door_facts.LeakGraded(grade=1, reason="80 %LEL in the pit"), "grade").flags == ()
    assert house.order(order_id).priority == 1
    told = house.lin.get(f"/api/v1/work-orders/{order_id}/hazards").json["grades"]
    assert [(g["grade"], g["technician_id"], g["is_counted"]) for g in told] == [(1, "wang", True)]


def test_grade_by_somebody_whose_qualification_is_over_is_kept_and_does_not_count(house: House, wang: Device) -> None:
    """Only trained people grade or re-grade a leak."""
    order_id = go_to(house, wang, {**LEAK, "answers": {"smell_strength": "faint"}, "location": "street"})
    wang.tell(order_id, door_facts.LeakGraded(grade=1, reason="gas at the wall"), "first")
    house.clock.pass_ms(500 * DAY_MS)
    assert wang.tell(order_id, door_facts.LeakGraded(grade=3, reason="airs out"), "again").flags == (
        "grader_not_qualified",
    )
    told = house.read(lambda s: hazards.list_grades(s, HOME, order_id))
    assert [(g.grade, g.is_counted) for g in told] == [(1, True), (3, False)]
    assert house.order(order_id).priority == 1


def test_closed_door_without_proof_is_flagged_and_with_proof_is_not(house: House, wang: Device) -> None:
    """Both wait as no access; only one of them shows that somebody did all that can be done."""
    order_id = go_to(house, wang, STOVE)
    assert "no_access_unproved" in wang.tell(order_id, facts.NoAccessRecorded(reason="nobody_home"), "bare").flags
    assert house.order(order_id).state == "no_access"
    other = go_to(house, wang, {**STOVE, "address": "桃北中街9号"})
    photo = facts.PhotoTaken(sha256="ab" * 32, size_bytes=9, mime="image/jpeg", purpose="door")
    wang.tell(other, photo, "photo")
    proofs = ("knocked", "phoned", "neighbours", "notice_left")
    assert wang.tell(other, facts.NoAccessRecorded(reason="nobody_home", proofs=proofs), "proved").flags == ()


def test_closed_door_at_a_leak_needs_named_people_and_the_valve(house: House, wang: Device) -> None:
    """Notification is a confirmed hand-over, not a tick (Flower Branch)."""
    order_id = go_to(house, wang, LEAK)
    wang.tell(order_id, facts.PhotoTaken(sha256="ab" * 32, size_bytes=9, mime="image/jpeg", purpose="door"), "p")
    ticks = ("knocked", "phoned", "reading_at_door", "neighbours", "notice_left", "supervisor_told", "valve_outside")
    told = facts.NoAccessRecorded(reason="locked", proofs=ticks)
    assert "no_access_unproved" in wang.tell(order_id, told, "ticks only").flags
    wang.tell(order_id, door_facts.HandedOver(to="supervisor", person="陈立"), "boss")
    wang.tell(order_id, door_facts.HandedOver(to="fire_brigade", person="消防三中队 李队"), "fire")
    assert "no_access_unproved" not in wang.tell(order_id, told, "with names").flags
    assert house.order(order_id).state == "no_access"


def test_leak_cannot_be_ended_by_telephone(house: House) -> None:
    """Neither called off, nor as the duplicate of nothing, of itself, or of what is no open leak."""
    leak, stove = house.report(LEAK), house.report({**STOVE, "address": "桃北中街9号"})
    path = f"/api/v1/work-orders/{leak}"
    ver = house.order(leak).ver
    answers = [house.lin.post(f"{path}/cancel", {"ver": ver, "reason": "caller says it is fine"})]
    answers += [house.lin.post(f"{path}/duplicate", {"ver": ver, "of": other}) for other in (leak, stove)]
    assert [a.json["code"] for a in answers] == ["leak_needs_a_visit", "duplicate_not_open", "duplicate_not_open"]
    assert house.order(leak).state not in {"closed", "cancelled", "duplicate"}


def test_second_call_for_the_same_leak_may_stand_behind_the_first(house: House) -> None:
    """The original stays open until somebody has been there."""
    first, second = house.report(LEAK), house.report(LEAK)
    body = {"ver": house.order(second).ver, "of": first}
    assert house.lin.post(f"/api/v1/work-orders/{second}/duplicate", body).status_code == 200
    assert house.order(second).state == "duplicate"
    back = {"ver": house.order(first).ver, "of": second}
    assert house.lin.post(f"/api/v1/work-orders/{first}/duplicate", back).json["code"] == "duplicate_not_open"


def price(list_ref: str = "price@2026", approval: str = "", **units: int) -> door_facts.PriceShown:
    """Return a price that the customer agreed to."""
    lines = tuple(door_facts.PriceLine(code=code, unit_cents=cents) for code, cents in units.items())
    return door_facts.PriceShown(list_ref=list_ref, lines=lines, is_agreed=True, approval=approval)


def test_price_of_the_list_is_taken_and_a_free_hand_amount_is_flagged(house: House, wang: Device) -> None:
    """WA-05: the list, or nothing."""
    order_id = go_to(house, wang, STOVE)
    assert wang.tell(order_id, price(call_out=3000, stove_repair=6000), "list").flags == ()
    assert wang.tell(order_id, price(call_out=3000, stove_repair=9900), "dear").flags == ("price_over_list",)
    assert wang.tell(order_id, price(call_out=3000, gift=100), "gift").flags == ("price_not_in_list",)
    assert wang.tell(order_id, price(call_out=0, stove_repair=0), "free").flags == ()


def test_overcharge_needs_a_second_person(house: House, wang: Device) -> None:
    """Approved lines may be charged, other lines under the same approval may not; decided once."""
    order_id = go_to(house, wang, STOVE)
    lines = (door_facts.PriceLine(code="stove_repair", unit_cents=9900),)
    wang.tell(order_id, door_facts.PriceApprovalAsked(list_ref="price@2026", lines=lines, reason="built in"), "ask")
    (asked,) = house.lin.get("/api/v1/price-approvals").json["items"]
    assert wang.tell(order_id, price(stove_repair=9900, approval=asked["id"]), "early").flags == ("price_over_list",)
    path = f"/api/v1/price-approvals/{asked['id']}"
    assert house.lin.post(path, {"is_approved": True}).json["state"] == "approved"
    assert house.lin.post(path, {"is_approved": False}).json["code"] == "approval_decided"
    assert wang.tell(order_id, price(stove_repair=9900, approval=asked["id"]), "approved").flags == ()
    assert wang.tell(order_id, price(stove_repair=9901, approval=asked["id"]), "more").flags == ("price_over_list",)


def test_price_after_the_work_is_flagged(house: House, wang: Device) -> None:
    """The customer sees the price before."""
    order_id = go_to(house, wang, STOVE)
    wang.tell(order_id, facts.StepAnswered(protocol="appliance-repair@2026", step="repaired", outcome="pass"), "done")
    house.clock.pass_ms(1000)
    assert wang.tell(order_id, price(call_out=3000), "late").flags == ("price_after_work",)


def take_cash(house: House, wang: Device, order_id: str, receipt: str = "R-1") -> tuple[str, ...]:
    """Let Wang take thirty yuan in cash after agreement; return the flags."""
    wang.tell(order_id, price(call_out=3000), f"price {receipt}")
    return wang.tell(
        order_id, door_facts.PaymentTaken(amount_cents=3000, method="cash", receipt=receipt), f"cash {receipt}"
    ).flags


def test_cash_is_owed_until_five_and_received_by_somebody_else(house: House, wang: Device) -> None:
    """WA-08: due at 17:00 of the day; overdue is told; counted by Lin; the second hand-in finds nothing."""
    order_id = go_to(house, wang, STOVE)
    assert take_cash(house, wang, order_id) == ()
    (held,) = house.lin.get("/api/v1/cash").json["items"]
    assert (held["amount_cents"], held["due_ms"]) == (3000, MORNING_MS + 7 * HOUR_MS)
    assert held["is_overdue"] is False
    house.pass_ms(8 * HOUR_MS)
    assert house.lin.get("/api/v1/cash").json["items"][0]["is_overdue"] is True
    path = "/api/v1/cash/wang/hand-in"
    assert house.lin.post(path, {"counted_cents": 2900}).json["code"] == "cash_counted_wrong"
    assert house.lin.post(path, {"counted_cents": 3000}).json["is_late"] is True
    assert house.lin.post(path, {"counted_cents": 3000}).json["code"] == "cash_already_handed_in"
    assert house.lin.get("/api/v1/cash").json["items"] == []


def test_more_than_agreed_and_a_receipt_used_twice_are_flagged(house: House, wang: Device) -> None:
    """A receipt stands for one payment, a payment for what was agreed."""
    order_id = go_to(house, wang, STOVE)
    take_cash(house, wang, order_id)
    again = door_facts.PaymentTaken(amount_cents=3000, method="cash", receipt="R-1")
    assert wang.tell(order_id, again, "again").flags == ("payment_not_agreed",)
    more = door_facts.PaymentTaken(amount_cents=100, method="wechat", receipt="R-2")
    assert wang.tell(order_id, more, "more").flags == ("payment_not_agreed",)


def test_parts_leave_the_van_by_lot_and_a_missing_one_is_flagged(house: House, wang: Device) -> None:
    """PA-03: where a lot went can be read; a correction puts pieces back."""
    van = "/api/v1/vans/wang/stock"
    assert house.lin.post(van, {"part": "hose_metal_1_5_m", "lot": "L7", "quantity": 2}).status_code == 200
    assert (
        house.lin.post(van, {"part": "hose_metal_1_5_m", "lot": "L7", "quantity": -3}).json["code"] == "stock_too_low"
    )
    assert house.sign_in("qian").post(van, {"part": "x", "quantity": 1}).status_code == 404
    order_id = go_to(house, wang, STOVE)
    used = facts.PartUsed(part="hose_metal_1_5_m", lot="L7", quantity=2)
    assert wang.tell(order_id, used, "two").flags == ()
    house.clock.pass_ms(1000)
    assert wang.tell(order_id, facts.PartUsed(part="hose_metal_1_5_m", lot="L7", quantity=1), "one").flags == ()
    assert house.lin.get(van).json["items"] == [{"part": "hose_metal_1_5_m", "lot": "L7", "quantity": 1}]
    assert wang.tell(order_id, facts.PartUsed(part="valve", lot="L9", quantity=1), "none").flags == ("part_not_in_van",)
    moves = house.read(lambda s: stock.list_moves(s, HOME, "hose_metal_1_5_m", "L7"))
    assert [(m.quantity, m.reason) for m in moves] == [(2, "loaded"), (-2, "used"), (1, "corrected")]


def test_damage_is_recorded_and_settled_once(house: House, wang: Device) -> None:
    """ON-05: what, its value, what the customer got."""
    order_id = go_to(house, wang, STOVE)
    wang.tell(order_id, door_facts.DamageClaimed(item="台面", value_cents=20000, paid_cents=5000), "damage")
    (claim,) = house.lin.get("/api/v1/damages").json["items"]
    assert (claim["item"], claim["value_cents"], claim["paid_cents"]) == ("台面", 20000, 5000)
    path = f"/api/v1/damages/{claim['id']}/settle"
    assert house.lin.post(path, {"settled_cents": 15000}).json["settled_cents"] == 15000
    assert house.lin.post(path, {"settled_cents": 1}).status_code >= 400


def test_price_list_in_force_is_public(house: House) -> None:
    """WA-10: nobody has to sign in to read it."""
    told = house.app.test_client().get("/api/v1/prices").get_json()
    assert told["ref"] == "price@2026"
    assert {"code": "call_out", "amount_cents": 3000} in told["list"]["item"]


def test_stove_at_which_gas_is_smelt_is_worked_on_as_a_leak(house: House) -> None:
    """Its protocols can prove the leak closed; before, such an order could never end."""
    order_id = house.report({**STOVE, "answers": {"smell_strength": "strong"}})
    order = house.order(order_id)
    assert order.is_leak
    assert order.protocols == ["leak-response@2026", "indoor-tightness@2009"]
    assert house.read(lambda s: work_orders.list_chosen_editions(s, HOME)) == []


def open_in_britain(house: House) -> list[str]:
    """Return the protocols of a leak that a British branch opens now."""
    desk = work_order_service.Desk(sla_profile=house.settings.sla_profile, time_zone="Europe/London", jurisdiction="GB")
    report = triage.FaultReport(fault_kind="gas_leak", location="kitchen", answers={})
    new = work_order_service.NewWorkOrder(report=report, address="1 High Street", lat=None, lon=None)
    return house.write(lambda tx: list(work_order_service.open_work_order(tx, new, desk).protocols))


def test_branch_chooses_the_edition_while_two_are_legal(house: House) -> None:
    """Decision 27: the older until its end, unless the branch picks the newer; from 1 October there is one."""
    assert "igem-up-1b@3" in open_in_britain(house)
    house.write(lambda tx: work_order_service.choose_edition(tx, "igem-up-1b@4"))
    assert "igem-up-1b@4" in open_in_britain(house)
    house.write(lambda tx: work_order_service.choose_edition(tx, "igem-up-1b@3"))
    assert "igem-up-1b@3" in open_in_britain(house)
    house.clock.pass_ms(9 * DAY_MS)
    assert "igem-up-1b@4" in open_in_britain(house)
    with pytest.raises(DomainError):
        house.write(lambda tx: work_order_service.choose_edition(tx, "igem-up-1b@5"))
