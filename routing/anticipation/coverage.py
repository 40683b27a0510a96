"""Expected coverage: how soon somebody would reach the next leak, and where a waiting technician does most for it.

All times in seconds. ``reach[m, p]`` is when technician m, as things stand, could be at forecast place p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FAR_S = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverPrice:
    """What moving for coverage may cost.

    ``second_share``: weight of the second nearest technician (the nearest may be gone); ``leaks_per_hour``: emergencies
    to expect; ``worth``: driving seconds one second earlier at an emergency is worth; ``least_gain_s``: smaller gains
    in expected response are noise; ``tail_s``: the second at which a place reached that late counts twice as much as
    one next door (infinite: all seconds are equal); ``fixed_s``: what any move costs besides its driving.
    """

    second_share: float = 0.3
    leaks_per_hour: float = 2.5
    worth: float = 40.0
    least_gain_s: float = 5.0
    tail_s: float = np.inf
    fixed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A technician who may be moved: his index, his candidate places and how long he will wait there.

    ``reach_s[c, p]``: from candidate c to forecast place p; candidate 0 is where he is. ``extra_s[c]``: driving the
    candidate adds to his day; ``dwell_s[c]``: how long he can stay.
    """

    technician: int
    reach_s: Floats
    extra_s: Floats
    dwell_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move worth making: ``gain_s`` off the response as priced, for ``extra_s`` more driving."""

    technician: int
    candidate: int
    gain_s: float
    extra_s: float


def expected_response_s(reach: Floats, weights: Floats, second_share: float = 0.3) -> float:
    """Return the weighted mean over forecast places of nearest and second nearest technician's time."""
    return float(weights @ _response(*_two_best(reach), second_share) / weights.sum())


def choose_moves(
    reach: Floats, weights: Floats, waiters: list[Waiter], price: CoverPrice, budget_s: float = np.inf
) -> list[Move]:
    """Return the moves worth their driving, best first, each seen with those before it made.

    ``budget_s`` limits their extra driving together (the limit on empty kilometres).
    """
    reach, left = reach.copy(), list(waiters)
    moves: list[Move] = []
    while left:
        found = [(*_best_of(reach, weights, waiter, price, budget_s), waiter) for waiter in left]
        value, candidate, gain, waiter = max(found, key=lambda one: (one[0], -one[3].technician))
        if value <= 0:
            break
        extra = float(waiter.extra_s[candidate])
        moves.append(Move(technician=waiter.technician, candidate=candidate, gain_s=gain, extra_s=extra))
        reach[waiter.technician] = waiter.reach_s[candidate]
        budget_s -= extra
        left = [one for one in left if one is not waiter]
    return moves


def _best_of(
    reach: Floats, weights: Floats, waiter: Waiter, price: CoverPrice, budget_s: float
) -> tuple[float, int, float]:
    others = np.delete(reach, waiter.technician, axis=0)
    best, second = _two_best(others)
    response = _with_one_more(best, second, waiter.reach_s, price.second_share)
    response = (response + response**2 / (2 * price.tail_s)) @ weights / weights.sum()
    gain = response[0] - response
    expected = price.leaks_per_hour * waiter.dwell_s / 3600
    value = gain * expected * price.worth - waiter.extra_s - price.fixed_s
    value[(gain < price.least_gain_s) | (waiter.extra_s > budget_s)] = -np.inf
    value[0] = -np.inf
    candidate = int(np.argmax(value))
    return float(value[candidate]), candidate, float(gain[candidate])


def _two_best(reach: Floats) -> tuple[Floats, Floats]:
    capped = np.minimum(np.concatenate([reach, np.full((2, reach.shape[1]), _FAR_S)]), _FAR_S)
    lowest = np.partition(capped, 1, axis=0)
    return lowest[0], lowest[1]


def _with_one_more(best: Floats, second: Floats, reach: Floats, share: float) -> Floats:
    first = np.minimum(best, reach)
    return _response(first, np.minimum(second, np.maximum(best, reach)), share)


def _response(best: Floats, second: Floats, share: float) -> Floats:
    return np.asarray((1 - share) * best + share * second)
