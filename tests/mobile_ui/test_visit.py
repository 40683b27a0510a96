"""A whole visit by touch, offline, from the alarm to the customer's copy."""

from typing import Any

import pytest

from deploy.screenshots_phone import PlayedServer
from shared import checklist
from shared.protocol import Protocol, Step

pytestmark = pytest.mark.kivy

FINDING = "repaired"


def answer_by_touch(hand: Any, protocol: Protocol, step: Step) -> None:
    """Answer one step the way its screen wants it."""
    hand.tap(hand.t("phone.next_step"))
    if hand.ui.name != "step":
        return  # a tick needs no screen of its own
    if step.kind == "reading":
        for key in step.minimum or step.maximum or "0":
            hand.tap(key)
        hand.tap(hand.t("phone.save"))
    elif step.kind == "timer":
        hand.tap(hand.t("phone.start_timer"))
        hand.phone.clock.at_ms += (step.min_ms or 0) + 2000
        hand.tap(hand.t("phone.stop_timer"))
    else:
        chosen = next((c for c in step.choices if c.code == FINDING), next((c for c in step.choices if c.passes), None))
        hand.tap(hand.ui.words(chosen.text) if chosen else hand.t("result.pass"))


def do_protocol(hand: Any, leak: str, index: int) -> None:
    """Answer a whole protocol by touch."""
    protocol = hand.phone.protocols(leak)[index]
    for _ in range(60):
        step = checklist.find_next_step(protocol, hand.phone.get_job(leak).visit)
        if step is None:
            return
        answer_by_touch(hand, protocol, step)
    raise AssertionError(f"{protocol.ref} does not come to its end")


def test_leak_is_worked_and_signed_by_touch(hand: Any, server: PlayedServer) -> None:
    """Wang accepts a leak and works it offline, Zhao signs after an empty pad was refused, the copy shows the seal."""
    leak = hand.phone.jobs()[0].work_order_id
    hand.tap(hand.t("phone.next_job"))
    assert hand.ui.name == "alarm"
    hand.tap(hand.t("phone.accept"))
    hand.tap(hand.t("phone.depart"))
    hand.tap(hand.t("phone.arrive"))
    hand.tap(hand.t("phone.go_on"))
    do_protocol(hand, leak, 0)
    hand.tap(hand.t("phone.go_on"))
    do_protocol(hand, leak, 1)
    hand.tap(hand.t("phone.outcome"))
    hand.tap(hand.t("outcome.repaired"))
    hand.tap(hand.t("phone.sign"))
    assert any("赵敏" in text for text in hand.texts())
    hand.hand_over()
    hand.tap(hand.t("relation.family"))
    hand.tap(hand.t("phone.opinion_satisfied"))
    hand.tap(hand.t("kiosk.go_sign"))
    hand.tap(hand.t("phone.submit"))  # a record cannot be signed with nothing: the pad says so
    assert hand.ui.name == "pad"
    assert hand.t("error.signature_empty") in hand.texts()
    hand.sign()
    hand.tap(hand.t("phone.submit"))
    assert any(hand.t("kiosk.hand_back") in text for text in hand.texts())
    hand.take_back()
    assert hand.ui.name == "customer_copy"
    seal = hand.phone.get_job(leak).visit.seal_hash
    assert seal[:4].upper() in " ".join(hand.texts())
    assert server.taken == [] or all(e["body"]["type"] == "assignment_delivered" for e in server.taken)
    hand.phone.sync_once()
    names = [event["body"]["type"] for event in server.taken]
    assert names.count("record_signed") == 1
    assert names.index("assignment_accepted") < names.index("arrived") < names.index("record_signed")


def test_job_is_declined_with_a_reason_by_touch(hand: Any) -> None:
    """Two taps refuse a job: that, and why."""
    hand.tap(hand.t("phone.next_job"))
    hand.tap(hand.t("phone.decline"))
    hand.tap(hand.t("phone.refusal_vehicle"))
    assert hand.ui.name == "job_list"
    assert hand.phone.pending()[-1].event.body.reason == "vehicle"


def test_signing_is_refused_while_steps_are_open(hand: Any) -> None:
    """Without checklist and outcome the signing page shows what is missing, and no pad."""
    leak = hand.phone.jobs()[0].work_order_id
    for command in ("accept_assignment", "depart", "arrive"):
        hand.phone.act(command, leak)
    hand.ui.go("signature", job=leak)
    assert hand.find_button(hand.t("kiosk.hand_over")) is None
    assert any(hand.t("blocker.outcome_not_declared") in text for text in hand.texts())
