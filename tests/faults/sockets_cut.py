"""The server with every Socket.IO message lost: `python -m tests.faults.sockets_cut gateway`."""

from __future__ import annotations

import sys
from typing import Any


def cut_sockets() -> None:
    """Let every message to a phone or a console fall on the floor; connections stay."""
    import socketio  # noqa: PLC0415 - only after the patch of the standard library

    def lose(*_arguments: Any, **_options: Any) -> None:
        """Send nothing."""

    socketio.Server.emit = lose


def main(arguments: list[str]) -> int:
    """Run one command of the server as its own entry does."""
    if arguments[:1] == ["gateway"]:
        from gevent import monkey  # noqa: PLC0415 - must come before all other imports of this process

        monkey.patch_all()
        cut_sockets()
    from server import commands  # noqa: PLC0415 - after the patch

    return commands.run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
