"""Money and warranty with the real app: the price comes from the list, is agreed to before the work, and is charged."""

from __future__ import annotations

import json

import pytest

from mobile.actions import door
from mobile.service import Phone
from server.visits import repository as visits
from shared import facts
from shared.errors import DomainError
from tests.server.house import STOVE, House
from tests.shared import cases


def stand_at_a_stove(company: House) -> tuple[Phone, str]:
    """Return Wang's phone with a stove order at which he stands."""
    phone, order_id = company.phone("wang"), company.report(STOVE)
    body = {"ver": company.order(order_id).ver, "technician_id": "wang"}
    assert company.lin.post(f"/api/v1/work-orders/{order_id}/assign", body).status_code == 200
    company.drain()
    company.sync(phone)
    for command in ("accept_assignment", "depart", "arrive"):
        phone.act(command, order_id)
    company.sync(phone)
    return phone, order_id


def judge(phone: Phone, order_id: str, invoice_date: str) -> str:
    """State the warranty's findings; return the verdict."""
    phone.act("judge_warranty", order_id, product="灶", invoice_date=invoice_date, has_card=True, is_quality_fault=True)
    decision = door.decide_warranty(phone.desk, order_id)
    return decision.verdict if decision else ""


def do_the_work(phone: Phone, order_id: str) -> None:
    """Answer every step of the repair well."""
    for body in cases.visit_facts(phone.protocols(order_id), "done")[3:]:
        match body:
            case facts.StepAnswered():
                phone.act("answer_step", order_id, protocol=body.protocol, step=body.step, outcome=body.outcome)
            case facts.TimerStopped():
                phone.act("stop_timer", order_id, protocol=body.protocol, step=body.step, elapsed_ms=body.elapsed_ms)
            case facts.OutcomeDeclared():
                phone.act("declare_outcome", order_id, outcome=body.outcome)
            case facts.ReadingRecorded():
                data = {n: getattr(body, n) for n in ("protocol", "step", "value", "unit", "instrument_serial")}
                phone.act("record_reading", order_id, instrument_valid_until=body.instrument_valid_until, **data)


def test_agreed_price_is_charged_paid_and_signed(house: House) -> None:
    """Out of warranty: list price, agreement, work, payment, signature; the record charges what was agreed."""
    phone, order_id = stand_at_a_stove(house)
    assert judge(phone, order_id, "2024-01-31") == "charged"
    with pytest.raises(DomainError) as refused:
        phone.act("take_payment", order_id, amount_cents=9000, method="cash", receipt="R-9")
    assert refused.value.code == "payment_not_agreed"
    phone.act("show_price", order_id, is_agreed=True)
    do_the_work(phone, order_id)
    phone.act("take_payment", order_id, amount_cents=9000, method="cash", receipt="R-9")
    phone.act("sign_record", order_id, strokes=cases.strokes(), signer_relation="self")
    house.sync(phone)
    assert house.order(order_id).state == "closed"
    record = house.read(lambda s: visits.find_record(s, order_id))
    assert record is not None
    assert json.loads(record.record_json)["charge"]["total_cents"] == 9000
    assert house.lin.get("/api/v1/cash").json["items"][0]["amount_cents"] == 9000


def test_warranty_makes_the_quote_free(house: House) -> None:
    """Free work is charged under no name, a part least of all."""
    phone, order_id = stand_at_a_stove(house)
    assert judge(phone, order_id, "2026-03-31") == "free"
    _, lines = door.quote(phone.desk, order_id, parts={"hose_metal_1_5_m": 1})
    assert {line.unit_cents for line in lines} == {0}


def test_amount_beyond_the_list_waits_for_the_second_person(house: House) -> None:
    """No free-hand amount: asked, refused while undecided, charged when approved."""
    phone, order_id = stand_at_a_stove(house)
    phone.act("ask_price_approval", order_id, amounts={"stove_repair": 9900}, reason="built in")
    house.sync(phone)
    (asked,) = phone.get_job(order_id).approvals
    with pytest.raises(DomainError) as refused:
        phone.act("show_price", order_id, is_agreed=True, approval=asked.id)
    assert (asked.state, refused.value.code) == ("asked", "price_amount_changed")
    assert house.lin.post(f"/api/v1/price-approvals/{asked.id}", {"is_approved": True}).status_code == 200
    house.drain()
    house.sync(phone)
    phone.act("show_price", order_id, is_agreed=True, approval=asked.id)
    agreed = phone.get_job(order_id).visit.price
    assert agreed is not None
    assert agreed.total_cents == 9900
    house.sync(phone)
    assert not {"price_over_list", "price_not_in_list"} & set(house.flags(order_id))
