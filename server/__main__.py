"""`python -m server [gateway|worker|auditor|migrate|…]`; without a word all three under a small supervisor."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    """Run one command; return the exit code."""
    if arguments[:1] == ["gateway"]:
        # Only the gateway is monkey patched, before anything else is imported; solvers never meet it (decision 11).
        from gevent import monkey  # noqa: PLC0415 - must come before all other imports of this process

        monkey.patch_all()
        # What-if questions are answered by the plain rule: compilers belong to the worker and its solving process.
        os.environ["LEAKFIRST_NO_NUMBA"] = "1"
    if arguments[:1] == ["auditor"]:
        from server import auditor  # noqa: PLC0415 - small: it loads neither planner nor web server

        return auditor.main()
    from server import commands  # noqa: PLC0415 - after the patch

    return commands.run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
