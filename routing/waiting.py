"""What is asked of the rule for waiting emergencies, apart from the rule itself: naming it loads no compiler."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """What waiting weighs: data of the company, in seconds.

    ``target_s``: an emergency should be reached within. ``late_s``: one not reached so counts as this many seconds
    beyond it. ``limit_s``: from this waiting on every second counts 1 + ``limit_weight`` times.
    """

    target_s: float
    late_s: float = 0.0
    limit_s: float = math.inf
    limit_weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """K crews, W waiting emergencies, S equally likely scenarios; seconds from now.

    ``travel_s[K, W]`` from where a crew will be ready; ``between_s[W, W]``; ``ready_s[K, S]``; ``service_s[W, S]``;
    ``waited_s[W]`` since the report (negative: nobody may arrive before); ``latest_s[K, W]``: a crew may not arrive
    after (−inf: it may not go at all).
    """

    travel_s: Floats
    between_s: Floats
    ready_s: Floats
    service_s: Floats
    waited_s: Floats
    latest_s: Floats
