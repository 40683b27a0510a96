"""HTTP of the base map: GeoJSON layers for the console, one small pack of the working area for a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response, request, send_file

from server.basemap import bases
from server.basemap.building import TILES
from server.basemap.day_maps import MapShelf
from server.core.registry import OFFICE, Audience, Registry
from shared import day_map
from shared.day_map import Area
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call


_OURS: Final = {"X-Leakfirst": "1"}  # tells a phone that this is no captive portal


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/basemap", list_layers, Audience.CONSOLE, roles=OFFICE)
    registry.add("GET", "/api/v1/basemap/city.pmtiles", get_tiles, Audience.CONSOLE, roles=OFFICE, limit="6000/minute")
    registry.add("GET", "/api/v1/basemap/<layer>.geojson", get_layer, Audience.CONSOLE, roles=OFFICE)
    registry.add("GET", "/api/v1/day-map", get_day_map, Audience.DEVICE, limit="30/minute")


def list_layers(call: Call) -> dict[str, Any]:
    """Name the base maps and layers that there are; none is no error, orders then stand on an empty ground."""
    folder = call.settings.basemap_dir
    names = sorted(path.stem for path in folder.glob("*.geojson")) if folder else []
    return {"layers": names, "bases": [msgspec.to_builtins(base) for base in bases.list_bases(folder)]}


def get_tiles(call: Call) -> Response:
    """Return the part of the city's tiles that the browser asks for (RFC 9110 ranges)."""
    folder = call.settings.basemap_dir
    path = folder / TILES if folder else Path()
    if not path.is_file():
        raise DomainError("not_found", what="tiles")
    return send_file(path, mimetype="application/vnd.pmtiles", conditional=True, max_age=3600)


def get_day_map(call: Call) -> Response:
    """Return the pack of an area (west, south, east, north in degrees); 202 while the worker makes it."""
    area = _area(call)
    shelf = MapShelf(call.settings.data_dir, call.settings.basemap_dir)
    key = shelf.key_of(area)
    path, etag = shelf.find(key), f'"{key}"'
    if path is None:
        shelf.want(key, area)
        return Response(status=202, headers={**_OURS, "Retry-After": "5"})
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers={**_OURS, "ETag": etag})
    return Response(path.read_bytes(), mimetype="application/gzip", headers={**_OURS, "ETag": etag})


def _area(call: Call) -> Area:
    """Return the area that was asked for. Raises DomainError `invalid_request` for none, or for one off the grid."""
    try:
        area = msgspec.convert(dict(call.query), Area, strict=False)
    except msgspec.ValidationError as error:
        raise DomainError("invalid_request", reason=str(error)) from error
    if not day_map.is_packable(area):
        raise DomainError("invalid_request", reason="area")
    return area


def get_layer(call: Call, layer: str) -> Response:
    """Return one layer."""
    folder = call.settings.basemap_dir
    path = folder / f"{layer}.geojson" if folder and layer.replace("_", "").isalnum() else Path()
    if not path.is_file():
        raise DomainError("not_found", what="layer")
    return send_file(path, mimetype="application/geo+json", conditional=True, max_age=3600)
