"""Owes messages and sends them: rows claimed with a lease, tried again with growing pauses, never in the gateway."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import orm

from server.core import clock, texts
from server.core.db import Database
from server.core.unit_of_work import Tx
from server.outgoing import adapters, repository
from server.outgoing.models import OutgoingMessage
from server.outgoing.rules import Channel, channels_for, outgoing_rules
from shared import events
from shared.errors import DomainError

_log = structlog.get_logger(__name__)

CUSTOMER: Final = "customer"
_BATCH: Final = 10


def owe(tx: Tx, audiences: Iterable[str], key: str, work_order_id: str = "", **data: Any) -> int:
    """Owe a message (text `outgoing.<key>`) to everybody of some audiences; return how many were written down.

    0 means that no channel is configured for them: the console's siren says so.
    """
    wanted = [(a, c, to) for a in audiences for c in channels_for(tx.branch_id, a) for to in c.to]
    return _write(tx, wanted, key, work_order_id, data)


def owe_customer(tx: Tx, to: str, key: str, work_order_id: str, **data: Any) -> int:
    """Owe a message to a customer's number over every channel that reaches customers; 0 means that none does."""
    wanted = [(CUSTOMER, channel, to) for channel in channels_for(tx.branch_id, CUSTOMER)]
    return _write(tx, wanted, key, work_order_id, data)


def _write(tx: Tx, wanted: list[tuple[str, Channel, str]], key: str, work_order_id: str, data: dict[str, Any]) -> int:
    text = texts.catalog().both(f"outgoing.{key}", **data)
    now_ms = clock.real_ms()
    for audience, channel, to in wanted:
        row = OutgoingMessage(
            id=tx.new_id(),
            branch_id=tx.branch_id,
            channel=channel.name,
            audience=audience,
            recipient=to,
            work_order_id=work_order_id,
            number=str(data.get("number", "")),
            text=text,
            made_real_ms=now_ms,
            due_real_ms=now_ms,
        )
        tx.session.add(row)
    return len(wanted)


def deliver_due(database: Database, name: str, environ: Mapping[str, str], data_dir: Path, late_ms: int = 0) -> int:
    """Send what is due for at least `late_ms`; return how many messages were tried."""
    latest_ms = clock.real_ms() - late_ms
    if not database.read(lambda session: repository.count_waiting(session, latest_ms)):
        return 0
    claimed = database.write(lambda session: _claim(session, name, latest_ms))
    for row in claimed:
        error = _try(row, environ, data_dir)
        database.write(functools.partial(_settle, message_id=row.id, error=error))
    return len(claimed)


def _claim(session: orm.Session, name: str, latest_ms: int) -> list[OutgoingMessage]:
    """Claim a batch: its due time moves behind the lease, so that nobody else takes it meanwhile."""
    rows = repository.lock_waiting(session, latest_ms, _BATCH)
    for row in rows:
        row.claimed_by, row.attempts = name, row.attempts + 1
        row.due_real_ms = clock.real_ms() + outgoing_rules().lease_s * 1000
    return rows


def _try(row: OutgoingMessage, environ: Mapping[str, str], data_dir: Path) -> str:
    channel = _find_channel(row.channel)
    if channel is None:
        return "no such channel"
    letter = adapters.Letter(
        id=row.id,
        to=row.recipient,
        audience=row.audience,
        number=row.number,
        work_order_id=row.work_order_id,
        text=row.text,
        at_s=clock.real_ms() // 1000,
    )
    try:
        adapters.send(channel, letter, environ, data_dir)
    except (DomainError, OSError) as error:
        reason = error.data.get("reason", error.code) if isinstance(error, DomainError) else type(error).__name__
        _log.warning("message not sent", channel=row.channel, reason=reason)
        return str(reason)[:200]
    return ""


def _find_channel(name: str) -> Channel | None:
    return next((channel for channel in outgoing_rules().channel if channel.name == name), None)


def _settle(session: orm.Session, message_id: str, error: str) -> None:
    row = session.get(OutgoingMessage, message_id)
    if row is None:
        return
    rules, now_ms = outgoing_rules(), clock.real_ms()
    row.error = error
    if not error:
        row.sent_real_ms = now_ms
    elif row.attempts >= rules.attempts:
        row.failed_real_ms = now_ms
    else:
        row.due_real_ms = now_ms + min(rules.longest_retry_s, rules.first_retry_s << (row.attempts - 1)) * 1000


def list_to_customer(session: orm.Session, work_order_id: str) -> list[dict[str, Any]]:
    """Return what went, or goes, to an order's customer, newest first."""
    rows = repository.list_of_order(session, work_order_id, CUSTOMER)
    return [{"state": state_of(row), "error": row.error, "made_real_ms": row.made_real_ms} for row in rows]


def state_of(row: OutgoingMessage) -> str:
    """Return sent, failed or waiting."""
    if row.sent_real_ms is not None:
        return repository.SENT
    return repository.WAITING if row.failed_real_ms is None else repository.FAILED


def try_again(tx: Tx, message_id: str) -> None:
    """Let a message that was given up, or waits for its next try, go out at once, with all its tries before it.

    Raises DomainError `not_found`, `message_sent_already`.
    """
    row = repository.lock_message(tx.session, tx.branch_id, message_id)
    if row.sent_real_ms is not None:
        raise DomainError("message_sent_already")
    row.failed_real_ms, row.attempts, row.due_real_ms = None, 0, clock.real_ms()
    data = {"message_id": row.id, "channel": row.channel}
    tx.record(events.MESSAGE_TRIED_AGAIN, data, work_order_id=row.work_order_id)


def list_troubles(session: orm.Session, branch_id: str) -> list[dict[str, Any]]:
    """Return the messages that could not be sent yet or were given up, newest first, for the console."""
    since_ms = clock.real_ms() - outgoing_rules().shown_for_s * 1000
    keys = ("channel", "audience", "work_order_id", "attempts", "error", "failed_real_ms")
    return [{key: getattr(row, key) for key in keys} for row in repository.list_troubled(session, branch_id, since_ms)]


def has_channel(branch_id: str, audiences: Iterable[str]) -> bool:
    """Tell whether anybody of some audiences can be reached outside the console."""
    return any(channels_for(branch_id, audience) for audience in audiences)
