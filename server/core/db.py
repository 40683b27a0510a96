"""Engines, the declarative base, sessions on the right thread: one SQLite writer with group commit, or PostgreSQL."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")
Work = Callable[[orm.Session], T]

GROUP: Final = 50
_READERS: Final = 4
_BUSY_MS: Final = 5000
_POOL: Final = 16
_TRIES: Final = 3


class Base(orm.DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Json(TypeDecorator[Any]):
    """A JSON document stored as text, the same bytes on both databases."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Encode with msgspec, so that Structs are welcome."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Decode to plain values."""
        return None if value is None else msgspec.json.decode(value)


class NativeThread(Protocol):
    """Runs a function in a native thread and waits for it without blocking the loop."""

    def __call__(self, work: Callable[[], T], /) -> T:
        """Return what the function returns, or raise what it raises."""


class _Ticket:
    """One caller's work and what became of it."""

    def __init__(self, work: Work[Any], weight: int) -> None:
        self.work, self.weight = work, weight
        self.is_done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def get_value(self) -> Any:
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.value


class Database:
    """Reads and writes of one process. `write` returns after the commit; the work gets a session and nothing else."""

    def __init__(self, url: str, writer: NativeThread | None = None, reader: NativeThread | None = None) -> None:
        """Open the engines. With SQLite all work runs in native threads: one writer, a few readers (decision 11)."""
        self.is_sqlite = url.startswith("sqlite")
        self._pending: collections.deque[_Ticket] = collections.deque()
        self.engine = (
            _sqlite_engine(url) if self.is_sqlite else sa.create_engine(url, pool_size=_POOL, pool_pre_ping=True)
        )
        name = self.engine.url.database or ""
        self._lock_path = Path(f"{name}.lock") if self.is_sqlite and name and name != ":memory:" else None
        self._write_in = writer or _thread_pool(1)
        self._read_in = reader or _thread_pool(_READERS)

    def write(self, work: Work[T], weight: int = 1) -> T:
        """Run the work in one transaction and return its value after the commit. Raises what the work raises.

        `weight` tells how many ordinary works it is as long as: the turn of a group at the writer is limited.
        """
        if not self.is_sqlite:
            return self._write_directly(work)
        ticket = _Ticket(work, weight)
        self._pending.append(ticket)
        self._write_in(lambda: self._drain(ticket))
        value: T = ticket.get_value()
        return value

    def read(self, work: Work[T]) -> T:
        """Run the work on a consistent view of the database; nothing is written."""
        return self._read_in(lambda: self._read_directly(work)) if self.is_sqlite else self._read_directly(work)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _read_directly(self, work: Work[T]) -> T:
        with self.engine.connect().execution_options(read_only=True) as connection, orm.Session(connection) as session:
            return work(session)

    def _write_directly(self, work: Work[T]) -> T:
        """Run the work; two that met on one row, or a deadlock, are run again: the loser then sees the winner's row."""
        for _ in range(_TRIES - 1):
            try:
                return self._write_once(work)
            except (sa.exc.IntegrityError, sa.exc.OperationalError):
                continue
        return self._write_once(work)

    def _write_once(self, work: Work[T]) -> T:
        with orm.Session(self.engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for other processes' writers on a file lock: it wakes at once, SQLite's own wait sleeps up to 100 ms."""
        if self._lock_path is None:
            yield
            return
        with self._lock_path.open("ab") as line:
            fcntl.flock(line, fcntl.LOCK_EX)
            yield

    def _take_group(self) -> list[_Ticket]:
        """Take from the head of the queue what makes one turn: always somebody, a heavy one alone."""
        group, weight = [self._pending.popleft()] if self._pending else [], 0
        while self._pending and (weight := weight + group[-1].weight) + self._pending[0].weight <= GROUP:
            group.append(self._pending.popleft())
        return group

    def _drain(self, mine: _Ticket) -> None:
        """Commit everybody who waits in one transaction, a savepoint each (group commit); done when my ticket is."""
        while not mine.is_done:
            group = self._take_group()
            try:
                with self._turn(), self.engine.begin() as connection:
                    for ticket in group:
                        _run(ticket, connection)
            except BaseException as error:
                for ticket in group:
                    ticket.error = error
                raise
            finally:
                for ticket in group:
                    ticket.is_done = True


def _run(ticket: _Ticket, connection: sa.Connection) -> None:
    """Run one caller's work inside a savepoint; his failure is his own."""
    try:
        with orm.Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            ticket.value = ticket.work(session)
            session.commit()
    except Exception as error:  # noqa: BLE001 - handed to the caller, who raises it in his own thread
        ticket.error = error


def _thread_pool(size: int) -> NativeThread:
    pool = concurrent.futures.ThreadPoolExecutor(size)
    return lambda work: pool.submit(work).result()


def _sqlite_engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A deferred BEGIN that turns into a write fails at once with "database is locked", whatever the busy timeout.
        is_read = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")

    return engine
