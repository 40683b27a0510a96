"""Where idle crews stand: moves that make the next emergency's expected response shorter, compiled for many districts.

The price of a response is its seconds, plus what being late costs; the nearest crew answers unless it is busy, then
the second, then the third (expected coverage with busy crews, Daskin's MEXCLP). `coverage` holds the rule for
crews with a day plan; this one is for crews that wait.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.search.compiled import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_Prices = tuple[float, float, float, float]

# A district that no crew answers for: as dear as a response of many hours.
_NOBODY = 1e5


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRules:
    """When standing elsewhere is worth the drive: data of the company.

    ``target_s`` and ``late_s``: a response beyond the target costs so many seconds more, beginning ``soft_s`` around
    it; ``busy_share``: how often the nearest crew is busy; ``least_gain_s``: smaller gains in the expected price
    are noise; ``drive_price``: gain asked per second driven; ``most_drive_s``: no longer drive (the limit on empty
    kilometres); ``most_moves``: crews sent at one time.
    """

    target_s: float
    late_s: float
    soft_s: float
    busy_share: float
    least_gain_s: float
    drive_price: float
    most_drive_s: float
    most_moves: int


def response_price(response_s: Floats, rules: StationRules) -> Floats:
    """Return the price of responses of any shape: seconds, plus ``late_s`` as they come to lie beyond the target."""
    late = 1.0 / (1.0 + np.exp(np.clip((rules.target_s - response_s) / rules.soft_s, -50.0, 50.0)))
    price: Floats = response_s + rules.late_s * late
    return price


def choose_stations(
    crew_price: Floats,
    station_price: Floats,
    drive_s: Floats,
    may_move: npt.NDArray[np.bool_],
    weights: Floats,
    rules: StationRules,
) -> list[tuple[int, int]]:
    """Return (crew, district) moves worth their drive, best first, each seen with those before it made.

    ``crew_price[K, C]``: price of each crew's response in each district from where it will be; ``station_price[C, C]``
    the same from the first district to the second; ``drive_s[K, C]`` from here to there; ``weights[C]`` sum to 1.
    """
    given = rules.busy_share, rules.least_gain_s, rules.drive_price, rules.most_drive_s
    shares = float(given[0]), float(given[1]), float(given[2]), float(given[3])
    price, may = np.ascontiguousarray(crew_price, dtype=np.float64).copy(), may_move.copy()
    nearest = np.empty((price.shape[1], 3))
    found = []
    for _ in range(rules.most_moves):
        crew, district = _best_move(price, station_price, drive_s, may, weights, nearest, shares)
        if crew < 0:
            break
        found.append((int(crew), int(district)))
        price[crew], may[crew] = station_price[district], False
    return found


def warm_up() -> None:
    """Move one invented crew of two, so that no transaction waits until the compiled rule is loaded."""
    rules = StationRules(
        target_s=60.0,
        late_s=1.0,
        soft_s=1.0,
        busy_share=0.1,
        least_gain_s=1.0,
        drive_price=0.0,
        most_drive_s=60.0,
        most_moves=1,
    )
    square = np.array([[0.0, 30.0], [30.0, 0.0]])
    choose_stations(square, square, square, np.array([True, False]), np.array([0.5, 0.5]), rules)


@njit
def _best_move(
    price: Floats,
    station: Floats,
    drive_s: Floats,
    may: npt.NDArray[np.bool_],
    weights: Floats,
    nearest: Floats,
    shares: _Prices,
) -> tuple[int, int]:
    """Return the crew and district that gain most, (−1, −1) when nothing gains enough."""
    best, best_crew, best_district = 0.0, -1, -1
    for crew in range(price.shape[0]):
        if not may[crew]:
            continue
        stays = _three_nearest(price, crew, nearest, weights, shares[0])
        for district in range(price.shape[1]):
            drive = drive_s[crew, district]
            bar = stays - shares[1] - shares[2] * drive - best
            if drive > shares[3] or bar <= 0.0:
                continue
            goes = _expected(station[district], nearest, weights, shares[0])
            if goes < bar:
                best, best_crew, best_district = best + bar - goes, crew, district
    return best_crew, best_district


@njit
def _three_nearest(price: Floats, crew: int, nearest: Floats, weights: Floats, busy: float) -> float:
    """Fill each district's three lowest prices among the other crews; return the expected price with this one."""
    for district in range(price.shape[1]):
        first = second = third = _NOBODY
        for other in range(price.shape[0]):
            value = price[other, district]
            if other == crew or value >= third:
                continue
            if value < first:
                first, second, third = value, first, second
            elif value < second:
                second, third = value, second
            else:
                third = value
        nearest[district, 0], nearest[district, 1], nearest[district, 2] = first, second, third
    return _expected(price[crew], nearest, weights, busy)


@njit
def _expected(own: Floats, nearest: Floats, weights: Floats, busy: float) -> float:
    """Return the expected price over districts when this crew joins the three nearest others."""
    total = 0.0
    for district in range(len(own)):
        value = own[district]
        first, second, third = nearest[district, 0], nearest[district, 1], nearest[district, 2]
        if value < first:
            first, second, third = value, first, second
        elif value < second:
            second, third = value, second
        elif value < third:
            third = value
        total += weights[district] * ((1.0 - busy) * (first + busy * second) + busy * busy * third)
    return total
