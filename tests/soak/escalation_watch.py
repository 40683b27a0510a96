"""The observer of the escalation soak: reads the journal alone, with its own clock, and counts what it sees."""

from __future__ import annotations

import collections
import dataclasses
import json
import threading
import time
from typing import Final

import sqlalchemy as sa

from server.core.journal import JournalRow
from shared import events

_POLL_S: Final = 0.05
_HUMANS: Final = frozenset({"siren"})
_TYPES: Final = (events.LEAK_UNACCEPTED, events.ASSIGNMENT_MOVED, events.LEAK_TAKEN)


@dataclasses.dataclass
class Leak:
    """What was seen of one leak."""

    is_accepted: bool
    has_siren: bool = False
    has_climbed: bool = False
    is_settled: bool = False
    accepts: int = 0


class Observer:
    """Polls the journal in a thread; lateness is counted until the row can be read, so it is never too small."""

    def __init__(self, database_url: str) -> None:
        """Read from a database; nothing is written."""
        self._engine = sa.create_engine(database_url)
        self._leaks: dict[str, Leak] = {}
        self._rungs: collections.Counter[tuple[str, int]] = collections.Counter()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._last = 0
        self.lateness_s: list[float] = []

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look once more and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._look()
        self._engine.dispose()

    def expect(self, order_id: str, *, is_accepted: bool) -> None:
        """Await what becomes of a leak; `is_accepted`: two technicians will try to take it."""
        with self._lock:
            self._leaks.setdefault(order_id, Leak(is_accepted)).is_accepted = is_accepted

    def list_open(self) -> list[str]:
        """Return the leaks that are not settled."""
        with self._lock:
            return [order_id for order_id, leak in self._leaks.items() if not leak.is_settled]

    def list_ready(self) -> list[tuple[str, bool]]:
        """Return the leaks to act on: those to be accepted, and (True) those that climbed beyond the first siren."""
        with self._lock:
            return [
                (order_id, leak.has_climbed)
                for order_id, leak in self._leaks.items()
                if not leak.is_settled and (leak.has_climbed or leak.is_accepted)
            ]

    def settle(self, order_id: str) -> None:
        """Await nothing more of a leak."""
        with self._lock:
            self._leaks[order_id].is_settled = True

    def count_reached(self) -> int:
        """Return how many leaks a human heard of at the desk, or accepted before."""
        return sum(1 for leak in self._leaks.values() if leak.has_siren or leak.accepts)

    def count_accepted(self) -> int:
        """Return how many leaks were accepted."""
        return sum(1 for leak in self._leaks.values() if leak.accepts)

    def count_double_acceptances(self) -> int:
        """Return how many leaks were accepted by more than one."""
        return sum(1 for leak in self._leaks.values() if leak.accepts > 1)

    def count_steps_twice(self) -> int:
        """Return how many rungs were carried out more than once."""
        return sum(count - 1 for count in self._rungs.values())

    def _run(self) -> None:
        while not self._stopping.wait(_POLL_S):
            self._look()

    def _look(self) -> None:
        columns = (JournalRow.id, JournalRow.type, JournalRow.work_order_id, JournalRow.data)
        query = sa.select(*columns).where(JournalRow.id > self._last, JournalRow.type.in_(_TYPES))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(JournalRow.id)).all()
        now_ms = time.time() * 1000
        with self._lock:
            for journal_id, kind, order_id, text in rows:
                self._last = journal_id
                leak = self._leaks.setdefault(order_id, Leak(is_accepted=False))
                self._note(leak, kind, order_id, json.loads(text), now_ms)

    def _note(self, leak: Leak, kind: str, order_id: str, data: dict[str, object], now_ms: float) -> None:
        if kind == events.ASSIGNMENT_MOVED:
            leak.accepts += int(data["command"] == "accept")
        elif kind == events.LEAK_UNACCEPTED and isinstance(data.get("due_ms"), int):
            self.lateness_s.append((now_ms - int(str(data["due_ms"]))) / 1000)
            self._rungs[(order_id, int(str(data["rung"])))] += 1
            leak.has_siren = leak.has_siren or data["step"] in _HUMANS
            leak.has_climbed = leak.has_climbed or bool(data["tell"])
