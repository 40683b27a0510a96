"""Random numbers inside compiled code: xorshift64, the same with and without numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.search.compiled import inline

_A, _B, _C, _TOP = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(11)
_UNIT = 2.0**-53


def seeded(seed: int) -> NDArray[np.uint64]:
    """Return the generator's one-word state [1] for a seed."""
    word = (seed * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) % (1 << 64)
    return np.array([word or 1], dtype=np.uint64)


@inline
def unit(random: NDArray[np.uint64]) -> float:
    """Return the next number in [0, 1)."""
    word = random[0]
    word ^= word << _A
    word ^= word >> _B
    word ^= word << _C
    random[0] = word
    return float(word >> _TOP) * _UNIT


@inline
def below(random: NDArray[np.uint64], limit: int) -> int:
    """Return the next whole number in [0, limit)."""
    return int(unit(random) * limit)
