"""What proves a signed record without us: seal, counter-seal and certificates in one file (SG-01, decisions 4 and 28).

Notes are texts signed by a key. The company's root key certifies the branches' keys, a branch's key certifies its
devices' keys and counter-seals each record on arrival in the branch's own chain. Only bytes are defined here: who signs
and verifies is handed in, so that phone, server, command line and the browser's page judge alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from shared import facts, signature
from shared.errors import DomainError

FORMAT: Final = "leakfirst-record-1"
ATTACHMENT_NAME: Final = "record.json"
CERTIFICATE: Final = "certificate"
COUNTER_SEAL: Final = "counter_seal"
_KEY_ID_CHARS: Final = 16

Sign = Callable[[bytes], bytes]
Verify = Callable[[str, str, bytes, bytes], bool]
"""Says whether a signature is right: (alg, public key in hexadecimal, signature, message)."""


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the values of a proof: strict, immutable."""


class Note(Value, frozen=True, kw_only=True):
    """A text signed by a key: `body` is canonical JSON, `signature` hexadecimal."""

    body: str
    alg: str
    key_id: str
    signature: str


class PublicKey(Value, frozen=True, kw_only=True):
    """A public key in hexadecimal: 32 bytes for Ed25519, the uncompressed point of 65 bytes for P-256."""

    alg: str
    public_key: str

    @property
    def key_id(self) -> str:
        """Return the first 16 characters of the key's SHA-256."""
        return key_id_of(self.public_key)


class Proof(Value, frozen=True, kw_only=True):
    """A record with all that proves it: `record` is the text that was shown."""

    format: Literal["leakfirst-record-1"] = FORMAT
    record_id: str
    branch_id: str
    device_id: str
    kind: Literal["signed", "waived"]
    record: str
    strokes: tuple[facts.Stroke, ...]
    relation: str
    opinion: str
    at_ms: int
    seal: facts.Seal
    counter: Note
    device_certificate: Note
    branch_certificates: tuple[Note, ...]


class Verdict(Value, frozen=True, kw_only=True):
    """What a file is found to be: text codes of [proof]; no problem means that it is proved."""

    problems: tuple[str, ...]
    proof: Proof | None = None


def key_id_of(public_key: str) -> str:
    """Return the id of a public key (hexadecimal). Raises ValueError when it is no hexadecimal."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:_KEY_ID_CHARS]


def canonical_json(value: Any) -> str:
    """Return the one text of a JSON value: sorted keys, no blanks, no escapes beyond the needed ones."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def make_note(fields: Mapping[str, Any], sign: Sign, alg: str, key_id: str) -> Note:
    """Return fields as a signed text."""
    body = canonical_json(dict(fields))
    return Note(body=body, alg=alg, key_id=key_id, signature=sign(_note_bytes(body, alg, key_id)).hex())


def note_hash(note: Note) -> str:
    """Return the SHA-256 over a note and its signature: the link that the next one carries."""
    signed = note.signature.encode("utf-8", "surrogatepass")
    return hashlib.sha256(_note_bytes(note.body, note.alg, note.key_id) + signed).hexdigest()


def is_signed_by(note: Note, key: PublicKey, verify: Verify) -> bool:
    """Say whether a key made a note; only the one spelling of a signature counts."""
    try:
        signed = bytes.fromhex(note.signature)
    except ValueError:
        return False
    is_named = note.alg == key.alg and note.key_id == key.key_id and signed.hex() == note.signature
    return is_named and verify(key.alg, key.public_key, signed, _note_bytes(note.body, note.alg, note.key_id))


