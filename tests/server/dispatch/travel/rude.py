"""A local OSRM server that can be told to misbehave, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import math
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes]
Table = dict[str, Any]


def honest_table(address: str) -> Table:
    """Return what a good server answers: straight lines at 10 m/s, one-way by a little, metres 1.3 times."""
    path, _, query = address.partition("?")
    places = [tuple(map(float, pair.split(","))) for pair in path.rsplit("/", 1)[1].split(";")]
    told = urllib.parse.parse_qs(query)
    rows = [int(one) for one in told["sources"][0].split(";")]
    columns = [int(one) for one in told["destinations"][0].split(";")]

    def metres(a: int, b: int) -> float:
        (lon_a, lat_a), (lon_b, lat_b) = places[a], places[b]
        east = (lon_b - lon_a) * math.cos(math.radians((lat_a + lat_b) / 2))
        return 111_195.0 * math.hypot(lat_b - lat_a, east)

    return {
        "code": "Ok",
        "durations": [[metres(a, b) / 10 + (3 if a > b and metres(a, b) else 0) for b in columns] for a in rows],
        "distances": [[1.3 * metres(a, b) for b in columns] for a in rows],
        "sources": [{"distance": 4.2, "location": [0, 0], "name": "", "hint": ""} for _ in rows],
        "destinations": [{"distance": 4.2, "location": [0, 0], "name": "", "hint": ""} for _ in columns],
        "data_version": "2026-11-01T04:00:00Z",
    }


class RudeServer:
    """Answers tables; `mood` may take the answer's place. Counts what it was asked, and the largest request."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.mood: Callable[[RudeServer, Table], Answer | None] | None = None
        self.asked = 0
        self.most_places = 0
        self.drip_s = 0.0
        rude = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                """Answer as the mood is."""
                rude.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        """Write the answer to one call."""
        self.asked += 1
        self.most_places = max(self.most_places, call.path.partition("?")[0].count(";") + 1)
        table = honest_table(call.path)
        told = self.mood(self, table) if self.mood else None
        status, body = told if told is not None else (200, json.dumps(table).encode())
        with contextlib.suppress(OSError):  # the other side may have hung up, which is what is tested
            call.send_response(status)
            call.send_header("Content-Length", str(len(body)))
            call.end_headers()
            self._write(call, body)

    def _write(self, call: BaseHTTPRequestHandler, body: bytes) -> None:
        if not self.drip_s:
            call.wfile.write(body)
            return
        for piece in body:
            call.wfile.write(bytes([piece]))
            call.wfile.flush()
            time.sleep(self.drip_s)

    def close(self) -> None:
        """Stop listening; whoever asks now is refused."""
        self._server.shutdown()
        self._server.server_close()

    def start(self) -> RudeServer:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self


@contextlib.contextmanager
def rude_server() -> Iterator[RudeServer]:
    """Run a server for a test."""
    server = RudeServer().start()
    try:
        yield server
    finally:
        server.close()
