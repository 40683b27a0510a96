"""The same try through the server's services: a dishonest phone and a careless desk, the real app and database."""

from __future__ import annotations

import json
import random
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Final
from unittest import mock

import msgspec
import structlog

from mobile.service import Phone
from server.visits import repository as visits
from shared import facts, service_record
from shared.errors import DomainError
from tests.server import house as houses
from tests.server.house import LEAK, House
from tests.shared import cases
from tests.soak import outcome
from tests.soak.closure import judge, sequences

STEPS: Final = 40
ENDED: Final = frozenset({"closed", "cancelled", "duplicate"})
DESK: Final = ("hold", "release", "cancel", "reopen", "recall", "assign")


def run(folder: Path, count: int, seed: int) -> Counter[str]:
    """Play `count` sequences against one company; return the counts, with `closed_without_evidence`."""
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    url = f"sqlite:///{folder / 'leakfirst.db'}"
    houses.found_company(url, folder)
    house, chance, counts = House(url, folder), random.Random(f"server-{seed}"), Counter[str]()
    # The app of a cheat: it lets everything be signed. What the server judges stays as it is.
    with mock.patch.object(service_record, "blockers", return_value=()):
        phone = house.phone("wang")
        for number in range(count):
            counts.update(_play(house, phone, chance, number))
            outcome.say(f"{number + 1}/{count} through the server, {counts['server_closed']} closed")
    house.close()
    return counts


def _play(house: House, phone: Phone, chance: random.Random, number: int) -> Counter[str]:
    if house.lin.get("/api/v1/watch").status_code == HTTPStatus.UNAUTHORIZED:
        house.lin.sign_in("lin")  # the days of the sequences before have ended her session
    order_id = house.report({**LEAK, "address": f"桃北中街{number + 1}号"})
    way = chance.choice(("repaired", "isolated", "all_clear"))
    visit = cases.visit_facts(sequences.protocols(), way, with_tests=way == "repaired")
    plan: list[object] = ["assign", "accept", *visit, "sign"]
    for _ in range(chance.choice((0, 1, 2, 4))):
        _spoil(chance, plan)
    for move in plan:
        house.clock.pass_ms(chance.choice(sequences.GAPS_MS))
        _do(house, phone, chance, order_id, move)
    house.sync(phone)
    state = house.order(order_id).state
    proved = state not in ENDED or judge.proves(_told(house, order_id))
    counts = Counter({"server_sequences": 1, "server_closed": int(state == "closed")})
    return counts + Counter({"closed_without_evidence": int(not proved)})


def _spoil(chance: random.Random, plan: list[object]) -> None:
    place = chance.randrange(1, len(plan))
    if chance.random() < 0.4:
        plan.pop(place)
    else:
        plan.insert(place, chance.choice((*DESK, "sign", *sequences.noise())))


def _do(house: House, phone: Phone, chance: random.Random, order_id: str, move: object) -> None:
    """Do one thing; whatever is refused is refused."""
    if move in DESK:
        body: dict[str, object] = {"ver": house.order(order_id).ver, "reason": "telephone"}
        if move == "assign":
            body = {"ver": house.order(order_id).ver, "technician_id": "wang"}
        house.lin.post(f"/api/v1/work-orders/{order_id}/{move}", body)
        house.drain()
        phone.sync_once()
        return
    try:
        _tell(phone, order_id, move)
    except DomainError:
        return
    if chance.random() < 0.1:
        phone.sync_once()
        house.drain()


def _tell(phone: Phone, order_id: str, move: object) -> None:
    match move:
        case "accept":
            phone.act("accept_assignment", order_id)
        case "sign":
            phone.act("sign_record", order_id, strokes=cases.strokes(), signer_relation="self")
        case facts.Departed():
            phone.act("depart", order_id)
        case facts.Arrived():
            phone.act("arrive", order_id)
        case facts.SiteMadeSafe():
            phone.act("make_safe", order_id, how=move.how)
        case facts.Body():
            data = {k: v for k, v in msgspec.to_builtins(move).items() if k != "type"}
            phone.act(_COMMANDS[type(move)], order_id, **data)


_COMMANDS: Final[dict[type[facts.Body], str]] = {
    facts.StepAnswered: "answer_step",
    facts.ReadingRecorded: "record_reading",
    facts.TimerStopped: "stop_timer",
    facts.OutcomeDeclared: "declare_outcome",
    facts.NoAccessRecorded: "record_no_access",
    facts.NoteAdded: "add_note",
}


def _told(house: House, order_id: str) -> list[tuple[facts.Body, int]]:
    """Return the facts behind the record that ended the order, in the order in which they happened."""
    record = house.read(lambda s: visits.find_record(s, order_id))
    rows = house.read(lambda s: visits.list_evidence(s, order_id))
    own = [row for row in rows if record is not None and row.assignment_id == record.assignment_id]
    return [
        (msgspec.convert(json.loads(row.body), facts.AnyBody), row.occurred_ms)
        for row in sorted(own, key=lambda row: row.occurred_ms)
    ]
