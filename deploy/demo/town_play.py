"""Placeholder until the town lands."""

from __future__ import annotations

import datetime as dt

from deploy.demo.cast import Play


def make_town_play(seed: int, day: dt.date, orders: int) -> Play:
    raise NotImplementedError(seed, day, orders)
