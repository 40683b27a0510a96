"""What the benchmarks read and keep: instances wherever they lie in a folder, results that are whole or not there."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar

ROOT = Path(__file__).resolve().parents[2]
_SOURCES = {".py", ".toml", ".html", ".css", ".js", ".kv"}
_BUILT = {"__pycache__", "vendor", "node_modules"}
PACKAGES = ("numba", "numpy", "scipy", "ortools", "pyvrp", "pyvroom")


class _Named(Protocol):
    @property
    def name(self) -> str:
        """What the instance is called."""


InstanceT = TypeVar("InstanceT", bound=_Named)


def note(text: str) -> None:
    """Write one line beside the results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def list_instances(
    place: Path, read: Callable[[Path], InstanceT], *, besides: Iterable[Path | None] = ()
) -> list[InstanceT]:
    """Return the instances among the text files of a folder and of those below it, in the order of their paths.

    ``besides``: files that are something else. What does not read as an instance is left out with a note.
    """
    others = {path.resolve() for path in besides if path is not None}
    every = [place] if place.is_file() else sorted(place.rglob("*"))
    texts = [path for path in every if path.is_file() and path.suffix.lower() == ".txt"]
    found = [_find_instance(path, read) for path in texts if path.resolve() not in others]
    return [one for one in found if one is not None]


def _find_instance(path: Path, read: Callable[[Path], InstanceT]) -> InstanceT | None:
    try:
        return read(path)
    except (ValueError, SyntaxError, ArithmeticError, OSError) as unreadable:
        note(f"left out, no instance: {path} ({unreadable})")
        return None


def read_kept(path: Path | None) -> dict[str, Any]:
    """Return what an earlier run wrote; nothing, with a note, when the file is absent, empty or damaged."""
    if path is None or not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as damaged:
        note(f"{path}: unreadable, begun anew ({damaged})")
        return {}
    if not isinstance(content, dict):
        note(f"{path}: holds something else, begun anew")
        return {}
    return content


def write_whole(path: Path | None, content: dict[str, Any]) -> None:
    """Write JSON so that whoever reads it at any time finds all of it; no path, no file."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1) + "\n"
    if path.exists() and not path.is_file():  # a pipe or /dev/stdout
        path.write_text(text, encoding="utf-8")
        return
    half = path.with_name(f"{path.name}.half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def digest_of(folders: Iterable[Path], *settings: object) -> str:
    """Return what tells apart the sources in folders (or single files), and settings."""
    digest = hashlib.sha256(repr(settings).encode())
    for folder in folders:
        for path in sorted([folder, *folder.rglob("*")]):
            if path.suffix in _SOURCES and not _BUILT.intersection(path.parts):
                digest.update(f"{path.relative_to(folder.parent).as_posix()} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def machine() -> str:
    """Return processor, cores, system and Python of this machine."""
    processor = _find_processor() or platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _find_processor() -> str | None:
    lines = Path("/proc/cpuinfo")  # Linux only
    texts = lines.read_text(encoding="utf-8").splitlines() if lines.exists() else []
    return next((text.split(":", 1)[1].strip() for text in texts if text.startswith("model name")), None)


def list_versions() -> dict[str, str | None]:
    """Return the version of each library that matters to a figure; None for one that is absent."""
    return {name: _find_version(name) for name in PACKAGES}


def _find_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
