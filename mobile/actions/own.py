"""What the phone keeps for its technician himself: preferences, kit, messages, advice, who looked at his position."""

from __future__ import annotations

from mobile.platform.clock import Clock
from mobile.store import meta, pocket
from mobile.store.database import Store
from mobile.sync import push_tests, views
from mobile.sync.transport import FileTransport
from shared import wire


class Own:
    """Reads and keeps the technician's own things; nothing here is evidence."""

    def __init__(self, store: Store, transport: FileTransport, clock: Clock) -> None:
        """Keep in `store`; ask the server through `transport`."""
        self._store, self._transport, self._clock = store, transport, clock

    def preferences(self) -> pocket.Preferences:
        """Return how the technician wants his screens."""
        with self._store.read() as db:
            return pocket.get_preferences(db)

    def set_preferences(self, preferences: pocket.Preferences) -> None:
        """Keep how the technician wants his screens."""
        with self._store.write() as db:
            pocket.set_preferences(db, preferences)

    def kit(self) -> pocket.Kit:
        """Return what the technician carries, and since when he is on shift."""
        with self._store.read() as db:
            return pocket.get_kit(db)

    def set_kit(self, kit: pocket.Kit) -> None:
        """Keep what the technician carries."""
        with self._store.write() as db:
            pocket.set_kit(db, kit)

    def messages(self) -> tuple[pocket.KeptMessage, ...]:
        """Return the messages of the centre, oldest first."""
        with self._store.read() as db:
            return pocket.list_messages(db)

    def timers(self, work_order_id: str) -> tuple[pocket.RunningTimer, ...]:
        """Return the timers of a job that run."""
        with self._store.read() as db:
            return tuple(timer for timer in pocket.list_timers(db) if timer.work_order_id == work_order_id)

    def wait_at(self) -> str:
        """Return where the technician best waits for his next job, empty when the centre has no advice."""
        with self._store.read() as db:
            return meta.find_text(db, meta.WAIT_AT) or ""

    def position_views(self) -> pocket.PositionViews:
        """Return who looked at the technician's trace, as last told."""
        with self._store.read() as db:
            return pocket.get_position_views(db)

    def set_position_views(self, views: pocket.PositionViews) -> None:
        """Keep who looked, as somebody else has asked for it."""
        with self._store.write() as db:
            pocket.set_position_views(db, views)

    def fetch_position_views(self) -> None:
        """Ask the server who looked. Raises DomainError `no_network`, `answer_unreadable`."""
        views.fetch(self._store, self._transport, self._clock)

    def test_push(self) -> wire.TestPush | None:
        """Return the newest test alarm: answered (`seen_ms`), missed, or on its way; None when there was none."""
        with self._store.read() as db:
            return push_tests.find_push(db)

    def ask_test_push(self) -> None:
        """Ask for a test alarm. Raises DomainError `no_network`, `rate_limited`, `answer_unreadable`."""
        push_tests.ask(self._transport)
