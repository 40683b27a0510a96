"""HTTP of the hotline's contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from server.complaints import service as complaints
from server.complaints.rules import complaint_rules
from server.contacts import figures, knowledge, service
from server.contacts.models import Contact
from server.contacts.rules import CLASSES, contact_rules
from server.core.registry import OFFICE, Audience, Registry
from server.geocoding.rules import geocoding_rules

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/contacts", list_contacts, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/contacts", take, Audience.CONSOLE, roles=OFFICE, schema=service.ContactRequest)
    add("POST", "/api/v1/contacts/<contact_id>/reply", give_reply, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/api/v1/contacts/figures", show_figures, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/api/v1/contacts/guide", show_guide, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/api/v1/faq", search_faq, Audience.CONSOLE, roles=OFFICE)


def list_contacts(call: Call) -> dict[str, Any]:
    """List the answers owed and the latest contacts."""
    return {"items": call.read(lambda s: service.list_rows(s, call.actor.branch_id)), "at_ms": call.now_ms}


def take(call: Call) -> tuple[dict[str, Any], int]:
    """Write a contact down."""
    settings = call.settings

    def work(tx: Tx) -> tuple[Contact, str]:
        row = service.take(tx, call.body, settings.sla_profile, settings.time_zone)
        return row, complaints.find_number(tx.session, row.complaint_id or "")

    row, number = call.write(work)
    return {"contact_id": row.id, "complaint_id": row.complaint_id, "complaint_number": number}, 201


def give_reply(call: Call, contact_id: str) -> dict[str, Any]:
    """Note that a promised answer was given."""
    call.write(lambda tx: service.give_reply(tx, contact_id))
    return {"ok": True}


def show_figures(call: Call) -> dict[str, Any]:
    """Tell how soon today's contacts were answered."""
    zone, now_ms = call.settings.time_zone, call.now_ms
    return call.read(lambda s: figures.figures(s, call.actor.branch_id, now_ms, zone))


def show_guide(call: Call) -> dict[str, Any]:
    """Return what the intake page offers: classes, channels, targets, phrases."""
    del call
    rules = contact_rules()
    return {
        "classes": list(CLASSES),
        "rules": msgspec.to_builtins(rules),
        "has_geocoder": bool(geocoding_rules().provider),
        "complaint": {"kinds": list(complaint_rules().kinds), "units": list(complaint_rules().units)},
        "scripts": msgspec.to_builtins(knowledge.scripts().script),
    }


def search_faq(call: Call) -> dict[str, Any]:
    """Find answers to what a caller asks."""
    return {"items": msgspec.to_builtins(knowledge.search(call.query.get("query", "")))}
