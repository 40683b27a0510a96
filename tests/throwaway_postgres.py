"""A PostgreSQL server of the test run's own: made in a temporary folder, stopped and removed at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "leakfirst"


def find_programs() -> Path | None:
    """Return the folder of the newest installed PostgreSQL's programs; Debian keeps them outside PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if installed:
        return installed[-1].parent
    return Path(on_path).parent if on_path else None


def missing_part() -> str:
    """Return why no server can be started here; empty when one can."""
    if find_programs() is None:
        return "PostgreSQL is not installed"
    if os.getuid() == 0 and not shutil.which("runuser"):
        return "PostgreSQL refuses to run as root and runuser is not installed"
    return ""


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and yield the SQLAlchemy URL of its maintenance database; raises CalledProcessError."""
    folder = Path(tempfile.mkdtemp(prefix="leakfirst-pg-"))
    port = _free_port()
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _start(folder, port)
        yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    finally:
        _run(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int) -> None:
    data = str(folder / "data")
    _run(folder, "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    # Nothing of a test has to survive a power cut.
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"
    _run(folder, "pg_ctl", "-D", data, "-o", options, "-l", str(folder / "server.txt"), "-w", "start")


def _run(folder: Path, program: str, *arguments: str, check: bool = True) -> None:
    programs = find_programs()
    command = [str(programs / program) if programs else program, *arguments]
    if os.getuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    quiet = subprocess.DEVNULL
    subprocess.run(command, cwd=folder, check=check, stdin=quiet, stdout=quiet)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
