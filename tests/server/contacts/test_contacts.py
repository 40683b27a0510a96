"""Calls are written down by class, answers promised are watched, complaints run on two clocks."""

from __future__ import annotations

from typing import Any

import pytest

from server.core import journal
from shared import events
from tests.server.house import ELSEWHERE, HOME, HOUR_MS, LEAK, MORNING_MS, Console, House

QUESTION = {
    "ref": "call-1",
    "contact_class": "consultation",
    "outcome": "answered",
    "started_ms": MORNING_MS,
    "content": "软管多久换一次",
    "reason": "appliance",
    "answer_id": "hose",
}
FRIDAY_NOON_MS = MORNING_MS + 3 * 24 * HOUR_MS + 2 * HOUR_MS  # 2026-09-25 is a public holiday, a working Sunday is past


def take(house: House, **more: Any) -> Any:
    """Save a contact at Lin's desk."""
    return house.lin.post("/api/v1/contacts", {**QUESTION, **more})


def told(house: House, event_type: str) -> list[dict[str, Any]]:
    """Return what the journal says under one name."""
    return [one.data for one in house.read(lambda s: journal.list_of_type(s, HOME, event_type))]


def complain(house: House, **more: Any) -> dict[str, Any]:
    """Open a complaint at Lin's desk and return it as the list shows it."""
    body = {"kind": "service", "content": "约了三点，四点才来", **more}
    opened = house.lin.post("/api/v1/complaints", body)
    assert opened.status_code == 201
    return shown(house, opened.json["id"])


def shown(house: House, complaint_id: str, desk: Console | None = None) -> dict[str, Any]:
    """Return a complaint as the desk sees it; days later that is another sign-in."""
    items = (desk or house.lin).get("/api/v1/complaints").json["items"]
    return dict(next(one for one in items if one["id"] == complaint_id))


def move(house: House, found: dict[str, Any], command: str, words: str = "") -> Any:
    """Move a complaint on the version that the desk saw."""
    body = {"ver": shown(house, found["id"])["ver"], "command": command, "words": words}
    return house.lin.post(f"/api/v1/complaints/{found['id']}/move", body)


def test_question_is_written_down_once_when_it_is_sent_twice(house: House) -> None:
    """A double click is one contact."""
    first, second = take(house), take(house)
    assert first.status_code == 201
    assert first.json == second.json
    assert [one["content"] for one in house.lin.get("/api/v1/contacts").json["items"]] == ["软管多久换一次"]


def test_answer_promised_to_a_caller_is_warned_of_and_noted_late(house: House) -> None:
    """IN-13: its owner hears before the promise lapses, and a broken one stands in the journal."""
    contact_id = take(house, outcome="promised", reply_due_ms=MORNING_MS + HOUR_MS).json["contact_id"]
    house.pass_ms(HOUR_MS - 600_000)
    assert house.lin.get("/api/v1/contacts/figures").json["replies_soon"] == 1
    house.pass_ms(HOUR_MS)
    assert [one["state"] for one in told(house, events.CONTACT_ANSWER_DUE)] == ["soon", "late"]
    assert house.lin.post(f"/api/v1/contacts/{contact_id}/reply").status_code == 200
    assert house.lin.get("/api/v1/contacts/figures").json["replies_owed"] == 0
    assert told(house, events.CONTACT_ANSWERED)[0]["was_late"] is True


def test_promised_answer_is_given_only_once_and_only_by_its_branch(house: House) -> None:
    """Stranger Qian sees nothing of it."""
    contact_id = take(house, outcome="promised", reply_due_ms=MORNING_MS + HOUR_MS).json["contact_id"]
    assert house.sign_in("qian").post(f"/api/v1/contacts/{contact_id}/reply").status_code == 404
    assert house.lin.post(f"/api/v1/contacts/{contact_id}/reply").status_code == 200
    assert house.lin.post(f"/api/v1/contacts/{contact_id}/reply").json["code"] == "promise_over"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"outcome": "transferred", "transferred_to": "营业厅"}, "contact_transfer_incomplete"),
        ({"outcome": "promised"}, "contact_invalid"),
        ({"outcome": "promised", "reply_due_ms": MORNING_MS - 1}, "promise_in_the_past"),
        ({"content": " "}, "contact_content_missing"),
        ({"channel": "pigeon"}, "contact_invalid"),
        ({"contact_class": "complaint", "outcome": "complaint"}, "contact_invalid"),
        ({"work_order_id": "nowhere"}, "not_found"),
    ],
)
def test_half_a_contact_is_refused_with_its_reason(house: House, more: dict[str, Any], code: str) -> None:
    """IN-19: whoever hands a call over says to whom and what."""
    assert take(house, **more).json["code"] == code


def test_calls_answered_in_time_are_counted_by_channel(house: House) -> None:
    """IN-05, IN-06: ten seconds where they were measured, two rings where they were counted; letters are not timed."""
    for number, more in enumerate(({"waited_s": 8}, {"waited_s": 31}, {"rings": 2}, {"rings": 6}, {})):
        take(house, ref=str(number), **more)
    take(house, ref="letter", channel="letter")
    found = house.lin.get("/api/v1/contacts/figures").json
    phone = next(one for one in found["channels"] if one["channel"] == "phone")
    assert (phone["count"], phone["timed"], phone["within"]) == (5, 4, 2)
    assert next(one for one in found["channels"] if one["channel"] == "letter")["timed"] == 0
    assert (found["classes"]["consultation"], found["apologies_owed"]) == (6, 1)


