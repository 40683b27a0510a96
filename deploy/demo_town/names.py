"""Words of the town, read from names.toml."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from deploy.demo_town.roads import ROWS

_FILE: Final = Path(__file__).parent / "names.toml"
_SUFFIX: Final = (("街", "Street"), ("路", "Road"))

Name = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Names:
    """Names as (Chinese, romanised)."""

    town: Name
    river: Name
    streets: tuple[Name, ...]
    districts: tuple[Name, ...]
    surnames: tuple[Name, ...]
    given: tuple[Name, ...]
    stoves: tuple[Name, ...]
    heaters: tuple[Name, ...]

    def street(self, index: int) -> Name:
        """Return the name of a street by its line in the grid: rows are streets, columns are roads."""
        zh, en = self.streets[index % len(self.streets)]
        suffix = _SUFFIX[0 if index < ROWS else 1]
        return f"{zh}{suffix[0]}", f"{en} {suffix[1]}"


def load_names() -> Names:
    """Return the words of the town."""
    return msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), Names)
