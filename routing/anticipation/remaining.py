"""Remaining-time learning: what the company's own visits say about when a running job will end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

_STANDARD = NormalDist()
_SHORTEST_S = 60.0
_HISTORY_FLOOR = 8


@dataclass(frozen=True, slots=True)
class DurationLaw:
    """Actual over planned duration as a lognormal: ``bias`` is the mean of its logarithm, ``spread`` the deviation."""

    bias: float = 0.0
    spread: float = 0.0


def learn_durations(planned_s: Sequence[float], actual_s: Sequence[float]) -> DurationLaw:
    """Return the law of past visits, robustly: median and median deviation of log(actual / planned).

    Fewer than eight usable visits say nothing: the law then is "as planned". Pairs that are not positive are left out.
    """
    logs = sorted(
        math.log(actual / planned)
        for planned, actual in zip(planned_s, actual_s, strict=True)
        if planned > 0 and actual > 0
    )
    if len(logs) < _HISTORY_FLOOR:
        return DurationLaw()
    middle = _median(logs)
    spread = 1.4826 * _median(sorted(abs(one - middle) for one in logs))
    return DurationLaw(middle, spread)


def expected_remaining_s(law: DurationLaw, planned_s: float, elapsed_s: float) -> float:
    """Return the expected seconds until a job ends that was planned for ``planned_s`` and runs for ``elapsed_s``.

    At least one minute. With a law without spread: planned less elapsed.
    """
    mean_log = math.log(max(planned_s, 1.0)) + law.bias
    if law.spread <= 0:
        return max(_SHORTEST_S, math.exp(mean_log) - elapsed_s)
    if elapsed_s <= 0:
        return math.exp(mean_log + law.spread**2 / 2)
    z = (mean_log - math.log(elapsed_s)) / law.spread
    still = _STANDARD.cdf(z)
    if still < 1e-9:  # noqa: PLR2004 - beyond what any history has seen: a lognormal's tail is proportional to age
        return max(_SHORTEST_S, elapsed_s * law.spread**2 / max(-z, 1.0))
    beyond = math.exp(mean_log + law.spread**2 / 2) * _STANDARD.cdf(z + law.spread)
    return max(_SHORTEST_S, beyond / still - elapsed_s)


def likely_duration_s(law: DurationLaw, planned_s: float, share: float) -> float:
    """Return the duration that ``share`` (0 to 1, exclusive) of such jobs do not exceed."""
    return planned_s * math.exp(law.bias + law.spread * _STANDARD.inv_cdf(share))


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
