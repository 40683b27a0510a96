"""Which jobs lie near which: the search changes a plan where jobs are neighbours."""

from __future__ import annotations

import numpy as np

from routing.search.layout import Floats, Ints


def nearest(travel_cost: Floats, jobs: int, count: int) -> Ints:
    """Return the nearest jobs [n, count] of every job by the price there and back, itself first."""
    count = min(count, jobs)
    price = travel_cost[:jobs, :jobs] + travel_cost[:jobs, :jobs].T
    np.fill_diagonal(price, -np.inf)
    closest = np.argpartition(price, max(count - 1, 0), axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(price, closest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(closest, order, axis=1).astype(np.int32)
