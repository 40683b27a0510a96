"""A phone spoken by hand: single events, also such as no real phone would send."""

from __future__ import annotations

from typing import Any

import msgspec

from shared import facts, wire
from tests.server.house import House, Wire


class Device:
    """An enrolled device of a technician; every call is one HTTP request."""

    def __init__(self, house: House, technician_id: str = "wang", public_key: str = "ab" * 32) -> None:
        """Redeem a fresh one-time code."""
        self.house, self.technician_id = house, technician_id
        request = wire.EnrolRequest(code=house.enrol_code(technician_id), public_key=public_key)
        reply = Wire(house.app).post("/api/v1/enrol", msgspec.json.encode(request), 0)
        self.identity = msgspec.json.decode(reply.body, type=wire.EnrolResponse)
        self.line = Wire(house.app, self.identity.token)
        self.cursor = 0
        house.drain()

    def call(self, *raws: bytes, positions: tuple[bytes, ...] = (), gen: str = "g1") -> wire.SyncResponse:
        """Send raw events and return the answer. Raises LookupError when the call is refused."""
        request = wire.SyncRequest(
            v=1,
            gen=gen,
            cursor=self.cursor,
            events=tuple(msgspec.Raw(raw) for raw in raws),
            positions=tuple(msgspec.Raw(raw) for raw in positions),
        )
        reply = self.line.post("/api/v1/sync", msgspec.json.encode(request), 0)
        if reply.status != 200:
            raise LookupError(reply.body.decode())
        answer = msgspec.json.decode(reply.body, type=wire.SyncResponse)
        self.cursor = answer.cursor
        return answer

    def event(self, order_id: str, body: facts.AnyBody, event_id: str = "event-1", **changes: Any) -> bytes:
        """Return an event on the wire, for the epoch of the technician's newest assignment as this phone knows it."""
        plain = wire.PhoneEvent(
            id=event_id,
            dseq=1,
            work_order_id=order_id,
            epoch=self.house.order(order_id).epoch,
            occurred=wire.Occurred(wall_ms=self.house.clock.now_ms()),
            body=body,
        )
        return msgspec.json.encode(msgspec.structs.replace(plain, **changes))

    def loose(self, body: facts.AnyBody, event_id: str) -> bytes:
        """Return an event on the wire that belongs to no work order."""
        occurred = wire.Occurred(wall_ms=self.house.clock.now_ms())
        return msgspec.json.encode(wire.PhoneEvent(id=event_id, dseq=1, work_order_id="", occurred=occurred, body=body))

    def tell(self, order_id: str, body: facts.AnyBody, event_id: str, **changes: Any) -> wire.EventResult:
        """Send one event for an order, let the relay work, and return what became of it."""
        result = self.call(self.event(order_id, body, event_id, **changes)).results[0]
        self.house.drain()
        return result
