"""What the technicians' trips teach: start-up and speed recovered through bad trips, bounds, and hours of the day."""

from __future__ import annotations

import math

import numpy as np
import pytest

from routing.problem import Place
from routing.travel import StraightLine
from server.dispatch.rules import travel_profile
from server.dispatch.travel.calibration import (
    Calibration,
    Drive,
    calibrate,
    sift,
    straight_m,
)
from server.dispatch.travel.rules import travel_rules
from server.dispatch.travel.straight import CalibratedLine, local_hour

RULES = travel_rules().calibration
DETOUR = travel_profile().detour
BOUNDS = RULES.pace_bounds(DETOUR)
CENTRE = Place(lat=37.86, lon=113.58)


def drives_of(
    count: int,
    *,
    start_up_s: float,
    km_h: float,
    seed: int,
    outliers: float = 0.2,
    hour: int = 10,
    noise: float = 0.08,
) -> list[Drive]:
    """Return trips at a true start-up and road speed, with noise; some have breaks or late buttons in them."""
    rng = np.random.default_rng(seed)
    found = []

    def anywhere() -> Place:
        return Place(lat=CENTRE.lat + float(rng.uniform(-0.07, 0.07)), lon=CENTRE.lon + float(rng.uniform(-0.09, 0.09)))

    for number in range(count):
        start, end = anywhere(), anywhere()
        drive = Drive(start, end, 0.0, 0.0, hour)
        lasted_s = (start_up_s + straight_m(drive) * DETOUR * 3.6 / km_h) * float(rng.lognormal(0.0, noise))
        if rng.random() < outliers:
            lasted_s = lasted_s * float(rng.uniform(0.2, 0.6)) if number % 4 == 0 else lasted_s + rng.uniform(900, 5400)
        found.append(Drive(start, end, 0.0, lasted_s, hour))
    return found


