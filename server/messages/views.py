"""HTTP of messages: the desk writes to a technician and reads what passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from server.accounts import repository as accounts
from server.core.registry import DESK, Audience, Registry
from server.messages import repository, service

if TYPE_CHECKING:
    from server.core.calls import Call

_SHOWN: Final = 100
_FIELDS: Final = ("id", "is_from_desk", "sender_name", "text", "work_order_id", "at_ms", "delivered_ms", "read_ms")


class MessageRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Words to a technician, about one work order or none."""

    text: str
    work_order_id: str = ""


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    rule = "/api/v1/technicians/<technician_id>/messages"
    registry.add("POST", rule, write, Audience.CONSOLE, roles=DESK, schema=MessageRequest, limit="120/minute")
    registry.add("GET", rule, list_messages, Audience.CONSOLE, roles=DESK)


def write(call: Call, technician_id: str) -> tuple[dict[str, Any], int]:
    """Write to a technician."""
    asked: MessageRequest = call.body
    name = call.read(lambda s: accounts.get_account(s, call.actor.id).name)
    row = call.write(lambda tx: service.write_to(tx, technician_id, name, asked.text, asked.work_order_id))
    return {"message_id": row.id}, 201


def list_messages(call: Call, technician_id: str) -> dict[str, Any]:
    """Return the newest messages with a technician, newest first."""
    rows = call.read(lambda s: repository.list_with(s, call.actor.branch_id, technician_id, _SHOWN))
    return {"items": [{name: getattr(row, name) for name in _FIELDS} for row in rows]}
