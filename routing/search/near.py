"""Which jobs lie near which: the search changes a plan where jobs are neighbours."""

from __future__ import annotations

import numpy as np

from routing.search.layout import Floats, Ints


def nearest(travel_cost: Floats, jobs: int, count: int) -> Ints:
    """Return the nearest jobs [n, count] of every job by the price there and back, itself first."""
    count = min(count, jobs)
    found = np.zeros((jobs, count), np.int32)
    for job in range(jobs):
        price = travel_cost[job, :jobs] + travel_cost[:jobs, job]
        price[job] = -np.inf
        closest = np.argpartition(price, count - 1)[:count] if count < jobs else np.arange(jobs)
        found[job] = closest[np.argsort(price[closest], kind="stable")]
    return found
