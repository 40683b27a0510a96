"""The lines of HTTP: how they are listened for, read and written."""

from __future__ import annotations

import functools
import select
import socket as socket_module
from typing import Any, Final

from gevent import monkey
from geventwebsocket.handler import WebSocketHandler

from server.core import turns

_POLL: Final = monkey.get_original("select", "poll")  # asks at once; gevent's own would wait for its loop
_BACKLOG: Final = 4096


class Handler(WebSocketHandler):  # type: ignore[misc]  # the library has no types
    """Serves a line, and tells whether somebody is still at its other end."""

    _head: bytearray | None = None

    def get_environ(self) -> dict[str, Any]:
        """Return what the app is told of a call."""
        told: dict[str, Any] = super().get_environ()
        return told | {turns.HUNG_UP: functools.partial(has_hung_up, self.socket)}

    def log_request(self) -> None:
        """Log nothing: no line is kept of calls, so none is put together."""

    def _write_with_headers(self, data: bytes) -> None:
        """Send the head of an answer together with what comes first of its body: one packet, one call of the system."""
        self._head = bytearray()
        super()._write_with_headers(data)
        whole, self._head = self._head, None
        self._sendall(bytes(whole))

    def _sendall(self, data: bytes) -> None:
        if self._head is None:
            super()._sendall(data)
        else:
            self._head += data


def has_hung_up(line: socket_module.socket) -> bool:
    """Tell whether nobody is at the other end of a line any more."""
    (look := _POLL()).register(line.fileno(), select.POLLRDHUP)
    return bool(look.poll(0))


def listen(host: str, port: int) -> socket_module.socket:
    """Return a listening socket with TCP_NODELAY: without it a second small packet waits 44 ms for the delayed ACK."""
    line = socket_module.socket(socket_module.AF_INET, socket_module.SOCK_STREAM)
    line.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_REUSEADDR, 1)
    line.setsockopt(socket_module.IPPROTO_TCP, socket_module.TCP_NODELAY, 1)
    line.bind((host, port))
    line.listen(_BACKLOG)
    return line
