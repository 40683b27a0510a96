"""The server with every Socket.IO message lost: `python -m tests.faults.sockets_cut gateway`."""

from __future__ import annotations

import sys
from typing import Any

from server import __main__ as program


def cut_sockets() -> None:
    """Let every message to a phone or a console fall on the floor; connections stay."""
    from gevent import monkey  # noqa: PLC0415 - the patch must come before the library that it is for

    monkey.patch_all()
    import socketio  # noqa: PLC0415 - as above

    def lose(*_arguments: Any, **_options: Any) -> None:
        """Send nothing."""

    socketio.Server.emit = lose


if __name__ == "__main__":
    if sys.argv[1:2] == ["gateway"]:
        cut_sockets()
    sys.exit(program.main(sys.argv[1:]))
