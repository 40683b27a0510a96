"""The packed map's area and numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared import day_map
from shared.day_map import Area

PLACES = st.lists(st.tuples(st.floats(20, 50), st.floats(80, 130)), min_size=1, max_size=12)


@given(PLACES)
def test_area_of_any_jobs_can_be_packed_and_holds_the_middle_one(places: list[tuple[float, float]]) -> None:
    """However far apart the jobs are, the area is on the grid, wide enough and not too wide."""
    area = day_map.area_of(places)
    assert area is not None
    assert day_map.is_packable(area)
    lats, lons = sorted(lat for lat, _ in places), sorted(lon for _, lon in places)
    assert area.covers((lats[len(lats) // 2], lons[len(lons) // 2]))


def test_area_of_two_near_jobs_holds_both_and_their_surroundings() -> None:
    """A leak a kilometre further is still on the map; without jobs there is no area."""
    area = day_map.area_of([(37.86, 113.57), (37.90, 113.60)])
    assert area == Area(west=113.54, south=37.84, east=113.62, north=37.92)
    assert day_map.area_of([]) is None


def test_area_off_the_grid_too_wide_or_off_the_earth_cannot_be_packed() -> None:
    """Whoever asks for half a continent, or for a million different maps, gets none."""
    good = {"west": 113.54, "south": 37.84, "east": 113.62, "north": 37.92}
    assert day_map.is_packable(Area(**good))
    for wrong in ({"east": 113.6201}, {"east": 115.0}, {"north": 91.0}, {"west": float("nan")}, {"east": 113.54}):
        assert not day_map.is_packable(Area(**{**good, **wrong}))


@given(st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 8000)), min_size=1, max_size=30))
def test_points_come_back_as_they_were_packed(points: list[tuple[int, int]]) -> None:
    """To the hundred-thousandth of a degree; a point that stands still is told once."""
    area = Area(west=113.54, south=37.84, east=113.62, north=37.92)
    told = [(area.west + x / 100_000, area.south + y / 100_000) for x, y in points]
    moving = [here for before, here in zip([None, *points], points, strict=False) if here != before]
    assert day_map.decode_points(day_map.encode_points(told, area)) == moving
