"""When a search ends: by steps, the same on every machine, or by seconds."""

from __future__ import annotations

from typing import Protocol

from routing.problem import Value


class Limits(Value, frozen=True, kw_only=True):
    """What a search is held to; None means not limited by that."""

    iterations: int | None = None
    seconds: float | None = None


class Stop(Protocol):
    """A stopping criterion given by the caller (decision 18)."""

    def limits(self) -> Limits:
        """Return the limits of one whole planning run."""


class MaxIterations(Value, frozen=True):
    """Ends after so many improvement steps: same problem, seed and count give the same plan on any machine."""

    count: int

    def limits(self) -> Limits:
        """Return a limit by steps only."""
        return Limits(iterations=max(0, self.count))


class MaxSeconds(Value, frozen=True):
    """Ends after so many seconds of search; for production, where time is the cap."""

    seconds: float

    def limits(self) -> Limits:
        """Return a limit by seconds only."""
        return Limits(seconds=max(0.0, self.seconds))
