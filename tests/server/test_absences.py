"""A technician is not there: his work goes to others at once, customers are told, and he comes back."""

from __future__ import annotations

from typing import Any

import pytest

from server.dispatch import repository as dispatch
from server.work_orders.models import WorkOrder
from tests.server.house import DAY_MS, HOME, HOUR_MS, LEAK, MORNING_MS, STOVE, House

pytestmark = pytest.mark.slow  # plans again for every case

MINUTE_MS = 60_000


def away(house: House, technician_id: str = "wang", **body: Any) -> Any:
    """Report somebody absent at Lin's desk, and let the product work."""
    answer = house.lin.post(f"/api/v1/technicians/{technician_id}/absence", {"reason": "ill", **body})
    house.drain()
    return answer


def holders(house: House, work_order_id: str) -> set[str]:
    """Return who holds an order, is offered it, or has it in his plan."""
    live = house.read(lambda s: {a.technician_id for a in dispatch.list_live_of_order(s, work_order_id)})
    planned = house.read(lambda s: dispatch.list_planned(s, HOME))
    return live | {stop.technician_id for stop in planned if stop.work_order_id == work_order_id}


def on_site(house: House, technician_id: str, work_order_id: str) -> None:
    """Let a technician accept an order on his phone, drive there and arrive."""
    phone = house.phone(technician_id)
    house.sync(phone)
    phone.act("accept_assignment", work_order_id)
    phone.act("depart", work_order_id)
    phone.act("arrive", work_order_id)
    house.sync(phone)


def test_leak_of_an_ill_technician_is_offered_to_the_next(house: House) -> None:
    """Wang, the nearest, falls ill before he answers: the leak is Sun's in the same moment."""
    leak = house.report(LEAK)
    assert holders(house, leak) == {"wang"}
    assert away(house).status_code == 200
    assert holders(house, leak) == {"sun"}
    told = [event.data for event in house.events(leak) if event.type == "assignment_moved"]
    assert (told[0]["command"], told[0]["reason"]) == ("recall", "ill")


def test_leak_is_taken_over_from_a_technician_who_falls_ill_on_site(house: House) -> None:
    """He is there already and cannot go on: the order goes back to the plan, and to Sun."""
    leak = house.report(LEAK)
    on_site(house, "wang", leak)
    away(house)
    order: WorkOrder = house.order(leak)
    assert holders(house, leak) == {"sun"}
    assert order.state == "offered"


def test_work_on_site_goes_on_when_only_the_vehicle_is_missing(house: House) -> None:
    """A broken van does not stop the work at the customer's; the next leak does not wait for it."""
    leak = house.report(LEAK)
    on_site(house, "wang", leak)
    away(house, reason="breakdown", until_ms=MORNING_MS + 3 * HOUR_MS)
    assert holders(house, leak) == {"wang"}
    assert holders(house, house.report({**LEAK, "lat": 37.87, "caller": {"name": "钱", "phone": "13900000002"}})) == {
        "sun"
    }


def test_absent_technician_gets_nothing_until_he_is_back(house: House) -> None:
    """While both are away a leak sounds the siren; as soon as Wang is back it is his."""
    answer = away(house)
    away(house, "sun")
    leak = house.report(LEAK)
    assert holders(house, leak) == set()
    assert "nobody_qualified" in house.flags(leak)
    refused = house.lin.post(
        f"/api/v1/work-orders/{leak}/assign", {"ver": house.order(leak).ver, "technician_id": "wang"}
    )
    assert (refused.status_code, refused.json["code"]) == (409, "technician_absent")
    back = house.lin.post(f"/api/v1/absences/{answer.json['absence_id']}/end")
    house.drain()
    assert back.status_code == 200
    assert holders(house, leak) == {"wang"}


def test_absence_with_an_end_runs_out_by_itself(house: House) -> None:
    """Until eleven: nobody has to remember to take him back."""
    away(house, until_ms=MORNING_MS + HOUR_MS)
    away(house, "sun")
    leak = house.report(LEAK)
    house.pass_ms(HOUR_MS + MINUTE_MS)
    assert "wang" in holders(house, leak)
    assert [row["technician_id"] for row in house.lin.get("/api/v1/absences").json["items"]] == ["sun"]


def test_absence_announced_for_later_takes_effect_then(house: House) -> None:
    """From noon on: the morning's leak is still his, at noon what he holds unbegun goes to others."""
    away(house, from_ms=MORNING_MS + 2 * HOUR_MS)
    leak = house.report(LEAK)
    assert holders(house, leak) == {"wang"}
    house.pass_ms(2 * HOUR_MS + MINUTE_MS)
    assert holders(house, leak) <= {"sun"}
    assert house.lin.get("/api/v1/absences").json["items"][0]["technician_name"] == "王建国"


def test_leak_is_not_promised_to_somebody_who_is_about_to_leave(house: House) -> None:
    """Wang, the nearest, is away for an hour in a quarter of one: he could not end the work, Sun is sent."""
    away(house, from_ms=MORNING_MS + 15 * MINUTE_MS, until_ms=MORNING_MS + 75 * MINUTE_MS)
    leak = house.report(LEAK)
    assert holders(house, leak) == {"sun"}
    proof = house.read(lambda s: dispatch.find_proof(s, leak))
    assert proof is not None
    assert {c["technician_id"]: c["reason"] for c in proof.certificate["candidates"]} == {"wang": "away", "sun": None}


