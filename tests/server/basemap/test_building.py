"""One command makes road graph, tiles and address index of a city; what cannot be read is named."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from server import commands
from server.addresses.index import AddressIndex
from server.basemap import bases, building
from server.dispatch.travel import roads
from shared.errors import DomainError

osmium = pytest.importorskip("osmium")

STREETS = {"文昌街": (37.86, 37.86), "德胜路": (37.861, 37.861)}


def write_city(path: Path) -> None:
    """Write two streets, a road that joins them, a pond, a house with a number, and ids out of order."""
    with osmium.SimpleWriter(str(path)) as out:
        corners = [(1, 113.57, 37.86), (2, 113.58, 37.86), (3, 113.57, 37.861), (4, 113.58, 37.861)]
        pond = [(11, 113.571, 37.8602), (12, 113.572, 37.8602), (13, 113.572, 37.8606), (14, 113.571, 37.8606)]
        for key, lon, lat in corners + pond:
            out.add_node(osmium.osm.mutable.Node(id=key, location=(lon, lat)))
        house = {"addr:street": "文昌街", "addr:housenumber": "12"}
        out.add_node(osmium.osm.mutable.Node(id=20, location=(113.575, 37.8601), tags=house))
        way = osmium.osm.mutable.Way
        out.add_way(
            way(id=9, nodes=[1, 2], tags={"highway": "primary", "name": "文昌街", "name:en": "Wenchang Street"})
        )
        out.add_way(way(id=8, nodes=[3, 4], tags={"highway": "residential", "name": "德胜路"}))
        out.add_way(way(id=7, nodes=[1, 3, 4, 2], tags={"highway": "residential"}))
        out.add_way(way(id=6, nodes=[11, 12, 13, 14, 11], tags={"natural": "water"}))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the map folder of a small city, made by the command."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder / "city.osm.pbf")
    assert commands.run(["build-map", str(folder / "city.osm.pbf"), "--out", str(folder / "map")]) == 0
    return folder / "map"


def test_city_has_roads_tiles_and_addresses_with_their_licence(city: Path) -> None:
    """Each of the three can be read by what will use it, and the source is credited."""
    assert roads.load_roads(city / building.ROADS).junctions > 1
    assert (city / building.TILES).read_bytes()[:7] == b"PMTiles"
    assert AddressIndex(city / "addresses.sqlite").search("文昌街12号")[0].label == "文昌街 12"
    assert bases.list_bases(city)[0].attribution == building.CREDIT
    assert "Open Database License" in (city / building.LICENCE).read_text("utf-8")


def test_layers_have_names_in_both_languages_and_water_is_an_area(city: Path) -> None:
    """One style draws generated and real cities, so their properties are the same."""
    [main, *_] = [
        f for f in json.loads((city / "road.geojson").read_text("utf-8"))["features"] if "name" in f["properties"]
    ]
    names = {f["properties"].get("name_en") for f in json.loads((city / "road.geojson").read_text("utf-8"))["features"]}
    assert main["geometry"]["type"] == "LineString"
    assert "Wenchang Street" in names
    [pond] = json.loads((city / "water.geojson").read_text("utf-8"))["features"]
    assert pond["geometry"]["type"] == "MultiPolygon"


def test_broken_file_leaves_the_old_map_in_place(city: Path, tmp_path: Path) -> None:
    """Garbage is refused with its reason; what was there is whole."""
    (tmp_path / "bad.osm.pbf").write_bytes(b"no map at all")
    before = (city / building.TILES).read_bytes()
    assert commands.run(["build-map", str(tmp_path / "bad.osm.pbf"), "--out", str(city)]) != 0
    assert (city / building.TILES).read_bytes() == before
    assert sqlite3.connect(city / "addresses.sqlite").execute("SELECT count(*) FROM house").fetchone()[0] > 0
    assert not list(city.glob(".building-*"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("basemap = 3", "array"),
        ('[[basemap]]\nid = "a"\nkind = "xyz"\nname = "A"\nurl = "https://tiles.example/map"', "{z}"),
        ('[[basemap]]\nid = "a"\nkind = "pmtiles"\nname = "A"\nurl = "javascript:alert(1)"', "https://"),
        ('[[basemap]]\nid = "a"\nkind = "geojson"\nname = "A"\ncrs = "bd09"', "bd09"),
        ("[[basemap", ""),
    ],
)
def test_list_of_base_maps_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    """An operator who mistypes the file reads what is wrong."""
    (tmp_path / bases.CHOSEN).write_text(text, "utf-8")
    with pytest.raises(DomainError) as refused:
        bases.list_bases(tmp_path)
    assert refused.value.code == "basemaps_unusable"
    assert reason in refused.value.data["reason"]
