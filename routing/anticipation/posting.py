"""Where idle crews best wait, on places of a map: the rule of `stations` with straight driving times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routing.anticipation.districts import Floats
from routing.anticipation.stations import StationRules, choose_stations, response_price
from routing.problem import Place, Profile, Seconds, Value
from routing.travel import StraightLine


class Crew(Value, frozen=True, kw_only=True):
    """A crew that could answer: where it will be, in how many seconds, and whether it could wait elsewhere."""

    technician_id: str
    place: Place
    delay_s: Seconds = 0
    is_idle: bool = False


class Post(Value, frozen=True, kw_only=True):
    """Who should wait where, and how long the drive there is."""

    technician_id: str
    place: Place
    drive_s: int


def choose_posts(
    crews: Sequence[Crew], districts: Sequence[Place], weights: Floats, profile: Profile, rules: StationRules
) -> list[Post]:
    """Return the moves of idle crews that make the next emergency's expected response shorter, best first.

    ``weights``: the share of the next emergency expected in each district; they sum to 1.
    """
    if not districts or not any(crew.is_idle for crew in crews):
        return []
    line, places = StraightLine(profile), list(districts)
    drive = np.asarray(line.matrix([crew.place for crew in crews], places, 0)[0], dtype=np.float64)
    between = np.asarray(line.matrix(places, places, 0)[0], dtype=np.float64)
    delay = np.array([float(crew.delay_s) for crew in crews])
    moves = choose_stations(
        response_price(drive + delay[:, None], rules),
        response_price(between, rules),
        drive,
        np.array([crew.is_idle for crew in crews]),
        np.ascontiguousarray(weights, dtype=np.float64),
        rules,
    )
    return [
        Post(technician_id=crews[crew].technician_id, place=places[district], drive_s=int(drive[crew, district]))
        for crew, district in moves
    ]
