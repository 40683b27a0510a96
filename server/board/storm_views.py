"""HTTP of storm mode: what it would do, beginning and prolonging it, ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.core.registry import DESK, OFFICE, Audience, Registry
from server.dispatch import storm

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/storm", get_advice, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/storm", begin, Audience.CONSOLE, roles=DESK)
    add("POST", "/api/v1/storm/end", end, Audience.CONSOLE, roles=DESK)


def get_advice(call: Call) -> dict[str, Any]:
    """Return what storm mode would do now, and until when it lasts if it has begun."""
    return call.read(lambda s: storm.advise(s, call.actor.branch_id, call.now_ms, call.settings.sla_profile))


def begin(call: Call) -> dict[str, Any]:
    """Begin or prolong storm mode."""
    call.write(lambda tx: storm.begin(tx, call.settings.sla_profile))
    return {"ok": True}


def end(call: Call) -> dict[str, Any]:
    """End storm mode."""
    call.write(storm.end)
    return {"ok": True}
