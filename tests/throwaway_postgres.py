"""A PostgreSQL server of the test run's own: made in a temporary folder, stopped and removed at the end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "leakfirst"
_PAUSE_S = 0.02


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


class Cluster:
    """A PostgreSQL server whose processes may be killed; its data stays in a folder and survives that."""

    def __init__(self, folder: Path) -> None:
        """Live in `folder`, made by `kept_cluster`."""
        self._folder, self._port = folder, _free_port()
        self.url = f"postgresql+psycopg://{USER}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Make the cluster if it is new, and start it; raises CalledProcessError."""
        data = self._folder / "data"
        if not (data / "PG_VERSION").exists():
            _make(self._folder)
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1"
        _run(self._folder, "pg_ctl", "-D", str(data), "-o", options, "-l", str(self._folder / "log"), "-w", "start")

    def bounce(self) -> None:
        """Kill the server and all its processes at once, and start it again: it recovers from its log."""
        pid = int((self._folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        family = [pid, *_children_of(pid)]
        for each in family:
            with contextlib.suppress(ProcessLookupError):  # it went with its parent
                os.kill(each, signal.SIGKILL)
        while any(Path(f"/proc/{each}").exists() and not _is_zombie(each) for each in family):
            time.sleep(_PAUSE_S)
        # Dead but perhaps not yet buried: its number in these files would pass for a server that runs.
        for lock in (self._folder / "data" / "postmaster.pid", *self._folder.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)
        self.start()

    def stop(self) -> None:
        """Stop in good order, or at once."""
        _run(self._folder, "pg_ctl", "-D", str(self._folder / "data"), "-m", "fast", "stop", check=False)


@contextmanager
def kept_cluster(folder: Path) -> Iterator[Cluster]:
    """Yield a running server whose data stays in `folder` for a later call; unlike the throw-away one it is durable."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        for parent in folder.parents:
            parent.chmod(parent.stat().st_mode | 0o011)  # the server's own user must reach its folder
    cluster = Cluster(folder)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def _children_of(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended while we looked
            if int(status.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(status.parent.name))
    return found


def _is_zombie(pid: int) -> bool:
    with contextlib.suppress(OSError):  # it ended while we looked
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def _make(folder: Path) -> None:
    data = str(folder / "data")
    _run(folder, "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")


def _start(folder: Path, port: int) -> None:
    data = str(folder / "data")
    _make(folder)
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
