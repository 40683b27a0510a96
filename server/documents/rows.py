"""An order's papers as the desk sees them: what is made, where it lies, how it reaches its reader."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import orm

from server.documents import filling, forms, repository, service
from server.documents.models import Delivery, Document
from server.visits import repository as visits
from server.work_orders import repository as work_orders

Row = dict[str, Any]
_TOLD: Final = ("id", "form", "record_id", "wanted_ms", "made_ms", "sha256", "error")
_DELIVERED: Final = ("id", "channel", "state", "note", "owed_ms", "changed_ms", "changed_by")


def list_papers(session: orm.Session, branch_id: str, work_order_id: str, secret_key: str) -> list[Row]:
    """Return an order's papers in the order in which they were wanted, each with its deliveries."""
    rows = repository.list_documents(session, branch_id, work_order_id)
    told = repository.list_deliveries(session, [row.id for row in rows])
    return [
        {**paper(row, secret_key), "deliveries": [delivery(d) for d in told if d.document_id == row.id]} for row in rows
    ]


def paper(row: Document, secret_key: str) -> Row:
    """Return one paper; its addresses are None until the worker has made it."""
    told = {key: getattr(row, key) for key in _TOLD}
    is_made = row.made_ms is not None
    link = f"/c/{row.id}/{service.link_token(secret_key, row.id)}"
    return {**told, "url": f"/documents/{row.id}" if is_made else None, "link": link if is_made else None}


def delivery(row: Delivery) -> Row:
    """Return one way of a paper to its reader."""
    return {key: getattr(row, key) for key in _DELIVERED}


def list_fitting(session: orm.Session, branch_id: str, work_order_id: str, zone: str) -> list[str]:
    """Return the codes of the forms that fit an order now and are not among its papers yet."""
    order = work_orders.get_order(session, branch_id, work_order_id)
    record = visits.find_record(session, order.id)
    case = (
        service.case_of_record(session, record.id, zone) if record else service.case_of_order(session, order, "", zone)
    )
    if case is None:
        return []
    known = {(row.record_id, row.form) for row in repository.list_documents(session, branch_id, work_order_id)}
    # The notice of a closed door comes by itself; nobody issues it for a door that was opened.
    wanted = [form for form in forms.table().form if form.made != "no_access" and filling.is_wanted(form, case)]
    return [f.code for f in wanted if ((record.id if record and f.needs_record else ""), f.code) not in known]
