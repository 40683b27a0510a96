"""An order's papers at the desk: forms and copies with their deliveries, signing at a distance, hazard notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from flask import request
from sqlalchemy import orm
from werkzeug.wrappers import Response

from server.core import pages
from server.core.registry import OFFICE, Audience, Registry
from server.customers import service as customers
from server.documents import forms
from server.documents import rows as papers
from server.documents import service as documents
from server.hazards import rows as hazard_rows
from server.public import links
from server.remote_signing import service as signing
from server.work_orders import repository as work_orders
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx
    from server.work_orders.models import WorkOrder

STATES: Final = ("owed", "sent", "delivered", "failed")
_DEEDS: Final = frozenset({"issue", "deliver", "send", "send-paper"})


class NothingSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command that needs no words."""


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add, console = registry.add, Audience.CONSOLE
    page, api = "/work-orders/<work_order_id>/papers", "/api/v1/work-orders/<work_order_id>"
    add("GET", f"{api}/papers", list_all, console, roles=OFFICE)
    add("POST", f"{api}/signing-link", send, console, roles=OFFICE, schema=NothingSaid, limit="30/minute")
    add("GET", page, show, console, roles=OFFICE)
    add("POST", f"{page}/<deed>", change, console, roles=OFFICE, limit="60/minute")


def list_all(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return what the page shows, for the console's drawer."""
    return call.read(lambda s: _read(call, s, work_order_id))


def send(call: Call, work_order_id: str) -> dict[str, Any]:
    """Send the customer the link to sign."""
    address = _sign_address(call, work_order_id)
    call.write(lambda tx: _send_link(tx, work_order_id, address))
    return {"ok": True}


def show(call: Call, work_order_id: str) -> Response:
    """Show an order's papers."""
    return _page(call, work_order_id, "", 200)


def change(call: Call, work_order_id: str, deed: str) -> Response:
    """Do what a form of the page asks."""
    call.read(lambda s: work_orders.get_order(s, call.actor.branch_id, work_order_id))
    form, address, host = request.form.to_dict(), _sign_address(call, work_order_id), request.host_url.rstrip("/")

    def work(tx: Tx) -> None:
        match deed:
            case "issue":
                documents.ask_for(tx, work_order_id, form.get("form", ""), call.settings.time_zone)
            case "deliver":
                _deliver(tx, form)
            case "send":
                _send_link(tx, work_order_id, address)
            case "send-paper":
                _send_paper(tx, work_order_id, form.get("document_id", ""), call.settings.secret_key, host)
            case _:
                raise DomainError("not_found", what="deed")

    if deed not in _DEEDS:
        raise DomainError("not_found", what="deed")
    back = f"/work-orders/{work_order_id}/papers"
    return pages.carry_out(call, work, back, lambda error, status: _page(call, work_order_id, error, status))


def _deliver(tx: Tx, form: Mapping[str, str]) -> None:
    state = form.get("state", "")
    if state not in STATES:
        raise DomainError("invalid_request", reason="state")
    told = cast("documents.State", state)
    documents.deliver(tx, form.get("document_id", ""), form.get("channel", ""), told, form.get("note", "").strip())


def _send_paper(tx: Tx, work_order_id: str, document_id: str, secret_key: str, host: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    address = f"{host}/c/{document_id}/{documents.link_token(secret_key, document_id)}"
    documents.send_to_customer(tx, order, document_id, address, _phone(tx, order))


def _phone(tx: Tx, order: WorkOrder) -> str:
    return order.caller_phone or customers.find_phone(tx.session, tx.branch_id, order.customer_id)


def _sign_address(call: Call, work_order_id: str) -> str:
    """Return the whole address of the page to sign on, as this server is reached from the desk."""
    return f"{request.host_url.rstrip('/')}{links.path(call.settings.secret_key, work_order_id)}/sign"


def _send_link(tx: Tx, work_order_id: str, address: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    signing.send_link(tx, order, address, _phone(tx, order))


def _page(call: Call, work_order_id: str, error: str, status: int) -> Response:
    data = call.read(lambda s: _read(call, s, work_order_id))
    return pages.render(
        call,
        "papers.html",
        error,
        status,
        **data,
        states=STATES,
        channels=documents.CHANNELS,
        is_hotline_set=forms.has_hotline(call.settings.hotline),
    )


def _read(call: Call, session: orm.Session, work_order_id: str) -> dict[str, Any]:
    branch_id, zone = call.actor.branch_id, call.settings.time_zone
    order = work_orders.get_order(session, branch_id, work_order_id)
    keys = ("id", "number", "address", "state", "fault_kind")
    return {
        "order": {key: getattr(order, key) for key in keys},
        "papers": papers.list_papers(session, branch_id, order.id, call.settings.secret_key),
        "fitting": papers.list_fitting(session, branch_id, order.id, zone),
        "signing": signing.describe(session, order.id, call.now_ms),
        "sign_path": f"{links.path(call.settings.secret_key, order.id)}/sign",
        "notices": hazard_rows.list_notices_of(session, branch_id, order.id, call.language, zone),
    }
