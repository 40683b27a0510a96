"""Bytes of pictures on the disk: sealed, under the SHA-256 of the plain bytes, whole or not there at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from mobile.store import cipher as ciphers
from mobile.store.cipher import Cipher
from shared.errors import DomainError

_FOLDER: Final = "files"
_SEALED: Final = ".sealed"
_DRAFT: Final = ".new"
_HEAD_BYTES: Final = 64


class Picture:
    """One sealed picture, readable from any place without opening all of it."""

    def __init__(self, folder: Path, sha256: str, cipher: Cipher) -> None:
        """Open the picture `sha256` of the phone in `folder`. Raises OSError, DomainError `store_damaged`."""
        self._path, self._sha256, self._cipher = path_of(folder, sha256), sha256, cipher
        with self._path.open("rb") as file:
            prefix = ciphers.read_prefix(file.read(_HEAD_BYTES))
        if prefix is None:
            raise DomainError("store_damaged", row=sha256)
        self._prefix = prefix
        self.size_bytes = ciphers.plain_size(self._path.stat().st_size)

    def read(self, offset_bytes: int, size_bytes: int) -> bytes:
        """Return up to `size_bytes` plain bytes from `offset_bytes` on. Raises OSError, DomainError `store_damaged`."""
        end = min(offset_bytes + size_bytes, self.size_bytes)
        if end <= offset_bytes:
            return b""
        first = offset_bytes // ciphers.CHUNK_BYTES
        with self._path.open("rb") as file:
            pieces = []
            for number in range(first, (end - 1) // ciphers.CHUNK_BYTES + 1):
                start, length = ciphers.span_of(number)
                file.seek(start)
                sealed = file.read(length)
                pieces.append(self._cipher.unseal_piece(self._sha256, sealed, number, self.size_bytes, self._prefix))
        skipped = first * ciphers.CHUNK_BYTES
        return b"".join(pieces)[offset_bytes - skipped : end - skipped]


def keep_bytes(folder: Path, cipher: Cipher, content: bytes) -> str:
    """Make a picture durable, sealed, and return the SHA-256 of its plain bytes; the same again is the same file."""
    sha256 = hashlib.sha256(content).hexdigest()
    _write(path_of(folder, sha256), cipher.seal_file(sha256, content))
    return sha256


def path_of(folder: Path, sha256: str) -> Path:
    """Return where the sealed bytes of a picture lie on the phone that lives in `folder`."""
    return folder / _FOLDER / (sha256 + _SEALED)


def seal_leftovers(folder: Path, cipher: Cipher) -> None:
    """Seal pictures that an earlier version kept plain; a kill between any two of them is made up for next time."""
    for path in sorted((folder / _FOLDER).glob("*")):
        if path.suffix == "":
            _write(path_of(folder, path.name), cipher.seal_file(path.name, path.read_bytes()))
            path.unlink()


def list_kept(folder: Path) -> list[tuple[str, int]]:
    """List the pictures on the disk as (SHA-256, Unix milliseconds of the last write)."""
    found = (folder / _FOLDER).glob("*" + _SEALED)
    return [(path.name.removesuffix(_SEALED), path.stat().st_mtime_ns // 1_000_000) for path in sorted(found)]


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(_DRAFT)
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)  # half a picture would only take the room that is missing
        raise
