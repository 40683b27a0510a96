"""Signs of life: each process writes when it last did its duty; who falls silent is shown, and raises the alarm.

The times are the machine's: a demo's clock may stand still, a process may not.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from server.core import clock
from server.core.db import Base, Database

WORKER: Final = "worker"
AUDITOR: Final = "auditor"
BEAT_EVERY_S: Final = 2.0


class Heartbeat(Base):
    """The newest sign of life of one process."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    started_real_ms: Mapped[int] = mapped_column(sa.BigInteger)
    beat_real_ms: Mapped[int] = mapped_column(sa.BigInteger)


class Pulse:
    """Writes the signs of life of this process, from the loop that does its duty: a loop that hangs falls silent."""

    def __init__(self, database: Database, kind: str, name: str) -> None:
        """`kind` is what the process does, `name` which of several it is."""
        self._database, self._kind, self._name = database, kind, name
        self._started_ms = clock.real_ms()
        self._last_s = -BEAT_EVERY_S

    def beat(self) -> None:
        """Write a sign of life when the last one is old enough."""
        if clock.mono_s() - self._last_s < BEAT_EVERY_S:
            return
        self._last_s = clock.mono_s()
        self._database.write(self._write)

    def _write(self, session: orm.Session) -> None:
        row = Heartbeat(
            name=f"{self._kind}:{self._name}",
            kind=self._kind,
            started_real_ms=self._started_ms,
            beat_real_ms=clock.real_ms(),
        )
        session.merge(row)


def list_signs(session: orm.Session, silent_after_s: float) -> list[dict[str, Any]]:
    """Return for each kind of process the newest sign of life, and since when it is silent (Unix ms) if it is."""
    query = sa.select(Heartbeat.kind, sa.func.max(Heartbeat.beat_real_ms)).group_by(Heartbeat.kind)
    newest: dict[str, int] = dict(session.execute(query).all())
    now_ms = clock.real_ms()
    return [_sign(kind, newest.get(kind), now_ms, silent_after_s) for kind in (WORKER, AUDITOR)]


def _sign(kind: str, beat_ms: int | None, now_ms: int, silent_after_s: float) -> dict[str, Any]:
    is_silent = beat_ms is None or now_ms - beat_ms > silent_after_s * 1000
    return {
        "kind": kind,
        "beat_ms": beat_ms,
        "is_silent": is_silent,
        "age_ms": None if beat_ms is None else now_ms - beat_ms,
    }
