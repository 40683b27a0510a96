"""The index of a branch's own customers: derived, written anew when the archive has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from server.addresses import index, words
from server.addresses.index import Address
from server.core.calls import Services
from server.customers import repository as customers

_FOLDER: Final = "addresses"
_KIND: Final = "customer"

Row = tuple[str, str, float | None, float | None]


def index_of(data_dir: Path, branch_id: str) -> Path:
    """Return where a branch's index lies; branch ids are not trusted as file names."""
    name = hashlib.sha256(branch_id.encode()).hexdigest()[:16]
    return data_dir / _FOLDER / f"{name}.sqlite"


def refresh(services: Services, branch_id: str) -> int | None:
    """Write a branch's index anew when its customers have changed; return their number, None when nothing was to do."""
    rows = services.uow.read(lambda session: customers.list_addresses(session, branch_id))
    path = index_of(services.settings.data_dir, branch_id)
    mark, seen = path.with_suffix(".mark"), _digest(rows)
    if path.exists() and mark.exists() and mark.read_text("utf-8") == seen:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    count = index.write(path, _addresses(rows))
    mark.write_text(seen, "utf-8")
    return count


def _digest(rows: Sequence[Row]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _addresses(rows: Sequence[Row]) -> Iterator[Address]:
    for customer_id, label, lat, lon in rows:
        if lat is not None and lon is not None:
            street, number = split(label)
            yield Address(street=street, number=number, label=label, lat=lat, lon=lon, kind=_KIND, ref=customer_id)


def split(label: str) -> tuple[str, str]:
    """Return street and house number: 文昌街 and 149 of 文昌街149号1单元, King Street and 12 of 12 King Street."""
    numbers = words.numbers(label)
    if not numbers:
        return label, ""
    before, _, after = words.fold(label).partition(numbers[0])
    name = before.strip(" ,") or after.split(",")[0].strip()
    return name or label, numbers[0]
