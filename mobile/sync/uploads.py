"""The file lane: pictures in pieces by the rules of tus 1.0, resumed where they stopped, never in the way of text."""

from __future__ import annotations

import base64
import logging
import sqlite3
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec

from mobile.platform.clock import Clock
from mobile.store import files, wiping
from mobile.store.database import Store
from mobile.store.files import StoredFile
from mobile.sync.backoff import Rests
from mobile.sync.transport import PRODUCT_HEADER, FileTransport, Reply, TransportError, read_code
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
PIECE_BYTES: Final = 256 * 1024
_PATH: Final = "/api/v1/uploads"
_EVIDENCE_PATH: Final = "/api/v1/evidence"
_STREAM: Final = "application/octet-stream"
_TIMEOUT_S: Final = 30.0
_CHECKSUM_WRONG: Final = 460  # of tus: what arrived is not what was announced
_WORTH_REPEATING: Final = frozenset(
    {_CHECKSUM_WRONG, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE, HTTPStatus.LOCKED}
    | {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}
)
_PRUNE_EVERY_MS: Final = 3_600_000  # a pass runs every few seconds; an idle one writes nothing to the flash
_VERSION: Final = {"Tus-Resumable": "1.0.0"}


class _TroubleError(Exception):
    """One file cannot be delivered now; `is_final` when trying again is no use."""

    def __init__(self, code: str, *, needs_human: bool = False, is_final: bool = False) -> None:
        super().__init__(code)
        self.code, self.needs_human, self.is_final = code, needs_human, is_final


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass did: files delivered, files still waiting."""

    delivered: int
    waiting: int


class FileLane:
    """Delivers the phone's pictures, one after another; a pass ends at the first sign of a dead line."""

    def __init__(self, store: Store, transport: FileTransport, clock: Clock) -> None:
        """Deliver out of `store` through `transport`."""
        self._store, self._transport, self._clock = store, transport, clock
        self._pruned_ms: int | None = None
        self._rests = Rests(clock)

    def run_once(self) -> Delivered:
        """Try every waiting picture that is due once; what breaks off is resumed by a later pass."""
        with self._store.read() as db:
            waiting = files.list_waiting(db)
        delivered = 0
        for file in waiting:
            if file.is_refused or not self._rests.is_due(file.sha256):
                continue
            try:
                delivered += self._try(file)
            except TransportError:
                break
        self._prune()
        self.deliver_evidence()
        return Delivered(delivered=delivered, waiting=len(waiting) - delivered)

    def _try(self, file: StoredFile) -> bool:
        """Deliver one file and note what came of it; its failure is its own. Raises TransportError."""
        try:
            is_whole, trouble = self._deliver(file), None
        except _TroubleError as error:
            is_whole, trouble = False, error
            _LOG.error("a picture stays here: %s", error)
        try:
            self._note(file, trouble, is_whole=is_whole)
        except sqlite3.Error:
            # A full disk: it is asked for again later, and the server then says that it has it.
            _LOG.exception("what came of a picture could not be written")
            is_whole = False
        if is_whole:
            self._rests.forget(file.sha256)
        else:
            self._rests.put_off(file.sha256)
        return is_whole

    def _note(self, file: StoredFile, trouble: _TroubleError | None, *, is_whole: bool) -> None:
        with self._store.write() as db:
            if is_whole:
                files.mark_delivered(db, file.sha256, self._clock.now_ms())
            else:
                files.postpone(db, file.sha256)
            if trouble is not None and trouble.needs_human:
                files.note_trouble(db, file.sha256, trouble.code, is_final=trouble.is_final)

    def _prune(self) -> None:
        now_ms = self._clock.now_ms()
        if self._pruned_ms is not None and 0 <= now_ms - self._pruned_ms < _PRUNE_EVERY_MS:
            return
        with self._store.write() as db:
            files.prune(db, self._store.folder, now_ms)
        self._pruned_ms = now_ms

    def list_troubled(self) -> tuple[StoredFile, ...]:
        """Return the pictures that need the technician before the server can have them, oldest first."""
        with self._store.read() as db:
            return tuple(files.list_troubled(db))

    def send_again(self, sha256: str) -> None:
        """Try a picture again at once that needed attention."""
        with self._store.write() as db:
            files.send_again(db, sha256)
        self._rests.forget(sha256)

    def deliver_evidence(self) -> None:
        """Hand in what was sealed to the server before a wipe; only a file that it has taken is deleted here."""
        for path in wiping.list_evidence(self._store.folder):
            if not self._rests.is_due(path.name):
                continue
            try:
                self._hand_in(path)
            except TransportError:
                return

    def _hand_in(self, path: Path) -> None:
        try:
            answer = self._call("POST", _EVIDENCE_PATH, {"Content-Type": _STREAM}, path.read_bytes())
            if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                path.unlink(missing_ok=True)
                return
            _LOG.warning("sealed evidence was not taken: status %s", answer.status)
        except OSError:
            _LOG.exception("sealed evidence cannot be read or deleted")
        self._rests.put_off(path.name)

    def _deliver(self, file: StoredFile) -> bool:
        self._read(file, 0, 1)
        offset_bytes = self._announce(file)
        while 0 <= offset_bytes < file.size_bytes:
            was_bytes, piece = offset_bytes, self._read(file, offset_bytes, PIECE_BYTES)
            offset_bytes = self._send_piece(file, was_bytes, piece)
            if offset_bytes == was_bytes:
                return False  # a server that takes nothing is left alone for a while
        return offset_bytes == file.size_bytes

    def _read(self, file: StoredFile, offset_bytes: int, size_bytes: int) -> bytes:
        try:
            return files.open_picture(self._store, file.sha256).read(offset_bytes, size_bytes)
        except (OSError, DomainError) as error:
            raise _TroubleError("picture_unreadable", needs_human=True) from error

    def _announce(self, file: StoredFile) -> int:
        told = {"sha256": file.sha256, "filetype": file.mime}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        answer = self._call("POST", _PATH, {"Upload-Length": str(file.size_bytes), "Upload-Metadata": metadata}, b"")
        if answer.status == HTTPStatus.CREATED:
            return _offset(answer)
        raise _judge(answer)

    def _send_piece(self, file: StoredFile, offset_bytes: int, piece: bytes) -> int:
        headers = {"Upload-Offset": str(offset_bytes), "Content-Type": "application/offset+octet-stream"}
        answer = self._call("PATCH", f"{_PATH}/{file.sha256}", headers, piece)
        if answer.status == HTTPStatus.NO_CONTENT:
            return _offset(answer)
        if answer.status == HTTPStatus.CONFLICT:
            # An earlier call arrived though its answer did not: ask where to go on.
            return _offset(self._call("HEAD", f"{_PATH}/{file.sha256}", {}, b""))
        raise _judge(answer)

    def _call(self, method: str, path: str, headers: Mapping[str, str], payload: bytes) -> Reply:
        answer = self._transport.exchange(method, path, {**_VERSION, **headers}, payload, _TIMEOUT_S)
        if PRODUCT_HEADER not in answer.headers or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TransportError(f"status {answer.status}")
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}:
            raise TransportError(f"status {answer.status}")
        return answer


def _offset(answer: Reply) -> int:
    told = answer.headers.get("upload-offset", "")
    return int(told) if told.isascii() and told.isdigit() else -1


def _judge(answer: Reply) -> _TroubleError:
    """Return what a refusal means: worth repeating when the next pass may do better, else for good."""
    code = read_code(answer)
    is_final = answer.status not in _WORTH_REPEATING and answer.status >= HTTPStatus.BAD_REQUEST
    return _TroubleError(code, needs_human=is_final, is_final=is_final)
