"""Tiles reach the console in parts, and nobody who has not signed in; an outer tile server is named in the policy."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from server import app as composition
from server.basemap import bases
from tests.server.house import Console, House

TIANDITU = """
[[basemap]]
id = "outer"
kind = "xyz"
name = "外部"
url = "https://tiles.example.org/{z}/{x}/{y}.png"
crs = "gcj02"
attribution = "示例"
"""


def furnish(house: House, folder: Path) -> None:
    """Let the house show the maps of a folder."""
    settings = dataclasses.replace(house.settings, basemap_dir=folder)
    house.app = composition.make_app(
        dataclasses.replace(house.services, settings=settings), composition.make_registry()
    )


def test_part_of_the_tiles_is_sent_as_asked(house: House, tmp_path: Path) -> None:
    """A browser reads a large file in ranges; without a session it reads nothing."""
    (tmp_path / "city.pmtiles").write_bytes(bytes(range(200)))
    furnish(house, tmp_path)
    lin = Console(house.app)
    assert lin.get("/api/v1/basemap/city.pmtiles").status_code == 401
    lin.sign_in("lin")
    answer = lin.client.get("/api/v1/basemap/city.pmtiles", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.data) == (206, bytes(range(10, 20)))
    assert lin.get("/api/v1/basemap").json["bases"][0]["kind"] == "pmtiles"


def test_outer_tile_server_is_the_only_host_that_the_page_may_ask(house: House, tmp_path: Path) -> None:
    """The operator's choice opens the content policy for that host alone."""
    (tmp_path / bases.CHOSEN).write_text(TIANDITU, "utf-8")
    furnish(house, tmp_path)
    lin = Console(house.app)
    lin.sign_in("lin")
    answer = lin.get("/api/v1/basemap")
    assert answer.json["bases"][0]["crs"] == "gcj02"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.count("https://tiles.example.org") == 2
    assert policy.count("https://") == 2
