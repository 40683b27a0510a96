"""Lin's hand on the plan: stops put on a day and locked, bulk actions told item by item, promises changed openly."""

from __future__ import annotations

from typing import Any

import pytest

from server.accounts import repository as accounts
from server.core.unit_of_work import Tx
from tests.server.house import HOUR_MS, LEAK, MORNING_MS, STOVE, House

TOMORROW_MS = MORNING_MS + 20 * HOUR_MS
WINDOW = {"window_start_ms": TOMORROW_MS, "window_end_ms": TOMORROW_MS + 2 * HOUR_MS}


def appointment(house: House) -> str:
    """Report something for tomorrow, so that it is planned but not offered yet."""
    return house.report({**STOVE, **WINDOW})


def row_of(house: House, work_order_id: str) -> dict[str, Any]:
    """Return an order as the board shows it."""
    row: dict[str, Any] = house.lin.get(f"/api/v1/work-orders/{work_order_id}").json["order"]
    return row


def other_than(name: str) -> str:
    """Return the technician who is not the named one."""
    return "sun" if name == "wang" else "wang"


def place(house: House, work_order_id: str, technician_id: str, **more: Any) -> Any:
    """Put an order on somebody's day on the version that is on the screen."""
    body = {"ver": row_of(house, work_order_id)["ver"], "technician_id": technician_id, **more}
    return house.lin.post(f"/api/v1/work-orders/{work_order_id}/place", body)


def bulk(house: House, command: str, ids: list[str], **more: Any) -> list[dict[str, Any]]:
    """Run a command on many orders; return what became of each."""
    items = [{"id": i, "ver": row_of(house, i)["ver"]} for i in ids]
    answer = house.lin.post("/api/v1/work-orders/bulk", {"command": command, "items": items, **more})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_placed_stop_stays_with_its_technician_at_its_time_through_a_whole_planning_run(house: House) -> None:
    """Moved to the other technician, not before an hour into the window; the planner keeps to it until unlocked."""
    order = appointment(house)
    chosen = other_than(row_of(house, order)["technician_id"])
    start_ms = TOMORROW_MS + HOUR_MS
    answer = place(house, order, chosen, start_ms=start_ms)
    assert answer.status_code == 200, answer.text
    house.drain()
    row = row_of(house, order)
    assert (row["technician_id"], row["is_kept"]) == (chosen, True)
    stop = next(
        s for t in house.lin.get("/api/v1/board").json["technicians"] for s in t["route"] if s["work_order_id"] == order
    )
    assert stop["start_ms"] >= start_ms
    assert stop["is_kept"] is True
    unlocked = house.lin.post(f"/api/v1/work-orders/{order}/lock", {"ver": row["ver"], "is_locked": False})
    assert unlocked.json["order"]["is_kept"] is False


def test_verdict_comes_before_the_drop_and_names_what_it_breaks(house: House) -> None:
    """Two hours after the window's end: the arrival, the broken promise, and nothing is written."""
    order = appointment(house)
    before = row_of(house, order)
    late_ms = WINDOW["window_end_ms"] + 2 * HOUR_MS
    path = f"/api/v1/work-orders/{order}/what-if/{before['technician_id']}"
    found = house.lin.get(f"{path}?start_ms={late_ms}").json
    assert found["start_ms"] >= late_ms
    assert (found["is_promised"], found["keeps_promise"]) == (True, False)
    assert house.lin.get(path).json["keeps_promise"] is True
    assert row_of(house, order) == before
    assert house.lin.get(f"{path}?start_ms=soon").status_code == 400


def test_technician_without_the_skill_is_refused_and_the_plan_stays(house: House) -> None:
    """The refusal names him and what he lacks."""
    order = appointment(house)
    before = row_of(house, order)
    chosen = other_than(before["technician_id"])
    house.write(lambda tx: _forget_skills(tx, chosen))
    refused = place(house, order, chosen)
    assert (refused.status_code, refused.json["code"]) == (400, "technician_not_qualified")
    assert row_of(house, order)["technician_id"] == before["technician_id"]


def _forget_skills(tx: Tx, technician_id: str) -> None:
    accounts.get_technician(tx.session, tx.branch_id, technician_id).skills = []


def test_placed_leak_is_offered_at_once(house: House) -> None:
    """An emergency is never laid into a day: whoever gets it is rung."""
    leak = house.report(LEAK)
    chosen = other_than(row_of(house, leak)["technician_id"])
    assert place(house, leak, chosen).status_code == 200
    row = row_of(house, leak)
    assert (row["technician_id"], row["assignment_state"], row["is_kept"]) == (chosen, "offered", False)


def test_bulk_tells_of_every_order_what_became_of_it_when_one_is_refused(house: House) -> None:
    """A stove's order is cancelled, a leak is not, an unknown one is unknown; the leak stands as it stood."""
    stove, leak = appointment(house), house.report(LEAK)
    items = [{"id": i, "ver": row_of(house, i)["ver"]} for i in (stove, leak)] + [{"id": "nothing", "ver": 1}]
    body = {"command": "cancel", "reason": "演习", "items": items}
    told = house.lin.post("/api/v1/work-orders/bulk", body).json["items"]
    assert [(one["ok"], one.get("code")) for one in told] == [
        (True, None),
        (False, "leak_needs_a_visit"),
        (False, "not_found"),
    ]
    assert told[1]["text"]["zh_CN"]
    assert told[1]["order"]["state"] == row_of(house, leak)["state"]
    assert told[0]["order"]["state"] == "cancelled"


