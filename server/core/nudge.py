"""Wakes worker and gateway after a commit: a datagram to a local socket; a short poll is the fallback (decision 12)."""

from __future__ import annotations

import contextlib
import socket as socket_module
from pathlib import Path
from typing import Final

WORKER: Final = "worker.sock"
GATEWAY: Final = "gateway.sock"
POLL_S: Final = 0.1


def ring(data_dir: Path, *names: str) -> None:
    """Nudge whoever listens; nobody listening is no failure, he polls."""
    with socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_DGRAM) as line:
        line.settimeout(0)
        for name in names:
            with contextlib.suppress(OSError):  # absent or busy listener: the poll finds the row
                line.sendto(b"!", str(data_dir / name))


def listen(data_dir: Path, name: str) -> socket_module.socket:
    """Return the listening end; reading times out after the poll interval."""
    path = data_dir / name
    path.unlink(missing_ok=True)
    line = socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_DGRAM)
    line.bind(str(path))
    line.settimeout(POLL_S)
    return line


def wait(line: socket_module.socket) -> None:
    """Return at the next nudge or after the poll interval, whichever comes first."""
    with contextlib.suppress(TimeoutError):  # the poll interval is over
        line.recv(64)
