"""A working day on one phone, and every place that can be shown of it: what pictures and measurements walk through."""

from __future__ import annotations

from typing import Any, Final

from deploy import phone_map
from deploy.demo import autopilot
from deploy.demo.cast import Crew, Truth
from mobile.actions import duty, records, timers
from mobile.service import Phone
from mobile.store import pocket
from shared import facts

Place = tuple[str, str, dict[str, Any]]

METER: Final = facts.Instrument(serial="GT-201", kind="CH4", valid_until="2027-03-14")
OLD_METER: Final = facts.Instrument(serial="CO-117", kind="CO", valid_until="2026-06-30")
STOCK: Final = (
    facts.StockLine(part="hose_metal_1_5_m", lot="L-2608-88", quantity=4),
    facts.StockLine(part="self_closing_valve", lot="V-2607-12", quantity=2),
    facts.StockLine(part="gasket", quantity=20),
)
_CREW: Final = Crew("technician-01", "王建国", {}, (), (0.0, 0.0), "GT-201", "2027-03-14")
_DONE: Final = Truth(duration_s=1800, outcome="done", opinion="满意")
_PICTURE: Final = b"\x89PNG\r\n\x1a\n" + bytes(48_000)
_LEAK, _STOVE, _INSPECTION, _ALARM = "wo-1", "wo-2", "wo-3", "wo-4"
_HOUR_MS: Final = 3_600_000


def fill(phone: Phone) -> None:
    """Play the morning: the shift begun, a visit signed, a stove to sign, a leak under way, another offered."""
    duty.start_shift(phone.desk, is_fit=True, is_push_heard=True, instruments=(METER, OLD_METER), stock=STOCK)
    phone.sync_once()
    for order in (_INSPECTION, _STOVE, _LEAK):
        for command in ("accept_assignment", "depart", "arrive"):
            phone.act(command, order)
    for order in (_INSPECTION, _STOVE):
        autopilot.answer_steps(phone, order, _CREW, _DONE)
    autopilot.finish(phone, _INSPECTION, _DONE)
    phone.sync_once()
    phone.act("declare_outcome", _STOVE, outcome="done", work_done="更换热电偶 1 只,试火正常")
    phone.act(
        "judge_warranty", _STOVE, product="JZT-3B", invoice_date="2025-03-01", has_card=True, is_quality_fault=True
    )
    _work_on_leak(phone)
    duty.send_message(phone.desk, text="已到现场，正在检漏", about=_LEAK)
    phone.own.set_position_views(_views(phone.clock.now_ms()))
    phone_map.give_map(phone)


def _work_on_leak(phone: Phone) -> None:
    protocol = phone.protocols(_LEAK)[0]
    for step in protocol.steps[:3]:
        if step.kind == "tick":
            phone.act("answer_step", _LEAK, protocol=protocol.ref, step=step.id, outcome="pass")
    for index, purpose in enumerate(("before", "hazard")):
        phone.act("take_photo", _LEAK, content=_PICTURE + bytes([index]), purpose=purpose)
    phone.act("use_part", _LEAK, part="hose_metal_1_5_m", lot="L-2608-88", quantity=1)
    phone.act("estimate_remaining_time", _LEAK, remaining_s=1800)


def _views(now_ms: int) -> pocket.PositionViews:
    looked = pocket.PositionView(viewer="林静", at_ms=now_ms - _HOUR_MS, from_ms=now_ms - 3 * _HOUR_MS, until_ms=now_ms)
    return pocket.PositionViews(views=(looked,), fetched_ms=now_ms)


