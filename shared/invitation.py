"""What the code picture at the desk holds: a one-time code, and where the phone finds its server."""

from __future__ import annotations

from typing import Final

_SCHEME: Final = "leakfirst:"
_AT: Final = "@"
_ADDRESSES: Final = ("https://", "http://")


def write(code: str, server_url: str = "") -> str:
    """Return the text of the picture; without `server_url` the technician types the address himself."""
    return f"{_SCHEME}{code}{_AT}{server_url.rstrip('/')}" if server_url else f"{_SCHEME}{code}"


def read(text: str) -> tuple[str, str]:
    """Return (address, code) of what was scanned, pasted or typed; the address is empty when there is none.

    Typed codes may have blanks and small letters.
    """
    told = text.strip()
    if told[: len(_SCHEME)].lower() == _SCHEME:
        told = told[len(_SCHEME) :]
    code, _, address = told.partition(_AT)
    is_address = address.strip().lower().startswith(_ADDRESSES)
    return address.strip() if is_address else "", "".join(code.split()).upper()
