"""An urgent leak that may be seen to only later: planned for its window, no siren before it opens."""

from __future__ import annotations

from server.dispatch import repository as dispatch
from tests.server.house import HOME, HOUR_MS, LEAK, MORNING_MS, House

MINUTE_MS = 60_000
NOON_MS = MORNING_MS + 2 * HOUR_MS
FAINT = {
    **LEAK,
    "location": "outdoor",
    "answers": {
        "fire_or_spark": False,
        "anyone_ill": False,
        "smell_strength": "none",
        "hissing_sound": False,
        "alarm_sounding": False,
        "inside_building": False,
        "can_close_valve": True,
        "vulnerable_present": False,
    },
    "window_start_ms": NOON_MS,
    "window_end_ms": NOON_MS + HOUR_MS,
}


def sirens(house: House, work_order_id: str) -> int:
    """Return how often the alarm was raised for an order."""
    return sum(e.type == "leak_unaccepted" and e.data["step"] == "siren" for e in house.events(work_order_id))


def test_leak_with_a_later_window_is_planned_for_it_and_raises_no_alarm(house: House) -> None:
    """At noon: somebody has it in his plan with a proof that says so; he is asked when it is time to leave."""
    leak = house.report(FAINT)
    assert (house.order(leak).priority, house.order(leak).is_leak) == (2, True)
    (stop,) = house.read(lambda s: dispatch.list_planned(s, HOME))
    assert (stop.work_order_id, stop.start_ms) == (leak, NOON_MS)
    proof = house.read(lambda s: dispatch.find_proof(s, leak))
    assert proof is not None
    named = (proof.certificate["technician_id"], proof.certificate["lower_bound_reason"])
    assert named == (stop.technician_id, "window_opens")
    assert (sirens(house, leak), house.flags(leak)) == (0, ["waits_for_window"])
    house.pass_ms(2 * HOUR_MS - MINUTE_MS)
    assert house.order(leak).state == "offered"


def test_leak_with_a_later_window_raises_the_alarm_when_it_opens_and_nobody_can_go(house: House) -> None:
    """Both are ill: not a sound before noon, the siren at noon."""
    for technician in ("wang", "sun"):
        house.lin.post(f"/api/v1/technicians/{technician}/absence", {"reason": "ill"})
    leak = house.report(FAINT)
    house.pass_ms(HOUR_MS)
    assert sirens(house, leak) == 0
    house.pass_ms(HOUR_MS + MINUTE_MS)
    assert (sirens(house, leak), "nobody_qualified" in house.flags(leak)) == (1, True)
