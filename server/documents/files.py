"""Judges many files at once for the command line: records, bundles, heads, PDF files, photos (reliability C10, C11)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from server.core import signing_keys
from server.documents import attachment
from server.seals import bundle
from server.seals.bundle import Bundle, Signed
from shared import proof, service_record
from shared.errors import DomainError
from shared.proof import Proof, PublicKey

_PDF: Final = b"%PDF-"
_PICTURES: Final = (b"\xff\xd8", b"\x89P", b"RI")


class Root(msgspec.Struct, frozen=True):
    """What everything is judged by: the company's root key, and its certificate in DER for PDF files."""

    key: PublicKey
    x509: bytes


class Judged(msgspec.Struct, frozen=True):
    """What a file was found to be: text codes of [proof], the eight characters of its record, and what it held."""

    name: str
    problems: tuple[str, ...]
    code: str = ""
    proofs: tuple[Proof, ...] = ()
    statement: Signed | None = None


def judge_files(paths: Sequence[Path], root: Root) -> list[Judged]:
    """Return a verdict for each file in their order; lists of issued files among them are used for the PDF files."""
    return judge_all([(str(path), path.read_bytes()) for path in paths], root)


def judge_all(files: Sequence[tuple[str, bytes]], root: Root) -> list[Judged]:
    """Return a verdict for each (name, bytes)."""
    found = [_judge_one(name, data, root) for name, data in files]
    known = _issued(found)
    photos = {photo for item in found for told in item.proofs if not item.problems for photo in _photos(told)}
    digests = [hashlib.sha256(data).hexdigest() for _, data in files]
    found = [
        _compare(item, data, digest, known, photos)
        for item, (_, data), digest in zip(found, files, digests, strict=True)
    ]
    return _mark_forks(found)


def _judge_one(name: str, data: bytes, root: Root) -> Judged:
    if data.startswith(_PDF):
        return _judge_pdf(name, data, root)
    if data.startswith(_PICTURES):
        return Judged(name, ())
    form = bundle.type_of(data)
    if form in {bundle.FORMAT, bundle.HEADS_FORMAT, bundle.ISSUED_FORMAT}:
        return _judge_statement(name, data, root)
    verdict = proof.judge(data, root.key, signing_keys.verify)
    return Judged(name, verdict.problems, _code(verdict.proof), (verdict.proof,) if verdict.proof else ())


def _judge_statement(name: str, data: bytes, root: Root) -> Judged:
    problems = bundle.judge(data, root.key, signing_keys.verify)
    try:
        held = bundle.parse(data)
    except DomainError:
        return Judged(name, problems)
    if isinstance(held, Bundle):
        return Judged(name, problems, proofs=held.records, statement=held.heads)
    return Judged(name, problems, statement=held)


def _judge_pdf(name: str, data: bytes, root: Root) -> Judged:
    from server.documents import certify  # noqa: PLC0415 - a second of imports that only this command has to pay

    problems = certify.judge(data, root.x509)
    count = attachment.count(data)
    inner = attachment.find(data) if count == 1 else None
    if inner is None:
        return Judged(name, (*problems, "several_attachments" if count > 1 else "no_attachment"))
    verdict = proof.judge(inner, root.key, signing_keys.verify)
    held = (verdict.proof,) if verdict.proof else ()
    return Judged(name, (*problems, *verdict.problems), _code(verdict.proof), held)


def _issued(found: list[Judged]) -> frozenset[str] | None:
    lists = [
        bundle.list_files(item.statement)
        for item in found
        if item.statement is not None and not item.problems and item.statement.format == bundle.ISSUED_FORMAT
    ]
    return frozenset().union(*lists) if lists else None


def _compare(item: Judged, data: bytes, digest: str, known: frozenset[str] | None, photos: set[str]) -> Judged:
    if data.startswith(_PICTURES) and digest not in photos:
        return msgspec.structs.replace(item, problems=(*item.problems, "photo_unknown"))
    if data.startswith(_PDF) and known is not None and digest not in known:
        return msgspec.structs.replace(item, problems=(*item.problems, "file_not_issued"))
    return item


def _mark_forks(found: list[Judged]) -> list[Judged]:
    """Two different records may not claim one place in a device's chain."""
    places: dict[tuple[str, int], str] = {}
    marked = []
    for item in found:
        is_forked = False
        for told in item.proofs if not item.problems else ():
            place = (told.device_id, told.seal.chain_seq)
            is_forked |= places.setdefault(place, told.seal.seal_hash) != told.seal.seal_hash
        marked.append(msgspec.structs.replace(item, problems=("chain_forked",)) if is_forked else item)
    return marked


def _photos(told: Proof) -> tuple[str, ...]:
    try:
        return tuple(photo.sha256 for photo in service_record.parse(told.record).photos)
    except DomainError:
        return ()


def _code(told: Proof | None) -> str:
    return service_record.view_code(told.record) if told is not None else ""
