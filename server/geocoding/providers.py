"""The remote address services through geopy; whatever frame of coordinates one speaks, places leave here as WGS-84."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Final

import geopy.adapters
import geopy.exc
import geopy.geocoders
import geopy.geocoders.base
import prcoords

from server.geocoding.rules import Provider
from shared.errors import DomainError

_AGENT: Final = "leakfirst"
_AMAP: Final = "restapi.amap.com"
_OK: Final = "1"
Adapter = Callable[..., geopy.adapters.BaseAdapter]


@dataclasses.dataclass(frozen=True)
class Found:
    """A place that a service knows, in WGS-84 degrees, and what the service calls it."""

    lat: float
    lon: float
    label: str


class AMap(geopy.geocoders.base.Geocoder):  # type: ignore[misc]  # the library has no types
    """AMap's geocoder (高德), which geopy does not bring: places in GCJ-02."""

    def __init__(self, api_key: str, **options: Any) -> None:
        """Keep the key; `options` are those of every geopy geocoder."""
        super().__init__(**options)
        self._key = api_key

    def geocode(self, query: str, *, timeout: float) -> Any:
        """Return the first place, or None. Raises GeocoderServiceError when the service refuses."""
        asked = urllib.parse.urlencode({"key": self._key, "address": query, "output": "JSON"})
        return self._call_geocoder(f"https://{_AMAP}/v3/geocode/geo?{asked}", self._parse, timeout=timeout)

    def _parse(self, answer: dict[str, Any]) -> geopy.Location | None:
        if str(answer.get("status")) != _OK:
            raise geopy.exc.GeocoderServiceError(str(answer.get("info", "")))
        hits = answer.get("geocodes") or []
        if not hits:
            return None
        lon, lat = (float(part) for part in hits[0]["location"].split(","))
        return geopy.Location(hits[0].get("formatted_address", ""), (lat, lon), hits[0])


def ask(
    provider: Provider, query: str, timeout_s: float, environ: Mapping[str, str], adapter: Adapter | None = None
) -> Found | None:
    """Ask one service once; it neither waits nor tries again.

    Raises DomainError `geocoder_failed` with the reason: no key, no answer in time, refused, or not understood.
    """
    key = environ.get(provider.key_env, "") if provider.key_env else ""
    if provider.key_env and not key:
        raise DomainError("geocoder_failed", reason=f"{provider.key_env} is not set")
    options = {"timeout": timeout_s, **({"adapter_factory": adapter} if adapter else {})}
    try:
        place = _geocoder(provider, key, options).geocode(f"{provider.city}{query}", timeout=timeout_s)
    except (geopy.exc.GeopyError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise DomainError("geocoder_failed", reason=f"{type(fault).__name__}: {fault}"[:160]) from fault
    if place is None:
        return None
    lat, lon = _TO_WGS84[provider.name](place.latitude, place.longitude)
    # Baidu tells only how exact its answer is, not what it found.
    label = query if provider.name == "baidu" else str(place.address)
    return Found(round(lat, 7), round(lon, 7), label[:200])


def _geocoder(provider: Provider, key: str, options: dict[str, Any]) -> Any:
    if provider.name == "amap":
        return AMap(key, user_agent=_AGENT, **options)
    if provider.name == "baidu":
        return geopy.geocoders.BaiduV3(key, user_agent=_AGENT, **options)
    domain = {"domain": provider.domain} if provider.domain else {}
    return geopy.geocoders.Nominatim(user_agent=_AGENT, **domain, **options)


def _same(lat: float, lon: float) -> tuple[float, float]:
    return lat, lon


def _from_gcj(lat: float, lon: float) -> tuple[float, float]:
    place = prcoords.gcj_wgs_bored((lat, lon))
    return place.lat, place.lon


def _from_bd(lat: float, lon: float) -> tuple[float, float]:
    place = prcoords.bd_wgs_bored((lat, lon))
    return place.lat, place.lon


_TO_WGS84: Final[dict[str, Callable[[float, float], tuple[float, float]]]] = {
    "nominatim": _same,
    "amap": _from_gcj,
    "baidu": _from_bd,
}
