"""Money at the door by touch, offline: the warranty's table, the price before the work, receipt, cash, damage."""

from typing import Any

import pytest

from deploy import phone_tour
from mobile.actions import door
from mobile.store.pocket import Kit
from shared import door_facts

pytestmark = pytest.mark.kivy
STOVE = "wo-2"


def told(hand: Any, kind: type) -> Any:
    """Return the newest fact of a kind that waits to be sent."""
    return [e.event.body for e in hand.phone.pending() if isinstance(e.event.body, kind)][-1]


def type_in(hand: Any, name: str, words: str) -> None:
    """Write into a field of the screen."""
    hand.ui._trail[-1][1][name] = words
    hand.ui.rebuild()


def fields(hand: Any) -> list[Any]:
    """Return the fields in which something can be typed."""
    return [w for w in hand.walk() if hasattr(w, "hint_text")]


def test_price_is_agreed_before_the_work_and_paid_against_a_receipt(hand: Any) -> None:
    """Out of warranty Zhao agrees to the list's price; nobody can type an amount; cash is due by 17:00."""
    hand.phone.own.set_kit(Kit(stock=phone_tour.STOCK))
    for command in ("accept_assignment", "depart", "arrive"):
        hand.phone.act(command, STOVE)
    hand.ui.go("job_detail", job=STOVE)
    hand.ui.go("money", job=STOVE)
    assert hand.t("warranty.unknown") in hand.texts()
    hand.ui.go("warranty", job=STOVE)
    type_in(hand, "date", "2024-01-31")
    hand.tap(hand.t("money.judge"))
    assert hand.t("warranty.rule_too_late", last_day="2025-01-31", months="12") in hand.texts()
    assert fields(hand) == []
    counter = next(w for w in hand.walk() if hasattr(w, "more"))
    hand.touch(counter.more)
    hand.tap(hand.t("money.agreed"))
    shown = told(hand, door_facts.PriceShown)
    assert shown.is_agreed
    assert {line.code for line in shown.lines} >= {"stove_repair", "hose_metal_1_5_m"}
    total = sum(line.quantity * line.unit_cents for line in shown.lines)
    assert len(fields(hand)) == 1
    type_in(hand, "receipt", "S-0001")
    hand.tap(hand.t("money.take"))
    assert hand.ui.name == "receipt"
    assert told(hand, door_facts.PaymentTaken).amount_cents == total
    due = door.find_cash(hand.phone.desk)
    assert due is not None
    assert (due.cents, f"{due.by:%H:%M}") == (total, "17:00")
    assert any("17:00" in text for text in hand.texts())


def test_another_amount_is_only_asked_for_and_damage_is_kept(hand: Any) -> None:
    """What is typed goes to a second person and changes no price; a damage is kept with its value."""
    for command in ("accept_assignment", "depart", "arrive"):
        hand.phone.act(command, STOVE)
    hand.ui.go("money", job=STOVE)
    hand.ui.go("ask_price", job=STOVE)
    type_in(hand, "stove_repair", "abc")
    hand.tap(hand.t("money.ask"))
    assert hand.t("error.price_invalid") in hand.texts()
    type_in(hand, "stove_repair", "88.50")
    type_in(hand, "reason", "阀体特殊")
    hand.tap(hand.t("money.ask"))
    asked = told(hand, door_facts.PriceApprovalAsked)
    assert [(line.code, line.unit_cents) for line in asked.lines] == [("stove_repair", 8850)]
    assert hand.phone.get_job(STOVE).visit.price is None
    hand.ui.go("damage", job=STOVE)
    for name, words in (("damage_item", "台面"), ("damage_value", "200"), ("damage_paid", "50")):
        type_in(hand, name, words)
    hand.tap(hand.t("money.damage_keep"))
    claimed = told(hand, door_facts.DamageClaimed)
    assert (claimed.item, claimed.value_cents, claimed.paid_cents) == ("台面", 20000, 5000)
    assert any("台面" in text for text in hand.texts())


def test_receipts_of_a_visit_without_payment_say_so(hand: Any) -> None:
    """No empty screen: nothing was taken, in the phone's own language."""
    hand.ui.go("job_detail", job=STOVE)
    hand.ui.go("receipt", job=STOVE)
    assert hand.t("money.no_receipt") in hand.texts()