def list_places(phone: Phone) -> list[Place]:
    """List every place of the filled phone: the picture's name, the screen, its arguments (each time fresh ones)."""
    job = {"job": _LEAK}
    return [
        ("job-list", "job_list", {}),
        ("menu", "menu", {}),
        ("alarm", "alarm", {"job": _ALARM}),
        ("decline", "decline", {"job": _ALARM}),
        ("shift", "shift", {}),
        ("instruments", "instruments", {}),
        ("stock", "stock", {"part": "gasket"}),
        ("job-detail", "job_detail", dict(job)),
        ("job-offered", "job_detail", {"job": _ALARM}),
        ("job-gone", "job_detail", {"job": "wo-0"}),
        ("navigate", "navigate", dict(job)),
        *_list_work(phone),
        ("photos", "photos", dict(job)),
        ("parts", "parts", dict(job)),
        ("other", "exceptions", dict(job)),
        ("no-access", "no_access", {**job, "reason": "nobody_home", "proofs": {"knocked"}}),
        ("escalate", "escalate", dict(job)),
        ("odour", "odour", {"smell_strength": "strong"}),
        ("odour-told", "odour", {"is_sent": True, "location": "stairwell", "smell_strength": "strong"}),
        ("messages", "messages", {}),
        *_list_signing(phone),
        ("sync-status", "sync_status", {}),
        ("my-day", "my_day", {}),
        ("map", "map", {}),
        ("locked", "locked", {}),
        ("wiped", "wiped", {}),
        ("position-log", "position_log", {"asked": True, "state": ""}),
        ("position-log-offline", "position_log", {"asked": True, "state": "no_network"}),
        ("settings", "settings", {"sounded": True}),
        ("permissions", "permissions", {}),
        ("enrol", "enrol", {"server": "https://gas.example:8160"}),
    ]


def _list_work(phone: Phone) -> list[Place]:
    """List the leak's protocols and one step of each kind."""
    places: list[Place] = []
    seen: set[str] = set()
    for number, protocol in enumerate(phone.protocols(_LEAK), start=1):
        places.append((f"checklist-{number}", "protocol", {"job": _LEAK, "protocol": protocol.ref}))
        for step in protocol.steps:
            if step.kind not in seen and step.kind != "computed":
                seen.add(step.kind)
                where = {"job": _LEAK, "protocol": protocol.ref, "step": step.id}
                places.append((f"step-{step.kind}", "step", where))
                if step.kind == "timer":
                    timers.start_timer(phone.desk, _LEAK, protocol=protocol.ref, step=step.id)
    places.append(("outcome", "outcome", {"job": _LEAK}))
    return places


def _list_signing(phone: Phone) -> list[Place]:
    job = {"job": _STOVE}
    return [
        ("signature", "signature", dict(job)),
        ("set-pin", "set_pin", dict(job)),
        ("waive", "waive", dict(job)),
        ("remote", "remote", dict(job)),
        ("remote-asked", "remote", {**job, "is_asked": True}),
        ("money", "money", dict(job)),
        ("warranty", "warranty", dict(job)),
        ("ask-price", "ask_price", dict(job)),
        ("receipt", "receipt", dict(job)),
        ("damage", "damage", dict(job)),
        ("customer-copy", "customer_copy", {"job": _INSPECTION}),
        ("correct", "correct", {"job": _INSPECTION}),
        *list_kiosk(phone),
    ]


def list_kiosk(phone: Phone) -> list[Place]:
    """List the customer's own screens."""
    draft = records.draft_record(phone.desk, _STOVE)
    job = {"job": _STOVE}
    return [
        ("kiosk", "kiosk", {**job, "draft": draft, "relation": "self", "opinion": "满意"}),
        ("pad", "pad", {**job, "draft": draft, "relation": "self", "opinion": "满意"}),
        ("kiosk-refuse", "kiosk_refuse", {**job, "reason": "refused_price"}),
        ("kiosk-done", "kiosk_done", {"job": _INSPECTION}),
        ("pin", "pin", dict(job)),
    ]


def list_empty_places() -> list[Place]:
    """List the places that a phone without any work shows otherwise: what to do stands there."""
    names = ("job_list", "shift", "instruments", "stock", "messages", "my_day", "sync_status")
    loading: Place = ("position-log-loading", "position_log", {"asked": True, "state": "loading"})
    return [(f"empty-{name.replace('_', '-')}", name, {}) for name in names] + [loading]
