"""Which jobs a job may well stand beside: near in space and in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from routing.search.arrays import Arrays
from routing.search.layout import Floats, Ints

WAIT_WEIGHT = 0.2  # of a second waited, in seconds driven (as PyVRP weighs it)


def likely(arrays: Arrays, count: int) -> Ints:
    """Return the jobs [n, count] that each job may well stand beside: near, and at about the same time.

    Jobs that cannot follow one another in either order come last.
    """
    n = arrays.jobs
    count = min(count, max(n - 1, 1))
    price, seconds = arrays.travel_cost[:n, :n], arrays.travel_s[:n, :n]
    opens = arrays.window_open[arrays.window_from[:-1]]
    closes = arrays.window_close[arrays.window_from[1:] - 1]
    per_second = float(price.sum() / max(seconds.sum(), 1e-9))
    far = float(price.max(initial=0.0)) * 4.0 + 1.0
    found = np.zeros((n, count), np.int32)
    for job in range(n):
        after = _reach(price[job], opens[job] + arrays.service_s[job] + seconds[job], opens, closes, per_second, far)
        leave = opens + arrays.service_s + seconds[:, job]
        before = _reach(price[:, job], leave, opens[job], closes[job], per_second, far)
        score = np.minimum(after, before)
        score[job] = np.inf
        closest = np.argpartition(score, count - 1)[:count]
        found[job] = closest[np.argsort(score[closest], kind="stable")]
    return found


def _reach(price: Floats, early: Floats, opens: Any, closes: Any, per_second: float, far: float) -> Floats:
    """Return price plus the weighted wait when arriving as early as can be, and much more when that is too late."""
    with np.errstate(invalid="ignore"):
        latest = closes if np.isscalar(closes) else np.asarray(closes)
        wait = np.nan_to_num(np.maximum(opens - early, 0.0), nan=0.0, posinf=0.0)
    wait = np.minimum(WAIT_WEIGHT * per_second * wait, far / 4.0)
    return np.asarray(price + wait + np.where(early > latest, far, 0.0))
