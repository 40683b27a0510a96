"""What the server says about a file that somebody presents: it knows every record and every file that it issued."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import orm

from server.core import signing_keys
from server.documents import attachment, repository
from server.documents.service import Judged
from server.seals import bundle
from server.seals.bundle import Bundle
from server.uploads import repository as uploads
from server.visits import repository as visits
from server.visits import service as visit_service
from shared import proof, service_record
from shared.errors import DomainError
from shared.proof import Proof, PublicKey

_PDF_HEAD: Final = b"%PDF-"
_PICTURES: Final = (b"\xff\xd8", b"\x89P", b"RI")
_STATEMENTS: Final = frozenset({bundle.FORMAT, bundle.HEADS_FORMAT, bundle.ISSUED_FORMAT})


def judge_presented(session: orm.Session, data: bytes, root: PublicKey) -> Judged:
    """Judge a file: its seals, the stored records, and of a PDF or a photo every byte against what is kept here."""
    if data.startswith(_PICTURES):
        is_kept = uploads.is_whole_somewhere(session, hashlib.sha256(data).hexdigest())
        return Judged(() if is_kept else ("photo_unknown",))
    if bundle.type_of(data) in _STATEMENTS:
        return Judged(_judge_bundle(session, data, root))
    if not data.startswith(_PDF_HEAD):
        return _judge_record(session, data, root)
    issued = repository.find_by_file(session, hashlib.sha256(data).hexdigest())
    inner = attachment.find(data)
    if inner is None:
        return Judged(("no_attachment", *_not_issued(is_issued=issued is not None)))
    found = _judge_record(session, inner, root)
    return Judged((*found.problems, *_not_issued(is_issued=issued is not None)), found.work_order_id, found.number)


def _judge_bundle(session: orm.Session, data: bytes, root: PublicKey) -> tuple[str, ...]:
    problems = bundle.judge(data, root, signing_keys.verify)
    try:
        found = bundle.parse(data)
    except DomainError:
        return problems
    records = found.records if isinstance(found, Bundle) else ()
    odd = [code for told in records for code in _judge_record(session, proof.encode(told), root).problems]
    return (*problems, *odd)


def _not_issued(*, is_issued: bool) -> tuple[str, ...]:
    return () if is_issued else ("file_not_issued",)


def _judge_record(session: orm.Session, data: bytes, root: PublicKey) -> Judged:
    verdict = proof.judge(data, root, signing_keys.verify)
    if verdict.proof is None:
        return Judged(verdict.problems)
    stored = visits.find_record_by_id(session, verdict.proof.record_id)
    if stored is None:
        return Judged((*verdict.problems, "record_not_ours"))
    known = visit_service.find_proof(session, stored)
    same = known is not None and proof.encode(known) == data
    differs = () if same else ("record_differs",)
    return Judged((*verdict.problems, *differs), stored.work_order_id, _number(verdict.proof))


def _number(found: Proof) -> str:
    try:
        return service_record.parse(found.record).number
    except DomainError:
        return ""
