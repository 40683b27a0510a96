"""Keeps what only servers need out of the phone's process: on a phone it is absent, on a desktop it costs 16 MB."""

from __future__ import annotations

import sys
from typing import Any, Final

# python-socketio and engineio import these when they are installed; the phone's client never uses them.
_SERVERS_ONLY: Final = ("aiohttp", "redis", "valkey", "kombu", "aio_pika", "kafka")


def hide_server_libraries() -> None:
    """Let imports of servers' libraries fail from here on, as they do on a phone; call it before mobile.service."""
    modules: dict[str, Any] = sys.modules  # None is how Python marks a module as absent
    for name in _SERVERS_ONLY:
        modules.setdefault(name, None)
