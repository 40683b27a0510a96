"""Which channels a company has: shared/catalog/outgoing-*.toml, or its own edition of it. None is the default."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from typing import Final

import msgspec

from server.core import texts
from shared.errors import DomainError

_FILE: Final = "outgoing-2026.toml"
KINDS: Final = ("webhook", "sms", "voice", "recording")


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way out: whom it reaches (`audiences`, `to`), by which plug-in (`kind`), and how that plug-in asks.

    `body`, `url` and `headers` are templates with {to}, {text}, {id}, {number} and {secret}; the secret is read from
    the environment under `secret_env` and stands in no file. `branches` empty means all branches.
    """

    name: str
    kind: str
    audiences: tuple[str, ...]
    to: tuple[str, ...] = ("",)
    url: str = ""
    method: str = "POST"
    headers: dict[str, str] = {}
    body: str = ""
    content_type: str = "application/json"
    secret_env: str = ""
    ok_status: tuple[int, ...] = (200, 201, 202, 204)
    timeout_s: float = 5.0
    language: str = "zh_CN"
    branches: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown plug-in or an address that is none. Raises DomainError `channel_invalid`."""
        is_web = self.url.startswith(("https://", "http://"))
        if self.kind not in KINDS or (self.kind != "recording" and not is_web):
            raise DomainError("channel_invalid", channel=self.name)


class OutgoingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition: how often and how long a message is tried, and the channels."""

    edition: str
    effective_from: dt.date
    attempts: int
    first_retry_s: int
    longest_retry_s: int
    lease_s: int
    shown_for_s: int
    channel: tuple[Channel, ...] = ()


@functools.cache
def outgoing_rules() -> OutgoingRules:
    """Return the settings in force. Raises msgspec.ValidationError or DomainError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), OutgoingRules)


def channels_for(branch_id: str, audience: str) -> list[Channel]:
    """Return the channels that reach an audience of a branch."""
    return [
        channel
        for channel in outgoing_rules().channel
        if audience in channel.audiences and (not channel.branches or branch_id in channel.branches)
    ]
