"""How many records are on a phone only: the phone counts them in its call, the desk sees it (reliability 3.2)."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from mobile.store import outbox
from mobile.sync.transport import Reply, TransportError
from server.accounts import repository as accounts
from shared import facts, wire
from tests.server.device import Device
from tests.server.house import STOVE, House, Wire


def tell(device: Device, given: int, unsent: int, *raws: bytes) -> None:
    """Call with a count of events, bringing some of them."""
    request = wire.SyncRequest(
        v=1,
        gen="g1",
        cursor=device.cursor,
        events=tuple(msgspec.Raw(raw) for raw in raws),
        outbox=wire.Outbox(given=given, unsent=unsent),
    )
    assert device.line.post("/api/v1/sync", msgspec.json.encode(request), 0).status == 200


def seen(house: House, technician_id: str = "wang") -> tuple[list[Any], list[int], int]:
    """Return what Lin sees: the lines above the board, the counts beside the phones, the count in the board's row."""
    backlogs = house.lin.get("/api/v1/watch").json["backlogs"]
    phones = [one["unsent"] for one in house.lin.get("/api/v1/devices").json["items"]]
    rows = house.lin.get("/api/v1/board").json["technicians"]
    return backlogs, phones, next(row["phone"]["unsent"] for row in rows if row["id"] == technician_id)


def test_desk_sees_what_is_on_the_phone_only_until_it_has_come(house: House) -> None:
    """Twenty made, fifteen waiting, one of them in the call: fourteen are out; later none."""
    wang = Device(house)
    tell(wang, 20, 15, wang.loose(facts.MessageSent(text="在路上"), "w-1"))
    assert seen(house) == ([{"name": "王建国", "unsent": 14}], [14], 14)
    tell(wang, 20, 0)
    assert seen(house) == ([], [0], 0)


def test_absurd_counts_and_silence_about_them_change_nothing(house: House) -> None:
    """Below nothing is nothing, above all is a great many, and an older phone says nothing of it."""
    wang = Device(house)
    tell(wang, 10**30, 10**30)
    wang.call()
    (backlog,) = seen(house)[0]
    assert backlog["unsent"] == 1_000_000_000
    tell(wang, -5, -5)
    assert seen(house) == ([], [0], 0)


def test_phone_that_has_nothing_new_to_count_costs_no_write(house: House) -> None:
    """The same count again is not written down again."""
    wang, writes = Device(house), []
    tell(wang, 7, 2)

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        writes.append(statement.startswith("UPDATE device"))

    sa.event.listen(house.database.engine, "before_cursor_execute", note)
    tell(wang, 7, 2)
    assert sum(writes) == 0
    tell(wang, 8, 3)
    assert sum(writes) == 1


class BreakingWire(Wire):
    """A line that carries some calls and then no more."""

    left = 0

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the app's answer, or none."""
        self.left -= 1
        if self.left < 0:
            raise TransportError
        return super().post(path, payload, timeout_s)


def test_line_that_breaks_in_the_middle_leaves_its_count_at_the_desk(house: House) -> None:
    """A day without a network, then one call of fifty: the desk knows of the rest, and that it has come."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    house.sync(wang)
    identity = wang.find_identity()
    assert identity is not None
    line = BreakingWire(house.app, identity.token)
    wang.engine._transport = line
    for number in range(wire.EVENTS_PER_SYNC + 4):
        wang.act("add_note", order_id, text=f"note {number}")
    line.left = 1
    wang.sync_once()
    assert seen(house)[0] == [{"name": "王建国", "unsent": 4}]
    line.left = 10
    wang.sync_once()
    device = house.read(lambda s: accounts.find_device(s, identity.device_id))
    assert device is not None
    assert (device.unsent, device.given_dseq > wire.EVENTS_PER_SYNC) == (0, True)


def test_what_the_server_has_refused_or_kept_aside_is_not_counted_as_missing(house: House) -> None:
    """A fact that waits in quarantine is at the server; one whose whole call was refused is on the phone only."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    house.sync(wang)
    for outcome, unsent in (("quarantined", 0), ("rejected", 1)):
        event = wang.act("add_note", order_id, text=outcome)
        assert event is not None
        with wang.desk.store.write() as db:
            outbox.set_aside(db, wire.EventResult(id=event.id, outcome=outcome, code="x"))
            assert outbox.count_unsent(db) == unsent
