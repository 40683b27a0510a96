"""A Redis server of the test run's own: nothing on disk, killed at the end."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_START_LIMIT_S: Final = 10.0
_PAUSE_S: Final = 0.02


def missing_part() -> str:
    """Return why no server can be started here; empty when one can."""
    return "" if shutil.which("redis-server") else "redis-server is not installed"


class Redis:
    """One Redis server that may be killed and started again at the same address."""

    def __init__(self) -> None:
        """Choose a free port of this machine."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers. Raises TimeoutError."""
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        command = ["redis-server", "--port", str(self._port), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _START_LIMIT_S
        while not self._answers():
            if time.monotonic() > until:
                raise TimeoutError(self.url)
            time.sleep(_PAUSE_S)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running_server() -> Iterator[Redis]:
    """Yield a running server."""
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.kill()