def test_alarm_call_is_bound_to_the_order_that_came_of_it(house: House) -> None:
    """IN-01: the contact names the work order, and the order's history names the contact."""
    order_id = house.report(LEAK)
    assert take(house, contact_class="alarm", outcome="work_order", work_order_id=order_id).status_code == 201
    assert events.CONTACT_TAKEN in {event.type for event in house.events(order_id)}


def test_answers_are_found_by_the_callers_words_in_both_languages(house: House) -> None:
    """IN-13, IN-25: the same answers for agents and customers."""
    for query, wanted in (("闻到臭味", "smell"), ("hose", "hose"), ("账单", "bill")):
        assert house.lin.get(f"/api/v1/faq?query={query}").json["items"][0]["id"] == wanted
        assert wanted in house.app.test_client().get(f"/faq?query={query}").text
    assert house.lin.get("/api/v1/faq?query=xyzzy").json["items"] == []


def test_complaint_call_opens_a_complaint_that_somebody_owns(house: House) -> None:
    """CO-20: no open complaint without an owner; the rule suggests, what the agent chose stands (CO-01)."""
    part = {"kind": "repair_quality", "severity": "general"}
    saved = take(house, contact_class="complaint", outcome="complaint", content="修后起火，要求赔偿", complaint=part)
    found = shown(house, saved.json["complaint_id"])
    assert (found["number"], found["owner"]) == (saved.json["complaint_number"], "林静")
    assert (found["severity"], found["suggested"]) == ("general", "major")


def test_complaint_is_answered_within_three_working_days(house: House) -> None:
    """CO-05, CO-06: a day for the facts; the holiday and the weekend do not count for the answer."""
    house.clock.pass_ms(FRIDAY_NOON_MS - 24 * HOUR_MS - MORNING_MS)
    clocks = {clock["kind"]: clock for clock in complain(house)["clocks"]}
    thursday_noon_ms = FRIDAY_NOON_MS - 24 * HOUR_MS
    assert clocks["prelim_by"]["due_ms"] == thursday_noon_ms + 24 * HOUR_MS
    assert clocks["answer_by"]["due_ms"] == thursday_noon_ms + 6 * 24 * HOUR_MS


def test_complaint_overdue_is_noted_once_for_each_promise(house: House) -> None:
    """The list shows which promise was broken."""
    found = complain(house)
    house.pass_ms(30 * HOUR_MS)
    house.pass_ms(10 * 24 * HOUR_MS)
    assert shown(house, found["id"], house.sign_in("lin"))["breached"] == ["prelim_by", "answer_by"]
    assert [one["kind"] for one in told(house, events.COMPLAINT_OVERDUE)] == ["prelim_by", "answer_by"]


def test_refused_answer_begins_another_round_with_a_new_clock(house: House) -> None:
    """CO-18: looked into again until the customer is satisfied."""
    found = complain(house)
    for command, words in (("take", ""), ("report", "属实"), ("reply", "已道歉"), ("refuse", "没有人来")):
        house.clock.pass_ms(HOUR_MS)
        assert move(house, found, command, words).status_code == 200
    again = shown(house, found["id"])
    assert (again["state"], again["rounds"], again["findings"]) == ("investigating", 2, "属实")
    running = [clock["kind"] for clock in again["clocks"] if clock["met_ms"] is None]
    assert running == ["answer_by"]
    assert move(house, found, "reply", "重做并免费").status_code == 200
    assert move(house, found, "accept").json["state"] == "closed"


def test_complaint_moves_only_with_words_and_by_the_table(house: House) -> None:
    """An answer without words, an acceptance before any answer, an old version: all refused."""
    found = complain(house)
    assert move(house, found, "reply").json["code"] == "words_missing"
    assert move(house, found, "accept").json["code"] == "transition_not_allowed"
    stale = {"ver": 0, "command": "take"}
    path = f"/api/v1/complaints/{found['id']}/move"
    assert house.lin.post(path, stale).json["code"] == "version_conflict"
    assert house.sign_in("qian").post(path, {**stale, "ver": 1}).status_code == 404


def test_complaint_passed_on_is_counted_and_needs_a_reason(house: House) -> None:
    """CO-04: no passing the buck."""
    found = complain(house)
    path = f"/api/v1/complaints/{found['id']}/unit"
    assert house.lin.post(path, {"ver": 1, "unit": "billing"}).json["code"] == "words_missing"
    passed = house.lin.post(path, {"ver": 1, "unit": "billing", "words": "费用问题"}).json
    assert (passed["unit"], passed["passed_on"]) == ("billing", 1)


def test_stranger_sees_no_calls_and_no_complaints_of_another_branch(house: House) -> None:
    """Branch scope."""
    take(house)
    complain(house)
    qian = house.sign_in("qian")
    assert qian.get("/api/v1/contacts").json["items"] == []
    assert qian.get("/api/v1/complaints").json["items"] == []
    assert house.read(lambda s: journal.list_of_type(s, ELSEWHERE, events.CONTACT_TAKEN)) == []
