"""Packed maps on the disk: phones ask, the worker makes, the gateway only hands out what is there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec
import structlog

from server.core import clock
from shared.day_map import Area

_log = structlog.get_logger(__name__)

_FOLDER: Final = "day_maps"
_PACKED: Final = ".gz"
_WANTED: Final = ".wanted"
_LIMIT_S: Final = 120
_KEPT_MS: Final = 14 * 24 * 3_600_000


class MapShelf:
    """The packs of one server, by area and by the state of its base map."""

    def __init__(self, data_dir: Path, basemap_dir: Path | None) -> None:
        """Keep packs under `data_dir`, made from the layers in `basemap_dir`; None: there is no base map."""
        self._folder, self._basemap_dir = data_dir / _FOLDER, basemap_dir

    def key_of(self, area: Area) -> str:
        """Return the name of an area's pack; another state of the base map gives another name."""
        layers = sorted(self._basemap_dir.glob("*.geojson")) if self._basemap_dir else []
        state = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in layers]
        return hashlib.sha256(msgspec.json.encode((area, state))).hexdigest()[:32]

    def find(self, key: str) -> Path | None:
        """Return where a pack lies, None while it is not made."""
        path = self._folder / (key + _PACKED)
        return path if path.is_file() else None

    def want(self, key: str, area: Area) -> None:
        """Ask the worker for a pack; asking again changes nothing."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / (key + _WANTED)).write_bytes(msgspec.json.encode(area))

    def make_next(self) -> bool:
        """Make one wanted pack; tell whether there was one. Raises OSError, subprocess.TimeoutExpired."""
        wanted = next(iter(sorted(self._folder.glob("*" + _WANTED))), None)
        if wanted is None:
            return False
        asked, target = wanted.read_bytes(), wanted.with_suffix(_PACKED)
        layers = self._basemap_dir or self._folder / "none"
        command = [sys.executable, "-m", "server.basemap.packing", str(layers), asked.decode(), str(target)]
        done = subprocess.run(command, check=False, timeout=_LIMIT_S, capture_output=True)  # noqa: S603 - our own program
        if done.returncode:
            _log.warning("a map was not packed", key=wanted.stem, error=done.stderr.decode()[-400:])
        wanted.unlink(missing_ok=True)  # a phone that still wants it asks again
        self._prune()
        return True

    def _prune(self) -> None:
        oldest_ms = clock.real_ms() - _KEPT_MS
        for path in self._folder.glob("*" + _PACKED):
            if path.stat().st_mtime_ns // 1_000_000 < oldest_ms:
                path.unlink(missing_ok=True)
