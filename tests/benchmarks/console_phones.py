"""Phones that move: every one on a socket of its own tells its place once a second, as long as it is asked to.

`python -m tests.benchmarks.console_phones ADDRESS PHONES` with PHONES a JSON file of [token, latitude, longitude].
Says `ready` when all are on the line; a line `go` on its standard input lets them move, `stop` lets them stand, the end
of the input ends it. All phones drive circles; what they send takes the product's own way (decision 22).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import json
import math
import socket
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import gevent

from shared import wire

if TYPE_CHECKING:
    from io import BufferedReader

_PERIOD_S: Final = 1.0
_TIMEOUT_S: Final = 60.0
_ROUND_S: Final = 120.0
_RADIUS_DEG: Final = 0.004
_TEXT_FRAME: Final = 0x81
_SHORT: Final = 126
_TOGETHER: Final = 50
_HANDSHAKE: Final = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class MovingPhone:
    """One phone: a socket, and a circle that it drives."""

    def __init__(self, token: str, lat: float, lon: float, number: int) -> None:
        """Begin at an angle of its own."""
        self._token, self._home, self._angle = token, (lat, lon), number
        self._line: socket.socket | None = None

    def join(self, address: tuple[str, int]) -> None:
        """Open the socket and prove who it is."""
        self._line = socket.create_connection(address, timeout=_TIMEOUT_S)
        self._line.sendall(_HANDSHAKE)
        stream = self._line.makefile("rb")
        while stream.readline() not in {b"\r\n", b""}:
            pass
        _read_frame(stream)
        self._line.sendall(_frame(b"40" + json.dumps({"token": self._token}).encode()))
        if not _read_frame(stream).startswith(b"40"):
            raise ConnectionError("refused")
        self._line.settimeout(None)
        gevent.spawn(self._stay, self._line, stream)

    @staticmethod
    def _stay(line: socket.socket, stream: BufferedReader) -> None:
        while True:
            if _read_frame(stream) == b"2":
                line.sendall(_frame(b"3"))

    def tell(self, now_s: float) -> None:
        """Send the place of this moment."""
        turn = 2 * math.pi * (now_s % _ROUND_S) / _ROUND_S + self._angle
        place = {
            "at_ms": round(now_s * 1000),
            "lat": self._home[0] + _RADIUS_DEG * math.sin(turn),
            "lon": self._home[1] + _RADIUS_DEG * math.cos(turn),
            "heading_deg": math.degrees(-turn) % 360,
        }
        if self._line is not None:
            self._line.sendall(_frame(b"42" + json.dumps([wire.POSITIONS, [place]]).encode()))


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
    """Join, move as told, and end with the input."""
    url, asked = urlsplit(arguments[0]), json.loads(Path(arguments[1]).read_text())
    address = (url.hostname or "", url.port or 0)
    phones = [MovingPhone(token, lat, lon, number) for number, (token, lat, lon) in enumerate(asked)]
    for start in range(0, len(phones), _TOGETHER):
        gevent.joinall([gevent.spawn(p.join, address) for p in phones[start : start + _TOGETHER]], raise_error=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    orders: list[str] = []
    gevent.spawn(_move_forever, phones, orders)
    while line := gevent.get_hub().threadpool.apply(sys.stdin.readline):
        orders[:] = [line.strip()]
    return 0


def _move_forever(phones: list[MovingPhone], orders: list[str]) -> None:
    """Tell every phone's place once a second, spread over it, while the last order was to go."""
    while True:
        for part in range(10):
            begun_s = time.monotonic()
            if orders == ["go"]:
                for phone in phones[part::10]:
                    phone.tell(time.time())
            gevent.sleep(max(0.001, _PERIOD_S / 10 - (time.monotonic() - begun_s)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
