"""Which base maps a branch's console may show: files of its own folder, or tiles that the operator names.

Storage is WGS-84 only; a base says which coordinates its picture is drawn in, and the browser converts at the edge.
"""

from __future__ import annotations

import json
import tomllib
import urllib.parse
from pathlib import Path
from typing import Final, Literal

import msgspec

from server.basemap.building import ABOUT, TILES
from shared.errors import DomainError

CHOSEN: Final = "basemaps.toml"
_SCHEMES: Final = ("https://", "http://", "/")


class BaseMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One base map. ``url`` of ``xyz`` holds {z}, {x} and {y}; ``crs`` is the system its picture is drawn in."""

    id: str
    kind: Literal["geojson", "pmtiles", "xyz"]
    name: str
    name_en: str = ""
    url: str = ""
    crs: Literal["wgs84", "gcj02"] = "wgs84"
    attribution: str = ""

    def __post_init__(self) -> None:
        """Refuse an address that a browser could not ask."""
        if self.kind == "xyz" and not all(mark in self.url for mark in ("{z}", "{x}", "{y}")):
            raise ValueError(f"{self.id}: the address of xyz tiles holds {{z}}, {{x}} and {{y}}")
        if self.kind != "geojson" and not self.url.startswith(_SCHEMES):
            raise ValueError(f"{self.id}: the address begins with https://, http:// or /")

    @property
    def origin(self) -> str:
        """Return the host that the browser has to ask, empty for our own."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class _Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    basemap: tuple[BaseMap, ...]


def list_bases(folder: Path | None) -> tuple[BaseMap, ...]:
    """Return the base maps, the first being shown unless somebody chose another.

    Those of ``basemaps.toml`` when there is one, else what lies in the folder. Raises DomainError
    `basemaps_unusable` with the reason.
    """
    if folder is None:
        return ()
    chosen = folder / CHOSEN
    if chosen.is_file():
        return _read(chosen)
    return tuple(_own(folder))


def _read(path: Path) -> tuple[BaseMap, ...]:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Choice).basemap
    except (ValueError, OSError, msgspec.MsgspecError) as fault:
        raise DomainError("basemaps_unusable", file=path.name, reason=str(fault)) from fault


def _own(folder: Path) -> list[BaseMap]:
    if (folder / TILES).is_file():
        url = f"/api/v1/basemap/{TILES}"
        return [BaseMap(id="city", kind="pmtiles", name="城市", name_en="City", url=url, attribution=_credit(folder))]
    if any(folder.glob("*.geojson")):
        return [BaseMap(id="layers", kind="geojson", name="城市", name_en="City", attribution=_credit(folder))]
    return []


def _credit(folder: Path) -> str:
    about = folder / ABOUT
    if not about.is_file():
        return ""
    try:
        return str(json.loads(about.read_text("utf-8")).get("attribution", ""))
    except (ValueError, AttributeError) as fault:
        raise DomainError("basemaps_unusable", file=about.name, reason=str(fault)) from fault
