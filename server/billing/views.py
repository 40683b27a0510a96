"""HTTP of the desk's money: prices, approvals, cash, damage claims."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

import msgspec

from server.billing import cash, damages, pricing, repository
from server.billing.models import DamageClaim, PriceApproval
from server.core.registry import DESK, OFFICE, Audience, Registry

if TYPE_CHECKING:
    from server.core.calls import Call

_HAND_INS = 100


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add, console = registry.add, Audience.CONSOLE
    add("GET", "/api/v1/prices", get_prices, Audience.PUBLIC, limit="60/minute")
    add("GET", "/api/v1/price-approvals", list_approvals, console, roles=OFFICE)
    add("POST", "/api/v1/price-approvals/<approval_id>", decide, console, roles=DESK, schema=pricing.DecideRequest)
    add("GET", "/api/v1/cash", list_cash, console, roles=OFFICE)
    add("POST", "/api/v1/cash/<technician_id>/hand-in", hand_in, console, roles=OFFICE, schema=cash.HandInRequest)
    add("GET", "/api/v1/damages", list_damages, console, roles=OFFICE)
    add("POST", "/api/v1/damages/<damage_id>/settle", settle, console, roles=DESK, schema=damages.SettleRequest)


def get_prices(call: Call) -> dict[str, Any]:
    """Return the price list in force today; public, so that nobody is charged in the dark (WA-10)."""
    zone = zoneinfo.ZoneInfo(call.settings.time_zone)
    day = dt.datetime.fromtimestamp(call.now_ms / 1000, zone).date()
    return {"list": msgspec.to_builtins(pricing.list_in_force(day)), "ref": pricing.list_in_force(day).ref}


def list_approvals(call: Call) -> dict[str, Any]:
    """List the prices that wait for a second person."""
    return {"items": call.read(lambda s: [_approval(r) for r in repository.list_asked(s, call.actor.branch_id)])}


def decide(call: Call, approval_id: str) -> dict[str, Any]:
    """Approve or refuse a price."""
    return call.write(lambda tx: _approval(pricing.decide_approval(tx, approval_id, call.body)))


def list_cash(call: Call) -> dict[str, Any]:
    """List who holds how much cash, until when, and what was handed in lately."""
    branch_id, now_ms = call.actor.branch_id, call.now_ms
    held = call.read(lambda s: cash.list_held(repository.list_open_cash(s, branch_id), now_ms))
    done = call.read(
        lambda s: [
            {
                "technician_id": row.technician_id,
                "counted_cents": row.counted_cents,
                "expected_cents": row.expected_cents,
                "received_by": row.received_by,
                "received_ms": row.received_ms,
                "is_late": row.is_late,
                "note": row.note,
            }
            for row in repository.list_hand_ins(s, branch_id, _HAND_INS)
        ]
    )
    return {"items": held, "hand_ins": done}


def hand_in(call: Call, technician_id: str) -> dict[str, Any]:
    """Receive a technician's cash."""

    def work(tx: Any) -> dict[str, Any]:
        row = cash.hand_in(tx, technician_id, call.body)
        return {"id": row.id, "counted_cents": row.counted_cents, "is_late": row.is_late}

    return call.write(work)


def list_damages(call: Call) -> dict[str, Any]:
    """List the claims that wait for a settlement."""
    return {"items": call.read(lambda s: [_damage(r) for r in repository.list_open_damages(s, call.actor.branch_id)])}


def settle(call: Call, damage_id: str) -> dict[str, Any]:
    """Settle a claim."""
    return call.write(lambda tx: _damage(damages.settle_damage(tx, damage_id, call.body)))


def _approval(row: PriceApproval) -> dict[str, Any]:
    return {
        "id": row.id,
        "work_order_id": row.work_order_id,
        "asked_by": row.asked_by,
        "asked_ms": row.asked_ms,
        "list_ref": row.list_ref,
        "lines": row.lines,
        "total_cents": row.total_cents,
        "reason": row.reason,
        "state": row.state,
        "note": row.note,
    }


def _damage(row: DamageClaim) -> dict[str, Any]:
    return {
        "id": row.id,
        "work_order_id": row.work_order_id,
        "technician_id": row.technician_id,
        "item": row.item,
        "value_cents": row.value_cents,
        "paid_cents": row.paid_cents,
        "photo": row.photo,
        "note": row.note,
        "claimed_ms": row.claimed_ms,
        "settled_ms": row.settled_ms,
        "settled_cents": row.settled_cents,
    }
