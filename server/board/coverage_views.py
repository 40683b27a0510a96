"""HTTP of the coverage view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from server.board import coverage
from server.core.registry import OFFICE, Audience, Registry

if TYPE_CHECKING:
    from server.core.calls import Call

_LEAK_SKILL: Final = "gas_leak"
_LONGEST: Final = 40


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/coverage", show_coverage, Audience.CONSOLE, roles=OFFICE, limit="60/minute")


def show_coverage(call: Call) -> dict[str, Any]:
    """Show how long a leak would wait at each place; `skill` is another than that for leaks."""
    skill = call.query.get("skill", _LEAK_SKILL)[:_LONGEST]
    return call.read(lambda s: coverage.coverage(s, call.actor.branch_id, skill, call.now_ms))
