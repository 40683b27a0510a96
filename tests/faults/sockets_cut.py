"""The server with every Socket.IO message lost: `python -m tests.faults.sockets_cut gateway`."""

from __future__ import annotations

import sys
from typing import Any

from tests.faults import building


def cut_sockets() -> None:
    """Let every message to a phone or a console fall on the floor; connections stay."""
    import socketio  # noqa: PLC0415 - only after the patch of the standard library

    def lose(*_arguments: Any, **_options: Any) -> None:
        """Send nothing."""

    socketio.Server.emit = lose


def _break(name: str) -> None:
    if name == "gateway":
        cut_sockets()


if __name__ == "__main__":
    sys.exit(building.run(sys.argv[1:], _break))
