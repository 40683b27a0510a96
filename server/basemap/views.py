"""HTTP of the base map: GeoJSON layers of the working area."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, send_file

from server.core.registry import OFFICE, Audience, Registry
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/basemap", list_layers, Audience.CONSOLE, roles=OFFICE)
    registry.add("GET", "/api/v1/basemap/<layer>.geojson", get_layer, Audience.CONSOLE, roles=OFFICE)


def list_layers(call: Call) -> dict[str, Any]:
    """Name the layers that there are; none is no error, the map then shows orders on an empty ground."""
    folder = call.settings.basemap_dir
    names = sorted(path.stem for path in folder.glob("*.geojson")) if folder else []
    return {"layers": names, "attribution": ""}


def get_layer(call: Call, layer: str) -> Response:
    """Return one layer."""
    folder = call.settings.basemap_dir
    path = folder / f"{layer}.geojson" if folder and layer.replace("_", "").isalnum() else Path()
    if not path.is_file():
        raise DomainError("not_found", what="layer")
    return send_file(path, mimetype="application/geo+json", conditional=True, max_age=3600)