def learnt(drives: list[Drive]) -> Calibration:
    """Return what trips teach."""
    kept, ignored = sift(drives, RULES)
    return calibrate(
        [straight_m(drive) for drive in kept],
        kept,
        pace_bounds=BOUNDS,
        rules=RULES,
        made_on="2026-11-21",
        ignored=ignored,
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("start_up_s", "km_h"), [(137.0, 31.4), (255.0, 52.7)])
def test_speed_and_start_up_are_recovered_when_a_fifth_of_the_trips_is_wrong(
    seed: int, start_up_s: float, km_h: float
) -> None:
    """Within 5 % of the truth that made the trips: both cities of the handbook."""
    whole = learnt(drives_of(2000, start_up_s=start_up_s, km_h=km_h, seed=seed)).whole
    assert whole is not None
    assert DETOUR * 3.6 / whole.pace == pytest.approx(km_h, rel=0.05)
    assert whole.start_up_s == pytest.approx(start_up_s, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_driving_times_are_right_when_traffic_scatters_by_a_fifth(seed: int) -> None:
    """With wild traffic, few trips and a fifth of them wrong, an ordinary leg is still told within 5 %."""
    whole = learnt(drives_of(250, start_up_s=137, km_h=31.4, seed=seed, noise=0.2)).whole
    assert whole is not None
    for metres in (2000.0, 5000.0, 9000.0):
        assert whole.start_up_s + whole.pace * metres == pytest.approx(137 + metres * DETOUR * 3.6 / 31.4, rel=0.05)


def test_garbage_trips_are_counted_by_reason_and_teach_nothing() -> None:
    """Twins of every fault beside good trips change no figure."""
    good = drives_of(300, start_up_s=120, km_h=30, seed=1, outliers=0.0)
    far = Place(lat=CENTRE.lat + 5, lon=CENTRE.lon)
    near = Place(lat=CENTRE.lat + 0.0001, lon=CENTRE.lon)
    there = Place(lat=CENTRE.lat + 0.05, lon=CENTRE.lon)
    garbage = [
        Drive(None, there, 0, 600, 10),
        Drive(CENTRE, None, 0, 600, 10),
        Drive(CENTRE, there, 600, 0, 10),
        Drive(CENTRE, there, 0, 0, 10),
        Drive(CENTRE, there, 0, math.nan, 10),
        Drive(CENTRE, there, 0, math.inf, 10),
        Drive(CENTRE, near, 0, 600, 10),
        Drive(CENTRE, far, 0, 7200, 10),
        Drive(CENTRE, there, 0, 90_000, 10),
        Drive(CENTRE, there, 0, 20, 10),
    ]
    mixed = learnt([*garbage, *good, *garbage])
    assert mixed.ignored == {
        "no_place": 4,
        "reversed": 4,
        "not_a_number": 4,
        "too_near": 2,
        "too_long": 4,
        "too_fast": 2,
    }
    assert mixed.whole == learnt(good).whole


def test_nothing_is_learnt_when_trips_are_too_few() -> None:
    """Below the catalog's count the named default stands, and the provenance says nothing of calibration."""
    few = learnt(drives_of(RULES.least_trips - 1, start_up_s=300, km_h=60, seed=2, outliers=0.0))
    assert few.whole is None
    travel = CalibratedLine(travel_profile(), few, "Asia/Shanghai")
    plain = StraightLine(travel_profile())
    there = Place(lat=CENTRE.lat + 0.03, lon=CENTRE.lon)
    assert travel.quality == "straight"
    assert travel.matrix([CENTRE], [there], 0)[0] == plain.matrix([CENTRE], [there], 0)[0]


@pytest.mark.parametrize(("start_up_s", "km_h"), [(5.0, 3.0), (2000.0, 30.0), (0.0, 148.0)])
def test_figures_stay_within_sane_limits_when_trips_say_otherwise(start_up_s: float, km_h: float) -> None:
    """A branch that presses its buttons at random gets no speed of 3 km/h and no start-up of half an hour."""
    whole = learnt(drives_of(400, start_up_s=start_up_s, km_h=km_h, seed=3, outliers=0.0)).whole
    assert whole is not None
    assert RULES.least_start_up_s <= whole.start_up_s <= RULES.most_start_up_s
    assert BOUNDS[0] <= whole.pace <= BOUNDS[1]


def test_trips_of_one_length_teach_a_pace_when_no_line_can_be_drawn() -> None:
    """A hundred times the same way gives a pace within bounds instead of a division by zero."""
    there = Place(lat=CENTRE.lat + 0.03, lon=CENTRE.lon)
    whole = learnt([Drive(CENTRE, there, 0.0, 500.0, 10)] * 100).whole
    assert whole is not None
    assert whole.start_up_s + whole.pace * straight_m(Drive(CENTRE, there, 0, 1, 10)) == pytest.approx(500, rel=0.02)


def test_the_hour_decides_when_the_rush_is_slower() -> None:
    """Half past seven takes the rush's line, ten o'clock its own, three at night the whole day's."""
    rush = drives_of(600, start_up_s=120, km_h=18, seed=4, hour=8)
    calm = drives_of(600, start_up_s=120, km_h=36, seed=5, hour=10)
    calibration = learnt([*rush, *calm])
    assert {(band.from_hour, band.until_hour) for band in calibration.bands} == {(7, 9), (9, 12)}
    travel = CalibratedLine(travel_profile(), calibration, "Asia/Shanghai")
    there = Place(lat=CENTRE.lat + 0.06, lon=CENTRE.lon)
    eight, ten, night = (
        int(travel.matrix([CENTRE], [there], hour * 3600 + 1800 - 8 * 3600)[0][0, 0]) for hour in (7, 10, 27)
    )
    assert eight > 1.5 * ten
    assert ten < night < eight
    assert travel.quality == f"straight 2026-11-21 n=1200 ±{round(100 * calibration.whole.error)}%"  # type: ignore[union-attr] # 1,200 trips taught it


def test_the_local_hour_follows_the_branch_when_it_stands_elsewhere() -> None:
    """Midnight in London is eight in Shanghai."""
    assert local_hour(0, "Asia/Shanghai") == 8
    assert local_hour(0, "UTC") == 0


def test_hour_bands_cover_the_day_once() -> None:
    """Each hour has one band, in the shipped file."""
    covered = [hour for first, last in travel_rules().hour_bands for hour in range(first, last)]
    assert covered == list(range(24))