def fields_of(note: Note) -> dict[str, Any]:
    """Return what a note says; empty when it is no canonical JSON object."""
    try:
        found = json.loads(note.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and canonical_json(found) == note.body else {}


def certificate_fields(
    subject: Literal["branch", "device"], subject_id: str, branch_id: str, key: PublicKey, issued_ms: int
) -> dict[str, Any]:
    """Return what a certificate of a key says."""
    return {
        "kind": CERTIFICATE,
        "subject": subject,
        "subject_id": subject_id,
        "branch_id": branch_id,
        "alg": key.alg,
        "public_key": key.public_key,
        "key_id": key.key_id,
        "issued_ms": issued_ms,
    }


def counter_fields(
    *,
    chain_seq: int,
    previous_hash: str,
    branch_id: str,
    record_id: str,
    device_id: str,
    kind: str,
    seal: facts.Seal,
    received_ms: int,
    problems: Sequence[str],
) -> dict[str, Any]:
    """Return what the branch says about a record that arrived, as the next link of its own chain."""
    return {
        "kind": COUNTER_SEAL,
        "branch_id": branch_id,
        "chain_seq": chain_seq,
        "previous_hash": previous_hash,
        "record_id": record_id,
        "record_kind": kind,
        "device_id": device_id,
        "seal_hash": seal.seal_hash,
        "signature_hash": hashlib.sha256(seal.signature.encode()).hexdigest(),
        "received_ms": received_ms,
        "problems": list(problems),
    }


def encode(proof: Proof) -> bytes:
    """Return the bytes of record.json: one spelling for one proof."""
    return canonical_json(msgspec.to_builtins(proof)).encode()


def parse(data: bytes) -> Proof:
    """Return the proof in a file. Raises DomainError `proof_unreadable` unless it is spelled as `encode` does."""
    try:
        proof = msgspec.json.decode(data, type=Proof)
        is_canonical = encode(proof) == data
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as fault:
        raise DomainError("proof_unreadable", reason=str(fault)) from fault
    if not is_canonical:
        raise DomainError("proof_unreadable", reason="spelling")
    return proof


def judge(data: bytes, root: PublicKey, verify: Verify) -> Verdict:
    """Return what is wrong with a record.json under a company's root key (reliability C10)."""
    try:
        proof = parse(data)
    except DomainError:
        return Verdict(problems=("unreadable",))
    return Verdict(problems=judge_proof(proof, root, verify), proof=proof)


def judge_proof(proof: Proof, root: PublicKey, verify: Verify) -> tuple[str, ...]:
    """Return the problems of a parsed proof as text codes of [proof] and [seal]."""
    branches = certified_branches(proof.branch_certificates, proof.branch_id, root, verify)
    device = find_certified(proof.device_certificate, "device", proof.device_id, branches, proof.branch_id, verify)
    counter_key = branches.get(proof.counter.key_id)
    needed = {proof.counter.key_id, proof.device_certificate.key_id}
    checks = (
        ("branch_key_unproved", len(branches) == len(proof.branch_certificates) and counter_key is not None),
        ("certificate_unneeded", [n for n in proof.branch_certificates if _key_id(n) not in needed] == []),
        ("certificates_unsorted", _is_sorted([_key_id(n) for n in proof.branch_certificates])),
        ("device_key_unproved", device is not None and device.key_id == proof.seal.key_id),
        ("device_key_other_alg", device is None or device.alg == proof.seal.alg),
        ("counter_seal_wrong", counter_key is not None and is_signed_by(proof.counter, counter_key, verify)),
        ("counter_seal_of_other_record", _counts(proof)),
        ("record_had_problems", fields_of(proof.counter).get("problems") == []),
    )
    found = tuple(code for code, is_right in checks if not is_right)
    return (*found, *(() if device is None else _seal_problems(proof, device, verify)))


def find_certified(
    note: Note, subject: str, subject_id: str, issuers: Mapping[str, PublicKey], branch_id: str, verify: Verify
) -> PublicKey | None:
    """Return the key that a certificate proves for a subject, or None when it proves nothing."""
    issuer, fields = issuers.get(note.key_id), fields_of(note)
    if issuer is None or not is_signed_by(note, issuer, verify):
        return None
    wanted = {"kind": CERTIFICATE, "subject": subject, "subject_id": subject_id, "branch_id": branch_id}
    if any(fields.get(name) != value for name, value in wanted.items()):
        return None
    key = PublicKey(alg=str(fields.get("alg")), public_key=str(fields.get("public_key")))
    return key if fields.get("key_id") == _safe_key_id(key) else None


def certified_branches(notes: Sequence[Note], branch_id: str, root: PublicKey, verify: Verify) -> dict[str, PublicKey]:
    """Return the keys of a branch that the root certifies, by key id."""
    found = (find_certified(note, "branch", branch_id, {root.key_id: root}, branch_id, verify) for note in notes)
    return {key.key_id: key for key in found if key is not None}


def _counts(proof: Proof) -> bool:
    """Say whether the counter-seal speaks of this record, this seal and this signature."""
    told = fields_of(proof.counter)
    problems = told.get("problems")
    wanted = counter_fields(
        chain_seq=told.get("chain_seq", 0),
        previous_hash=told.get("previous_hash", ""),
        branch_id=proof.branch_id,
        record_id=proof.record_id,
        device_id=proof.device_id,
        kind=proof.kind,
        seal=proof.seal,
        received_ms=told.get("received_ms", 0),
        problems=problems if isinstance(problems, list) else (),
    )
    return told == wanted


def _seal_problems(proof: Proof, key: PublicKey, verify: Verify) -> tuple[str, ...]:
    return signature.verify_seal(
        proof.seal,
        proof.record,
        proof.strokes,
        lambda signed, message: verify(key.alg, key.public_key, signed, message),
        proof.device_id,
        proof.at_ms,
        relation=proof.relation,
        opinion=proof.opinion,
    )


def _note_bytes(body: str, alg: str, key_id: str) -> bytes:
    return f"leakfirst-note-1\n{alg}\n{key_id}\n{body}".encode("utf-8", "surrogatepass")


def _key_id(note: Note) -> str:
    return str(fields_of(note).get("key_id", ""))


def _safe_key_id(key: PublicKey) -> str:
    try:
        return key.key_id
    except ValueError:
        return "no key"


def _is_sorted(values: Sequence[str]) -> bool:
    return list(values) == sorted(set(values))
