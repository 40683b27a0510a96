"""What is promised to a customer moves only with a message: owed in the plan's transaction, ticked off by a person."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from routing.stop import MaxIterations
from server.accounts.models import Shift
from server.dispatch import service as dispatch
from server.dispatch.problem import take_snapshot
from server.dispatch.solving import in_solving_process
from server.notices.models import CustomerNotice
from server.sync import changes
from tests.server.house import HOME, HOUR_MS, LEAK, MORNING_MS, STOVE, House

pytestmark = pytest.mark.slow  # plays whole days of plans

MINUTE_MS = 60_000
PROMISED = {
    **STOVE,
    "customer_id": "zhao",
    "window_start_ms": MORNING_MS + 20 * MINUTE_MS,
    "window_end_ms": MORNING_MS + 25 * MINUTE_MS,
}


@pytest.fixture
def small_house(house: House) -> House:
    """Return a company in which Wang is alone: Sun has her day off."""
    house.write(lambda tx: tx.session.execute(sa.delete(Shift).where(Shift.technician_id == "sun")))
    return house


def replan(house: House) -> bool:
    """Make and apply a whole plan, as the worker does."""
    profile = house.settings.sla_profile
    asked = house.read(lambda s: take_snapshot(s, HOME, house.clock.now_ms(), profile))
    run = in_solving_process(asked.problem, asked.plan, seed=1, stop=MaxIterations(5), max_moved=asked.max_moved)
    done = house.write(lambda tx: dispatch.apply_plan(tx, run, asked, profile))
    house.drain()
    return done


def to_tell(house: House) -> list[dict[str, Any]]:
    """Return the customers whom Lin has to tell."""
    items: list[dict[str, Any]] = house.lin.get("/api/v1/notices").json["items"]
    return items


def all_rows(house: House) -> list[tuple[str, str]]:
    """Return state and cause of every notice."""
    rows = house.read(lambda s: [(n.state, n.cause) for n in s.scalars(sa.select(CustomerNotice))])
    return sorted(rows)


def test_customer_is_to_be_told_when_a_leak_takes_his_technician(small_house: House) -> None:
    """Zhao was promised 10:20; the leak comes first: one task with number, old window, new arrival and words."""
    visit = small_house.report(PROMISED)
    assert to_tell(small_house) == []
    leak = small_house.report(LEAK)
    (task,) = to_tell(small_house)
    assert task["work_order_id"] == visit
    assert (task["promised_from_ms"], task["promised_to_ms"]) == (
        PROMISED["window_start_ms"],
        PROMISED["window_end_ms"],
    )
    assert task["start_ms"] > PROMISED["window_end_ms"]
    assert task["cause"] == "emergency"
    assert task["phone"] == "13800000001"
    assert "赵敏" in task["say"]["zh_CN"]
    assert "10:20–10:25" in task["say"]["en"]
    told = small_house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json
    assert told["sentence"]["en"].endswith("one stop moved, its customer is to be told.")
    assert [(one["number"], one["customer"]) for one in told["moved"]] == [(task["number"], "open")]
    assert "customer_notice_owed" in {event.type for event in small_house.events(visit)}
    assert small_house.lin.get("/api/v1/board").json["plan"]["notices_open"] == 1


def test_sentence_says_so_when_the_customer_has_been_told(small_house: House) -> None:
    """Lin calls and ticks it: by her name in the history, once, and the certificate's sentence changes."""
    visit = small_house.report(PROMISED)
    leak = small_house.report(LEAK)
    (task,) = to_tell(small_house)
    assert small_house.lin.post(f"/api/v1/notices/{task['id']}/told", {"note": "同意"}).status_code == 200
    again = small_house.lin.post(f"/api/v1/notices/{task['id']}/told", {})
    assert (again.status_code, again.json["code"]) == (409, "notice_over")
    assert to_tell(small_house) == []
    told = small_house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json
    assert told["sentence"]["en"].endswith("one stop moved, its customer is told.")
    detail = small_house.lin.get(f"/api/v1/work-orders/{visit}").json
    line = next(one for one in detail["history"] if one["type"] == "customer_told")
    assert line["actor_name"] == "林静"
    assert ":" in line["text"]["en"]


def test_customer_who_was_told_is_told_again_only_when_it_moves_on(small_house: House) -> None:
    """The time he was told is his promise now: the same plan owes nothing more."""
    small_house.report(PROMISED)
    small_house.report(LEAK)
    (task,) = to_tell(small_house)
    small_house.lin.post(f"/api/v1/notices/{task['id']}/told", {})
    assert replan(small_house)
    assert to_tell(small_house) == []
    small_house.report({**LEAK, "address": "桃北中街9号", "lat": 37.9, "lon": 113.6})
    assert replan(small_house)
    (second,) = to_tell(small_house)
    assert second["id"] != task["id"]
    assert second["start_ms"] > task["start_ms"]


def test_message_is_withdrawn_when_the_promise_holds_again(small_house: House) -> None:
    """The leak waits for the network crew: nobody has to be told anything."""
    small_house.report(PROMISED)
    leak = small_house.report(LEAK)
    assert len(to_tell(small_house)) == 1
    body = {"ver": small_house.order(leak).ver, "reason": "管网抢修队已接手"}
    assert small_house.lin.post(f"/api/v1/work-orders/{leak}/hold", body).status_code == 200
    small_house.drain()
    assert replan(small_house)
    assert to_tell(small_house) == []
    assert all_rows(small_house) == [("withdrawn", "emergency")]


