"""The folder of the company's keys: one root, which may be taken away, and the keys of the branches."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509

from server.core import signing_keys as keys
from server.core.signing_keys import SigningKey
from server.seals import authority
from shared.errors import DomainError
from shared.proof import PublicKey
from shared.signature import P256

_ROOT: Final = "root.key"
_ROOT_PUBLIC: Final = "root.json"
_ROOT_X509: Final = "root.pem"


class Keyring:
    """Reads and makes keys; a private key never leaves the folder."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, made when a key is made."""
        self._folder = folder

    def root(self) -> SigningKey:
        """Return the root key, made at the first call. Raises DomainError `root_key_away` when it was taken away."""
        path = self._folder / _ROOT
        if not path.exists() and (self._folder / _ROOT_PUBLIC).exists():
            raise DomainError("root_key_away")
        key = keys.load_or_make(path, P256)
        public = self._folder / _ROOT_PUBLIC
        if not public.exists():
            public.write_bytes(msgspec.json.encode(key.public))
        return key

    def root_public(self) -> PublicKey:
        """Return the root's public key, which also stands on the verification page."""
        path = self._folder / _ROOT_PUBLIC
        return msgspec.json.decode(path.read_bytes(), type=PublicKey) if path.exists() else self.root().public

    def root_x509(self) -> x509.Certificate:
        """Return the root's own certificate for PDF readers, made once."""
        path = self._folder / _ROOT_X509
        if not path.exists():
            authority.write(path, authority.self_sign(self.root()))
        return authority.read(path)

    def branch(self, branch_id: str, number: int) -> SigningKey:
        """Return a branch's key by its number, counted from 1; made when absent."""
        return keys.load_or_make(self._path(branch_id, number, "key"), P256)

    def branch_x509(self, branch_id: str, number: int, name: str) -> x509.Certificate:
        """Return the certificate with which a branch's key certifies PDF files, made once."""
        path = self._path(branch_id, number, "pem")
        if not path.exists():
            issuer = self.root_x509()
            authority.write(path, authority.certify(self.root(), issuer, self.branch(branch_id, number), name))
        return authority.read(path)

    def _path(self, branch_id: str, number: int, ending: str) -> Path:
        return self._folder / f"branch-{branch_id}-{number}.{ending}"


_current: list[Keyring] = []


def configure(data_dir: Path) -> None:
    """Use the keys of a company; called once at the start of a process."""
    _current[:] = [Keyring(data_dir / "keys")]


def current() -> Keyring:
    """Return the company's keys. Raises LookupError when the process was not told where they are."""
    if not _current:
        raise LookupError("no keyring is configured")
    return _current[0]
