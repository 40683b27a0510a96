"""What a planning run answers: its plan, its proofs, its worth. Light: gateway and worker import it, never a solver."""

from __future__ import annotations

import dataclasses
from typing import Any

from routing.certificate import Certificate
from routing.plan import Plan


@dataclasses.dataclass(frozen=True)
class Judged:
    """A plan with its proofs, its cost against a bound as plain values, and whether its budget was used up."""

    plan: Plan
    certificates: tuple[Certificate, ...]
    quality: dict[str, Any]
    is_budget_bound: bool
