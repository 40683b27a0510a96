"""Crews in the replay: where each is, what it does, and what it may be told to do next."""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

from tests.benchmarks.nyc.laws import DETOUR, HAND_OVER_S, PACE, Floats

Ints = npt.NDArray[np.int64]


class Mode(enum.IntEnum):
    """What a crew does: waits (or drives to where it is to wait), drives to a call, works there."""

    WAITS = 0
    DRIVES = 1
    WORKS = 2


class Fleet:
    """State of K crews. A drive begins with the hand-over, standing; a crew turned on its way stands for it again."""

    def __init__(self, place_m: Floats) -> None:
        """Put the crews down, waiting."""
        self.from_m, self.to_m = place_m.copy(), place_m.copy()
        self.leaves_s = np.full(len(place_m), -np.inf)
        self.mode: Ints = np.full(len(place_m), Mode.WAITS, dtype=np.int64)
        self.call: Ints = np.full(len(place_m), -1, dtype=np.int64)
        self.since_s = np.zeros(len(place_m))
        # Counts orders given: an arrival that was announced for an older order is void.
        self.order: Ints = np.zeros(len(place_m), dtype=np.int64)
        self.driven_m = {Mode.WAITS: 0.0, Mode.DRIVES: 0.0}

    def __len__(self) -> int:
        return len(self.mode)

    def place_m(self, now_s: float) -> Floats:
        """Return where every crew is now, shape (K, 2); between two places in a straight line."""
        gap = self.to_m - self.from_m
        length = np.hypot(gap[:, 0], gap[:, 1])
        moved = (now_s - self.leaves_s - HAND_OVER_S) / np.maximum(PACE * length, 1e-9)
        share = np.where(length > 0, np.clip(moved, 0.0, 1.0), 1.0)
        place: Floats = self.from_m + gap * share[:, None]
        return place

    def arrival_s(self) -> Floats:
        """Return when every crew is at the end of its present drive."""
        gap = self.to_m - self.from_m
        seconds: Floats = self.leaves_s + HAND_OVER_S + PACE * np.hypot(gap[:, 0], gap[:, 1])
        return seconds

    def send(self, crew: int, now_s: float, to_m: Floats, call: int = -1) -> float:
        """Send a crew from where it is to a call, or to wait elsewhere (−1); return when it will be there."""
        self._stop(crew, now_s)
        self.to_m[crew], self.leaves_s[crew] = to_m, now_s
        self.mode[crew], self.call[crew] = (Mode.WAITS if call < 0 else Mode.DRIVES), call
        return float(self.arrival_s()[crew])

    def stay(self, crew: int, now_s: float) -> None:
        """Let a crew wait where it is."""
        self._stop(crew, now_s)
        self.mode[crew], self.call[crew] = Mode.WAITS, -1

    def begin(self, crew: int, now_s: float) -> None:
        """Let a crew begin the work it has driven to."""
        self._stop(crew, now_s)
        self.mode[crew], self.since_s[crew] = Mode.WORKS, now_s

    def finish(self, crew: int) -> None:
        """Let a crew be done with its work."""
        self.mode[crew], self.call[crew] = Mode.WAITS, -1
        self.order[crew] += 1

    def _stop(self, crew: int, now_s: float) -> None:
        here = self.place_m(now_s)[crew]
        if self.mode[crew] != Mode.WORKS:
            gap = here - self.from_m[crew]
            self.driven_m[Mode(int(self.mode[crew]))] += DETOUR * float(np.hypot(gap[0], gap[1]))
        self.from_m[crew] = self.to_m[crew] = here
        self.order[crew] += 1