def test_bulk_assigns_each_to_its_best_and_changes_priorities_but_demotes_no_leak(house: House) -> None:
    """Orders go out; a leak keeps its rank."""
    stove, leak = appointment(house), house.report(LEAK)
    assert [one["ok"] for one in bulk(house, "priority", [stove, leak], priority=4, reason="客户不急")] == [True, False]
    assert row_of(house, stove)["priority"] == 4
    (given,) = bulk(house, "assign_best", [stove])
    assert given["order"]["assignment_state"] == "offered"


def test_promise_is_changed_only_with_reason_and_telling(house: House) -> None:
    """IN-14: a silent edit is refused; an open one stands with old, new, why, who, how, and in the clock's history."""
    order = appointment(house)
    new = {"start_ms": TOMORROW_MS + 3 * HOUR_MS, "end_ms": TOMORROW_MS + 5 * HOUR_MS}
    (silent,) = bulk(house, "window", [order], **new)
    assert silent["code"] == "promise_changed_silently"
    (open_one,) = bulk(house, "window", [order], **new, reason="客户改期", told="phone")
    assert open_one["order"]["window_end_ms"] == new["end_ms"]
    detail = house.lin.get(f"/api/v1/work-orders/{order}").json
    (change,) = detail["promise_changes"]
    assert (change["old_due_ms"], change["new_due_ms"]) == (WINDOW["window_end_ms"], new["end_ms"])
    assert (change["reason"], change["told"], change["told_by"]) == ("客户改期", "phone", "林静")
    clock = next(c for c in detail["clocks"] if c["kind"] == "arrive_by")
    assert [e["name"] for e in clock["history"]][-1] == "change_promise" or clock["started_ms"] is None
    assert clock["due_ms"] == new["end_ms"]


def test_promised_answer_is_a_clock_that_warns_lapses_and_is_kept(house: House) -> None:
    """IN-13: its owner is warned before, the breach is written down, and its history says who answered."""
    order = appointment(house)
    due_ms = house.clock.now_ms() + HOUR_MS
    path = f"/api/v1/work-orders/{order}/replies"
    made = house.lin.post(path, {"subject": "气费", "due_ms": due_ms})
    house.pass_ms(HOUR_MS - 600_000)
    assert "reply_due_soon" in house.flags(order)
    house.pass_ms(700_000)
    assert "reply_overdue" in house.flags(order)
    promise_id = made.json["promise_id"]
    assert house.lin.post(f"{path}/{promise_id}/keep").status_code == 200
    clock = house.lin.get(f"/api/v1/work-orders/{order}").json["clocks"][-1]
    assert (clock["kind"], clock["breached"], clock["subject"]) == ("reply_by", True, "气费")
    assert [(e["name"], e["by"]) for e in clock["history"]] == [("open", ""), ("keep_promise", "林静")]
    assert house.lin.post(f"{path}/{promise_id}/keep").json["code"] == "promise_over"


def test_every_clock_names_its_terms(house: House) -> None:
    """Limit, calendar, profile, edition and source stand beside each figure."""
    detail = house.lin.get(f"/api/v1/work-orders/{house.report(LEAK)}").json
    for clock in detail["clocks"]:
        assert (clock["profile"], clock["edition"]) == ("sla-gas-cn", "2026")
        assert clock["source"]
    assert next(c for c in detail["clocks"] if c["kind"] == "arrive_by")["limit_s"] == 1800


def test_conflict_says_what_the_colleague_did(house: House) -> None:
    """The second of two dispatchers reads what the first one did, and can redo on the newer version."""
    order = appointment(house)
    seen = row_of(house, order)["ver"]
    other = house.sign_in("admin")
    assert other.post(f"/api/v1/work-orders/{order}/hold", {"ver": seen, "reason": "等配件"}).status_code == 200
    refused = house.lin.post(f"/api/v1/work-orders/{order}/cancel", {"ver": seen, "reason": "重复"})
    assert (refused.status_code, refused.json["code"]) == (409, "version_conflict")
    assert refused.json["data"]["done"][0]["actor_name"] == "管理员"
    newer = refused.json["data"]["order"]
    assert newer["state"] == "on_hold"
    again = house.lin.post(f"/api/v1/work-orders/{order}/cancel", {"ver": newer["ver"], "reason": "重复"})
    assert again.json["order"]["state"] == "cancelled"


@pytest.mark.parametrize("user", ["lin", "chen"])
def test_saved_views_are_everybodys_own(house: House, user: str) -> None:
    """A name is written over; what is forgotten is gone; a colleague sees none of it."""
    console = house.sign_in(user)
    query = {"filter": "leaks", "text": "学院路", "priorities": [1, 2], "faults": []}
    console.post("/api/v1/queue-views", {"name": "早班", "query": {**query, "filter": "late"}})
    saved = console.post("/api/v1/queue-views", {"name": "早班", "query": query}).json["items"]
    assert saved == [{"name": "早班", "query": query}]
    assert house.sign_in("admin").get("/api/v1/queue-views").json["items"] == []
    assert console.post("/api/v1/queue-views/forget", {"name": "早班"}).json["items"] == []
