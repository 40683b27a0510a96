"""Backups of the embedded database, and the new generation that begins after a restore (reliability 3.6).

A restored server has forgotten what came after its backup. Its new generation tells every phone at the next call: the
phone sends its archive of 7 days again, the server knows most of it and keeps the rest, and the phone reads all anew.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from server import processes, schema
from server.accounts import repository as accounts
from server.core import nudge
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from shared import events
from shared.errors import DomainError

_PARTS: Final = ("", "-wal", "-shm")


def back_up(settings: Settings, target: Path) -> None:
    """Copy the database as it stands into a new file, also while the server runs.

    Raises DomainError `backup_needs_sqlite` (PostgreSQL has pg_dump), `backup_exists`.
    """
    source = _database_file(settings)
    if target.exists():
        raise DomainError("backup_exists", file=target)
    with contextlib.closing(sqlite3.connect(source)) as db:
        db.execute("VACUUM INTO ?", (str(target),))


def restore(settings: Settings, backup: Path) -> list[str]:
    """Put a backup in the database's place and begin a new generation in it; return the branches.

    The replaced database stays beside it. A restore cut short by a crash leaves the old database or the new one with
    its new generation, never the old generation over forgotten rows. Raises DomainError `backup_needs_sqlite`,
    `backup_unreadable`, `server_is_running`.
    """
    database = _database_file(settings)
    _check_stopped(settings.data_dir)
    draft = database.with_name(f"{database.name}.restored")
    for part in _PARTS:
        Path(f"{draft}{part}").unlink(missing_ok=True)
    _copy_checked(backup, draft)
    url = f"sqlite:///{draft}"
    schema.upgrade(url)
    branches = begin_generation(settings, url)
    _settle(draft)
    _set_aside(database)
    draft.replace(database)
    return branches


def begin_generation(settings: Settings, database_url: str = "") -> list[str]:
    """Begin a new generation in every branch of a database that was restored by its own means; return the branches."""
    services = processes.make_services(settings, database_url=database_url)
    try:
        branches = [b.id for b in services.uow.read(accounts.list_branches)]
        for branch_id in branches:
            services.uow.run(Actor.system(branch_id), _begin)
    finally:
        services.uow.database.close()
    return branches


def _begin(tx: Tx) -> None:
    """Tell all phones and consoles of the branch that their cursors mean nothing now."""
    branch = accounts.get_branch(tx.session, tx.branch_id)
    before, branch.generation = branch.generation, tx.new_id()
    tx.record(events.GENERATION_BEGUN, {"generation": branch.generation, "before": before})


def _database_file(settings: Settings) -> Path:
    name = sa.make_url(settings.database_url).database
    if not settings.is_sqlite or not name:
        raise DomainError("backup_needs_sqlite")
    return Path(name)


def _check_stopped(data_dir: Path) -> None:
    """Raise DomainError `server_is_running` when a process of the server listens in the data folder."""
    for name in (nudge.WORKER, nudge.GATEWAY):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, contextlib.suppress(OSError):
            line.connect(str(data_dir / name))
            raise DomainError("server_is_running", folder=data_dir)


def _copy_checked(backup: Path, draft: Path) -> None:
    try:
        shutil.copy(backup, draft)
        with contextlib.closing(sqlite3.connect(draft)) as db:
            (health,) = db.execute("PRAGMA integrity_check").fetchone()
            db.execute("SELECT generation FROM branch LIMIT 1").fetchone()
    except (OSError, sqlite3.Error) as error:
        raise DomainError("backup_unreadable", file=backup, reason=error) from error
    if health != "ok":
        raise DomainError("backup_unreadable", file=backup, reason=health)


def _settle(draft: Path) -> None:
    """Bring the write-ahead log home and everything to the disk, so that one rename moves the whole database."""
    with contextlib.closing(sqlite3.connect(draft)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _set_aside(database: Path) -> None:
    """Keep the replaced database with its log under a name of its own: nobody is sure of a backup beforehand."""
    number = 1 + len(list(database.parent.glob(f"{database.name}.replaced-*")))
    for part in reversed(_PARTS):
        with contextlib.suppress(FileNotFoundError):  # the log goes away when the last process closes in good order
            Path(f"{database}{part}").rename(database.with_name(f"{database.name}.replaced-{number}{part}"))
