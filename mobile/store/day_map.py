"""The map of the day as the phone keeps it: one sealed file, replaced as a whole."""

from __future__ import annotations

import os
import zlib
from typing import Final

import msgspec

from mobile.store.database import Store
from shared import day_map
from shared.day_map import DayMap
from shared.errors import DomainError

_FILE: Final = "day_map.pack"
_ROW: Final = "day_map"
_LARGEST_PLAIN_BYTES: Final = 8_000_000  # a small pack that unpacks to more is none of ours


class KeptMap(msgspec.Struct, frozen=True, kw_only=True):
    """A pack with what is needed to ask whether it still stands: `told_ms` is when the server last said so."""

    etag: str
    told_ms: int
    packed: bytes


def keep(store: Store, kept: KeptMap) -> None:
    """Put a map in the place of the earlier one. Raises DomainError `map_unreadable` for what is no pack."""
    read(kept)
    target = store.folder / _FILE
    draft = target.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(store.cipher.seal(_ROW, msgspec.json.encode(kept)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def find(store: Store) -> KeptMap | None:
    """Return the map that is kept, None for none; one that cannot be read counts as none, it is fetched anew."""
    try:
        sealed = (store.folder / _FILE).read_bytes()
        return msgspec.json.decode(store.cipher.unseal(_ROW, sealed), type=KeptMap)
    except (OSError, DomainError, msgspec.MsgspecError):
        return None


def read(kept: KeptMap) -> DayMap:
    """Return the map itself. Raises DomainError `map_unreadable`."""
    try:
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        plain = unpacker.decompress(kept.packed, _LARGEST_PLAIN_BYTES)
        found = msgspec.json.decode(plain, type=DayMap)
    except (zlib.error, msgspec.MsgspecError, RecursionError) as error:
        raise DomainError("map_unreadable") from error
    if found.v != day_map.VERSION:
        raise DomainError("map_unreadable")
    return found
