"""What a technician's day costs on the phone's line: forty orders, from the offer to the signature.

`python -m tests.benchmarks.phone_bytes [--orders 40] [--json OUT]`. The real app, the real mobile core; every call's
head and body is counted as it goes over the line. The budget holds for the content; `with_heads` adds what HTTP puts
before it. Photos have a lane of their own and are not part of it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mobile import service as phones
from mobile.service import Phone
from mobile.sync.packed import Memory
from mobile.sync.transport import Reply
from server.sync.models import ProcessedEvent
from shared import ids
from tests.mobile.phones import do_the_work, sign_name
from tests.server import house as houses
from tests.server.house import LEAK, STOVE, House, Wire

MOST_BYTES: Final = 200_000
_KINDS: Final[tuple[dict[str, Any], ...]] = (STOVE, {**STOVE, "fault_kind": "no_gas"}, STOVE, LEAK)
_DATE: Final = "Date: Sun, 22 Nov 2026 05:00:00 GMT\r\n"


class MeteredWire(Wire):
    """The wire of a test house that packs as the real one does, and counts what would go over the line."""

    def __init__(self, house: House, token: str) -> None:
        """Count from zero."""
        super().__init__(house.app, token)
        self._memory = Memory()
        self.counted: Counter[str] = Counter()

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the app's answer."""
        packed = self._memory.prepare(payload)
        raw = self._send(path, packed.headers, packed.body)
        reply = self._memory.read(packed, raw)
        return self.post(path, payload, timeout_s) if self._memory.learn(reply) else reply

    def _send(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        told = {"Authorization": f"Bearer {self.token}", **headers}
        answer = self._client.post(path, data=body, headers=told)
        up = f"POST {path} HTTP/1.1\r\nHost: dispatch.example.com\r\nContent-Length: {len(body)}\r\n{_lines(told)}\r\n"
        down = f"HTTP/1.1 200 OK\r\n{_DATE}{_lines(dict(answer.headers))}\r\n"
        self.counted += Counter(
            calls=1, up_heads=len(up), up_bodies=len(body), down_heads=len(down), down_bodies=len(answer.data)
        )
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.data)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def measure(house: House, orders: int) -> dict[str, int]:
    """Let technician Wang do so many orders; return the bytes of his line by kind, the content alone, and all."""
    wire, phone = _phone(house)
    phone.sync_once()
    house.drain()
    for number in range(orders):
        kind = _KINDS[number % len(_KINDS)]
        address = f"桃北中街{100 + number}号{1 + number % 9}单元{number}02室"
        answers = {**kind, "address": address, "description": "火焰发黄"}
        _visit(house, phone, house.report(answers))
    phone.close()
    content = wire.counted["up_bodies"] + wire.counted["down_bodies"]
    heads = wire.counted["up_heads"] + wire.counted["down_heads"]
    return {**wire.counted, "events": _count_events(house), "content": content, "with_heads": content + heads}


def _count_events(house: House) -> int:
    return house.read(lambda s: s.query(ProcessedEvent).count())


def _phone(house: House) -> tuple[MeteredWire, Phone]:
    folder = house.folder / "phones" / "metered"
    identity = phones.enrol("http://house", house.enrol_code("wang"), folder, transport=Wire(house.app))
    chance, wire = random.Random(1), MeteredWire(house, identity.token)
    phone = Phone(
        folder,
        "http://house",
        house.clock,
        lambda now_ms: ids.uuid7(now_ms, chance.randbytes(10)),
        uniform=lambda: 1.0,
        transport=wire,
        lane_transport=wire,
    )
    return wire, phone


def _visit(house: House, phone: Phone, order_id: str) -> None:
    """One order as the phone tells of it: at the offer, the acceptance, on the way, at the door, after the work."""
    phone.sync_once()
    for acts in (("see_assignment", "accept_assignment"), ("depart",), ("arrive",)):
        for act in acts:
            phone.act(act, order_id)
        _pass(house, phone)
    do_the_work(phone, order_id)
    _pass(house, phone)
    phone.act("sign_record", order_id, strokes=sign_name(), signer_relation="self", opinion="满意")
    _pass(house, phone)


def _pass(house: House, phone: Phone) -> None:
    house.clock.pass_ms(60_000)
    phone.sync_once()
    house.drain()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 above the budget."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.phone_bytes", description=__doc__)
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = f"sqlite:///{home / 'leakfirst.db'}"
        houses.found_company(url, home)
        house = House(url, home)
        figures = measure(house, options.orders)
        house.close()
    text = json.dumps(figures, sort_keys=True)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return int(figures["content"] > MOST_BYTES * options.orders / 40)


if __name__ == "__main__":
    sys.exit(main())
