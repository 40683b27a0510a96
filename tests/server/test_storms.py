"""Storm mode at the desk: crews kept free for leaks, what waits, whom to call in, and the end of it."""

from __future__ import annotations

import sqlalchemy as sa

from server.accounts.models import Shift
from server.dispatch import repository as dispatch
from tests.server.house import HOME, HOUR_MS, LEAK, MORNING_MS, STOVE, House

MINUTE_MS = 60_000


def stops(house: House) -> dict[str, str]:
    """Return who has which order in his plan or is offered it."""
    live = house.read(lambda s: {a.work_order_id: a.technician_id for a in dispatch.list_live(s, HOME)})
    planned = house.read(lambda s: {p.work_order_id: p.technician_id for p in dispatch.list_planned(s, HOME)})
    return planned | live


def leak_at(house: House, step: int) -> str:
    """Report one more leak, each a little farther north."""
    return house.report({**LEAK, "lat": 37.861 + 0.01 * step, "caller": {"name": "钱", "phone": f"1390000000{step}"}})


def book(house: House) -> str:
    """Take in a visit that is booked for two o'clock."""
    window = {"window_start_ms": MORNING_MS + 4 * HOUR_MS, "window_end_ms": MORNING_MS + 5 * HOUR_MS}
    return house.report({**STOVE, **window})


def test_storm_keeps_crews_free_for_leaks_and_gives_their_work_back_afterwards(house: House) -> None:
    """Three leaks in an hour: nobody takes ordinary work until it is over, then the visit has somebody again."""
    visit = book(house)
    assert visit in stops(house)
    leaks = [leak_at(house, step) for step in range(3)]
    assert house.lin.post("/api/v1/storm").status_code == 200
    house.drain()
    held = stops(house)
    assert visit not in held
    assert set(leaks) & set(held)
    advice = house.lin.get("/api/v1/storm").json
    assert advice["until_ms"] == MORNING_MS + 2 * HOUR_MS
    assert {row["technician_id"] for row in advice["kept_free"]} == {"wang", "sun"}
    assert house.lin.post("/api/v1/storm/end").status_code == 200
    house.drain()
    assert visit in stops(house)


def test_storm_ends_by_itself_when_nobody_prolongs_it(house: House) -> None:
    """After its span ordinary work is planned again; ending it a second time is refused."""
    visit = book(house)
    leak_at(house, 0)
    leak_at(house, 1)
    house.lin.post("/api/v1/storm")
    house.pass_ms(2 * HOUR_MS + MINUTE_MS)
    assert house.lin.get("/api/v1/storm").json["until_ms"] is None
    assert visit in stops(house)
    refused = house.lin.post("/api/v1/storm/end")
    assert (refused.status_code, refused.json["code"]) == (409, "no_storm")


def test_advice_names_whom_to_call_in_and_changes_nothing(house: House) -> None:
    """Sun has her day off and five leaks wait: she is to be called in; looking does not begin anything."""
    house.write(lambda tx: tx.session.execute(sa.delete(Shift).where(Shift.technician_id == "sun")))
    for step in range(5):
        leak_at(house, step)
    advice = house.lin.get("/api/v1/storm").json
    assert [row["technician_name"] for row in advice["call_in"]] == ["孙梅"]
    assert advice["crews_needed"] > 1
    assert advice["until_ms"] is None


def test_only_the_desk_begins_a_storm(house: House) -> None:
    """The agent sees the advice; beginning is the dispatcher's."""
    chen = house.sign_in("chen")
    assert chen.get("/api/v1/storm").status_code == 200
    assert chen.post("/api/v1/storm").status_code == 403
