"""The money page: cash counted by somebody else, prices decided by a second person, claims settled by choice."""

from __future__ import annotations

import re

import pytest

from shared import door_facts
from tests.server.device import Device
from tests.server.house import HOUR_MS, STOVE, House
from tests.server.office.forms import read, refusal, send
from tests.server.test_door import go_to, price, take_cash

MONEY = "/money"


@pytest.fixture
def wang(house: House) -> Device:
    """Return technician Wang's phone."""
    return Device(house)


def ask_for_more(house: House, wang: Device) -> tuple[str, str]:
    """Let Wang ask for 99 yuan where the list says 60; return the order and what is asked."""
    order_id = go_to(house, wang, STOVE)
    lines = (door_facts.PriceLine(code="stove_repair", unit_cents=9900),)
    wang.tell(order_id, door_facts.PriceApprovalAsked(list_ref="price@2026", lines=lines, reason="嵌入式"), "ask")
    return order_id, house.lin.get("/api/v1/price-approvals").json["items"][0]["id"]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_page_of_a_day_without_money_says_so(house: House, language: str) -> None:
    """Five empty parts, each with its sentence."""
    assert read(house.lin, MONEY, language).count('class="nothing"') == 5


def test_overcharge_is_shown_against_the_list_and_approved_once(house: House, wang: Device) -> None:
    """WA-05: list 60, asked 99, 39 more; the amount itself cannot be typed; decided once."""
    order_id, approval_id = ask_for_more(house, wang)
    page = read(house.lin, MONEY, "en")
    assert all(amount in page for amount in ("¥60.00", "¥99.00", "¥39.00"))
    form = re.search(r'<form[^>]*action="/money/approval".*?</form>', page, re.DOTALL)
    assert form is not None
    assert set(re.findall(r'name="(\w+)"', form[0])) == {"csrf_token", "approval_id", "note", "decision"}
    assert send(house.lin, f"{MONEY}/approval", approval_id=approval_id, decision="yes").status_code == 303
    approved = price(stove_repair=9900, approval=approval_id)
    assert wang.tell(order_id, approved, "approved").flags == ()
    assert refusal(send(house.lin, f"{MONEY}/approval", approval_id=approval_id, decision="no"))
    assert approval_id not in read(house.lin, MONEY)


def test_agent_sees_what_waits_and_decides_nothing(house: House, wang: Device) -> None:
    """Chen at the hotline reads the page; the button is not there, and its door is shut."""
    _, approval_id = ask_for_more(house, wang)
    chen = house.sign_in("chen")
    assert "/money/approval" not in read(chen, MONEY)
    assert send(chen, f"{MONEY}/approval", approval_id=approval_id, decision="yes").status_code == 403
    assert len(house.lin.get("/api/v1/price-approvals").json["items"]) == 1


def test_cash_is_received_as_counted_and_a_difference_needs_words(house: House, wang: Device) -> None:
    """WA-08: due at 17:00, said when late; 29 of 30 yuan without a word is refused; then it is handed in."""
    take_cash(house, wang, go_to(house, wang, STOVE))
    assert 'data-cash="wang"' in read(house.lin, MONEY)
    house.pass_ms(8 * HOUR_MS)
    page = read(house.sign_in("lin"), MONEY, "en")
    assert "overdue" in page
    assert 'data-receipt="R-1"' in page
    told = {"technician_id": "wang"}
    for wrong in ("29", "", "NaN", "1e99", "-30", "30.001", "三十"):
        assert refusal(send(house.lin, f"{MONEY}/hand-in", **told, counted=wrong)), wrong
    assert send(house.sign_in("chen"), f"{MONEY}/hand-in", **told, counted="30.00").status_code == 303
    page = read(house.lin, MONEY, "en")
    assert 'data-cash="wang"' not in page
    assert "late" in page
    assert "✓" in page


def test_damage_is_settled_by_choice_and_by_no_other_amount(house: House, wang: Device) -> None:
    """ON-05: the value, what was paid at once, or nothing."""
    order_id = go_to(house, wang, STOVE)
    wang.tell(order_id, door_facts.DamageClaimed(item="台面", value_cents=20000, paid_cents=5000), "damage")
    claim = house.lin.get("/api/v1/damages").json["items"][0]["id"]
    assert "¥200.00" in read(house.lin, MONEY)
    for wrong in ("12.50", "", "all"):
        assert refusal(send(house.lin, f"{MONEY}/damage", damage_id=claim, choice=wrong, settled="12.50"))
    assert send(house.lin, f"{MONEY}/damage", damage_id=claim, choice="paid", note="客户同意").status_code == 303
    assert house.lin.get("/api/v1/damages").json["items"] == []
    settled = [e.data for e in house.events(order_id) if e.type == "damage_settled"]
    assert [data["settled_cents"] for data in settled] == [5000]


def test_other_branch_sees_and_decides_none_of_it(house: House, wang: Device) -> None:
    """Qian's page is empty; ids of this branch are unknown to him."""
    _, approval_id = ask_for_more(house, wang)
    qian = house.sign_in("qian")
    assert approval_id not in read(qian, MONEY)
    assert send(qian, f"{MONEY}/approval", approval_id=approval_id, decision="yes").status_code == 404
    assert send(house.lin, f"{MONEY}/damage", damage_id="none", choice="full").status_code == 404
