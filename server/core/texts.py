"""Reads the text catalogs and the dated data files that ship with `shared`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import shared
from shared import protocol, sla, text, triage

LANGUAGES: Final = ("zh_CN", "en")
_HOME: Final = Path(shared.__file__).parent


@functools.cache
def catalog() -> text.Catalog:
    """Return the texts of both languages."""
    files = {lang: sorted((_HOME / "locale").glob(f"*.{lang}.toml")) for lang in LANGUAGES}
    return text.Catalog.from_toml({lang: [path.read_bytes() for path in paths] for lang, paths in files.items()})


_own_catalog: list[Path] = []


def use_own_catalog(folder: Path) -> None:
    """Let a company's own editions stand before the shipped ones; called once at the start of a process."""
    _own_catalog[:] = [folder]


def read_data(name: str) -> bytes:
    """Return a dated data file: the company's own edition if there is one, else that of shared/catalog."""
    folders = [*_own_catalog, _HOME / "catalog"]
    return next(folder / name for folder in folders if (folder / name).exists()).read_bytes()


def list_editions(pattern: str) -> list[list[bytes]]:
    """Return every edition of a dated data file by its pattern: the company's own first, then those of shared/catalog.

    A shipped file that the company has under the same name is the company's.
    """
    own = {path.name: path for folder in _own_catalog for path in sorted(folder.glob(pattern))}
    shipped = [path for path in sorted((_HOME / "catalog").glob(pattern)) if path.name not in own]
    return [[path.read_bytes() for path in paths] for paths in (own.values(), shipped)]


@functools.cache
def triage_rules() -> triage.TriageRules:
    """Return the triage rules in force."""
    return triage.TriageRules.from_toml(read_data("triage-2026.toml"))


@functools.cache
def sla_profile(name: str) -> sla.Profile:
    """Return an SLA profile by the name of its file."""
    return sla.Profile.from_toml(read_data(f"{name}.toml"))


@functools.cache
def protocols() -> tuple[protocol.Protocol, ...]:
    """Return all protocols, every edition."""
    paths = sorted((_HOME / "catalog" / "protocols").glob("*.toml"))
    return tuple(protocol.Protocol.from_toml(path.read_bytes()) for path in paths)
