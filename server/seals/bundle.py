"""Several proofs in their order with the heads of their chains: nothing is left out, moved or told twice (threat C12).

Heads are what an outsider may keep (a mail, a print-out): how far each chain had come, signed by the branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from shared import proof
from shared.errors import DomainError
from shared.proof import Note, Proof, PublicKey, Value, Verify

FORMAT: Final = "leakfirst-records-1"
HEADS_FORMAT: Final = "leakfirst-heads-1"
ISSUED_FORMAT: Final = "leakfirst-issued-1"
HEADS: Final = "heads"
ISSUED: Final = "issued"
_GENESIS: Final = "0" * 64


class Signed(Value, frozen=True, kw_only=True):
    """A branch's statement with the certificate of the key that signed it: heads, or the list of issued files."""

    format: Literal["leakfirst-heads-1", "leakfirst-issued-1"]
    branch_id: str
    note: Note
    branch_certificate: Note


class Bundle(Value, frozen=True, kw_only=True):
    """All records of a branch in the order of its chain, and the heads as they were then."""

    format: Literal["leakfirst-records-1"] = FORMAT
    branch_id: str
    records: tuple[Proof, ...]
    heads: Signed


def heads_fields(
    branch_id: str, at_ms: int, journal: tuple[int, str], counter: tuple[int, str], devices: dict[str, tuple[int, str]]
) -> dict[str, Any]:
    """Return what the heads of a branch say; each head is (number of the newest link, its hash)."""
    return {
        "kind": HEADS,
        "branch_id": branch_id,
        "at_ms": at_ms,
        "journal": list(journal),
        "counter": list(counter),
        "devices": {device_id: list(head) for device_id, head in sorted(devices.items())},
    }


def issued_fields(branch_id: str, at_ms: int, files: Sequence[str]) -> dict[str, Any]:
    """Return what the list of a branch's issued files says: their SHA-256."""
    return {"kind": ISSUED, "branch_id": branch_id, "at_ms": at_ms, "files": sorted(files)}


def encode(value: Bundle | Signed) -> bytes:
    """Return a file's bytes: one spelling for one value."""
    return proof.canonical_json(msgspec.to_builtins(value)).encode()


def parse(data: bytes) -> Bundle | Signed:
    """Return a bundle or a signed statement. Raises DomainError `proof_unreadable`."""
    kind = type_of(data)
    wanted: type[Bundle | Signed] = Bundle if kind == FORMAT else Signed
    try:
        found = msgspec.json.decode(data, type=wanted)
        is_canonical = encode(found) == data
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as fault:
        raise DomainError("proof_unreadable", reason=str(fault)) from fault
    if not is_canonical:
        raise DomainError("proof_unreadable", reason="spelling")
    return found


def type_of(data: bytes) -> str:
    """Return the format that a file names, or nothing."""
    try:
        return msgspec.json.decode(data, type=_Named).format
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


class _Named(msgspec.Struct, frozen=True):
    format: str = ""


def judge(data: bytes, root: PublicKey, verify: Verify) -> tuple[str, ...]:
    """Return what is wrong with a bundle: text codes of [proof], `#3` behind those of its third record."""
    try:
        found = parse(data)
    except DomainError:
        return ("unreadable",)
    if not isinstance(found, Bundle):
        return judge_signed(found, root, verify)
    own = [
        f"{code}#{number}"
        for number, item in enumerate(found.records, 1)
        for code in proof.judge_proof(item, root, verify)
    ]
    return (*judge_signed(found.heads, root, verify), *own, *_chain_problems(found))


def judge_signed(signed: Signed, root: PublicKey, verify: Verify) -> tuple[str, ...]:
    """Return what is wrong with a branch's statement."""
    keys = proof.certified_branches((signed.branch_certificate,), signed.branch_id, root, verify)
    key = keys.get(signed.note.key_id)
    fields = proof.fields_of(signed.note)
    wanted = HEADS if signed.format == HEADS_FORMAT else ISSUED
    checks = (
        ("branch_key_unproved", key is not None),
        ("statement_wrong", key is not None and proof.is_signed_by(signed.note, key, verify)),
        ("statement_of_other_branch", fields.get("branch_id") == signed.branch_id and fields.get("kind") == wanted),
    )
    return tuple(code for code, is_right in checks if not is_right)


def list_files(signed: Signed) -> frozenset[str]:
    """Return the SHA-256 of the files that a statement names as issued."""
    return frozenset(proof.fields_of(signed.note).get("files", ()))


def _chain_problems(bundle: Bundle) -> tuple[str, ...]:
    """Follow the branch's chain from its first link to its head, and every device's own chain in it."""
    told = proof.fields_of(bundle.heads.note)
    problems: list[str] = []
    seq, link = 0, _GENESIS
    devices: dict[str, list[tuple[int, str, str]]] = {}
    for number, item in enumerate(bundle.records, 1):
        fields = proof.fields_of(item.counter)
        if fields.get("chain_seq") != seq + 1 or fields.get("previous_hash") != link:
            problems.append(f"out_of_order#{number}")
        seq, link = seq + 1, proof.note_hash(item.counter)
        step = (item.seal.chain_seq, item.seal.previous_hash, item.seal.seal_hash)
        devices.setdefault(item.device_id, []).append(step)
    is_whole = told.get("branch_id") == bundle.branch_id == bundle.heads.branch_id and told.get("kind") == HEADS
    if not is_whole or told.get("counter") != [seq, link]:
        problems.append("chain_cut")
    ends = told.get("devices")
    ends = ends if isinstance(ends, dict) else {}
    named = sorted({*devices, *ends})
    problems += [f"device_chain_cut {d}" for d in named if _is_cut(devices.get(d, []), ends.get(d))]
    return tuple(problems)


def _is_cut(seals: Sequence[tuple[int, str, str]], head: Any) -> bool:
    """Say whether a device's seals do not lead from its first one to the head that the branch told."""
    seq, link = 0, _GENESIS
    for chain_seq, previous_hash, seal_hash in sorted(seals):
        if chain_seq != seq + 1 or previous_hash != link:
            return True
        seq, link = chain_seq, seal_hash
    return bool(head != [seq, link])
