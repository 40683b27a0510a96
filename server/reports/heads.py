"""Signed heads, lists of issued files and whole bundles: what may be kept outside, so that a cut tail shows (C12)."""

from __future__ import annotations

from sqlalchemy import orm

from server.core import journal
from server.core.unit_of_work import Tx
from server.seals import bundle
from server.seals import repository as seal_rows
from server.seals import service as seals
from server.seals.bundle import Bundle, Signed
from server.visits import repository as visits
from server.visits import service as visit_service
from shared import proof
from shared.errors import DomainError
from shared.proof import Note


def sign_heads(tx: Tx) -> Signed:
    """Return how far the branch's chains have come, signed with the branch's key in use."""
    session, branch_id = tx.session, tx.branch_id
    devices = {device_id: (seq, link) for device_id, seq, link in visits.list_device_seals(session, branch_id)}
    head, counter = session.get(journal.ChainHead, branch_id), seal_rows.find_counter_head(session, branch_id)
    fields = bundle.heads_fields(
        branch_id,
        tx.now_ms,
        (head.seq, head.hash) if head else (0, journal.GENESIS),
        (counter.seq, counter.hash) if counter else (0, journal.GENESIS),
        devices,
    )
    return _signed(tx, bundle.HEADS_FORMAT, seals.sign_for_branch(tx, fields))


def sign_issued(tx: Tx, files: list[str]) -> Signed:
    """Return the SHA-256 of the branch's issued files, signed."""
    fields = bundle.issued_fields(tx.branch_id, tx.now_ms, files)
    return _signed(tx, bundle.ISSUED_FORMAT, seals.sign_for_branch(tx, fields))


def make_bundle(tx: Tx) -> Bundle:
    """Return all records of the branch in the order of its chain, with signed heads."""
    heads = sign_heads(tx)
    records = {record.id: record for record in visits.list_records(tx.session, tx.branch_id)}
    rows = seal_rows.list_counter_seals(tx.session, tx.branch_id)
    found = (visit_service.find_proof(tx.session, records[row.record_id]) for row in rows if row.record_id in records)
    return Bundle(branch_id=tx.branch_id, records=tuple(p for p in found if p is not None), heads=heads)


def list_head_problems(session: orm.Session, heads: Signed) -> list[str]:
    """Return where the database no longer reaches what signed heads say: a tail was cut, or rewritten."""
    told = proof.fields_of(heads.note)
    branch_id = str(told.get("branch_id", ""))
    found = []
    if not journal.has_link(session, branch_id, *_head(told, "journal")):
        found.append(f"journal {branch_id}: tail cut before the anchored head")
    if not _has_counter_link(session, branch_id, *_head(told, "counter")):
        found.append(f"counter-seals {branch_id}: tail cut before the anchored head")
    records = {(device, number): link for device, number, link in visits.list_device_seals(session, branch_id)}
    for device_id, (seq, link) in sorted(told.get("devices", {}).items()):
        if records.get((device_id, seq)) != link:
            found.append(f"device {device_id}: tail cut before the anchored head")
    return found


def _head(told: dict[str, object], name: str) -> tuple[int, str]:
    found = told.get(name)
    if not isinstance(found, list):
        raise DomainError("proof_unreadable", reason=name)
    return int(found[0]), str(found[1])


def _has_counter_link(session: orm.Session, branch_id: str, seq: int, link: str) -> bool:
    rows = seal_rows.list_counter_seals(session, branch_id)
    if seq == 0:
        return True
    return len(rows) >= seq and proof.note_hash(_note(rows[seq - 1].note)) == link


def _note(told: dict[str, str]) -> Note:
    return Note(**told)


def _signed(tx: Tx, form: str, note: Note) -> Signed:
    certificate = seals.list_branch_notes(tx.session, tx.branch_id, [note.key_id])[0]
    is_heads = form == bundle.HEADS_FORMAT
    return Signed(
        format="leakfirst-heads-1" if is_heads else "leakfirst-issued-1",
        branch_id=tx.branch_id,
        note=note,
        branch_certificate=certificate,
    )