def test_message_is_withdrawn_when_its_own_order_is_cancelled(small_house: House) -> None:
    """Zhao calls off himself: nobody has to tell him anything, without waiting for a re-plan."""
    visit = small_house.report(PROMISED)
    small_house.report(LEAK)
    assert len(to_tell(small_house)) == 1
    body = {"ver": small_house.order(visit).ver, "reason": "客户取消"}
    assert small_house.lin.post(f"/api/v1/work-orders/{visit}/cancel", body).status_code == 200
    small_house.drain()
    assert (to_tell(small_house), all_rows(small_house)) == ([], [("withdrawn", "emergency")])


def test_message_is_withdrawn_when_the_technician_stands_at_the_door(small_house: House) -> None:
    """Before anybody has called him, Wang is there: the telephone call is off the list."""
    wang, visit = small_house.phone(), small_house.report(PROMISED)
    small_house.report(LEAK)
    body = {"ver": small_house.order(visit).ver, "technician_id": "wang"}
    assert small_house.lin.post(f"/api/v1/work-orders/{visit}/assign", body).status_code == 200
    small_house.sync(wang)
    for step in ("accept_assignment", "depart", "arrive"):
        wang.act(step, visit)
    small_house.sync(wang)
    assert small_house.order(visit).state == "on_site"
    assert to_tell(small_house) == []


def test_nothing_is_owed_when_the_promise_is_kept_by_another(house: House) -> None:
    """The re-plan after a leak gives the visit to Sun, in time: the stop moves, the promise does not."""
    visit = house.report(PROMISED)
    leak = house.report(LEAK)
    assert replan(house)
    assert to_tell(house) == []
    told = house.lin.get(f"/api/v1/work-orders/{leak}/explanation").json
    assert [(one["work_order_id"], one["customer"]) for one in told["moved"]] == [(visit, "kept")]
    assert told["moved"][0]["after"] == "孙梅"


def test_moved_stops_of_the_last_replan_are_shown(house: House) -> None:
    """Who had the visit, who has it, and that its customer need not be told."""
    visit = house.report(PROMISED)
    house.report(LEAK)
    shown = house.lin.get("/api/v1/plan").json
    assert shown["moved"]["cause"] == "emergency"
    assert shown["moved"]["count"] == len(shown["moved_stops"])
    for one in shown["moved_stops"]:
        assert (one["work_order_id"], one["customer"]) == (visit, "kept")


def test_another_branch_neither_sees_nor_ticks_a_customer(small_house: House) -> None:
    """Stranger Qian's list is empty, and Zhao's task is not found there."""
    small_house.report(PROMISED)
    small_house.report(LEAK)
    (task,) = to_tell(small_house)
    qian = small_house.sign_in("qian")
    assert qian.get("/api/v1/notices").json["items"] == []
    assert qian.post(f"/api/v1/notices/{task['id']}/told", {}).status_code == 404
    assert len(to_tell(small_house)) == 1


def test_note_that_is_too_long_is_refused(small_house: House) -> None:
    """The task stays open."""
    small_house.report(PROMISED)
    small_house.report(LEAK)
    (task,) = to_tell(small_house)
    answer = small_house.lin.post(f"/api/v1/notices/{task['id']}/told", {"note": "x" * 501})
    assert (answer.status_code, answer.json["code"]) == (400, "text_too_long")
    assert len(to_tell(small_house)) == 1


def test_phone_hears_of_the_next_stop_only_and_the_undecided_tail_stays_hidden(house: House) -> None:
    """Three visits are planned for today; Wang's phone holds what was offered to him, with its promised window."""
    starts = [MORNING_MS + hours * HOUR_MS for hours in (3, 5, 7)]
    visits = [
        house.report({**STOVE, "window_start_ms": start, "window_end_ms": start + HOUR_MS, "lon": 113.5701})
        for start in starts
    ]
    planned = {one["work_order_id"] for row in board(house)["technicians"] for one in row["route"]}
    assert planned == set(visits)
    known = {name: jobs_of(house, name) for name in ("wang", "sun")}
    assert known == {"wang": {}, "sun": {}}
    house.pass_ms(starts[0] - house.clock.now_ms())
    known = {name: jobs_of(house, name) for name in ("wang", "sun")}
    held = known["wang"] | known["sun"]
    assert set(held) == {visits[0]}
    assert held[visits[0]].window_start_ms == starts[0]


def board(house: House) -> dict[str, Any]:
    """Return Lin's board."""
    answer: dict[str, Any] = house.lin.get("/api/v1/board").json
    return answer


def jobs_of(house: House, technician_id: str) -> dict[str, Any]:
    """Return what a technician's phone would be sent of every open order."""
    now_ms, profile = house.clock.now_ms(), house.settings.sla_profile
    ids = [order["id"] for order in board(house)["orders"]]

    def read(session: orm.Session) -> dict[str, Any]:
        found = {i: changes.find_job(session, HOME, technician_id, i, now_ms, profile) for i in ids}
        return {i: job for i, job in found.items() if job is not None}

    return house.read(read)
