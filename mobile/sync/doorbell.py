"""The doorbell: a websocket that only rings. Losing every ring changes nothing but latency (reliability.md 3.1)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import requests
import socketio
from socketio.exceptions import SocketIOError

from mobile.platform import chance, trust
from shared import wire
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_SHORTEST_S: Final = 0.2
_FIRST_CEILING_S: Final = 2.0
_LAST_CEILING_S: Final = 30.0
_PATIENCE_S: Final = 6.0


class Doorbell:
    """Keeps one socket to the server open in a thread of its own, for as long as it is wanted."""

    def __init__(
        self,
        server_url: str,
        token: str,
        on_ring: Callable[[wire.Doorbell | None], None],
        uniform: Callable[[], float] = chance.uniform,
        position: Callable[[], tuple[str, int]] = lambda: ("", 0),
    ) -> None:
        """Call `on_ring` in the socket's thread with each ring; None when it (re)connects: changes may wait.

        `position` tells generation and cursor of the feed, so that the server rings what was missed. `uniform` gives
        numbers from 0 to 1: a thousand phones whose server was away come back one after another.
        """
        self._server_url, self._token = server_url, token
        self._on_ring, self._uniform, self._position = on_ring, uniform, position
        self._stopped, self._hurry = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._lost = threading.Event()
        self._client: Any = None

    def start(self) -> None:
        """Connect in the background and stay connected."""
        self._thread = threading.Thread(target=self._keep_connected, name="doorbell", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._stopped.set()
        self.renew()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)

    def is_connected(self) -> bool:
        """Tell whether rings can be heard now."""
        return self._client is not None and bool(self._client.connected) and not self._lost.is_set()

    def renew(self) -> None:
        """Hang up and connect anew at once: after an outage the old line may be dead without knowing."""
        self._lost.set()
        self._hurry.set()

    def send_positions(self, positions: Sequence[wire.Position]) -> bool:
        """Send positions up; False when the socket is down, then the caller keeps them."""
        if not positions or not self.is_connected():
            return False
        try:
            self._client.emit(wire.POSITIONS, msgspec.to_builtins(list(positions)))
        except SocketIOError as error:
            _LOG.info("positions were not sent: %s", error)
            return False
        return True

    def _keep_connected(self) -> None:
        ceiling_s: float = _FIRST_CEILING_S
        while not self._stopped.is_set():
            self._hurry.clear()
            self._lost = threading.Event()
            self._client = client = self._make_client(self._lost)
            if self._connect(client):
                ceiling_s = _FIRST_CEILING_S
                self._lost.wait()
            # A dead line is closed by a thread of its own: saying good-bye on it takes seconds.
            threading.Thread(target=client.disconnect, name="hang up", daemon=True).start()
            self._hurry.wait(_SHORTEST_S + ceiling_s * self._uniform())
            ceiling_s = min(ceiling_s * 2, _LAST_CEILING_S)

    def _make_client(self, lost: threading.Event) -> Any:
        session = requests.Session()  # the socket takes its settings out of one, as the sync call does
        session.trust_env, session.verify = False, trust.find_certificates()
        client = socketio.Client(reconnection=False, request_timeout=_PATIENCE_S, http_session=session)
        client.on("connect", lambda: self._on_ring(None))
        client.on("disconnect", lambda *_reason: lost.set())
        client.on(wire.DOORBELL, self._ring)
        client.on(wire.NACK, self._refused)
        return client

    def _connect(self, client: Any) -> bool:
        gen, cursor = self._position()
        auth = {"token": self._token, "gen": gen, "cursor": cursor}
        try:
            client.connect(self._server_url, transports=["websocket"], auth=auth, wait_timeout=_PATIENCE_S)
        except (SocketIOError, ValueError, OSError) as error:
            _LOG.info("the doorbell is not connected: %s", error)
            return False
        return not self._stopped.is_set()

    def _ring(self, data: object) -> None:
        self._on_ring(read_ring(data))

    def _refused(self, data: object) -> None:
        _LOG.warning("the server refused a socket message: %s", data)


def read_ring(data: object) -> wire.Doorbell | None:
    """Return the ring that a socket message holds, None for an unreadable one: it still rings."""
    try:
        return msgspec.convert(data, wire.Doorbell)
    except (msgspec.MsgspecError, DomainError, ValueError, RecursionError) as error:
        _LOG.warning("an unreadable ring: %s", error)
        return None
