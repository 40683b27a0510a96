"""The arithmetic of the day map: what lies where, and what stays under the finger."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from mobile.widgets.viewport import Ground, Viewport, fan, ribbon, spread

METRES = st.floats(-30_000, 30_000)
PIXELS = st.floats(0, 900)
VIEWS = st.builds(Viewport, x=METRES, y=METRES, scale=st.floats(0.005, 3), width=st.just(412.0), height=st.just(700.0))


@given(VIEWS, PIXELS, PIXELS)
def test_what_lies_under_a_pixel_is_drawn_there(view: Viewport, x: float, y: float) -> None:
    """Screen to ground and back."""
    found = view.to_screen(view.to_ground((x, y)))
    assert math.dist(found, (x, y)) < 1e-3


@given(VIEWS, PIXELS, PIXELS, st.floats(0.2, 5))
def test_enlarging_keeps_the_ground_under_the_finger(view: Viewport, x: float, y: float, factor: float) -> None:
    """Also at the nearest and the farthest scale there is."""
    before = view.to_ground((x, y))
    view.zoom(factor, (x, y))
    assert math.dist(view.to_ground((x, y)), before) < 1e-3 / view.scale + 1e-3


@given(st.lists(st.tuples(METRES, METRES), min_size=1, max_size=30))
def test_fitted_view_shows_every_place_within_the_margin(places: list[tuple[float, float]]) -> None:
    """However the jobs lie."""
    view = Viewport(width=412, height=700)
    view.fit(places, 40)
    for place in places:
        x, y = view.to_screen(place)
        assert 39 <= x <= 373
        assert 39 <= y <= 661


@given(VIEWS)
def test_scale_bar_is_a_round_distance_that_fits(view: Viewport) -> None:
    """1, 2 or 5 with noughts, at most as long as there is room."""
    metres, pixels = view.scale_bar(140)
    assert str(metres).rstrip("0") in {"1", "2", "5"}
    assert pixels <= 140 or metres == 1
    assert math.isclose(pixels, metres * view.scale)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=25))
def test_jobs_at_one_door_stand_beside_each_other(places: list[tuple[int, int]]) -> None:
    """No two closer than a finger, and the first stays where it is."""
    spots = spread([(float(x), float(y)) for x, y in places], 39)
    assert math.dist(spots[0], places[0]) == 0
    assert all(math.dist(a, b) >= 38 for i, a in enumerate(spots) for b in spots[:i])


def test_street_is_drawn_with_its_width_and_a_house_with_its_corners() -> None:
    """A street 10 m long and 4 m wide covers two triangles; a rectangle too."""
    xs, ys = ribbon([(0, 0), (10, 0)], 2)[::2], ribbon([(0, 0), (10, 0)], 2)[1::2]
    assert (min(xs), max(xs), min(ys), max(ys)) == (-1, 11, -2, 2)
    assert len(xs) == 6
    assert ribbon([(5, 5), (5, 5)], 2) == []
    assert len(fan([(0, 0), (1, 0), (1, 1), (0, 1)])) == 12


def test_plane_is_true_to_a_few_metres_within_a_district() -> None:
    """A hundredth of a degree east at 37.86 north is 878 m, north 1,112 m."""
    x, y = Ground(37.86, 113.57).to_metres(37.87, 113.58)
    assert (round(x), round(y)) == (878, 1112)
