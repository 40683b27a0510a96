"""The file lane: pictures in pieces by the rules of tus 1.0, resumed where they stopped, never in the way of text."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from mobile.platform.clock import Clock
from mobile.store import files, wiping
from mobile.store.database import Store
from mobile.store.files import StoredFile
from mobile.sync.transport import PRODUCT_HEADER, FileTransport, Reply, TransportError
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
PIECE_BYTES: Final = 256 * 1024
_PATH: Final = "/api/v1/uploads"
_EVIDENCE_PATH: Final = "/api/v1/evidence"
_STREAM: Final = "application/octet-stream"
_TIMEOUT_S: Final = 30.0
_PRUNE_EVERY_MS: Final = 3_600_000  # a pass runs every few seconds; an idle one writes nothing to the flash
_VERSION: Final = {"Tus-Resumable": "1.0.0"}


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

    def run_once(self) -> Delivered:
        """Try every waiting picture once; what breaks off is resumed by the next pass."""
        with self._store.read() as db:
            waiting = files.list_waiting(db)
        delivered = 0
        for file in waiting:
            try:
                is_whole = self._deliver(file)
            except TransportError:
                break
            with self._store.write() as db:
                if is_whole:
                    files.mark_delivered(db, file.sha256, self._clock.now_ms())
                    delivered += 1
                else:
                    files.postpone(db, file.sha256)
        self._prune()
        self.deliver_evidence()
        return Delivered(delivered=delivered, waiting=len(waiting) - delivered)

    def _prune(self) -> None:
        now_ms = self._clock.now_ms()
        if self._pruned_ms is not None and 0 <= now_ms - self._pruned_ms < _PRUNE_EVERY_MS:
            return
        with self._store.write() as db:
            files.prune(db, self._store.folder, now_ms)
        self._pruned_ms = now_ms

    def deliver_evidence(self) -> None:
        """Hand in what was sealed to the server before a wipe; only a file that it has taken is deleted here."""
        for path in wiping.list_evidence(self._store.folder):
            try:
                answer = self._call("POST", _EVIDENCE_PATH, {"Content-Type": _STREAM}, path.read_bytes())
            except TransportError:
                return
            if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                path.unlink(missing_ok=True)
            else:
                _LOG.warning("sealed evidence was not taken: status %s", answer.status)

    def _deliver(self, file: StoredFile) -> bool:
        try:
            picture = files.open_picture(self._store, file.sha256)
            picture.read(0, 1)
        except (OSError, DomainError) as error:
            _LOG.error("a picture cannot be read: %s", error)  # it stays among those not delivered, in everyone's sight
            return False
        offset_bytes = self._announce(file)
        while 0 <= offset_bytes < file.size_bytes:
            offset_bytes = self._send_piece(file, offset_bytes, picture.read(offset_bytes, PIECE_BYTES))
        return offset_bytes == file.size_bytes

    def _announce(self, file: StoredFile) -> int:
        told = {"sha256": file.sha256, "filetype": file.mime}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        answer = self._call("POST", _PATH, {"Upload-Length": str(file.size_bytes), "Upload-Metadata": metadata}, b"")
        return _offset(answer) if answer.status == HTTPStatus.CREATED else -1

    def _send_piece(self, file: StoredFile, offset_bytes: int, piece: bytes) -> int:
        headers = {"Upload-Offset": str(offset_bytes), "Content-Type": "application/offset+octet-stream"}
        answer = self._call("PATCH", f"{_PATH}/{file.sha256}", headers, piece)
        if answer.status == HTTPStatus.NO_CONTENT:
            return _offset(answer)
        if answer.status == HTTPStatus.CONFLICT:
            # An earlier call arrived though its answer did not: ask where to go on.
            return _offset(self._call("HEAD", f"{_PATH}/{file.sha256}", {}, b""))
        return -1

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
