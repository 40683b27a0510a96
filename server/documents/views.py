"""HTTP of the papers: list, ask for, fetch, deliver; the public link of a customer's copy; the verification page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response, request

from server.core.registry import OFFICE, Audience, Registry
from server.core.unit_of_work import Actor
from server.documents import judging, page, repository, rows, service
from server.documents.models import Document
from server.seals import keyring
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call

_PDF: Final = "application/pdf"


class PaperRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which form is wanted."""

    form: str


class DeliveryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On which way a paper goes, and how far it came."""

    channel: str
    state: service.State
    note: str = ""


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    papers = "/api/v1/work-orders/<work_order_id>/documents"
    add("GET", papers, list_papers, Audience.CONSOLE, roles=OFFICE)
    add("POST", papers, ask_for, Audience.CONSOLE, roles=OFFICE, schema=PaperRequest)
    add("POST", "/api/v1/documents/<document_id>/delivery", deliver, Audience.CONSOLE, roles=OFFICE,
        schema=DeliveryRequest)  # fmt: skip
    add("GET", "/documents/<document_id>", show, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/c/<document_id>/<token>", open_link, Audience.PUBLIC, limit="60/minute")
    add("GET", "/verify", show_page, Audience.PUBLIC, limit="60/minute")
    add("POST", "/api/v1/verify", judge, Audience.PUBLIC, limit="30/minute")


def list_papers(call: Call, work_order_id: str) -> dict[str, Any]:
    """List an order's papers with their deliveries and the link for the customer."""
    branch_id, secret_key = call.actor.branch_id, call.settings.secret_key
    return {"items": call.read(lambda s: rows.list_papers(s, branch_id, work_order_id, secret_key))}


def ask_for(call: Call, work_order_id: str) -> tuple[dict[str, Any], int]:
    """Want a paper; the worker makes it, this process never draws."""
    row = call.write(lambda tx: service.ask_for(tx, work_order_id, call.body.form, call.settings.time_zone))
    return rows.paper(row, call.settings.secret_key), 202 if row.made_ms is None else 200


def deliver(call: Call, document_id: str) -> dict[str, Any]:
    """Note a delivery."""
    body = call.body
    return rows.delivery(call.write(lambda tx: service.deliver(tx, document_id, body.channel, body.state, body.note)))


def show(call: Call, document_id: str) -> Response:
    """Show a paper to the desk."""
    return _file(
        call.read(lambda s: _bytes(repository.get_document(s, call.actor.branch_id, document_id))), document_id
    )


def open_link(call: Call, document_id: str, token: str) -> Response:
    """Hand a paper to whoever has its link, and note that it was opened."""
    if not service.is_link(call.settings.secret_key, document_id, token):
        raise DomainError("not_found", what="document")
    row = call.read(lambda s: s.get(Document, document_id))
    if row is None:
        raise DomainError("not_found", what="document")
    pdf = call.read(lambda s: _bytes(repository.get_document(s, row.branch_id, document_id)))
    known = call.read(lambda s: repository.find_delivery(s, document_id, service.LINK))
    if known is None or known.state != "delivered":
        actor = Actor.system(row.branch_id)
        call.services.uow.run(actor, lambda tx: service.deliver(tx, document_id, service.LINK, "delivered"))
    return _file(pdf, document_id)


def _bytes(row: Document) -> bytes:
    if row.pdf is None:
        raise DomainError("document_not_made")
    return row.pdf


def _file(pdf: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-store"}
    return Response(pdf, content_type=_PDF, headers=headers)


def show_page(call: Call) -> Response:  # noqa: ARG001 - the page is the same for everybody
    """Show the verification page; saved to disk it works without a network."""
    html = page.make(keyring.current().root_public())
    headers = {"Content-Security-Policy": page.policy_of(html)}
    return Response(html, content_type="text/html; charset=utf-8", headers=headers)


def judge(call: Call) -> dict[str, Any]:
    """Judge a presented file against what this server knows."""
    data = request.get_data()
    found = call.read(lambda s: judging.judge_presented(s, data, keyring.current().root_public()))
    return {"is_genuine": not found.problems, "problems": list(found.problems), "number": found.number}
