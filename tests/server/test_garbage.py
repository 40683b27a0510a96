"""Garbage at every HTTP door: an answer with a code and words in both languages, never a crash, never a lost fact."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import app as composition
from server.absences import service as absences
from server.accounts import views as accounts
from server.billing import cash, damages, pricing
from server.board import views as board
from server.call_backs import service as call_backs
from server.core import journal
from server.core.registry import Audience, Route
from server.dispatch import hours, stability
from server.hazards import service as hazards
from server.intake import service as intake
from server.notices import service as notices
from server.positions import views as positions
from server.reports import verification
from server.stock import service as stock
from server.sync import repository as sync
from shared import facts, wire
from tests.server import garbage
from tests.server.device import Device
from tests.server.garbage import judge
from tests.server.house import HOME, HOUR_MS, LEAK, MORNING_MS, House

pytestmark = pytest.mark.slow  # hundreds of calls for each route

ROUTES: Final = composition.make_registry().routes
WITH_BODY: Final = [route for route in ROUTES if route.schema is not None]
NOTE: Final = facts.NoteAdded(text="表前阀已关")
PORTION: Final = 49
WORK: Final = "order"  # stands for the id of an order that is there
EXAMPLES: Final[dict[Any, Any]] = {
    wire.EnrolRequest: {"code": "ABCD2345", "public_key": "ab" * 32, "label": "王"},
    wire.SyncRequest: {"v": 1, "gen": "g1", "cursor": 0, "events": [], "positions": [], "wait_s": 0.0, "sent_at_ms": 0},
    intake.AssessRequest: {k: LEAK[k] for k in ("fault_kind", "location", "answers")},
    intake.ReportRequest: {
        **LEAK,
        "customer_id": "zhao",
        "window_start_ms": MORNING_MS,
        "window_end_ms": MORNING_MS + HOUR_MS,
        "read_back": True,
        "channel": "phone",
        "description": "味道",
    },
    board.AssignRequest: {"ver": 3, "technician_id": "sun"},
    board.CommandRequest: {"ver": 3, "reason": "later"},
    board.DuplicateRequest: {"ver": 3, "of": "order-2", "reason": "同一处"},
    hazards.SettleRequest: {"note": "已整改"},
    pricing.DecideRequest: {"is_approved": True, "note": "嵌入式"},
    cash.HandInRequest: {"counted_cents": 3000, "note": ""},
    damages.SettleRequest: {"settled_cents": 5000, "note": ""},
    stock.LoadRequest: {"part": "gasket", "lot": "L7", "quantity": 2},
    accounts.CodeRequest: {"technician_id": "wang"},
    call_backs.CallBackRequest: {"satisfied": True, "answers": {"CB-02": "yes"}, "note": ""},
    absences.AbsenceRequest: {
        "reason": "breakdown",
        "from_ms": MORNING_MS,
        "until_ms": MORNING_MS + HOUR_MS,
        "lat": 37.86,
        "lon": 113.57,
        "note": "",
    },
    hours.ShiftRequest: {"start_ms": MORNING_MS, "end_ms": MORNING_MS + HOUR_MS},
    stability.BudgetRequest: {"ver": 0, "max_moved": 2},
    notices.ToldRequest: {"note": "知道了"},
    positions.TraceRequest: {"from_ms": MORNING_MS, "until_ms": MORNING_MS + HOUR_MS},
}
EVENT: Final = {
    "id": "event-0",
    "dseq": 1,
    "work_order_id": WORK,
    "assignment_id": "",
    "epoch": 1,
    "occurred": {"wall_ms": MORNING_MS, "mono_ms": 5, "boot_id": "b", "offset_ms": 0},
    "files": [],
}
STEP: Final = {"protocol": "leak-response@2026", "step": "ventilate"}
SEAL: Final = {
    "alg": "ed25519",
    "key_id": "k",
    "chain_seq": 1,
    "previous_hash": "0" * 64,
    "content_hash": "1" * 64,
    "seal_hash": "2" * 64,
    "signature": "",
}
BODIES: Final[list[dict[str, Any]]] = [
    {"type": "assignment_accepted"},
    {"type": "assignment_declined", "reason": "sick"},
    {"type": "arrived", "lat": 37.86, "lon": 113.57},
    {"type": "site_made_safe", "how": "isolated"},
    {"type": "step_answered", **STEP, "outcome": "pass", "note": ""},
    {"type": "reading_recorded", **STEP, "value": "0.0", "unit": "%LEL", "instrument_serial": "XP-1"},
    {"type": "timer_stopped", **STEP, "elapsed_ms": 900},
    {"type": "note_added", "text": "好"},
    {"type": "remaining_time_estimated", "remaining_s": 600},
    {"type": "leak_graded", "grade": 1, "reason": "80 %LEL"},
    {"type": "handed_over", "to": "supervisor", "person": "陈立", "note": ""},
    {
        "type": "warranty_judged",
        "product": "灶",
        "invoice_date": "2026-01-31",
        "has_card": True,
        "is_quality_fault": True,
        "exclusions": [{"code": "bad_care", "photo": ""}],
    },
    {
        "type": "price_shown",
        "list_ref": "price@2026",
        "lines": [{"code": "call_out", "quantity": 1, "unit_cents": 3000}],
        "is_agreed": True,
        "approval": "",
    },
    {
        "type": "price_approval_asked",
        "list_ref": "price@2026",
        "lines": [{"code": "call_out", "quantity": 1, "unit_cents": 3000}],
        "reason": "远",
    },
    {"type": "payment_taken", "amount_cents": 3000, "method": "cash", "receipt": "R-1"},
    {"type": "damage_claimed", "item": "台面", "value_cents": 200, "photo": "", "paid_cents": 0, "note": ""},
    {"type": "part_used", "part": "gasket", "lot": "", "quantity": 2},
    {"type": "no_access_recorded", "reason": "nobody_home", "proofs": ["knocked"]},
    {"type": "outcome_declared", "outcome": "repaired", "cause": "hose", "work_done": "软管"},
    {
        "type": "record_signed",
        "record_json": "{}",
        "strokes": [{"points": [[1, 2, 3]]}],
        "signer_relation": "self",
        "seal": SEAL,
    },
    {"type": "signature_waived", "record_json": "{}", "reason": "absent", "seal": SEAL},
]
OUTCOMES: Final = {"applied", "duplicate", "filed_late", "flagged", "quarantined", "rejected"}


def path_of(route: Route, order_id: str) -> str:
    """Return a path that exists as far as one can."""
    return route.rule.replace("<work_order_id>", order_id).replace("<", "no-").replace(">", "")


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: route.endpoint)
def test_garbage_in_a_body_is_refused_with_words(open_house: House, route: Route) -> None:
    """Wrong types, missing and extra parts, huge numbers, deep nesting, broken UTF-8: refused, or taken when valid."""
    right = EXAMPLES.get(route.schema) or garbage.example(route.schema)
    order_id = open_house.report(LEAK)
    admin, device = open_house.sign_in("admin"), Device(open_house)
    path = path_of(route, order_id)
    headers = {"X-CSRF-Token": admin.token}
    if route.audience is Audience.DEVICE:
        headers = {"Authorization": f"Bearer {device.identity.token}"}

    @garbage.SETTINGS
    @given(body=garbage.payloads(route.schema, right))
    def check(body: bytes) -> None:
        judge(admin.client.open(path, method=route.method, data=body, headers=headers))

    check()
    for wrong in garbage.every_spoilt(right):
        judge(admin.client.open(path, method=route.method, data=garbage.encode(wrong), headers=headers))
    open_house.drain()
    assert open_house.read(verification.list_problems) == []


def test_garbage_among_events_is_kept_and_holds_no_fact_up(open_house: House) -> None:
    """Each item gets a result of its own; nothing has to be sent for ever, and the true fact behind it is kept."""
    order_id = open_house.report(LEAK)
    wang = Device(open_house)

    right = st.sampled_from(BODIES).map(lambda body: {**EVENT, "work_order_id": order_id, "body": body})
    wrong = st.one_of(right.flatmap(garbage.spoilt), right.flatmap(garbage.spoilt), garbage.values(wire.PhoneEvent))

    def send(number: str, *found: Any) -> None:
        named = [
            {**e, "id": f"{number}-{i}"} if isinstance(e, dict) and e.get("id") == "event-0" else e
            for i, e in enumerate(found)
        ]
        raws = [*(garbage.encode(event) for event in named), wang.event(order_id, NOTE, number)]
        reply = wang.line.post("/api/v1/sync", b'{"v":1,"gen":"g1","cursor":0,"events":[%s]}' % b",".join(raws), 0)
        if reply.status == 400:
            return  # not even JSON
        results = [r["outcome"] for r in msgspec.json.decode(reply.body)["results"]]
        assert set(results) <= OUTCOMES, list(zip(named, results, strict=False))
        assert results[-1] in {"applied", "flagged", "filed_late", "duplicate"}

    @garbage.SETTINGS
    @given(event=wrong, number=st.uuids())
    def check(event: Any, number: Any) -> None:
        send(str(number), event)

    check()
    here = {**EVENT, "work_order_id": order_id}
    for name, body in enumerate([None, *BODIES]):
        spoilt_bodies = ({**here, "body": wrong} for wrong in garbage.every_spoilt(body))
        nasty = list(spoilt_bodies if body else garbage.every_spoilt({**here, "body": BODIES[2]}))
        for start in range(0, len(nasty), PORTION):
            portion = [e for e in nasty[start : start + PORTION] if b"\\ud800" not in garbage.encode(e)]
            send(f"nasty-{name}-{start}", *portion)
    assert open_house.read(lambda s: sync.list_quarantine(s, HOME))
    open_house.drain()
    assert open_house.read(lambda s: journal.verify_chain(s, HOME)) == []
