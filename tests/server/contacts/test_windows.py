"""Promised windows come from the plan alone (IN-17)."""

from __future__ import annotations

from typing import Any

from tests.server.house import HOUR_MS, LEAK, MORNING_MS, STOVE, House

ASKED = {key: STOVE[key] for key in ("fault_kind", "location", "answers", "lat", "lon")}


def offered(house: House, **more: Any) -> dict[str, Any]:
    """Ask at Lin's desk which windows can be promised."""
    answer = house.lin.post("/api/v1/intake/windows", {**ASKED, **more})
    assert answer.status_code == 200
    return dict(answer.json)


def test_windows_of_three_days_are_offered_when_the_crew_is_free(house: House) -> None:
    """At ten in the morning four windows are left today; each is two hours and easy."""
    items = offered(house)["items"]
    assert [item["start_ms"] - MORNING_MS for item in items[:4]] == [2 * HOUR_MS * n for n in range(1, 5)]
    assert len(items) == 4 + 6 + 6
    assert {(item["end_ms"] - item["start_ms"], item["fit"]) for item in items} == {(2 * HOUR_MS, "easy")}


def test_window_is_full_when_everybody_is_promised_then(house: House) -> None:
    """Two technicians, five visits of an hour promised for one window of tomorrow: a sixth is not promised."""
    start_ms = MORNING_MS + 24 * HOUR_MS
    window = {"window_start_ms": start_ms, "window_end_ms": start_ms + 2 * HOUR_MS}
    for number in range(6):
        house.report({**STOVE, **window, "fault_kind": "heater_fault", "ref": str(number)})
    fits = {item["start_ms"]: item["fit"] for item in offered(house, fault_kind="heater_fault")["items"]}
    assert fits[start_ms] == "full"
    assert fits[start_ms + 4 * HOUR_MS] == "easy"


def test_leak_is_promised_no_window_because_somebody_goes_at_once(house: House) -> None:
    """Nobody with a leak is given an appointment."""
    found = offered(house, **{key: LEAK[key] for key in ("fault_kind", "answers")})
    assert (found["items"], found["reason_code"]) == ([], "goes_now")


def test_no_window_is_offered_without_a_place(house: House) -> None:
    """The plan cannot be asked for nowhere."""
    assert offered(house, lat=None, lon=None)["reason_code"] == "no_place"


def test_reason_is_told_in_both_languages_when_nobody_can_be_planned(house: House) -> None:
    """Everybody's shifts are over: the desk promises an answer instead."""
    house.clock.pass_ms(60 * 24 * HOUR_MS)
    answer = house.sign_in("lin").post("/api/v1/intake/windows", ASKED)
    found = answer.json
    assert all(item["fit"] == "full" for item in found["items"])
    assert set(found["reason"]) == {"zh_CN", "en"}


def test_asking_for_windows_changes_nothing(house: House) -> None:
    """It is a question: no order, no plan, no event."""
    house.report(STOVE)
    before = house.lin.get("/api/v1/board").json
    offered(house)
    assert house.lin.get("/api/v1/board").json["cursor"] == before["cursor"]
