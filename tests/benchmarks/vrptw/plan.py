"""What a contender hands in, and the distances all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.referee_vrptw import Customer


@dataclass(frozen=True)
class Solved:
    """Routes as customer numbers without the depot, and the CPU seconds they took."""

    routes: list[list[int]]
    cpu_s: float


def matrix(customers: Sequence[Customer]) -> NDArray[np.float64]:
    """Return Euclidean distances between all customers."""
    x, y = np.array([one.x for one in customers]), np.array([one.y for one in customers])
    distances: NDArray[np.float64] = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    return distances
