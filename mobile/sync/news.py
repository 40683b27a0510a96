"""What an answer brings beside the jobs: messages of the centre, and where to wait. Kept once, confirmed once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from mobile.platform.clock import Clock
from mobile.store import meta, outbox, pocket
from mobile.store.database import Store
from mobile.sync.inbox import occurred_now
from shared import facts, wire
from shared.work_order import Priority


def take(store: Store, clock: Clock, new_id: Callable[[int], str], response: wire.SyncResponse) -> None:
    """File messages that are new here, each with the event that confirms it, in one transaction."""
    with store.read() as db:
        is_turned = (meta.find_text(db, meta.WAIT_AT) or "") != response.wait_at
        if not is_turned and not _list_fresh(db, response):
            return
    with store.write() as db:
        fresh = _list_fresh(db, response)  # once more: a long poll and a call with events may bring the same
        meta.set_text(db, meta.WAIT_AT, response.wait_at)
        pocket.add_messages(db, fresh)
        for message in fresh:
            draft = outbox.Draft(
                id=new_id(clock.now_ms()),
                work_order_id="",
                assignment_id="",
                epoch=0,
                priority=Priority.ROUTINE,
                occurred=occurred_now(db, clock),
                body=facts.MessageDelivered(message_id=message.id),
            )
            outbox.append(db, draft)


def _list_fresh(db: sqlite3.Connection, response: wire.SyncResponse) -> tuple[wire.DeskMessage, ...]:
    if not response.messages:
        return ()
    known = {item.message.id for item in pocket.list_messages(db)}
    return tuple(message for message in response.messages if message.id not in known)
