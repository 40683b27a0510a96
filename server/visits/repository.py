"""Queries of the visits slice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm

from server.core import held
from server.visits.models import CustomerCopy, Evidence, Record, Visit
from shared.errors import DomainError
from shared.visit import VisitState

_FILED: Final = sa.select(Evidence.id).where(Evidence.id.in_(sa.bindparam("ids", expanding=True)))
_VISITS: Final = sa.select(Visit).where(Visit.assignment_id.in_(sa.bindparam("ids", expanding=True)))


def find_evidence(session: orm.Session, event_id: str) -> Evidence | None:
    """Return one stored fact."""
    return held.get(session, Evidence, event_id)


def look_for_evidence(session: orm.Session, event_ids: Collection[str]) -> None:
    """Look for many facts at once, where many are about to be asked for one by one."""
    asked = held.list_unknown(session, Evidence, event_ids)
    if asked:
        held.note_absent(session, Evidence, set(asked) - set(session.scalars(_FILED, {"ids": asked})))


def look_for_visits(session: orm.Session, assignment_ids: Collection[str]) -> None:
    """Look for many visits at once, where many are about to be asked for one by one."""
    asked = held.list_unknown(session, Visit, assignment_ids)
    found = {row.assignment_id: row for row in session.scalars(_VISITS, {"ids": asked})} if asked else {}
    for assignment_id, row in found.items():
        held.put(session, Visit, assignment_id, row)
    held.note_absent(session, Visit, set(asked) - found.keys())


def list_evidence(session: orm.Session, work_order_id: str) -> list[Evidence]:
    """Return an order's facts in the order in which they arrived."""
    query = sa.select(Evidence).where(Evidence.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(Evidence.received_ms, Evidence.id)))


def find_visit(session: orm.Session, assignment_id: str) -> Visit | None:
    """Return the visit of an assignment."""
    return held.get(session, Visit, assignment_id)


def get_visit_state(session: orm.Session, assignment_id: str) -> VisitState:
    """Return what the evidence of an assignment says so far; a fresh state when nothing came yet."""
    visit = session.get(Visit, assignment_id)
    return msgspec.convert(visit.state, VisitState) if visit else VisitState()


def list_visits(session: orm.Session, work_order_id: str) -> list[Visit]:
    """Return the visits of an order."""
    return list(
        session.scalars(sa.select(Visit).where(Visit.work_order_id == work_order_id).order_by(Visit.assignment_id))
    )


def find_record(session: orm.Session, work_order_id: str) -> Record | None:
    """Return the newest record of an order."""
    query = (
        sa.select(Record)
        .where(Record.work_order_id == work_order_id)
        .order_by(Record.signed_ms.desc(), Record.id.desc())
    )
    return session.scalars(query.limit(1)).first()


def find_record_by_id(session: orm.Session, record_id: str) -> Record | None:
    """Return one record."""
    return session.get(Record, record_id)


def get_record(session: orm.Session, branch_id: str, work_order_id: str) -> Record:
    """Return the newest record of an order of the branch. Raises DomainError `not_found`."""
    record = find_record(session, work_order_id)
    if record is None or record.branch_id != branch_id:
        raise DomainError("not_found", what="record")
    return record


def find_link(session: orm.Session, device_id: str, chain_seq: int) -> Record | None:
    """Return one link of a device's chain of seals."""
    rows = session.scalars(sa.select(Record).where(Record.device_id == device_id))
    return next((r for r in rows if int(r.seal["chain_seq"]) == chain_seq), None)


def list_seals_of(session: orm.Session, device_id: str) -> list[dict[str, Any]]:
    """Return every seal of one device's chain, in no order."""
    return list(session.scalars(sa.select(Record.seal).where(Record.device_id == device_id)))


def find_copy(session: orm.Session, work_order_id: str) -> CustomerCopy | None:
    """Return the newest copy of an order."""
    query = sa.select(CustomerCopy).where(CustomerCopy.work_order_id == work_order_id)
    return session.scalars(query.order_by(CustomerCopy.issued_ms.desc()).limit(1)).first()


def list_records(session: orm.Session, branch_id: str) -> list[Record]:
    """Return all records of a branch by device and place in its chain, for verification."""
    rows = session.scalars(sa.select(Record).where(Record.branch_id == branch_id))
    return sorted(rows, key=lambda r: (r.device_id, int(r.seal["chain_seq"])))


def list_device_seals(session: orm.Session, branch_id: str) -> list[tuple[str, int, str]]:
    """Return (device, place in its chain, seal's hash) of every record of a branch, without the records."""
    rows = session.execute(sa.select(Record.device_id, Record.seal).where(Record.branch_id == branch_id))
    return sorted((device_id, int(seal["chain_seq"]), str(seal["seal_hash"])) for device_id, seal in rows)


def count_copies(session: orm.Session, branch_id: str) -> int:
    """Return how many copies were issued."""
    query = sa.select(sa.func.count()).select_from(CustomerCopy).where(CustomerCopy.branch_id == branch_id)
    return session.scalar(query) or 0


def list_arrivals(session: orm.Session, branch_id: str) -> dict[str, int]:
    """Return the first arrival (Unix ms) at each order that was reached."""
    query = (
        sa.select(Evidence.work_order_id, sa.func.min(Evidence.occurred_ms))
        .where(Evidence.branch_id == branch_id, Evidence.type == "arrived")
        .group_by(Evidence.work_order_id)
    )
    return dict(session.execute(query).all())
