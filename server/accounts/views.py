"""HTTP of accounts: enrolment of phones, devices, who am I."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import segno
from flask import request

from server.accounts import repository, service
from server.core import recovery
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.core.unit_of_work import Actor
from shared import invitation, wire
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call


_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class CodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For whom a code is wanted."""

    technician_id: str


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("POST", "/api/v1/enrol", enrol, Audience.PUBLIC, schema=wire.EnrolRequest, limit="30/minute")
    add("POST", "/api/v1/device/key", change_key, Audience.DEVICE, schema=wire.DeviceKeyRequest, limit="10/minute")
    add("GET", "/api/v1/me", who_am_i, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/api/v1/devices", list_devices, Audience.CONSOLE, roles=DESK)
    add("POST", "/api/v1/devices/codes", issue_code, Audience.CONSOLE, roles=DESK, schema=CodeRequest)
    add("POST", "/api/v1/devices/<device_id>/revoke", revoke, Audience.CONSOLE, roles=DESK)


def enrol(call: Call) -> wire.EnrolResponse:
    """Redeem a one-time code."""
    branch_id = call.read(lambda session: service.find_code_branch(session, call.body.code))
    if branch_id is None:
        raise DomainError("code_invalid")
    actor = Actor.system(branch_id)
    enrolled = call.services.uow.run(actor, lambda tx: service.enrol_device(tx, call.body))
    return msgspec.structs.replace(enrolled, recovery_key=recovery.public_hex(call.settings.data_dir))


def change_key(call: Call) -> wire.DeviceKeyResponse:
    """Take a phone's new key for seals."""
    return wire.DeviceKeyResponse(
        key_id=call.write(lambda tx: service.change_device_key(tx, call.device_id, call.body))
    )


def who_am_i(call: Call) -> dict[str, Any]:
    """Return who is signed in, and where his branch lies."""

    def work(session: Any) -> dict[str, Any]:
        account = repository.get_account(session, call.actor.id)
        branch = repository.get_branch(session, account.branch_id)
        return {
            "id": account.id,
            "name": account.name,
            "role": account.role,
            "language": account.language,
            "time_zone": call.settings.time_zone,
            "branch": {"id": branch.id, "name": branch.name, "center": [branch.center_lat, branch.center_lon]},
        }

    return call.read(work)


def list_devices(call: Call) -> dict[str, Any]:
    """List the branch's phones."""

    def work(session: Any) -> list[dict[str, Any]]:
        devices = repository.list_devices(session, call.actor.branch_id)
        names = repository.list_names(session, {d.technician_id for d in devices})
        keys = ("id", "technician_id", "label", "enrolled_ms", "revoked_ms", "last_seen_ms", "unsent")
        return [
            {**{k: getattr(d, k) for k in keys}, "technician_name": names.get(d.technician_id, "")} for d in devices
        ]

    return {"items": call.read(work)}


def issue_code(call: Call) -> dict[str, Any]:
    """Issue a one-time code, also as a QR picture that tells the phone where its server is."""
    code, expires_ms = call.write(lambda tx: service.issue_enrol_code(tx, call.body.technician_id))
    picture = segno.make(invitation.write(code, _own_address()), error="m").svg_inline(scale=5, omitsize=True)
    return {"code": code, "qr_svg": picture, "expires_ms": expires_ms}


def _own_address() -> str:
    """Return this server's address as the desk reaches it; none when a phone would look for it on itself."""
    name = request.host.rpartition(":")[0] or request.host
    return "" if name in _THIS_MACHINE else request.host_url


def revoke(call: Call, device_id: str) -> dict[str, Any]:
    """End a phone's access."""
    call.write(lambda tx: service.revoke_device(tx, device_id))
    return {"ok": True}
