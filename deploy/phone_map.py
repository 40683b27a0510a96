"""Gives a phone in pictures and measurements the map of the demo's town, packed as the worker packs it."""

from __future__ import annotations

import random
from typing import Final

from deploy.demo_town import basemap, names, roads
from mobile.service import Phone
from mobile.store import day_map as kept_maps
from mobile.store.day_map import KeptMap
from server.basemap import packing
from shared import day_map

_SEED: Final = 1


def give_map(phone: Phone) -> None:
    """Keep a map around the phone's jobs; a phone without jobs that have a place gets none."""
    places = [(job.lat, job.lon) for job in phone.jobs() if job.lat is not None and job.lon is not None]
    area = day_map.area_of(places)
    if area is None:
        return
    chance = random.Random(_SEED)
    layers = basemap.basemap_layers(roads.build_roads(chance), names.load_names(), chance)
    packed = packing.pack(layers, area)
    kept_maps.keep(phone.desk.store, KeptMap(etag="town", told_ms=phone.clock.now_ms(), packed=packed))
