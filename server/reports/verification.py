"""Verifies what must never change: the journal's chains, the seals of records, the chains of the devices."""

from __future__ import annotations

import msgspec
from sqlalchemy import orm

from server.core import journal
from server.visits import repository as visits
from server.visits import service as visit_service
from server.visits.models import Record
from shared import facts, signature


def list_problems(session: orm.Session) -> list[str]:
    """Return everything that does not verify; empty when all is well."""
    found: list[str] = []
    for branch_id in journal.list_branches(session):
        found += [f"journal {branch_id}: {problem}" for problem in journal.verify_chain(session, branch_id)]
        found += list_record_problems(session, branch_id)
    return found


def list_record_problems(session: orm.Session, branch_id: str) -> list[str]:
    """Return the records of a branch whose seal or place in its device's chain does not verify."""
    records = visits.list_records(session, branch_id)
    found = []
    for record in records:
        problems = visit_service.verify_record(session, record)
        found += [f"record {record.work_order_id}: {problem}" for problem in problems]
    return found + _broken_chains(records)


def _broken_chains(records: list[Record]) -> list[str]:
    found = []
    for device_id in sorted({r.device_id for r in records}):
        own = [msgspec.convert(r.seal, facts.Seal) for r in records if r.device_id == device_id]
        found += [f"device {device_id}: chain broken at {i}" for i in signature.find_chain_breaks(own)]
    return found
