"""Asks the server who looked at the technician's trace (PR-04)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec

from mobile.platform.clock import Clock
from mobile.store import pocket
from mobile.store.database import Store
from mobile.sync.transport import PRODUCT_HEADER, FileTransport, TransportError
from shared.errors import DomainError

_PATH: Final = "/api/v1/position-views"
_TIMEOUT_S: Final = 10.0


class _Answer(msgspec.Struct, frozen=True):
    views: tuple[pocket.PositionView, ...]


def fetch(store: Store, transport: FileTransport, clock: Clock) -> None:
    """Keep who looked, newest first. Raises DomainError `no_network`, `answer_unreadable`."""
    try:
        reply = transport.exchange("GET", _PATH, {}, b"", _TIMEOUT_S)
    except TransportError as error:
        raise DomainError("no_network") from error
    if PRODUCT_HEADER not in reply.headers or reply.status != HTTPStatus.OK:
        raise DomainError("no_network")
    try:
        answer = msgspec.json.decode(reply.body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DomainError("answer_unreadable") from error
    with store.write() as db:
        pocket.set_position_views(db, pocket.PositionViews(views=answer.views, fetched_ms=clock.now_ms()))
