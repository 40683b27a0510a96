"""Wraps the phone's secrets with a key inside the Android Keystore; on a desktop their files' permissions must do."""

from __future__ import annotations

import importlib
import os
from typing import Any, Final, Protocol

from shared.errors import DomainError

_ALIAS: Final = "leakfirst-wrapping-key"
_PROVIDER: Final = "AndroidKeyStore"
_TRANSFORMATION: Final = "AES/GCM/NoPadding"
_NONCE_BYTES: Final = 12
_TAG_BITS: Final = 128
_KEY_BITS: Final = 256


class Wrapper(Protocol):
    """Wraps a secret so that a copied file is worth nothing elsewhere."""

    def wrap(self, secret: bytes) -> bytes:
        """Return the secret wrapped."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the secret. Raises DomainError `store_key_wrong`."""
        ...

    def destroy(self) -> None:
        """Make everything that was ever wrapped unreadable for good."""
        ...


class FileWrapper:
    """Leaves the secret as it is: on a desktop the file's permissions protect it."""

    def wrap(self, secret: bytes) -> bytes:
        """Return the secret."""
        return secret

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the secret."""
        return wrapped

    def destroy(self) -> None:
        """Do nothing: the file is erased by its owner."""


class AndroidWrapper:
    """Wraps with an AES-256-GCM key that never leaves the Android Keystore (tried on no device yet)."""

    def __init__(self) -> None:
        """Reach the Keystore through pyjnius."""
        autoclass = importlib.import_module("jnius").autoclass
        self._java: Any = autoclass
        self._store: Any = autoclass("java.security.KeyStore").getInstance(_PROVIDER)
        self._store.load(None)

    def wrap(self, secret: bytes) -> bytes:
        """Return nonce and ciphertext; the Keystore chooses the nonce."""
        cipher = self._java("javax.crypto.Cipher")
        running = cipher.getInstance(_TRANSFORMATION)
        running.init(cipher.ENCRYPT_MODE, self._get_or_make_key())
        sealed = _to_bytes(running.doFinal(secret))
        return _to_bytes(running.getIV()) + sealed

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the secret. Raises DomainError `store_key_wrong` when the Keystore has another key or none."""
        cipher = self._java("javax.crypto.Cipher")
        spec = self._java("javax.crypto.spec.GCMParameterSpec")(_TAG_BITS, wrapped[:_NONCE_BYTES])
        try:
            running = cipher.getInstance(_TRANSFORMATION)
            running.init(cipher.DECRYPT_MODE, self._store.getKey(_ALIAS, None), spec)
            return _to_bytes(running.doFinal(wrapped[_NONCE_BYTES:]))
        except importlib.import_module("jnius").JavaException as error:
            raise DomainError("store_key_wrong") from error

    def destroy(self) -> None:
        """Delete the key from the Keystore."""
        self._store.deleteEntry(_ALIAS)

    def _get_or_make_key(self) -> Any:
        found = self._store.getKey(_ALIAS, None)
        return found if found is not None else self._make_key()

    def _make_key(self) -> Any:
        properties = self._java("android.security.keystore.KeyProperties")
        builder = self._java("android.security.keystore.KeyGenParameterSpec$Builder")
        purposes = properties.PURPOSE_ENCRYPT | properties.PURPOSE_DECRYPT
        # The key must open while the screen is locked: a leak has to reach a phone in a pocket.
        spec = (
            builder(_ALIAS, purposes)
            .setBlockModes([properties.BLOCK_MODE_GCM])
            .setEncryptionPaddings([properties.ENCRYPTION_PADDING_NONE])
            .setKeySize(_KEY_BITS)
            .build()
        )
        maker = self._java("javax.crypto.KeyGenerator").getInstance(properties.KEY_ALGORITHM_AES, _PROVIDER)
        maker.init(spec)
        return maker.generateKey()


def choose_wrapper() -> Wrapper:
    """Return the wrapper of this machine."""
    return AndroidWrapper() if "ANDROID_ARGUMENT" in os.environ else FileWrapper()


def _to_bytes(java_bytes: Any) -> bytes:
    # pyjnius hands a byte array over as signed numbers.
    return bytes(number & 0xFF for number in java_bytes)
