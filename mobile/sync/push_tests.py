"""The test alarm at the start of a shift: the phone answers by itself when it arrives; that proves its channel."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec

from mobile.platform.clock import Clock
from mobile.store import meta, outbox
from mobile.store.database import Store
from mobile.sync.inbox import occurred_now
from mobile.sync.transport import PRODUCT_HEADER, FileTransport, TransportError
from shared import facts, wire
from shared.errors import DomainError
from shared.work_order import Priority

PUSH: Final = "test_push_sent"
_PATH: Final = "/api/v1/test-push"
_TIMEOUT_S: Final = 10.0
_OUR_CODES: Final = frozenset({"rate_limited", "device_not_enrolled", "device_revoked", "signed_out"})


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


def take(store: Store, clock: Clock, new_id: Callable[[int], str], response: wire.SyncResponse) -> bool:
    """Keep the newest test alarm, and queue its answer once; tell whether an answer was queued."""
    push = response.test_push
    with store.read() as db:
        if push is None or find_push(db) == push:
            return False
    with store.write() as db:
        known = find_push(db)
        meta.set_text(db, meta.TEST_PUSH, msgspec.json.encode(push).decode())
        is_new = push.seen_ms is None and (known is None or known.id != push.id)
        if is_new:
            _answer(db, clock, new_id, push)
        return is_new


def _answer(db: sqlite3.Connection, clock: Clock, new_id: Callable[[int], str], push: wire.TestPush) -> None:
    draft = outbox.Draft(
        id=new_id(clock.now_ms()),
        work_order_id="",
        assignment_id="",
        epoch=0,
        priority=Priority.EMERGENCY,  # as fast as a leak's: that is what it proves
        occurred=occurred_now(db, clock),
        body=facts.TestPushSeen(push_id=push.id),
    )
    outbox.append(db, draft)


def find_push(db: sqlite3.Connection) -> wire.TestPush | None:
    """Return the newest test alarm that this phone has heard of."""
    found = meta.find_text(db, meta.TEST_PUSH)
    return None if found is None else msgspec.json.decode(found, type=wire.TestPush)


def is_push(bell: wire.Doorbell) -> bool:
    """Tell whether a ring is a test alarm: its content comes with the next call."""
    return any(change.type == PUSH for change in bell.changes)


def ask(transport: FileTransport) -> None:
    """Ask the server for a test alarm. Raises DomainError `no_network`, or the server's code."""
    try:
        reply = transport.exchange("POST", _PATH, {}, b"", _TIMEOUT_S)
    except TransportError as error:
        raise DomainError("no_network") from error
    if PRODUCT_HEADER not in reply.headers:
        raise DomainError("no_network")
    if reply.status != HTTPStatus.OK:
        raise DomainError(_read_code(reply.body))


def _read_code(body: bytes) -> str:
    try:
        code = msgspec.json.decode(body, type=_Problem).code
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "answer_unreadable"
    return code if code in _OUR_CODES else "answer_unreadable"
