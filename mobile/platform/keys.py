"""The phone's Ed25519 key in a file of its own, made once at enrolment (decision 4)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import DomainError

ALG: Final = "Ed25519"
_KEY_FILE: Final = "device.key"
_KEY_ID_CHARS: Final = 16
_ONLY_OWNER: Final = 0o600


class DeviceKey:
    """Signs with the device's private key, which never leaves this object."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        """Hold the key and derive its public half and its id."""
        self._private_key = private_key
        self.public_hex = private_key.public_key().public_bytes_raw().hex()
        self.key_id = hashlib.sha256(bytes.fromhex(self.public_hex)).hexdigest()[:_KEY_ID_CHARS]

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self._private_key.sign(message)


def load_or_create(folder: Path) -> DeviceKey:
    """Return the device's key; the first call in a folder makes it. Raises DomainError `key_unreadable`."""
    path = folder / _KEY_FILE
    if not path.exists():
        _write_new(path)
    try:
        private_key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise DomainError("key_unreadable") from error
    if not isinstance(private_key, Ed25519PrivateKey):
        raise DomainError("key_unreadable")
    return DeviceKey(private_key)


def _write_new(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)  # a kill leaves either no key or a whole one
