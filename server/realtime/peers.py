"""Who is on the line: proved at connect, asked again at every message (threat C3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import flask_login
from flask import Flask
from sqlalchemy import orm

from server.accounts import repository as account_rows
from server.accounts import service as accounts
from server.accounts.models import Device
from server.core import journal
from server.core.calls import Services
from server.dispatch import repository as offers
from server.work_orders import repository as orders
from shared import wire
from shared.errors import DomainError

_Caller = tuple[Device, int, str]


@dataclasses.dataclass
class Peer:
    """One open socket: a device or a console of a branch, up to which change it was told, whose place it lacks.

    `view` is what a browser's map shows, `far_s` when (monotonic) it was last told who moved elsewhere,
    `warned` up to which change it was told of leaks, ahead of all else; `is_summoned` while its feed stands still.
    """

    sid: str
    branch_id: str
    device_id: str = ""
    technician_id: str = ""
    token: str = ""
    sign_in_id: str = ""
    sent: int = 0
    checked_s: float = 0.0
    unseen: set[str] = dataclasses.field(default_factory=set)
    view: wire.View | None = None
    far_s: float = 0.0
    warned: int = 0
    is_summoned: bool = False

    @property
    def is_console(self) -> bool:
        """Tell whether a dispatcher's browser is at the other end."""
        return not self.device_id


def admit(app: Flask, services: Services, sid: str, environ: dict[str, Any], auth: Any) -> Peer:
    """Return the peer behind a new socket. Raises DomainError `signed_out`, `device_revoked`."""
    if isinstance(auth, dict) and auth.get("token"):
        return _device(services, sid, auth)
    with app.request_context(environ):
        user = flask_login.current_user
        if not user.is_authenticated:
            raise DomainError("signed_out")
        branch_id = user.account.branch_id
        head = services.uow.read(lambda s: journal.get_head(s, journal.console_reader(branch_id)))
        return Peer(sid=sid, branch_id=branch_id, sign_in_id=str(user.get_id()), sent=head)


def _device(services: Services, sid: str, auth: dict[str, Any]) -> Peer:
    token = str(auth["token"])
    token_hash = accounts.hash_secret(token)
    with services.turns.taking(token_hash):
        known = services.uow.read_together(_list_callers, token_hash)
    device = accounts.check_live(known[0] if known else None)
    sent = _told_before(known[1], known[2], auth) if known else 0
    return Peer(sid, device.branch_id, device.id, device.technician_id, token, sent=sent)


def _list_callers(session: orm.Session, token_hashes: Sequence[str]) -> list[_Caller | None]:
    """Return the devices of tokens with their feeds' newest numbers and their branches' generations, in order."""
    devices = accounts.list_by_token(session, token_hashes)
    heads = journal.map_heads(session, {device.id for device in devices if device is not None})
    generations = {d.branch_id: account_rows.get_branch(session, d.branch_id).generation for d in devices if d}
    return [(d, heads.get(d.id, 0), generations[d.branch_id]) if d else None for d in devices]


def _told_before(head: int, generation: str, auth: dict[str, Any]) -> int:
    """Return up to which change a phone knows its feed; what it missed since is rung at once.

    One that says nothing, or speaks of another generation, calls by itself and finds out there.
    """
    cursor = auth.get("cursor")
    if not isinstance(cursor, int) or not 0 < cursor <= head:
        return head
    return cursor if auth.get("gen") == generation else head


def hurry(services: Services) -> None:
    """When calls wait for their turns, let those phones be next that were not told yet of a leak."""
    if services.turns.waiting:
        services.turns.hurry(services.uow.read(lambda s: offers.list_untold_tokens(s, orders.list_pressing_ids(s))))


def list_unwelcome(services: Services, found: list[Peer]) -> list[Peer]:
    """Return those peers whose token, or whose console's session row, no longer stands; phones by one query."""
    now_ms = services.uow.clock.now_ms()

    def work(session: orm.Session) -> list[Peer]:
        phones = {peer.device_id for peer in found if not peer.is_console}
        live = account_rows.list_live_ids(session, phones) if phones else set()
        return [peer for peer in found if not _is_welcome(session, peer, live, now_ms)]

    return services.uow.read(work)


def _is_welcome(session: orm.Session, peer: Peer, live: set[str], now_ms: int) -> bool:
    if peer.is_console:
        return accounts.find_console_user(session, peer.sign_in_id, now_ms) is not None
    return peer.device_id in live
