"""Certifies keys and counter-seals records (decision 4). Private keys are used by the worker and the command line."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import orm

from server.core.journal import GENESIS
from server.core.signing_keys import SigningKey
from server.core.unit_of_work import Tx
from server.seals import keyring, repository
from server.seals.authority import Authority
from server.seals.models import CounterHead, CounterSeal, KeyCertificate
from shared import events, facts, proof
from shared.proof import Note, PublicKey

Subject = Literal["branch", "device"]


def branch_key(tx: Tx) -> SigningKey:
    """Return the branch's key in use, certified by the root; the first call makes it."""
    known = repository.list_certificates(tx.session, tx.branch_id, repository.BRANCH, tx.branch_id)
    return keyring.current().branch(tx.branch_id, len(known)) if known else _new_branch_key(tx, 1)


def key_number(session: orm.Session, branch_id: str) -> int:
    """Return the number of the branch's key in use; 0 before the first one."""
    return len(repository.list_certificates(session, branch_id, repository.BRANCH, branch_id))


def rotate_branch_key(tx: Tx) -> SigningKey:
    """Retire the branch's key and put a new one into use; what the old one sealed still verifies."""
    branch_key(tx)
    known = repository.list_certificates(tx.session, tx.branch_id, repository.BRANCH, tx.branch_id)
    known[-1].retired_ms = tx.now_ms
    return _new_branch_key(tx, len(known) + 1)


def _new_branch_key(tx: Tx, number: int) -> SigningKey:
    key = keyring.current().branch(tx.branch_id, number)
    # Ordered by time: a second rotation in the same millisecond must still be the newer one.
    known = repository.list_certificates(tx.session, tx.branch_id, repository.BRANCH, tx.branch_id)
    issued_ms = max([tx.now_ms, *(row.issued_ms + 1 for row in known)])
    _certify(tx, keyring.current().root(), "branch", tx.branch_id, key.public, issued_ms)
    return key


def certify_device(tx: Tx, device_id: str, key: PublicKey) -> Note:
    """Return the branch's certificate of a device's key, made once."""
    row = repository.find_certificate(tx.session, tx.branch_id, repository.DEVICE, device_id, key.key_id)
    if row is None:
        row = _certify(tx, branch_key(tx), "device", device_id, key, tx.now_ms)
    return msgspec.convert(row.note, Note)


def find_certified_key(session: orm.Session, device_id: str, key_id: str) -> PublicKey | None:
    """Return a key that a branch has certified for a device, None when it has not: browsers' records have no phone."""
    row = repository.find_certified(session, device_id, key_id)
    return None if row is None else PublicKey(alg=row.alg, public_key=row.public_key)


def _certify(
    tx: Tx, issuer: SigningKey, subject: Subject, subject_id: str, key: PublicKey, issued_ms: int
) -> KeyCertificate:
    fields = proof.certificate_fields(subject, subject_id, tx.branch_id, key, issued_ms)
    row = KeyCertificate(
        branch_id=tx.branch_id,
        subject=subject,
        subject_id=subject_id,
        key_id=key.key_id,
        alg=key.alg,
        public_key=key.public_key,
        note=msgspec.to_builtins(_sign(issuer, fields)),
        issued_ms=issued_ms,
        retired_ms=None,
    )
    tx.session.add(row)
    tx.session.flush()
    told = {"subject": subject, "subject_id": subject_id, "key_id": key.key_id, "by": issuer.public.key_id}
    tx.record(events.KEY_CERTIFIED, told)
    return row


def counter_seal(tx: Tx, *, record_id: str, device_id: str, kind: str, seal: facts.Seal, problems: list[str]) -> Note:
    """Return the branch's counter-seal of a record, made once, as the next link of the branch's chain."""
    made = repository.find_counter_seal(tx.session, record_id)
    if made is not None:
        return msgspec.convert(made.note, Note)
    head = _lock_head(tx)
    fields = proof.counter_fields(
        chain_seq=head.seq + 1,
        previous_hash=head.hash,
        branch_id=tx.branch_id,
        record_id=record_id,
        device_id=device_id,
        kind=kind,
        seal=seal,
        received_ms=tx.now_ms,
        problems=problems,
    )
    note = _sign(branch_key(tx), fields)
    head.seq, head.hash = head.seq + 1, proof.note_hash(note)
    tx.session.add(
        CounterSeal(record_id=record_id, branch_id=tx.branch_id, chain_seq=head.seq, note=msgspec.to_builtins(note))
    )
    tx.session.flush()
    return note


def sign_for_branch(tx: Tx, fields: dict[str, Any]) -> Note:
    """Return fields signed by the branch's key in use: heads, lists of issued files."""
    return _sign(branch_key(tx), fields)


def authority(tx: Tx, branch_name: str, tsa_url: str) -> Authority:
    """Return what certifies the branch's PDF files: its key in use with its certificate under the root."""
    key, ring = branch_key(tx), keyring.current()
    certificate = ring.branch_x509(tx.branch_id, key_number(tx.session, tx.branch_id), branch_name)
    return Authority(
        key=key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        certificate=certificate.public_bytes(Encoding.DER),
        root=ring.root_x509().public_bytes(Encoding.DER),
        tsa_url=tsa_url,
    )


def find_proof_parts(
    session: orm.Session, branch_id: str, record_id: str, device_id: str, key_id: str
) -> tuple[Note, Note, tuple[Note, ...]] | None:
    """Return (counter-seal, device's certificate, branches' certificates) of a record, or None when one is missing."""
    counter = repository.find_counter_seal(session, record_id)
    device = repository.find_certificate(session, branch_id, repository.DEVICE, device_id, key_id)
    if counter is None or device is None:
        return None
    counter_note, device_note = msgspec.convert(counter.note, Note), msgspec.convert(device.note, Note)
    needed = sorted({counter_note.key_id, device_note.key_id})
    return counter_note, device_note, list_branch_notes(session, branch_id, needed)


def list_branch_notes(session: orm.Session, branch_id: str, key_ids: list[str]) -> tuple[Note, ...]:
    """Return the certificates of some of a branch's keys, by key id."""
    rows = repository.list_certificates(session, branch_id, repository.BRANCH, branch_id)
    by_id = {row.key_id: msgspec.convert(row.note, Note) for row in rows}
    return tuple(by_id[key_id] for key_id in sorted(key_ids) if key_id in by_id)


def _lock_head(tx: Tx) -> CounterHead:
    head = repository.lock_counter_head(tx.session, tx.branch_id)
    if head is None:
        head = CounterHead(branch_id=tx.branch_id, seq=0, hash=GENESIS)
        tx.session.add(head)
    return head


def _sign(key: SigningKey, fields: dict[str, Any]) -> Note:
    return proof.make_note(fields, key.sign, key.public.alg, key.public.key_id)
