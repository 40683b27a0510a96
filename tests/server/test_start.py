"""What gateway and worker load when they start: never a solver (decision 11)."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # starts real processes

SOLVERS = ("ortools", "pandas", "scipy")


def test_no_solver_is_loaded_where_sockets_live() -> None:
    """Both processes come from this command line; only the solving process imports what plans."""
    code = (
        "import sys, server.commands, server.app, server.realtime.launch; "
        f"print(*(name for name in {SOLVERS!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
