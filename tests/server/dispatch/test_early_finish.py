"""A visit that took less time than planned: whoever is free goes on, unless a window keeps him."""

from __future__ import annotations

from typing import Any

import pytest

from mobile.service import Phone
from server.dispatch import repository as dispatch_rows
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server.house import HOME, HOUR_MS, MORNING_MS, STOVE, House

LATER = {"window_start_ms": MORNING_MS + 6 * HOUR_MS, "window_end_ms": MORNING_MS + 8 * HOUR_MS}


def serve(house: House, phone: Phone) -> None:
    """Let a technician do his only job in no time at all."""
    order_id = phone.jobs()[0].work_order_id
    go_to_the_door(phone, order_id)
    house.sync(phone)  # the server knows him on site, and reckons with the kind's mean duration
    do_the_work(phone, order_id)
    phone.act("sign_record", order_id, strokes=sign_name(), signer_relation="self", opinion="满意")
    house.sync(phone)


@pytest.mark.parametrize(("window", "state"), [({}, "offered"), (LATER, "triaged")])
def test_next_stop_is_offered_at_once_unless_its_window_is_later(
    house: House, window: dict[str, Any], state: str
) -> None:
    """Both technicians have a job; the third waits behind one of them, who is done long before the plan thought."""
    phones = {name: house.phone(name) for name in ("wang", "sun")}
    for _ in phones:
        house.report(STOVE)
    house.sync(*phones.values())
    waiting_id = house.report({**STOVE, **window})
    assert house.order(waiting_id).state == "triaged"
    planned = house.read(lambda s: dispatch_rows.list_planned(s, HOME))
    serve(house, next(phones[stop.technician_id] for stop in planned if stop.work_order_id == waiting_id))
    assert house.order(waiting_id).state == state
