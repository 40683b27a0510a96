"""The base of every phone event's body, and what texts of all of them share."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from shared.errors import DomainError

LONGEST_TEXT: Final = 2000
MOST_PIECES: Final = 9999


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """Base of every phone event's body; the tag is the event's name on the wire."""

    intent: ClassVar[bool] = False


def check_length(*told: str) -> None:
    """Refuse endless words. Raises DomainError `text_too_long`."""
    if any(len(text) > LONGEST_TEXT for text in told):
        raise DomainError("text_too_long")
