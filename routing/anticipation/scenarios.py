"""Equally likely ends of a running visit: the learned law of durations, given how long it has run already."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from routing.anticipation.remaining import DurationLaw, expected_remaining_s

_STANDARD = NormalDist()
# Beyond this share of the law nothing was ever seen: its tail says no more than the expectation does.
_LEAST_SHARE = 1e-6


def remaining_scenarios_s(law: DurationLaw, planned_s: float, elapsed_s: float, count: int) -> npt.NDArray[np.float64]:
    """Return ``count`` equally likely remaining seconds, ascending, of a visit planned for ``planned_s``.

    ``elapsed_s`` 0 gives whole durations. A law without spread gives the expectation ``count`` times.
    """
    expected = expected_remaining_s(law, planned_s, elapsed_s)
    if law.spread <= 0:
        return np.full(count, expected)
    mean_log = math.log(max(planned_s, 1.0)) + law.bias
    gone = _STANDARD.cdf((math.log(elapsed_s) - mean_log) / law.spread) if elapsed_s > 0 else 0.0
    if 1 - gone < _LEAST_SHARE:
        return np.full(count, expected)
    shares = [gone + (1 - gone) * (index + 0.5) / count for index in range(count)]
    ends = [math.exp(mean_log + law.spread * _STANDARD.inv_cdf(share)) for share in shares]
    return np.maximum(np.array(ends) - elapsed_s, 0.0)
