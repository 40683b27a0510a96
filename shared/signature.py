"""The customer's signature and the device's seal over it (decision 4; Electronic Signature Law art. 13 (3) and (4)).

The seal makes any later change of strokes, text, signer, opinion, order of the chain, device or time detectable. That
the signer alone controlled the pad is agreement and evidence, not cryptography.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Final

from shared import facts
from shared.errors import DomainError

GENESIS_HASH: Final = "0" * 64
ED25519: Final = "Ed25519"
P256: Final = "P-256"
ALGORITHMS: Final = frozenset({ED25519, P256})
# Below this a touch is a slip of the finger, above it the file is no signature (thousandths of the pad, points).
_MIN_EXTENT: Final = 60
_MIN_POINTS: Final = 5
_MAX_POINTS: Final = 20_000
_PAD: Final = 1000


def check_strokes(strokes: Sequence[facts.Stroke]) -> None:
    """Refuse what is no signature. Raises DomainError `signature_empty`, `signature_too_small`, `signature_invalid`."""
    points = [point for stroke in strokes for point in stroke.points]
    if not points:
        raise DomainError("signature_empty")
    if len(points) > _MAX_POINTS or any(not _is_on_pad(point) for point in points):
        raise DomainError("signature_invalid")
    width, height = (max(axis) - min(axis) for axis in ([p[0] for p in points], [p[1] for p in points]))
    if len(points) < _MIN_POINTS or max(width, height) < _MIN_EXTENT:
        raise DomainError("signature_too_small")


def content_hash(canonical_text: str, strokes: Sequence[facts.Stroke], relation: str, opinion: str) -> str:
    """Return SHA-256 in hexadecimal over text, strokes, who signed and his opinion, each with its length in front."""
    digest = hashlib.sha256()
    for part in (_utf8(canonical_text), _strokes_bytes(strokes), _utf8(relation), _utf8(opinion)):
        # The length in front keeps a byte from moving unnoticed between two parts.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def seal_bytes(
    content: str, strokes: Sequence[facts.Stroke], chain_seq: int, previous_hash: str, at_ms: int, device_id: str
) -> bytes:
    """Return the bytes that the device signs: content hash, strokes' hash, place in the chain, time and device."""
    fields: dict[str, str | int] = {
        "at_ms": at_ms,
        "chain_seq": chain_seq,
        "content_hash": content,
        "device_id": device_id,
        "previous_hash": previous_hash,
        "strokes_hash": hashlib.sha256(_strokes_bytes(strokes)).hexdigest(),
    }
    return _json(fields)


def seal(
    canonical_text: str,
    strokes: Sequence[facts.Stroke],
    *,
    chain_seq: int,
    previous_hash: str,
    at_ms: int,
    device_id: str,
    sign: Callable[[bytes], bytes],
    alg: str,
    key_id: str,
    relation: str = "",
    opinion: str = "",
) -> facts.Seal:
    """Return the seal of a signed record. A waived one: no strokes, reason as relation, witness as opinion.

    `at_ms` is the wall clock of the event that carries the seal. Raises DomainError `seal_algorithm_unknown`.
    """
    if alg not in ALGORITHMS:
        raise DomainError("seal_algorithm_unknown", alg=alg)
    content = content_hash(canonical_text, strokes, relation, opinion)
    message = _message(alg, key_id, seal_bytes(content, strokes, chain_seq, previous_hash, at_ms, device_id))
    return facts.Seal(
        alg=alg,
        key_id=key_id,
        chain_seq=chain_seq,
        previous_hash=previous_hash,
        content_hash=content,
        seal_hash=hashlib.sha256(message).hexdigest(),
        signature=sign(message).hex(),
    )


def verify_seal(
    seal: facts.Seal,
    canonical_text: str,
    strokes: Sequence[facts.Stroke],
    verify: Callable[[bytes, bytes], bool],
    device_id: str,
    at_ms: int,
    *,
    relation: str = "",
    opinion: str = "",
) -> tuple[str, ...]:
    """Return the problems as text codes of [seal]; () when the seal proves the record.

    `verify(signature, message)` says whether the device's key made the signature.
    """
    content = content_hash(canonical_text, strokes, relation, opinion)
    message = _message(
        seal.alg, seal.key_id, seal_bytes(content, strokes, seal.chain_seq, seal.previous_hash, at_ms, device_id)
    )
    checks = (
        ("algorithm_unknown", seal.alg in ALGORITHMS),
        ("content_changed", seal.content_hash == content),
        ("seal_changed", seal.seal_hash == hashlib.sha256(message).hexdigest()),
        ("signature_wrong", _is_signed(seal, message, verify)),
    )
    return tuple(code for code, is_right in checks if not is_right)


def verify_body(
    body: facts.RecordSigned | facts.SignatureWaived,
    verify: Callable[[bytes, bytes], bool],
    device_id: str,
    at_ms: int,
) -> tuple[str, ...]:
    """Return the problems of the seal that an event carries; `at_ms` is the event's own wall clock."""
    strokes, relation, opinion = signed_parts(body)
    return verify_seal(
        body.seal, body.record_json, strokes, verify, device_id, at_ms, relation=relation, opinion=opinion
    )


def signed_parts(body: facts.RecordSigned | facts.SignatureWaived) -> tuple[tuple[facts.Stroke, ...], str, str]:
    """Return (strokes, relation, opinion) as they go into the seal."""
    if isinstance(body, facts.RecordSigned):
        return body.strokes, body.signer_relation, body.opinion
    return body.strokes, body.reason, body.witness


def new_key_bytes(device_id: str, alg: str, public_key: str) -> bytes:
    """Return what a device's old key signs, so that its new key is taken for its own."""
    return b"leakfirst-key-1\n" + _json({"alg": alg, "device_id": device_id, "public_key": public_key})


def find_chain_breaks(seals: Sequence[facts.Seal]) -> tuple[int, ...]:
    """Return the places (indices) at which a device's seals, in the order of their chain, do not follow each other."""
    previous = [None, *seals[:-1]]
    return tuple(i for i, (before, now) in enumerate(zip(previous, seals, strict=True)) if not follows(before, now))


def follows(before: facts.Seal | None, now: facts.Seal) -> bool:
    """Say whether a seal is the next link after `before`, or the first one."""
    if before is None:
        return now.chain_seq == 1 and now.previous_hash == GENESIS_HASH
    return now.chain_seq == before.chain_seq + 1 and now.previous_hash == before.seal_hash


def _is_on_pad(point: tuple[int, ...]) -> bool:
    x, y, elapsed_ms, *pressure = point
    return all(0 <= value <= _PAD for value in (x, y, *pressure)) and elapsed_ms >= 0


def _is_signed(seal: facts.Seal, message: bytes, verify: Callable[[bytes, bytes], bool]) -> bool:
    try:
        signature = bytes.fromhex(seal.signature)
    except ValueError:
        return False
    # fromhex allows blanks and capitals: only the one spelling that seal() writes is right.
    return signature.hex() == seal.signature and bool(signature) and verify(signature, message)


def _message(alg: str, key_id: str, sealed: bytes) -> bytes:
    return b"leakfirst-seal-1\n" + _json({"alg": alg, "key_id": key_id}) + b"\n" + sealed


def _strokes_bytes(strokes: Sequence[facts.Stroke]) -> bytes:
    return json.dumps([[list(point) for point in stroke.points] for stroke in strokes], separators=(",", ":")).encode()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(fields: dict[str, str | int]) -> bytes:
    return _utf8(json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
