"""HTTP of the windows that the hotline may promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.board import windows
from server.core.registry import OFFICE, Audience, Registry

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    path = "/api/v1/intake/windows"
    registry.add("POST", path, offer_windows, Audience.CONSOLE, roles=OFFICE, schema=windows.WindowsRequest)


def offer_windows(call: Call) -> dict[str, Any]:
    """Offer the windows that the plan can keep."""
    settings, now_ms = call.settings, call.now_ms
    profile, zone = settings.sla_profile, settings.time_zone
    return call.read(lambda s: windows.offer(s, call.actor.branch_id, call.body, now_ms, profile, zone))
