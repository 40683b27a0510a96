"""One order in full: facts, clocks with their history, the planner's proof, assignments, evidence, record."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import clocks, repository, rows
from server.board.rows import Row, Scene
from server.core import journal, texts
from server.core.journal import Event
from server.customers import repository as customers
from server.dispatch import repository as dispatch
from server.documents import repository as documents
from server.documents.forms import COPY
from server.sync.changes import mask_phone
from server.visits import repository as visits
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared import service_record

_PAST = 10


def order_detail(
    session: orm.Session, branch_id: str, work_order_id: str, now_ms: int, profile: str, time_zone: str
) -> Row:
    """Return everything about an order. Raises DomainError `not_found`."""
    order = work_orders.get_order(session, branch_id, work_order_id)
    scene = Scene(session, branch_id, now_ms, profile, ({order.id}, ()))
    history = journal.list_history(session, order.id)
    live = dispatch.list_of_order(session, order.id)
    names = accounts.list_names(session, _people(history) | {a.technician_id for a in live})
    return {
        "order": rows.order_row(scene, order),
        "detail": _facts(session, order),
        "clocks": clocks.list_rows(session, order, profile, now_ms),
        "promise_changes": clocks.list_changes(session, order.id),
        "certificate": _certificate(session, order),
        "assignments": [
            {
                "id": a.id,
                "epoch": a.epoch,
                "state": a.state,
                "technician_id": a.technician_id,
                "technician_name": names.get(a.technician_id, ""),
                "offered_ms": a.offered_ms,
                "planned_arrival_ms": a.planned_arrival_ms,
            }
            for a in live
        ],
        "history": [history_line(e, names, zoneinfo.ZoneInfo(time_zone)) for e in history],
        **_evidence(session, order),
        "at_ms": now_ms,
    }


def _people(history: list[Event]) -> set[str]:
    return {e.actor_id for e in history} | {str(e.data.get("technician_id", "")) for e in history}


def _facts(session: orm.Session, order: WorkOrder) -> Row:
    customer = customers.find_customer(session, order.branch_id, order.customer_id) if order.customer_id else None
    past = work_orders.list_of_customer(session, customer.id, _PAST) if customer else []
    return {
        "description": order.description,
        "channel": order.channel,
        "customer": {
            "name": customer.name if customer else order.caller_name,
            "phone": mask_phone(order.caller_phone),
            "account": customer.account if customer else "",
            "is_vulnerable": bool(customer and customer.is_vulnerable),
            "language": customer.language if customer else "zh_CN",
            "appliances": customer.appliances if customer else [],
            "history": [
                {"number": o.number, "fault_kind": o.fault_kind, "state": o.state, "opened_ms": o.opened_ms}
                for o in past
                if o.id != order.id
            ],
        },
        "advice": order.advice,
        "answers": order.answers,
        "triage_rule": order.triage_rule,
        "emergency_class": order.emergency_class,
        "expected_s": order.expected_s,
        "skills": order.skills,
    }


def _certificate(session: orm.Session, order: WorkOrder) -> Row | None:
    proof = dispatch.find_proof(session, order.id)
    if proof is None:
        return None
    certificate = dict(proof.certificate)
    ids = {c["technician_id"] for c in certificate["candidates"]}
    moved = {m["job_id"] for m in certificate["moved"]}
    certificate["at_ms"] = proof.at_ms
    certificate["names"] = dict(sorted(accounts.list_names(session, ids).items()))
    known = repository.list_open_orders(session, order.branch_id, moved)
    certificate["numbers"] = {one.id: one.number for one in sorted(known, key=lambda one: one.id)}
    return certificate


def history_line(event: Event, names: dict[str, str], zone: zoneinfo.ZoneInfo) -> Row:
    """Return one line of history in both languages; codes in the data become words."""
    catalog = texts.catalog()
    both = {
        lang: catalog.text(lang, f"event.{event.type}", **_words(event, names, lang, zone)) for lang in texts.LANGUAGES
    }
    data = {k: v for k, v in event.data.items() if k not in {"certificate", "body"}}
    actor = names.get(event.actor_id, event.actor_id)
    return {"seq": event.seq, "at_ms": event.at_ms, "type": event.type, "actor_name": actor, "text": both, "data": data}


def _words(event: Event, names: dict[str, str], lang: str, zone: zoneinfo.ZoneInfo) -> dict[str, Any]:
    catalog, data = texts.catalog(), event.data
    codes = {
        "fault": ("fault", "fault_kind"),
        "command": ("command", "command"),
        "flag": ("flag", "flag"),
        "clock": ("clock", "kind"),
        "fact": ("fact", "fact"),
        "state": ("assignment", "target"),
        "reason": ("waive", "reason"),
        "absence": ("absence", "reason"),
        "form": ("form", "form"),
        "how": ("lock", "how"),
        "told": ("told", "told"),
    }
    words = {
        name: catalog.find(lang, f"{table}.{data[key]}") or data[key]
        for name, (table, key) in codes.items()
        if key in data
    }
    technician = names.get(str(data.get("technician_id", "")), "")
    priority = catalog.text(lang, f"priority.{data['priority']}") if "priority" in data else ""
    return {
        **data,
        **words,
        "technician": technician,
        "priority": priority,
        "arrival": _clock_time(data.get("planned_arrival_ms"), zone, "%H:%M"),
        "due": _clock_time(data.get("due_ms"), zone, "%Y-%m-%d %H:%M"),
        "promised_from": _clock_time(data.get("promised_from_ms"), zone, "%H:%M"),
        "promised_to": _clock_time(data.get("promised_to_ms"), zone, "%H:%M"),
        "start": _clock_time(data.get("start_ms"), zone, "%H:%M"),
    }


def _clock_time(at_ms: int | None, zone: zoneinfo.ZoneInfo, shape: str) -> str:
    return dt.datetime.fromtimestamp(at_ms / 1000, zone).strftime(shape) if at_ms else "–"


def _copy_url(session: orm.Session, order: WorkOrder, *, is_issued: bool) -> str | None:
    """Return where the certified copy lies, or until the worker has made it its page."""
    paper = documents.find_copy(session, order.id, COPY)
    if paper is not None:
        return f"/documents/{paper.id}"
    return f"/copies/{order.id}" if is_issued else None


def _evidence(session: orm.Session, order: WorkOrder) -> Row:
    record = visits.find_record(session, order.id)
    stays = visits.list_visits(session, order.id)
    chosen = next(
        (v for v in stays if record and v.assignment_id == record.assignment_id), stays[-1] if stays else None
    )
    facts = visits.list_evidence(session, order.id)
    copy = visits.find_copy(session, order.id)
    return {
        "visit": chosen.state if chosen else None,
        "evidence_flags": sorted({flag for f in facts for flag in f.flags}),
        "record": {
            "id": record.id,
            "state": record.kind,
            "seal_hash": record.seal["seal_hash"],
            "view_code": service_record.view_code(record.record_json),
            "signed_ms": record.signed_ms,
            "url": f"/records/{order.id}",
            "copy_url": _copy_url(session, order, is_issued=copy is not None),
        }
        if record
        else None,
    }
