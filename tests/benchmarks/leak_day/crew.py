"""One technician and his van during the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

Point = tuple[float, float]


class Doing(IntEnum):
    """What a technician is doing."""

    IDLE = 0
    DRIVING = 1
    ON_SITE = 2


# Targets of a drive that is not to an order.
HOME = -1
SPOT = -2


@dataclass(slots=True, kw_only=True)
class Crew:
    """Where a technician stands, what he does, and the stops still before him (``tail``, next one first)."""

    index: int
    qualified: bool
    home: Point
    place: Point
    doing: Doing = Doing.IDLE
    tail: list[int] = field(default_factory=list)
    target: int = HOME
    goal: Point = (0.0, 0.0)
    left_s: float = 0.0
    arrives_s: float = 0.0
    drive_s: float = 0.0
    job: int = -1
    started_s: float = 0.0
    ends_s: float = 0.0
    token: int = 0
    wakes_s: float = -1.0
    km: float = 0.0
    km_home: float = 0.0
    home_s: float = 0.0

    def share_driven(self, now_s: float) -> float:
        """Return the share of the present drive that lies behind him, 0 to 1."""
        whole = self.arrives_s - self.left_s
        return 1.0 if whole <= 0 else min(1.0, max(0.0, (now_s - self.left_s) / whole))

    def position(self, now_s: float) -> Point:
        """Return where he is."""
        if self.doing != Doing.DRIVING:
            return self.place
        share = self.share_driven(now_s)
        return (
            self.place[0] + share * (self.goal[0] - self.place[0]),
            self.place[1] + share * (self.goal[1] - self.place[1]),
        )

    @property
    def heads_for(self) -> int:
        """Return the order he is driving to, -1 for none."""
        return self.target if self.doing == Doing.DRIVING and self.target >= 0 else -1
