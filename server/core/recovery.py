"""The key that alone opens what a wiped phone leaves behind: unsent evidence sealed to it on the phone (threat C8).

A sealed file: `LFE1`, the sender's ephemeral X25519 key (32 bytes), a nonce (12), AES-256-GCM of the content with the
magic as associated data. The AES key is HKDF-SHA256 over the X25519 secret, with both public keys in its info.
"""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.core import clock
from shared.errors import DomainError

MAGIC: Final = b"LFE1"
_INFO: Final = b"leakfirst evidence 1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(MAGIC) + _KEY_BYTES + _NONCE_BYTES
_FILE: Final = "recovery.key"
_ONLY_OWNER: Final = 0o600


@functools.cache
def recovery_key(data_dir: Path) -> X25519PrivateKey:
    """Return the server's key; the first call makes it, in a file of its own. Raises DomainError `setting_invalid`."""
    path = data_dir / _FILE
    if not path.exists():
        _write_new(path)
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except ValueError as error:
        raise DomainError("setting_invalid", name=_FILE, value=str(path)) from error


def _write_new(path: Path) -> None:
    """Write a new key whole, or leave the one that another process has just written."""
    draft = path.with_suffix(f".{clock.random_bytes(8).hex()}")  # two threads of a process may come at once
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    with os.fdopen(handle, "w") as file:
        file.write(X25519PrivateKey.generate().private_bytes_raw().hex())
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):  # both processes read the first one's key
        os.link(draft, path)
    draft.unlink()


@functools.cache
def public_hex(data_dir: Path) -> str:
    """Return the key's public half in hexadecimal, which phones get at enrolment."""
    return recovery_key(data_dir).public_key().public_bytes_raw().hex()


def open_sealed(key: X25519PrivateKey, sealed: bytes) -> bytes:
    """Return what a sealed file holds. Raises DomainError `evidence_unreadable` for garbage or another server's."""
    if len(sealed) <= _HEAD_BYTES or not sealed.startswith(MAGIC):
        raise DomainError("evidence_unreadable")
    ephemeral = sealed[len(MAGIC) : len(MAGIC) + _KEY_BYTES]
    nonce = sealed[len(MAGIC) + _KEY_BYTES : _HEAD_BYTES]
    try:
        secret = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        info = _INFO + ephemeral + key.public_key().public_bytes_raw()
        opened = HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret)
        return AESGCM(opened).decrypt(nonce, sealed[_HEAD_BYTES:], MAGIC)
    except (InvalidTag, ValueError) as error:
        raise DomainError("evidence_unreadable") from error
