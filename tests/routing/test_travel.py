"""Travel times: distances against the geodesic reference, start-up, same building, profiles as data."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest
from geopy.distance import geodesic

from routing.problem import Place, Profile
from routing.travel import UNREACHABLE_S, GivenMatrix, StraightLine, distances_m, parse_profiles
from shared.errors import DomainError
from tests.routing.worlds import CENTRE, PROFILES, TOWN, east


@pytest.mark.parametrize("lat", [-33.9, 0.0, 38.0, 64.1])
def test_distances_agree_with_the_geodesic_when_places_lie_in_one_city(lat: float) -> None:
    """Stays within 0.5 % of geopy's geodesic, in every direction, from the equator to the north."""
    rng = random.Random(1)
    places = [Place(lat=lat + rng.uniform(-0.3, 0.3), lon=114.5 + rng.uniform(-0.3, 0.3)) for _ in range(25)]
    metres = distances_m(places, places)
    for row, a in enumerate(places):
        for column, b in enumerate(places):
            exact = geodesic((a.lat, a.lon), (b.lat, b.lon)).m
            assert metres[row, column] == pytest.approx(exact, rel=0.005, abs=0.01)


def test_distances_agree_with_the_geodesic_when_places_lie_far_apart() -> None:
    """Falls back to the sphere beyond one degree, and takes the short way over the date line."""
    pairs = [((52.5, 13.4), (48.9, 2.4)), ((-17.8, 179.5), (-17.8, -179.5)), ((40.0, 116.0), (-33.0, 151.0))]
    for (lat_a, lon_a), (lat_b, lon_b) in pairs:
        metres = distances_m([Place(lat=lat_a, lon=lon_a)], [Place(lat=lat_b, lon=lon_b)])[0, 0]
        assert metres == pytest.approx(geodesic((lat_a, lon_a), (lat_b, lon_b)).m, rel=0.006)


def test_travel_has_detour_speed_and_start_up_when_profile_says_so() -> None:
    """Turns 1,000 m of straight line into 2,000 m of road, 200 s of driving and 60 s of start-up."""
    profile = Profile(detour=2.0, speed_m_s=10.0, start_up_s=60)
    seconds, metres = StraightLine(profile).matrix([CENTRE], [east(1000)], 0)
    assert metres[0, 0] == pytest.approx(2000, rel=0.01)
    assert seconds[0, 0] == pytest.approx(260, abs=3)
    assert seconds.dtype == metres.dtype == np.int32


def test_travel_is_zero_when_places_are_one_building() -> None:
    """Charges neither driving nor start-up for the flat next door, and both for the next street."""
    seconds, _ = StraightLine(TOWN).matrix([CENTRE], [CENTRE, east(10), east(20)], 0)
    assert seconds[0, 0] == seconds[0, 1] == 0
    assert seconds[0, 2] >= TOWN.start_up_s


def test_travel_stays_below_unreachable_when_places_are_antipodes() -> None:
    """Keeps the slowest legal drive around the globe inside the numbers the planner can add."""
    slow = Profile(detour=10.0, speed_m_s=0.1, start_up_s=3600)
    seconds, _ = StraightLine(slow).matrix([Place(lat=0, lon=0)], [Place(lat=0, lon=180)], 0)
    assert 0 < seconds[0, 0] <= UNREACHABLE_S


def test_profiles_name_the_town_when_read_from_data() -> None:
    """Reads the named default profile from the data file, nothing from code."""
    assert PROFILES["town"].detour > 1.0


@pytest.mark.parametrize("text", ["[town", "[town]\ndetour = 'far'", "[town]\nspeed_m_s = 1.0", "town = 3"])
def test_profiles_are_refused_when_text_is_wrong(text: str) -> None:
    """Answers with one DomainError, whatever is wrong with the text."""
    with pytest.raises(DomainError, match="problem_invalid"):
        parse_profiles(text)


def test_given_matrix_answers_any_order_of_its_places_when_asked() -> None:
    """Finds rows and columns by place, whatever the order, and rounds seconds up."""
    places = [CENTRE, east(1000), east(2000)]
    travel = GivenMatrix(places, np.array([[0, 10.2, 20], [11, 0, 12], [21, 22, 0]]), quality="measured 2026-11")
    seconds, metres = travel.matrix([places[2], places[0]], [places[1], places[1], places[2]], 0)
    assert seconds.tolist() == [[22, 22, 0], [11, 11, 20]]
    assert seconds.dtype == np.int32
    assert not metres.any()
    assert travel.quality == "measured 2026-11"


def test_given_matrix_names_the_place_when_it_was_never_given() -> None:
    """Refuses to answer for a place without a row instead of guessing one."""
    travel = GivenMatrix([CENTRE], np.zeros((1, 1)), quality="measured")
    with pytest.raises(DomainError, match="place_unknown"):
        travel.matrix([CENTRE], [east(5)], 0)


@pytest.mark.parametrize(
    "figures",
    [
        np.zeros((2, 3)),
        np.array([["a", "b"], ["c", "d"]]),
        np.array([[0.0, np.nan], [1.0, 0.0]]),
        np.array([[0.0, np.inf], [1.0, 0.0]]),
        np.array([[0, -1], [1, 0]]),
        np.array([[0, 1 << 40], [1, 0]]),
    ],
)
def test_given_matrix_is_refused_when_figures_are_garbage(figures: npt.NDArray[np.generic]) -> None:
    """Answers a wrong shape, a missing, negative or endless leg with one DomainError at the door."""
    with pytest.raises(DomainError, match="problem_invalid"):
        GivenMatrix([CENTRE, east(10)], figures, quality="measured")


def test_given_matrix_is_refused_when_one_place_has_two_rows() -> None:
    """A place named twice with different figures has no right answer."""
    with pytest.raises(DomainError, match="place_named_twice"):
        GivenMatrix([CENTRE, CENTRE], np.array([[0, 0], [5, 0]]), quality="measured")
