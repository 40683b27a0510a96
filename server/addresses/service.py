"""Where an address may be: the branch's own customers first, then the city's houses and streets."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from server.addresses import keeping
from server.addresses.index import AddressIndex, Hit
from server.core.settings import Settings

CITY_FILE: Final = "addresses.sqlite"
_SURE: Final = 0.99  # every word and number was right; below it somebody has to confirm the pin
_CUSTOMER: Final = "customer"


def search(settings: Settings, branch_id: str, text: str, limit: int) -> list[Hit]:
    """Return at most ``limit`` places, best first; no index is no error, the map's pin is always there.

    Raises DomainError `addresses_unusable` for a broken file.
    """
    files = [keeping.index_of(settings.data_dir, branch_id)]
    if settings.basemap_dir is not None:
        files.append(settings.basemap_dir / CITY_FILE)
    hits = [
        hit for path in files if path.exists() for hit in _opened(path, path.stat().st_mtime_ns).search(text, limit)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.kind != _CUSTOMER))[:limit]


def is_sure(hit: Hit) -> bool:
    """Tell whether an address was named exactly; a guess is never placed without a human's confirmation."""
    return hit.score >= _SURE


@functools.lru_cache(maxsize=8)
def _opened(path: Path, changed_ns: int) -> AddressIndex:
    del changed_ns  # part of the key: a file that was written anew is opened anew
    return AddressIndex(path)
