"""The phone's keys, each in a file of its own: Ed25519 for seals (decision 4), AES-256 for the store (threat C8).

On Android both files hold their key wrapped by the Keystore; on a desktop their permissions protect them.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobile.platform import keystore
from mobile.platform.keystore import Wrapper
from shared import proof
from shared.errors import DomainError

ALG: Final = "Ed25519"
_KEY_FILE: Final = "device.key"
_NEXT_FILE: Final = "next_device.key"
_STORE_KEY_FILE: Final = "store.key"
_LOCK_FILE: Final = "keys.lock"
_STORE_KEY_BYTES: Final = 32
_ONLY_OWNER: Final = 0o600


class DeviceKey:
    """Signs with the device's private key, which never leaves this object."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        """Hold the key and derive its public half and its id."""
        self._private_key = private_key
        self.public_hex = private_key.public_key().public_bytes_raw().hex()
        self.key_id = proof.key_id_of(self.public_hex)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self._private_key.sign(message)


def load_or_create(folder: Path, wrapper: Wrapper | None = None) -> DeviceKey:
    """Return the device's key; the first call in a folder makes it. Raises DomainError `key_unreadable`."""
    return _load_or_create(folder / _KEY_FILE, wrapper or keystore.choose_wrapper())


def load_or_create_next(folder: Path, wrapper: Wrapper | None = None) -> DeviceKey:
    """Return the key that shall follow, made at the first call; nothing is sealed with it before `adopt_next`."""
    return _load_or_create(folder / _NEXT_FILE, wrapper or keystore.choose_wrapper())


def adopt_next(folder: Path) -> None:
    """Put the next key in the place of the present one; whoever opens the phone from now on seals with it."""
    (folder / _NEXT_FILE).replace(folder / _KEY_FILE)
    sync_folder(folder)


def _load_or_create(path: Path, wrapper: Wrapper) -> DeviceKey:
    _make_once(path, lambda: wrapper.wrap(_make_pem()))
    try:
        private_key = serialization.load_pem_private_key(wrapper.unwrap(path.read_bytes()), password=None)
    except (ValueError, DomainError) as error:
        raise DomainError("key_unreadable") from error
    if not isinstance(private_key, Ed25519PrivateKey):
        raise DomainError("key_unreadable")
    return DeviceKey(private_key)


def load_store_key(folder: Path, *, may_create: bool, wrapper: Wrapper | None = None) -> bytes:
    """Return the 32 bytes that open the store; they are made only for a store that holds nothing sealed yet.

    Raises DomainError `store_key_missing`, `store_key_wrong`.
    """
    path, wrapper = folder / _STORE_KEY_FILE, wrapper or keystore.choose_wrapper()
    if may_create:
        _make_once(path, lambda: wrapper.wrap(secrets.token_bytes(_STORE_KEY_BYTES)))
    elif not path.exists():
        raise DomainError("store_key_missing")
    key = wrapper.unwrap(path.read_bytes())
    if len(key) != _STORE_KEY_BYTES:
        raise DomainError("store_key_wrong")
    return key


def erase(folder: Path, wrapper: Wrapper | None = None) -> None:
    """Destroy every key of the phone for good, the store's first: what it sealed is then only noise."""
    wrapper = wrapper or keystore.choose_wrapper()
    for name in (_STORE_KEY_FILE, _KEY_FILE, _NEXT_FILE):
        for path in (folder / name, _draft_of(folder / name)):
            _shred(path)
    (folder / _LOCK_FILE).unlink(missing_ok=True)
    wrapper.destroy()


def _make_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _draft_of(path: Path) -> Path:
    return path.with_suffix(".draft")


def _make_once(path: Path, make: Callable[[], bytes]) -> None:
    """Make a key that is not there yet; of two processes that start together one makes it and both take that one."""
    if path.exists():
        return
    with (path.parent / _LOCK_FILE).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write_new(path, make())


def _write_new(path: Path, content: bytes) -> None:
    draft = _draft_of(path)
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)  # a kill leaves either no key or a whole one
    sync_folder(path.parent)


def _shred(path: Path) -> None:
    if path.exists():
        # Flash may keep an old copy of the block; on Android the Keystore's own key is destroyed as well.
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a key must be on the disk before anything that it sealed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