def test_customer_is_to_be_told_when_an_absence_breaks_a_promise(house: House) -> None:
    """Zhao was promised half past ten; both technicians are away until noon: one message is owed."""
    window = {"window_start_ms": MORNING_MS + 30 * MINUTE_MS, "window_end_ms": MORNING_MS + 45 * MINUTE_MS}
    house.report({**STOVE, "customer_id": "zhao", **window})
    assert house.lin.get("/api/v1/notices").json["items"] == []
    for technician in ("wang", "sun"):
        away(house, technician, reason="breakdown", until_ms=MORNING_MS + 2 * HOUR_MS)
    (task,) = house.lin.get("/api/v1/notices").json["items"]
    assert task["cause"] == "technician_absent"


def test_preview_names_what_would_have_to_be_done_and_does_nothing(house: House) -> None:
    """Before she reports it, Lin sees whose offer would be recalled and where the order would go."""
    leak = house.report(LEAK)
    seen = house.lin.post("/api/v1/technicians/wang/absence/preview", {"reason": "ill"}).json
    assert [(d["act"], d["work_order_id"], d["by"]) for d in seen["duties"]] == [("recall_offer", leak, "wang")]
    broken = {"reason": "breakdown", "until_ms": MORNING_MS + HOUR_MS}
    again = house.lin.post("/api/v1/technicians/wang/absence/preview", broken).json
    assert again["duties"][0]["number"] == house.order(leak).number
    assert holders(house, leak) == {"wang"}
    assert house.sign_in("lin").get("/api/v1/absences").json["items"] == []


def test_shorter_shift_gives_the_afternoon_to_somebody_else(house: House) -> None:
    """Wang goes home at eleven: a visit promised for two o'clock is Sun's."""
    window = {"window_start_ms": MORNING_MS + 4 * HOUR_MS, "window_end_ms": MORNING_MS + 5 * HOUR_MS}
    visit = house.report({**STOVE, **window})
    (before,) = holders(house, visit)
    hours = {"start_ms": MORNING_MS - HOUR_MS, "end_ms": MORNING_MS + HOUR_MS}
    assert house.lin.post(f"/api/v1/technicians/{before}/shift", hours).status_code == 200
    house.drain()
    assert holders(house, visit) == {"wang", "sun"} - {before}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("technicians/nobody/absence", {"reason": "ill"}, "not_found"),
        ("technicians/wang/absence", {"reason": "tired"}, "invalid_request"),
        ("technicians/wang/absence", {"reason": "ill", "until_ms": MORNING_MS - 1}, "absence_reversed"),
        ("technicians/wang/absence", {"reason": "ill", "note": "x" * 501}, "text_too_long"),
        ("technicians/nobody/absence/preview", {"reason": "ill"}, "not_found"),
        ("absences/none/end", None, "not_found"),
        ("technicians/wang/shift", {"start_ms": MORNING_MS, "end_ms": MORNING_MS}, "shift_reversed"),
    ],
)
def test_wrong_request_is_refused_by_its_reason(house: House, path: str, body: Any, code: str) -> None:
    """What cannot be is said in words, and nothing is written."""
    answer = house.lin.post(f"/api/v1/{path}", body)
    assert answer.json["code"] == code
    assert house.sign_in("lin").get("/api/v1/absences").json["items"] == []


def test_other_branch_and_other_roles_have_no_say(house: House) -> None:
    """Stranger Qian of another branch finds no such technician; the agent may look but not act."""
    qian, chen = house.sign_in("qian"), house.sign_in("chen")
    assert qian.post("/api/v1/technicians/wang/absence", {"reason": "ill"}).status_code == 404
    assert chen.post("/api/v1/technicians/wang/absence", {"reason": "ill"}).status_code == 403
    assert chen.get("/api/v1/absences").status_code == 200


def test_absence_ends_once(house: House) -> None:
    """Taking somebody back twice is refused; his return stands in the history."""
    absence_id = away(house).json["absence_id"]
    assert house.lin.post(f"/api/v1/absences/{absence_id}/end").status_code == 200
    again = house.lin.post(f"/api/v1/absences/{absence_id}/end")
    assert (again.status_code, again.json["code"]) == (409, "absence_over")


def test_absence_without_an_end_is_over_before_the_next_shift(house: House) -> None:
    """Ill today, nobody wrote an end: tomorrow he is planned for again, without anybody's hand."""
    away(house)
    house.pass_ms(20 * DAY_MS + 3 * HOUR_MS)
    assert house.sign_in("lin").get("/api/v1/absences").json["items"] == []


def test_who_accepted_a_leak_taken_over_is_not_called_back_by_the_taking_over(house: House) -> None:
    """Wang falls ill on site; the desk's own duties about his job come after Sun is asked: the leak stays with Sun."""
    order_id, sun = house.report(LEAK), house.phone("sun")
    on_site(house, "wang", order_id)
    away(house)
    sun.sync_once()
    sun.act("accept_assignment", order_id)
    sun.sync_once()
    house.drain()
    assert (house.order(order_id).state, holders(house, order_id)) == ("assigned", {"sun"})


def test_plan_is_put_right_by_the_worker_when_an_absence_is_reported(house: House) -> None:
    """The desk's answer solves nothing: the visit changes hands in the reaction to the event."""
    window = {"window_start_ms": MORNING_MS + 4 * HOUR_MS, "window_end_ms": MORNING_MS + 5 * HOUR_MS}
    visit = house.report({**STOVE, **window})
    (before,) = holders(house, visit)
    assert house.lin.post(f"/api/v1/technicians/{before}/absence", {"reason": "ill"}).status_code == 200
    assert holders(house, visit) == {before}
    house.drain()
    assert holders(house, visit) == {"wang", "sun"} - {before}
