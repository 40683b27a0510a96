"""Who is on the line: proved at connect, asked again at every message (threat C3)."""

from __future__ import annotations

import dataclasses
from typing import Any

import flask_login
from flask import Flask

from server.accounts import service as accounts
from server.core.calls import Services
from shared.errors import DomainError


@dataclasses.dataclass
class Peer:
    """One open socket: a device or a console of a branch, and up to which change it was told."""

    sid: str
    branch_id: str
    device_id: str = ""
    technician_id: str = ""
    token: str = ""
    sign_in_id: str = ""
    sent: int = 0
    checked_s: float = 0.0

    @property
    def is_console(self) -> bool:
        """Tell whether a dispatcher's browser is at the other end."""
        return not self.device_id


def admit(app: Flask, services: Services, sid: str, environ: dict[str, Any], auth: Any) -> Peer:
    """Return the peer behind a new socket. Raises DomainError `signed_out`, `device_revoked`."""
    if isinstance(auth, dict) and auth.get("token"):
        return _device(services, sid, str(auth["token"]))
    with app.request_context(environ):
        user = flask_login.current_user
        if not user.is_authenticated:
            raise DomainError("signed_out")
        return Peer(sid=sid, branch_id=user.account.branch_id, sign_in_id=str(user.get_id()))


def _device(services: Services, sid: str, token: str) -> Peer:
    device = services.uow.read(lambda session: accounts.get_live_device(session, token))
    return Peer(
        sid=sid, branch_id=device.branch_id, device_id=device.id, technician_id=device.technician_id, token=token
    )


def is_still_welcome(services: Services, peer: Peer) -> bool:
    """Tell whether a device's token, or a console's session row, still stands."""
    if peer.is_console:
        now_ms = services.uow.clock.now_ms()
        return services.uow.read(lambda s: accounts.find_console_user(s, peer.sign_in_id, now_ms)) is not None
    try:
        services.uow.read(lambda session: accounts.get_live_device(session, peer.token))
    except DomainError:
        return False
    return True
