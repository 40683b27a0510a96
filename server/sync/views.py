"""HTTP of the phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from server.accounts import repository as accounts
from server.core import clock
from server.core.registry import Audience, Registry
from server.devices import service as devices
from server.sync import evidence, service
from shared import wire
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.accounts.models import Device
    from server.core.calls import Call

_LONGEST_WAIT_S = 25.0


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add(
        "POST", "/api/v1/sync", sync, Audience.DEVICE, schema=wire.SyncRequest, limit="3000/minute", takes_turns=True
    )
    registry.add("POST", "/api/v1/evidence", hand_over, Audience.DEVICE, limit="60/minute")
    registry.add("POST", "/api/v1/test-push", ask_test, Audience.DEVICE, limit="6/minute")


def sync(call: Call) -> wire.SyncResponse:
    """Exchange events for results and changes; a call that brings and finds nothing may wait for news (long poll)."""
    response = service.exchange(call.services, call.device, call.body)
    until_s = clock.mono_s() + min(max(call.body.wait_s, 0.0), _LONGEST_WAIT_S)
    while _is_idle(response) and (left_s := until_s - clock.mono_s()) > 0:
        # Parked: no transaction and no thread of the database is held until the feed of this device moves.
        with call.services.turns.resting(call.device.token_hash):
            has_news = call.services.parking.wait(call.device_id, response.cursor, left_s)
        if not has_news:
            break
        device = _get_device(call)
        response = service.look(call.services, device, call.body)
    return response


def _get_device(call: Call) -> Device:
    """Return the device that calls; it may have been signed out while it waited."""
    device = call.read(lambda session: accounts.find_device(session, call.device_id))
    if device is None:
        raise DomainError("signed_out")
    if device.revoked_ms is not None:
        raise DomainError("device_revoked")
    return device


def _is_idle(response: wire.SyncResponse) -> bool:
    return not (response.changes or response.results or response.reset or response.order or response.test_push)


def hand_over(call: Call) -> tuple[evidence.Recovered, int]:
    """Take a file that a wiped phone had sealed for this server; 201 the first time, 200 when it is known already."""
    device = _get_device(call)
    found = evidence.recover(call.services, call.actor.branch_id, request.get_data(), device)
    return found, 201 if found.is_new else 200


def ask_test(call: Call) -> dict[str, str]:
    """Send a test alarm to the phone that asks for one."""
    device = _get_device(call)
    return {"id": call.write(lambda tx: devices.send_test(tx, device.technician_id))}
