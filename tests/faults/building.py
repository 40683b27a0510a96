"""Runs one command of the server as its own entry does, broken on purpose before anything is served."""

from __future__ import annotations

from collections.abc import Callable


def run(arguments: list[str], breaks: Callable[[str], None]) -> int:
    """Run a command; `breaks` gets its name once the server's modules may be imported."""
    name = arguments[0] if arguments else ""
    if name == "gateway":
        from gevent import monkey  # noqa: PLC0415 - must come before all other imports of this process

        monkey.patch_all()
    breaks(name)
    from server import commands  # noqa: PLC0415 - after the patch

    return commands.run(arguments)
