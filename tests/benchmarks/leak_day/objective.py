"""The price list of a planner and what distinguishes one policy from another: data, nothing computed."""

from __future__ import annotations

from dataclasses import dataclass

from routing.search.engine import DEFAULT, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Objective of the definition, in seconds of driving; prices of waiting and lateness are per second.

    Ours besides: ``cushion_s`` before the end of a window (or of an urgent leak's time) already costs, a window that
    is broken costs ``broken_late``, and with ``short_first`` a gas job's lateness counts by (25 min / its length) to
    that power: what cannot all be done is done for as many customers as possible.
    """

    emergency_wait: float = 5.0
    emergency_late: float = 50.0
    urgent_wait: float = 0.2
    urgent_late: float = 5.0
    routine_late: float = 1.0
    broken_late: float = 1.0
    cushion_s: float = 0.0
    cushion_late: float = 0.0
    urgent_cushion_s: float = 0.0
    move_soon: float = 300.0
    move_later: float = 100.0
    undone: float = 60_000.0
    reserve: float = 0.0
    overtime: float = 0.0
    divert: float = 600.0
    short_first: float = 0.0
    service_factor: float = 1.0
    qualified_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a policy does besides pricing."""

    engine: str = "search"  # search, ortools, insertion
    cpu_s: float = 0.06
    morning_cpu_s: float = 3.0
    divertible: int = 8
    call_off: bool = False  # nearest crew for an emergency, interrupting
    interrupt_beyond_s: float = 1e9  # call somebody off when the plan says later than this
    reposition: bool = False
    insert_first: bool = True
    holds_emergencies: bool = False
    settings: Settings = DEFAULT
