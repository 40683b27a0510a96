"""Why this technician, what if another, and how much a re-plan may move: over HTTP, as Lin's console asks."""

from __future__ import annotations

import pytest

from shared.text import LANGUAGES
from tests.server.house import DAY_MS, HOUR_MS, LEAK, MORNING_MS, STOVE, House

pytestmark = pytest.mark.slow  # plans for every explanation

STRANGE = ["-", "0", "%00", "zz" * 40, "../board", "..%2Fboard", "'--"]


def test_leak_is_explained_in_one_sentence_when_lin_asks(house: House) -> None:
    """Wang, next door, by name and minutes; Sun as next best; the bound; nothing moved."""
    leak = house.report(LEAK)
    told = house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json
    english = told["sentence"]["en"]
    assert english.startswith("Wang is there in ")
    assert "; next best Sun in " in english
    assert "; nothing could be faster than " in english
    assert english.endswith("no other stop moved.")
    assert told["sentence"]["zh_CN"].startswith("王建国 ")
    assert set(told["sentence"]) == set(LANGUAGES)
    assert told["bound"]["reason"]["en"] == "the drive alone"
    assert [(one["name"], one["is_holder"]) for one in told["candidates"]] == [("王建国", True), ("孙梅", False)]
    assert told["candidates"][0]["arrival_ms"] == told["arrival_ms"] >= told["bound"]["at_ms"]
    assert told["travel_quality"]


def test_sentence_stays_as_it_was_proved_when_time_has_passed(house: House) -> None:
    """A proof is of its moment: five minutes later it still says what was promised then, and since when."""
    leak = house.report(LEAK)
    first = house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json
    house.clock.pass_ms(5 * 60_000)
    later = house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json
    assert later["sentence"] == first["sentence"]
    assert later["as_of_ms"] == first["as_of_ms"] < later["at_ms"]


def test_what_if_tells_what_sun_would_do_and_giving_it_comes_true(house: House) -> None:
    """Arrival and cost first; then Lin gives it to Sun, and Sun has it."""
    leak = house.report(LEAK)
    found = house.lin.get(f"/api/v1/work-orders/{leak}/what-if/sun").json
    best = house.lin.get(f"/api/v1/work-orders/{leak}/what-if/wang").json
    assert found["name"] == "孙梅"
    assert found["arrival_ms"] > best["arrival_ms"]
    assert found["change"]["total"] > best["change"]["total"]
    answer = house.lin.post(f"/api/v1/work-orders/{leak}/assign", {"ver": found["ver"], "technician_id": "sun"})
    assert answer.status_code == 200
    assert answer.json["order"]["technician_id"] == "sun"
    assert house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json["technician_id"] == "sun"


def test_order_without_technician_says_what_binds_and_what_would_help(house: House) -> None:
    """Promised for a day on which nobody works yet: the reason in both languages, and no technician."""
    day_ms = MORNING_MS + 30 * DAY_MS
    report = {**STOVE, "window_start_ms": day_ms, "window_end_ms": day_ms + HOUR_MS}
    order = house.report(report)
    told = house.lin.get(f"/api/v1/work-orders/{order}/explanation").json
    assert told["technician_id"] is None
    assert told["undone"]["reason_code"]
    assert set(told["undone"]["reason"]) == set(LANGUAGES)


def test_budget_is_seen_set_and_written_down_when_lin_changes_it(house: House) -> None:
    """The default comes from the catalog; a second change on the old version is refused."""
    before = house.lin.get("/api/v1/plan").json["budget"]
    assert before["ver"] == 0
    answer = house.lin.post("/api/v1/plan/budget", {"ver": 0, "max_moved": 1})
    assert answer.json["plan"]["budget"]["max_moved"] == 1
    again = house.lin.post("/api/v1/plan/budget", {"ver": 0, "max_moved": 2})
    assert (again.status_code, again.json["code"]) == (409, "version_conflict")
    told = house.lin.get("/api/v1/plan").json["budget"]
    assert (told["max_moved"], told["ver"], told["changed_by"]) == (1, 1, "林静")
    assert house.lin.get("/api/v1/board").json["plan"]["budget"]["max_moved"] == 1


@pytest.mark.parametrize("number", [-1, 1001, 10**30, "3", None, 1.5])
def test_budget_that_is_no_number_of_stops_is_refused(house: House, number: object) -> None:
    """The number in force stays."""
    answer = house.lin.post("/api/v1/plan/budget", {"ver": 0, "max_moved": number})
    assert answer.status_code in {400, 422}
    assert house.lin.get("/api/v1/plan").json["budget"]["ver"] == 0


def test_agent_reads_reasons_but_neither_tries_nor_sets(house: House) -> None:
    """Chen at the telephone may explain; what-if and budget are the dispatcher's."""
    leak = house.report(LEAK)
    chen = house.sign_in("chen")
    assert chen.get(f"/api/v1/work-orders/{leak}/explanation").status_code == 200
    assert chen.get("/api/v1/plan").status_code == 200
    assert chen.get(f"/api/v1/work-orders/{leak}/what-if/sun").status_code == 403
    assert chen.post("/api/v1/plan/budget", {"ver": 0, "max_moved": 1}).status_code == 403


def test_another_branch_sees_nothing_of_it(house: House) -> None:
    """Stranger Qian's desk knows neither the order nor its plan, and his budget is his own."""
    leak = house.report(LEAK)
    qian = house.sign_in("qian")
    assert qian.get(f"/api/v1/work-orders/{leak}/explanation").status_code == 404
    assert qian.get(f"/api/v1/work-orders/{leak}/what-if/wang").status_code == 404
    assert qian.post("/api/v1/plan/budget", {"ver": 0, "max_moved": 9}).status_code == 200
    assert house.lin.get("/api/v1/plan").json["budget"]["max_moved"] != 9
    assert qian.get("/api/v1/plan").json["moved_stops"] == []


@pytest.mark.parametrize("word", STRANGE)
def test_garbage_for_a_technician_or_an_order_is_not_found(house: House, word: str) -> None:
    """Whatever stands in the path."""
    leak = house.report(LEAK)
    for path in (f"{leak}/what-if/{word}", f"{word}/what-if/wang", f"{word}/explanation"):
        assert house.lin.get(f"/api/v1/work-orders/{path}").status_code in {400, 404, 405, 422}
