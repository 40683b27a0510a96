"""The packed map of the day, from the base map's layers to Wang's phone."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
from typing import Any

import msgspec
import pytest

from mobile.sync.transport import Reply
from server import app as composition
from server.basemap import packing
from server.basemap.day_maps import MapShelf
from shared import day_map
from shared.day_map import Area, DayMap
from tests.server.device import Device
from tests.server.house import LEAK, STOVE, House
from tests.server.test_late_rules import assign

pytestmark = pytest.mark.slow  # packs the maps of a dense city

AREA = Area(west=113.54, south=37.84, east=113.62, north=37.92)


def line(*points: list[float], kind: str = "primary") -> dict[str, Any]:
    """Return a road of the base map."""
    told = {"class": kind, "name": "桃北中街", "name_en": "Taobei Street"}
    return {"type": "Feature", "properties": told, "geometry": {"type": "LineString", "coordinates": list(points)}}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    """Return a layer."""
    return {"type": "FeatureCollection", "features": list(features)}


RIVER = {
    "type": "Feature",
    "properties": {},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[113, 37.87], [114, 37.87], [114, 37.88], [113, 37.88], [113, 37.87]]],
    },
}
LAYERS = {
    "road": collection(line([113.50, 37.86], [113.58, 37.86]), line([120.0, 30.0], [121.0, 30.0])),
    "water": collection(RIVER),
}


def unpack(content: bytes) -> DayMap:
    """Return what a phone reads in a pack."""
    return msgspec.json.decode(gzip.decompress(content), type=DayMap)


def test_pack_holds_what_lies_in_the_area_cut_at_its_edge() -> None:
    """The near road is cut at the west edge, the river at both, the road of another province is left out."""
    made = unpack(packing.pack(LAYERS, AREA))
    (road,) = made.roads
    assert (road.name, road.kind) == ("桃北中街", "primary")
    assert day_map.decode_points(road.points) == [(0, 2000), (4000, 2000)]
    (river,) = made.areas["water"]
    assert sorted(day_map.decode_points(river)) == [(0, 3000), (0, 4000), (8000, 3000), (8000, 4000)]


def test_pack_of_a_dense_city_keeps_under_its_largest_size_and_keeps_the_main_roads() -> None:
    """Thirty thousand pieces of small streets and a main road: small streets go first."""
    noise = os.urandom(240_000)
    small = []
    for at in range(0, len(noise), 8):
        x, y = int.from_bytes(noise[at : at + 4], "big") / 2**32, int.from_bytes(noise[at + 4 : at + 8], "big") / 2**32
        start = [113.54 + 0.08 * x, 37.84 + 0.08 * y]
        small.append(line(start, [start[0] + 0.001 * y, start[1] + 0.001], kind="residential"))
    packed = packing.pack({"road": collection(*small, line([113.54, 37.86], [113.62, 37.86]))}, AREA)
    assert len(packed) <= day_map.LARGEST_BYTES
    assert {road.kind for road in unpack(packed).roads} == {"primary"}


def ask(device: Device, etag: str = "", **changes: float) -> Reply:
    """Ask for the map as a device."""
    edges = {**msgspec.structs.asdict(AREA), **changes}
    path = "/api/v1/day-map?" + "&".join(f"{name}={value}" for name, value in edges.items())
    return device.line.exchange("GET", path, {"If-None-Match": etag}, b"", 5)


@pytest.fixture
def shelf(house: House) -> MapShelf:
    """Return the house's packs over a base map of two layers."""
    folder = house.settings.data_dir / "basemap"
    folder.mkdir()
    for name, layer in LAYERS.items():
        (folder / f"{name}.geojson").write_text(json.dumps(layer))
    settings = dataclasses.replace(house.settings, basemap_dir=folder)
    house.services = dataclasses.replace(house.services, settings=settings)
    house.app = composition.make_app(house.services, composition.make_registry())
    return MapShelf(house.settings.data_dir, folder)


def test_gateway_hands_out_only_what_the_worker_has_made(house: House, shelf: MapShelf) -> None:
    """First it is promised, then it is there, then the same again costs nothing; a changed base map is another map."""
    device = Device(house)
    assert (ask(device).status, ask(device).body) == (202, b"")
    assert shelf.make_next()
    assert not shelf.make_next()
    answer = ask(device)
    assert unpack(answer.body).roads[0].name == "桃北中街"
    assert (ask(device, answer.headers["etag"]).status, ask(device, '"other"').status) == (304, 200)
    (house.settings.data_dir / "basemap" / "road.geojson").write_text(json.dumps(collection()))
    assert ask(device, answer.headers["etag"]).status == 202


def test_area_that_no_phone_asks_for_is_refused(house: House, shelf: MapShelf) -> None:
    """Off the grid, too wide, or no numbers: nothing is made."""
    device = Device(house)
    answers = [ask(device, east=113.6203), ask(device, east=118.0), ask(device, west=float("nan"))]
    assert [answer.status for answer in answers] == [400] * 3
    assert not shelf.make_next()


def test_phone_fetches_its_map_once_and_again_when_a_job_lies_outside(house: House, shelf: MapShelf) -> None:
    """No job, no map; then one map for the day, kept over a restart of the app, and a wider one for a far job."""
    wang = house.phone("wang")
    assert not wang.maps.run_once()
    assert assign(house, house.lin, house.report(STOVE), "wang") == 200
    house.sync(wang)
    assert not wang.maps.run_once()
    shelf.make_next()
    assert wang.maps.run_once()
    first = wang.maps.find()
    assert first is not None
    assert first.area.covers((37.861, 113.571))
    assert not wang.maps.run_once()
    far = house.report({**LEAK, "lat": 37.99, "lon": 113.70})
    assign(house, house.lin, far, "wang")
    house.sync(wang)
    wang.maps.run_once()
    shelf.make_next()
    wang.maps.run_once()
    wider = wang.maps.find()
    assert wider is not None
    assert wider.area.covers((37.99, 113.70)) == any(job.work_order_id == far for job in wang.jobs())


def test_phone_without_a_base_map_gets_an_empty_ground(house: House) -> None:
    """The schematic then shows the jobs alone: no error, and no call each minute."""
    wang = house.phone("wang")
    assign(house, house.lin, house.report(STOVE), "wang")
    house.sync(wang)
    wang.maps.run_once()
    MapShelf(house.settings.data_dir, None).make_next()
    assert wang.maps.run_once()
    found = wang.maps.find()
    assert found is not None
    assert (found.roads, found.areas) == ((), {})
