"""The plug-ins: each sends one message over one channel, or raises. A new kind is one function and one row here."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import requests

from server.outgoing.rules import Channel
from shared.errors import DomainError

_LONGEST_REASON: Final = 180


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One message as a plug-in sees it; `at_s` is Unix seconds of this attempt."""

    id: str
    to: str
    audience: str
    number: str
    work_order_id: str
    text: dict[str, str]
    at_s: int


Send = Callable[[Channel, Letter, str, Path], None]


def send(channel: Channel, letter: Letter, environ: Mapping[str, str], data_dir: Path) -> None:
    """Send one message. Raises DomainError `channel_failed` with the reason; whoever calls tries again later."""
    secret = environ.get(channel.secret_env, "") if channel.secret_env else ""
    if channel.secret_env and not secret:
        raise DomainError("channel_failed", reason=f"{channel.secret_env} is not set")
    PLUG_INS[channel.kind](channel, letter, secret, data_dir)


def sign(secret: str, at_s: int, body: bytes) -> str:
    """Return the signature header of a webhook: time and HMAC-SHA256 over `time.body`."""
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def _webhook(channel: Channel, letter: Letter, secret: str, _data_dir: Path) -> None:
    body = msgspec.json.encode(letter)
    headers = {
        **channel.headers,
        "Content-Type": "application/json",
        "X-Leakfirst-Delivery": letter.id,
        "X-Leakfirst-Signature": sign(secret, letter.at_s, body),
    }
    _ask(channel, channel.url, headers, body)


def _template(channel: Channel, letter: Letter, secret: str, _data_dir: Path) -> None:
    """Fill the channel's template: what a gateway wants stands in the company's file, not here."""
    words = {"to": letter.to, "text": letter.text.get(channel.language, ""), "id": letter.id, "number": letter.number}
    body = fill(channel.body, {**words, "secret": secret}, _escape_for(channel.content_type))
    url = fill(channel.url, {**words, "secret": secret}, urllib.parse.quote)
    headers = {name: fill(value, {"secret": secret, "id": letter.id}, str) for name, value in channel.headers.items()}
    _ask(channel, url, {**headers, "Content-Type": channel.content_type}, body.encode())


def _record(_channel: Channel, letter: Letter, _secret: str, data_dir: Path) -> None:
    """Write the message down instead of sending it: for tests and drills."""
    with (data_dir / "outgoing.jsonl").open("ab") as book:
        book.write(msgspec.json.encode(letter) + b"\n")
        book.flush()
        os.fsync(book.fileno())


PLUG_INS: Final[dict[str, Send]] = {"webhook": _webhook, "sms": _template, "voice": _template, "recording": _record}


def fill(template: str, words: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Return a template with its {words} filled in, each escaped; other braces stay as they are."""
    for name, value in words.items():
        template = template.replace("{" + name + "}", escape(value.replace("{", "(")))
    return template


def _escape_for(content_type: str) -> Callable[[str], str]:
    if content_type == "application/json":
        return lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
    return urllib.parse.quote_plus if content_type == "application/x-www-form-urlencoded" else str


def _ask(channel: Channel, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Ask a gateway once, within the channel's time; a redirect is a failure, for it could leave the house."""
    try:
        with requests.request(
            channel.method,
            url,
            data=body,
            headers=dict(headers),
            timeout=channel.timeout_s,
            allow_redirects=False,
            stream=True,  # the status says it all; a body without end is not read
        ) as answer:
            status = answer.status_code
    except (requests.RequestException, OSError, ValueError) as error:
        raise DomainError("channel_failed", reason=type(error).__name__) from error
    if status not in channel.ok_status:
        raise DomainError("channel_failed", reason=f"HTTP {status}"[:_LONGEST_REASON])
