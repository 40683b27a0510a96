"""The company's own history by hour and district: where and when the next emergency may be expected."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_HOURS = 24


class DistrictHistory:
    """Counts of past emergencies by square district and hour of the day, learnt one by one.

    A district stands at the mean place of what was reported in it. Places are metres east and north of any origin.
    """

    def __init__(self, side_m: float, hour_share: float = 0.0, hour_span: int = 3) -> None:
        """Keep the side of a district and how much the hours nearby say against the whole day (0: nothing)."""
        self._side_m, self._hour_share, self._hour_span = side_m, hour_share, hour_span
        self._index: dict[tuple[int, int], int] = {}
        self._sums: list[tuple[float, float]] = []
        self._hours: list[list[int]] = []
        self.count = 0

    def learn(self, east_m: float, north_m: float, hour: int) -> None:
        """Take one reported emergency into the history; ``hour`` of the day 0 to 23."""
        key = (int(east_m // self._side_m), int(north_m // self._side_m))
        row = self._index.setdefault(key, len(self._sums))
        if row == len(self._sums):
            self._sums.append((0.0, 0.0))
            self._hours.append([0] * _HOURS)
        east, north = self._sums[row]
        self._sums[row] = (east + east_m, north + north_m)
        self._hours[row][hour] += 1
        self.count += 1

    def centres_m(self) -> Floats:
        """Return the place of every district, shape (districts, 2)."""
        counts = np.array(self._hours, dtype=np.float64).reshape(-1, _HOURS).sum(axis=1)
        centres: Floats = np.array(self._sums, dtype=np.float64).reshape(-1, 2) / counts[:, None]
        return centres

    def weights(self, hour: int) -> Floats:
        """Return the share of the next emergency expected in each district at this hour; they sum to 1."""
        table = np.array(self._hours, dtype=np.float64).reshape(-1, _HOURS)
        near = [(hour + shift) % _HOURS for shift in range(-self._hour_span, self._hour_span + 1)]
        whole, now = table.sum(axis=1), table[:, near].sum(axis=1)
        share = self._hour_share if now.sum() > 0 else 0.0
        mixed: Floats = (1 - share) * whole / whole.sum() + (share * now / now.sum() if share else 0.0)
        return mixed
