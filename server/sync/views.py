"""HTTP of the phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.accounts import repository as accounts
from server.core import clock
from server.core.registry import Audience, Registry
from server.sync import service
from shared import wire
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call

_LONGEST_WAIT_S = 25.0
_POLL_S = 0.2


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("POST", "/api/v1/sync", sync, Audience.DEVICE, schema=wire.SyncRequest, limit="3000/minute")


def sync(call: Call) -> wire.SyncResponse:
    """Exchange events for results and changes; waits a while for news when asked to (long poll)."""
    device = call.read(lambda session: accounts.find_device(session, call.device_id))
    if device is None:
        raise DomainError("signed_out")
    response = service.exchange(call.services, device, call.body)
    until_s = clock.mono_s() + min(max(call.body.wait_s, 0.0), _LONGEST_WAIT_S)
    while not response.changes and not response.results and clock.mono_s() < until_s:
        clock.sleep_s(_POLL_S)
        response = service.exchange(call.services, device, call.body)
    return response
