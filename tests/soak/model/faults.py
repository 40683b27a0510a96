"""The three builds that are broken on purpose, inside one process; each is undone when its block ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final
from unittest import mock

from server.core import journal
from server.sync import service as sync
from tests.faults import early_ack, no_idempotency, plain_cursor
from tests.soak.model.world import World

BROKEN: Final = ("naive_emit", "no_idempotency", "plain_cursor")


@contextlib.contextmanager
def broken(name: str) -> Iterator[None]:
    """Run one broken build; an empty name is the good one. Raises KeyError."""
    breaks = {"": _leave_whole, "naive_emit": _tell_first, "no_idempotency": no_idempotency.do_again}
    breaks["plain_cursor"] = plain_cursor.read_by_time
    kept = (sync.file_events, sync._apply_once, journal.list_feed, journal.list_feeds)
    parts = (World.crash_server, World.work)
    try:
        breaks[name]()
        yield
    finally:
        sync.file_events, sync._apply_once, journal.list_feed, journal.list_feeds = kept
        World.crash_server, World.work = parts  # type: ignore[method-assign]  # as it was


def _leave_whole() -> None:
    """Break nothing."""


def _tell_first() -> None:
    """Answer first and write with the worker's next turn; a crash of the server in between forgets it."""
    waiting: list[Any] = []
    crash, work = World.crash_server, World.work

    def write_later(services: Any, actor: Any, sender: Any, raws: list[bytes], keep: Any) -> None:
        waiting.append((keep, services, actor, sender, raws))

    def forget(self: World, *, is_worker: bool) -> None:
        waiting.clear()
        crash(self, is_worker=is_worker)

    def write_now(self: World) -> None:
        while waiting:
            keep, *what = waiting.pop(0)
            keep(*what)
        work(self)

    with mock.patch.dict("sys.modules", {"gevent": mock.MagicMock()}):  # no loop runs here
        early_ack.answer_early(write_later)
    World.crash_server, World.work = forget, write_now  # type: ignore[method-assign]  # broken on purpose
