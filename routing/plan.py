"""What a planner answers: routes with times, what stays unserved and why, and what it all costs."""

from __future__ import annotations

import msgspec

from routing.certificate import Certificate, MovedStop
from routing.problem import Value


class StopTime(Value, frozen=True, kw_only=True):
    """One stop of a route in seconds; ``lateness_s`` is how far the start lies behind ``due_s``."""

    job_id: str
    arrival_s: int
    start_s: int
    end_s: int
    lateness_s: int = 0


class BreakTime(Value, frozen=True, kw_only=True):
    """A rest within a route, in the leg before stop number ``position`` (counted from 0).

    It begins where he is: where the last stop ended, at the depot, or at the next door when that was reached first.
    """

    position: int
    start_s: int
    end_s: int


class DepotVisit(Value, frozen=True, kw_only=True):
    """A visit to a depot in the leg before stop number ``position``: parts ``taken`` by kind, and instruments."""

    depot_id: str
    position: int
    arrival_s: int
    start_s: int
    end_s: int
    taken: dict[str, int] = msgspec.field(default_factory=dict)
    instruments: tuple[str, ...] = ()


class Route(Value, frozen=True, kw_only=True):
    """The stops of one technician in order.

    ``leaves_for`` is how many leading stops he serves before he returns to the job he left (consent needed).
    ``drive_s`` covers all driving of the route including depots and the way to his end place; ``overtime_s`` is how
    far he comes home behind the normal end of his shift. A job of two technicians stands in two routes.
    """

    technician_id: str
    stops: tuple[StopTime, ...] = ()
    leaves_for: int = 0
    drive_s: int = 0
    breaks: tuple[BreakTime, ...] = ()
    depot_visits: tuple[DepotVisit, ...] = ()
    overtime_s: int = 0


class Objective(Value, frozen=True, kw_only=True):
    """The exact cost of a plan by parts; ``total`` is their sum, in driving seconds.

    ``lateness`` holds both pieces (behind due and behind the SLA's breach), ``territory`` work in foreign territories,
    ``reserve`` plain work of those who are kept for emergencies.
    """

    travel: float = 0.0
    lateness: float = 0.0
    unserved: float = 0.0
    moved: float = 0.0
    overtime: float = 0.0
    territory: float = 0.0
    reserve: float = 0.0
    total: float = 0.0


class Plan(Value, frozen=True, kw_only=True):
    """A whole plan; ``unserved`` maps a job to the reason that binds, ``engines`` names what made the plan."""

    routes: tuple[Route, ...] = ()
    unserved: dict[str, str] = msgspec.field(default_factory=dict)
    objective: Objective = msgspec.field(default_factory=Objective)
    engines: tuple[str, ...] = ()
    travel_quality: str = ""


class UrgentAnswer(Value, frozen=True, kw_only=True):
    """The instant answer to an emergency: the plan with it, and the proof that nobody could be earlier."""

    plan: Plan
    certificate: Certificate


class PlanResult(Value, frozen=True, kw_only=True):
    """A day plan with one certificate for each emergency and urgent leak that was placed first.

    ``moved`` are the stops of the previous plan that another technician has now, or nobody; ``moved_budget_bound``
    tells that more would have moved without the budget.
    """

    plan: Plan
    certificates: tuple[Certificate, ...]
    engines: tuple[str, ...]
    objective: Objective
    moved: tuple[MovedStop, ...] = ()
    moved_budget_bound: bool = False
