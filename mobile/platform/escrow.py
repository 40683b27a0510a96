"""Seals unsent evidence to the server's public key: this phone can then no longer read it, the server can (threat C8).

A sealed file is `LFE1`, an ephemeral X25519 public key (32 bytes), a nonce (12) and AES-256-GCM's ciphertext with its
tag; the associated data is `LFE1`, the key HKDF-SHA256 of the shared secret with both public keys in its info.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import DomainError

MARK: Final = b"LFE1"
_INFO: Final = b"leakfirst evidence 1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


def seal_for(recovery_key: str, plain: bytes) -> bytes:
    """Return `plain` sealed to a public key in hexadecimal. Raises DomainError `key_unreadable` for none."""
    try:
        recipient = X25519PublicKey.from_public_bytes(bytes.fromhex(recovery_key))
    except ValueError as error:
        raise DomainError("key_unreadable") from error
    ephemeral = X25519PrivateKey.generate()
    own, nonce = ephemeral.public_key().public_bytes_raw(), os.urandom(_NONCE_BYTES)
    key = HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=_INFO + own + recipient.public_bytes_raw()).derive(
        ephemeral.exchange(recipient)
    )
    return MARK + own + nonce + AESGCM(key).encrypt(nonce, plain, MARK)
