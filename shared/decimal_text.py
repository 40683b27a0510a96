"""Decimals in text: what was read is what is stored, so a reading is judged exactly and never as a float."""

from __future__ import annotations

import decimal
import re
from typing import Final

_PLAIN: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,6})?")


def find_decimal(text: str) -> decimal.Decimal | None:
    """Return the number that a plain decimal in text names, None for anything else (exponents, commas, words)."""
    return decimal.Decimal(text) if _PLAIN.fullmatch(text) else None
