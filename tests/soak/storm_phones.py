"""Two thousand phones in one process: they speak mobile.sync's protocol from gevent, with a memory for a store.

`python -m tests.soak.storm_phones ADDRESS TOKENS OUT` (decision 22): opens nothing until a line comes on its standard
input; then every phone at once opens its socket, reads its feed, confirms what it got, and stays on the line. A second
line ends it, and OUT has what happened.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import json
import os
import resource
import socket
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import gevent
import msgspec

from shared import facts, ids, wire
from shared.assignment import AssignmentState

if TYPE_CHECKING:
    from io import BufferedReader

_TIMEOUT_S: Final = 30.0
_RETRY_S: Final = 1.0
_TEXT_FRAME: Final = 0x81
_SHORT: Final = 126
_HANDSHAKE: Final = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class LoadPhone:
    """One phone: a line for calls, a line for rings, and what it knows."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        """Begin knowing nothing."""
        self._address, self._token = address, token
        self._line: socket.socket | None = None
        self._stream: BufferedReader | None = None
        self.gen, self.cursor, self.heard = "", 0, 0
        self._pending: list[wire.PhoneEvent] = []
        self._numbers = 0
        self.has_doorbell = self.is_level = False
        self.synced_s: float | None = None
        self.errors: list[str] = []
        self.arrivals_s: dict[str, float] = {}

    def run(self) -> None:
        """Come back after an outage, as a phone does: the calls and the doorbell at the same time."""
        gevent.spawn(self._ring_forever)
        self._sync_until_level()
        while self.synced_s is None:
            gevent.sleep(0.05)

    def _sync_until_level(self) -> None:
        while True:
            try:
                is_level = self._sync()
            except (OSError, ValueError, EOFError) as error:
                self._fail(f"call: {type(error).__name__} {error}")
                self._hang_up()
                gevent.sleep(_RETRY_S)
                continue
            if is_level:
                break
        self.is_level = True
        self._note_level()

    def _note_level(self) -> None:
        if self.is_level and self.has_doorbell and self.synced_s is None:
            self.synced_s = time.monotonic()

    def _sync(self) -> bool:
        request = wire.SyncRequest(
            v=wire.PROTOCOL_VERSION,
            gen=self.gen,
            cursor=self.cursor,
            events=tuple(msgspec.Raw(msgspec.json.encode(event)) for event in self._pending),
        )
        answer = msgspec.json.decode(self._post(msgspec.json.encode(request)), type=wire.SyncResponse)
        settled = {result.id for result in answer.results if result.outcome != "retry"}
        self._pending = [event for event in self._pending if event.id not in settled]
        self.gen, self.cursor = answer.gen, answer.cursor
        self._take(answer.changes)
        return not self._pending and not answer.more and self.cursor >= self.heard

    def _take(self, changes: tuple[wire.Change, ...]) -> None:
        for change in changes:
            if change.job is None:
                continue
            self.arrivals_s.setdefault(change.work_order_id, time.monotonic())
            own = change.job.assignment
            if own.state is AssignmentState.OFFERED:
                self._confirm(change.job)

    def _confirm(self, job: wire.Job) -> None:
        now_ms = time.time_ns() // 1_000_000
        if any(event.assignment_id == job.assignment.id for event in self._pending):
            return
        self._numbers += 1
        event = wire.PhoneEvent(
            id=ids.uuid7(now_ms, os.urandom(10)),
            dseq=self._numbers,
            work_order_id=job.work_order_id,
            assignment_id=job.assignment.id,
            epoch=job.assignment.epoch,
            occurred=wire.Occurred(wall_ms=now_ms),
            body=facts.AssignmentDelivered(),
        )
        self._pending.append(event)

    # Calls

    def _post(self, payload: bytes) -> bytes:
        if self._line is None or self._stream is None:
            self._line = socket.create_connection(self._address, timeout=_TIMEOUT_S)
            self._stream = self._line.makefile("rb")
        head = (
            f"POST /api/v1/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        self._line.sendall(head.encode() + payload)
        status = self._stream.readline()
        length = 0
        while (line := self._stream.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = self._stream.read(length)
        if b" 200 " not in status:
            raise ValueError(f"{status!r} {body[:120]!r}")
        return body

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = self._stream = None

    # The doorbell

    def _ring_forever(self) -> None:
        while True:
            try:
                self._ring()
            except (OSError, ValueError, EOFError) as error:
                self._fail(f"socket: {type(error).__name__} {error}")
            self.has_doorbell = False
            gevent.sleep(_RETRY_S)

    def _ring(self) -> None:
        with socket.create_connection(self._address, timeout=_TIMEOUT_S) as line:
            line.sendall(_HANDSHAKE.encode())
            stream = line.makefile("rb")
            status = stream.readline()
            if b" 101 " not in status:
                raise ValueError(repr(status))
            while stream.readline() not in {b"\r\n", b""}:
                pass
            while True:
                self._hear(line, _read_frame(stream))

    def _hear(self, line: socket.socket, text: bytes) -> None:
        if text.startswith(b"0"):
            auth = {"token": self._token, "gen": self.gen, "cursor": self.cursor}
            line.sendall(_frame(b"40" + json.dumps(auth).encode()))
        elif text.startswith(b"40"):
            self.has_doorbell = True
            self._note_level()
        elif text.startswith(b"2"):
            line.sendall(_frame(b"3"))
        elif text.startswith(b"42"):
            name, data = json.loads(text[2:])
            if name == wire.DOORBELL:
                self._answer(msgspec.convert(data, wire.Doorbell))
        else:
            raise ValueError(repr(text[:80]))

    def _answer(self, bell: wire.Doorbell) -> None:
        self.heard = max(self.heard, bell.seq)
        fresh = tuple(change for change in bell.changes if change.seq > self.cursor)
        if fresh and fresh[0].seq == self.cursor + 1:
            self._take(fresh)
            self.cursor = fresh[-1].seq
        if self.is_level and (self._pending or self.heard > self.cursor):
            gevent.spawn(self._sync_until_level)

    def _fail(self, what: str) -> None:
        self.errors.append(what)


def _frame(text: bytes) -> bytes:
    """Return a masked text frame; the mask is zero, so that the text stands as it is."""
    size = len(text)
    told = bytes([0x80 | size]) if size < _SHORT else bytes([0x80 | _SHORT, *size.to_bytes(2, "big")])
    return bytes([_TEXT_FRAME]) + told + b"\0\0\0\0" + text


def _read_frame(stream: BufferedReader) -> bytes:
    """Return the text of the next frame. Raises EOFError at the end of the line."""
    head = stream.read(2)
    if len(head) < 2 or head[0] != _TEXT_FRAME:
        raise EOFError(repr(head))
    size = head[1] & 0x7F
    if size >= _SHORT:
        size = int.from_bytes(stream.read(2 if size == _SHORT else 8), "big")
    return stream.read(size)


def main(arguments: list[str]) -> int:
    """Wait for the first line, storm, wait for the second line, report."""
    url, tokens, out = urlsplit(arguments[0]), json.loads(Path(arguments[1]).read_text()), Path(arguments[2])
    phones = [LoadPhone((url.hostname or "", url.port or 0), token) for token in tokens]
    sys.stdin.readline()
    started_s = time.monotonic()
    runs = [gevent.spawn(phone.run) for phone in phones]
    gevent.joinall(runs, timeout=float(arguments[3]))
    sys.stdout.write("all are there\n")
    sys.stdout.flush()
    gevent.get_hub().threadpool.apply(sys.stdin.readline)  # the phones go on listening while this waits
    out.write_text(json.dumps(_report(phones, started_s)))
    return 0


def _report(phones: list[LoadPhone], started_s: float) -> dict[str, Any]:
    synced = sorted(phone.synced_s - started_s for phone in phones if phone.synced_s is not None)
    arrivals: dict[str, float] = {}
    for phone in phones:
        arrivals |= phone.arrivals_s
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "synced_s": synced,
        "started_s": started_s,
        "errors": [error for phone in phones for error in phone.errors],
        "arrivals_s": arrivals,
        "cpu_s": used.ru_utime + used.ru_stime,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
