"""Private keys in files of their own, and how signatures are made and judged (Ed25519, P-256; decision 4).

A P-256 signature is 64 bytes, r then s, with the smaller of its two values of s: one signature has one spelling.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import DomainError
from shared.proof import PublicKey
from shared.signature import ALGORITHMS, ED25519, P256

_ONLY_OWNER: Final = 0o600
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF: Final = 32
_HASH: Final = hashes.SHA256()
_PUBLIC_BYTES: Final = {ED25519: 32, P256: 65}

Private = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


class SigningKey(msgspec.Struct, frozen=True):
    """A private key with the public half under which its signatures are known."""

    private: Private
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(message)
        r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(_HASH)))
        return r.to_bytes(_HALF, "big") + min(s, _ORDER - s).to_bytes(_HALF, "big")


def make(alg: str) -> SigningKey:
    """Return a new key. Raises DomainError `seal_algorithm_unknown`."""
    if alg not in ALGORITHMS:
        raise DomainError("seal_algorithm_unknown", alg=alg)
    return hold(Ed25519PrivateKey.generate() if alg == ED25519 else ec.generate_private_key(ec.SECP256R1()))


def hold(private: Private) -> SigningKey:
    """Return a private key as one that signs."""
    if isinstance(private, Ed25519PrivateKey):
        return SigningKey(private, PublicKey(alg=ED25519, public_key=private.public_key().public_bytes_raw().hex()))
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return SigningKey(private, PublicKey(alg=P256, public_key=point.hex()))


def load_or_make(path: Path, alg: str) -> SigningKey:
    """Return the key in a file, made when absent; of two processes at once one wins. Raises `key_unreadable`."""
    if not path.exists():
        _write_new(path, make(alg))
    return load(path)


def load(path: Path) -> SigningKey:
    """Return the key in a file. Raises DomainError `key_unreadable`."""
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise DomainError("key_unreadable") from error
    if not isinstance(private, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise DomainError("key_unreadable")
    return hold(private)


def verify(alg: str, public_key: str, signed: bytes, message: bytes) -> bool:
    """Say whether a signature is right: the `Verify` of shared.proof. What cannot be read is not right."""
    try:
        if alg == ED25519:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signed, message)
            return True
        return alg == P256 and _verify_p256(bytes.fromhex(public_key), signed, message)
    except (InvalidSignature, ValueError):
        return False


def verify_hex(key: PublicKey, signed: str, message: bytes) -> bool:
    """Say whether a signature in hexadecimal is a key's own."""
    try:
        return verify(key.alg, key.public_key, bytes.fromhex(signed), message)
    except ValueError:
        return False


def check_public(key: PublicKey) -> None:
    """Refuse what is no public key. Raises DomainError `invalid_request`."""
    try:
        point = bytes.fromhex(key.public_key)
        is_right = point.hex() == key.public_key and len(point) == _PUBLIC_BYTES.get(key.alg)
        if is_right and key.alg == P256:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        is_right = False
    if not is_right:
        raise DomainError("invalid_request", reason="public_key")


def _verify_p256(point: bytes, signed: bytes, message: bytes) -> bool:
    r, s = int.from_bytes(signed[:_HALF], "big"), int.from_bytes(signed[_HALF:], "big")
    if len(signed) != 2 * _HALF or s > _ORDER // 2:
        return False
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(_HASH))
    return True


def _write_new(path: Path, key: SigningKey) -> None:
    """Write a key so that a kill leaves none or a whole one, and that whoever comes second finds the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _ONLY_OWNER)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
