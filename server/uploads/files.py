"""Files on disk: parts grow by appending under a lock; whole files bear their SHA-256 and are never written again."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Final

from shared.errors import DomainError

_BLOCK_BYTES: Final = 1 << 20


class Shelf:
    """One branch's folder: `parts/` what is on its way, `whole/` what is verified, `broken/` what did not match."""

    def __init__(self, data_dir: Path, branch_id: str) -> None:
        """Use `data_dir`/files/`branch_id`, made when absent."""
        self._root = data_dir / "files" / branch_id
        for name in ("parts", "whole", "broken"):
            (self._root / name).mkdir(parents=True, exist_ok=True)

    def whole(self, sha256: str) -> Path:
        """Return where the verified file lies, or will lie."""
        return self._root / "whole" / sha256

    def size_bytes(self, sha256: str) -> int:
        """Return how much has come: the whole file's length, else its part's, else 0."""
        for path in (self.whole(sha256), self._part(sha256)):
            if path.exists():
                return path.stat().st_size
        return 0

    def append(self, sha256: str, offset_bytes: int, chunk: bytes, limit_bytes: int) -> int:
        """Append a piece and make it durable; return the new length.

        Raises DomainError `file_offset_wrong` unless the piece starts where the part ends, `file_invalid` beyond the
        announced length. Two calls at once take turns on the part's lock: the second one's offset is then wrong.
        """
        with self._part(sha256).open("ab") as part:
            fcntl.flock(part, fcntl.LOCK_EX)
            have_bytes = part.seek(0, os.SEEK_END)
            if self.whole(sha256).exists() or have_bytes != offset_bytes:
                raise DomainError("file_offset_wrong", offset_bytes=self.size_bytes(sha256))
            if have_bytes + len(chunk) > limit_bytes:
                raise DomainError("file_invalid", sha256=sha256, size_bytes=have_bytes + len(chunk))
            part.write(chunk)
            part.flush()
            os.fsync(part.fileno())
            return have_bytes + len(chunk)

    def settle(self, sha256: str) -> bool:
        """Verify a part that is long enough and put it among the whole files; False when it was something else.

        What did not match is kept aside under its own hash, and the file starts again. May run twice.
        """
        part = self._part(sha256)
        if self.whole(sha256).exists():
            return True
        found = digest(part)
        target = self.whole(sha256) if found == sha256 else self._root / "broken" / found
        part.replace(target)
        _make_durable(target.parent)
        return found == sha256

    def rendition(self, sha256: str) -> Path:
        """Return where the picture for eyes lies, or will lie."""
        return self._root / "shown" / f"{sha256}.jpg"

    def keep_rendition(self, sha256: str, content: bytes) -> None:
        """Keep what a picture was redrawn to; it may be made again at any time."""
        target = self.rendition(sha256)
        target.parent.mkdir(exist_ok=True)
        draft = target.with_suffix(".draft")
        draft.write_bytes(content)
        draft.replace(target)

    def _part(self, sha256: str) -> Path:
        return self._root / "parts" / sha256


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
