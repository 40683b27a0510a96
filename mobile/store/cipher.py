"""Seals what the phone stores, record by record: AES-256-GCM, bound to the table and the id of its row (threat C8)."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import DomainError

KEY_BYTES: Final = 32
CHUNK_BYTES: Final = 64 * 1024
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_RECORD_MARK: Final = b"\x01"
_FILE_MARK: Final = b"LFP1"
_PREFIX_BYTES: Final = 8
_FILE_HEAD_BYTES: Final = len(_FILE_MARK) + _PREFIX_BYTES


class Cipher:
    """Seals and opens with one key of 32 bytes; records and files have keys of their own derived from it."""

    def __init__(self, key: bytes) -> None:
        """Take the phone's key. Raises DomainError `store_key_wrong` when it has not 32 bytes."""
        if len(key) != KEY_BYTES:
            raise DomainError("store_key_wrong")
        self._records, self._files = AESGCM(_derive(key, b"records")), AESGCM(_derive(key, b"files"))

    def seal(self, row: str, plain: bytes) -> bytes:
        """Return a record sealed for the row named `row` (table/id)."""
        nonce = os.urandom(_NONCE_BYTES)
        return _RECORD_MARK + nonce + self._records.encrypt(nonce, plain, row.encode())

    def unseal(self, row: str, sealed: bytes) -> bytes:
        """Return the plain record. Raises DomainError `store_damaged` for another key, another row or changed bytes."""
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _RECORD_MARK or len(rest) < _TAG_BYTES:
            raise DomainError("store_damaged", row=row)
        try:
            return self._records.decrypt(nonce, rest, row.encode())
        except InvalidTag as error:
            raise DomainError("store_damaged", row=row) from error

    def seal_file(self, name: str, plain: bytes) -> bytes:
        """Return a file sealed in pieces of 64 KiB, each bound to the file's name, its place and the file's length."""
        prefix = os.urandom(_PREFIX_BYTES)
        starts = range(0, max(len(plain), 1), CHUNK_BYTES)
        pieces = [
            self._files.encrypt(
                _nonce(prefix, number), plain[start : start + CHUNK_BYTES], _place(name, number, len(plain))
            )
            for number, start in enumerate(starts)
        ]
        return b"".join((_FILE_MARK, prefix, *pieces))

    def unseal_piece(self, name: str, sealed: bytes, number: int, size_bytes: int, prefix: bytes) -> bytes:
        """Return the plain bytes of piece `number` of a file of `size_bytes`. Raises DomainError `store_damaged`."""
        try:
            return self._files.decrypt(_nonce(prefix, number), sealed, _place(name, number, size_bytes))
        except (InvalidTag, ValueError) as error:
            raise DomainError("store_damaged", row=name) from error


def read_prefix(head: bytes) -> bytes | None:
    """Return the part of the nonces that a sealed file's first bytes carry, None for a file that is not sealed."""
    return head[len(_FILE_MARK) : _FILE_HEAD_BYTES] if is_sealed(head) else None


def is_sealed(head: bytes) -> bool:
    """Tell whether a file's first bytes are those of a sealed one."""
    return head.startswith(_FILE_MARK) and len(head) >= _FILE_HEAD_BYTES


def span_of(number: int) -> tuple[int, int]:
    """Return where piece `number` lies in a sealed file: its first byte and its largest length."""
    return _FILE_HEAD_BYTES + number * (CHUNK_BYTES + _TAG_BYTES), CHUNK_BYTES + _TAG_BYTES


def plain_size(sealed_bytes: int) -> int:
    """Return the plain size in bytes of a sealed file of `sealed_bytes`."""
    body = sealed_bytes - _FILE_HEAD_BYTES
    pieces = -(-body // (CHUNK_BYTES + _TAG_BYTES))
    return body - pieces * _TAG_BYTES


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"leakfirst store 1 " + purpose).derive(key)


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(_NONCE_BYTES - _PREFIX_BYTES, "big")


def _place(name: str, number: int, size_bytes: int) -> bytes:
    return f"files/{name}/{number}/{size_bytes}".encode()
