"""Distances in whole numbers for peers that cannot say them in doubles.

Rounding travel times up keeps their plans feasible in double precision, so that the referee can accept them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.referee_vrptw import Instance
from tests.benchmarks.vrptw.plan import matrix

SCALE = 10_000


def times(instance: Instance, scale: int = SCALE) -> Any:
    """Return travel times between all customers, rounded up."""
    return np.ceil(matrix(instance.customers) * scale - 1e-6).astype(np.int64)


def lengths(instance: Instance, scale: int = SCALE) -> Any:
    """Return distances between all customers, rounded."""
    return np.rint(matrix(instance.customers) * scale).astype(np.int64)
