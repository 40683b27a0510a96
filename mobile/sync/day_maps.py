"""Fetches the map of the day when there is none, when it is old, or when a job lies outside it; never holds up text."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec

from mobile.platform.clock import Clock
from mobile.store import day_map as kept_maps
from mobile.store import jobs
from mobile.store.database import Store
from mobile.store.day_map import KeptMap
from mobile.sync.transport import PRODUCT_HEADER, FileTransport, TransportError
from shared import day_map
from shared.day_map import Area, DayMap, Place
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_PATH: Final = "/api/v1/day-map"
_TIMEOUT_S: Final = 15.0
_RETRY_MS: Final = 60_000  # a server that does not answer well is asked once a minute


class DayMapLane:
    """Keeps one phone's map of the day; every pass is one small call or none."""

    def __init__(self, store: Store, transport: FileTransport, clock: Clock, stale_s: int) -> None:
        """Keep the map in `store`; one older than `stale_s` seconds is asked after again."""
        self._store, self._transport, self._clock, self._stale_ms = store, transport, clock, stale_s * 1000
        self._not_before_ms = 0
        self._cached: tuple[str, DayMap] | None = None

    def run_once(self) -> bool:
        """Fetch the map if it is wanted; tell whether a new one was kept."""
        places, now_ms = self._places(), self._clock.now_ms()
        area, kept = day_map.area_of(places), kept_maps.find(self._store)
        if area is None or now_ms < self._not_before_ms or self._is_good(kept, area, places, now_ms):
            return False
        try:
            return self._fetch(area, kept, now_ms)
        except (TransportError, DomainError) as error:
            _LOG.info("the map of the day was not fetched: %s", error)
            self._not_before_ms = now_ms + _RETRY_MS
            return False

    def find(self) -> DayMap | None:
        """Return the map that is kept, None before the first one came."""
        kept = kept_maps.find(self._store)
        if kept is None:
            return None
        if self._cached is None or self._cached[0] != kept.etag:
            self._cached = (kept.etag, kept_maps.read(kept))
        return self._cached[1]

    def _places(self) -> list[Place]:
        with self._store.read() as db:
            known = jobs.list_jobs(db)
        return [(job.lat, job.lon) for job in known if job.lat is not None and job.lon is not None]

    def _is_good(self, kept: KeptMap | None, area: Area, places: list[Place], now_ms: int) -> bool:
        if kept is None or not 0 <= now_ms - kept.told_ms < self._stale_ms:
            return False
        found = self.find()
        wanted = [place for place in places if area.covers(place)]  # a far stray is in no pack
        return found is not None and all(found.area.covers(place) for place in wanted)

    def _fetch(self, area: Area, kept: KeptMap | None, now_ms: int) -> bool:
        headers = {"If-None-Match": kept.etag} if kept else {}
        path = f"{_PATH}?{urlencode(msgspec.structs.asdict(area))}"
        answer = self._transport.exchange("GET", path, headers, b"", _TIMEOUT_S)
        if PRODUCT_HEADER not in answer.headers:
            raise TransportError(f"status {answer.status}")
        if answer.status == HTTPStatus.NOT_MODIFIED and kept is not None:
            kept_maps.keep(self._store, msgspec.structs.replace(kept, told_ms=now_ms))
        elif answer.status == HTTPStatus.OK:
            etag = answer.headers.get("etag", "")
            kept_maps.keep(self._store, KeptMap(etag=etag, told_ms=now_ms, packed=answer.body))
            return True
        elif answer.status != HTTPStatus.ACCEPTED:  # accepted: the worker is making it, the next pass asks again
            raise TransportError(f"status {answer.status}")
        return False
