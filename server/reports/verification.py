"""Verifies what must never change: the journal's chains, the seals of records, the chains of the devices."""

from __future__ import annotations

import msgspec
from sqlalchemy import orm

from server.core import journal, signing_keys
from server.seals import keyring
from server.seals import repository as seal_rows
from server.visits import repository as visits
from server.visits import service as visit_service
from server.visits.models import Record
from shared import facts, proof, signature
from shared.proof import Note


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
    return found + _broken_chains(records) + _list_proof_problems(session, branch_id, records)


def _list_proof_problems(session: orm.Session, branch_id: str, records: list[Record]) -> list[str]:
    """Return where the branch's own chain is broken, or what it says is no longer what is stored."""
    found, previous, link = [], 0, journal.GENESIS
    by_id, root = {record.id: record for record in records}, keyring.current().root_public()
    for row in seal_rows.list_counter_seals(session, branch_id):
        note, record = msgspec.convert(row.note, Note), by_id.get(row.record_id)
        told = proof.fields_of(note)
        if (told.get("chain_seq"), told.get("previous_hash")) != (previous + 1, link):
            found.append(f"counter-seals {branch_id}: broken at {row.chain_seq}")
        previous, link = row.chain_seq, proof.note_hash(note)
        proved = visit_service.find_proof(session, record) if record is not None else None
        if record is None or proved is None:
            found.append(f"counter-seals {branch_id}: no record behind {row.chain_seq}")
        elif not record.problems:
            problems = proof.judge_proof(proved, root, signing_keys.verify)
            found += [f"record {record.work_order_id}: {problem}" for problem in problems]
    head = seal_rows.find_counter_head(session, branch_id)
    if head is not None and (head.seq, head.hash) != (previous, link):
        found.append(f"counter-seals {branch_id}: tail cut")
    return found


def _broken_chains(records: list[Record]) -> list[str]:
    found = []
    for device_id in sorted({r.device_id for r in records}):
        own = [msgspec.convert(r.seal, facts.Seal) for r in records if r.device_id == device_id]
        found += [f"device {device_id}: chain broken at {i}" for i in signature.find_chain_breaks(own)]
    return found
