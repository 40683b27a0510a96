"""The server whose feed is read by time: `python -m tests.faults.plain_cursor gateway|worker`.

What was committed within the second that a phone has read already is never shown to it.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.faults import building


def read_by_time(_name: str = "") -> None:
    """Let the feed go on after the last second read, not after the last number."""
    import sqlalchemy as sa  # noqa: PLC0415 - after the patch of the standard library

    from server.core import journal  # noqa: PLC0415 - as above

    list_feed = journal.list_feed

    def list_later(session: Any, reader_id: str, after: int, limit: int) -> Any:
        query = sa.select(journal.JournalRow.at_ms).join(
            journal.FeedRow, journal.FeedRow.journal_id == journal.JournalRow.id
        )
        at_ms = session.scalar(query.where(journal.FeedRow.reader_id == reader_id, journal.FeedRow.seq == after))
        rows = list_feed(session, reader_id, after, limit)
        return [row for row in rows if at_ms is None or row[1].at_ms // 1000 > at_ms // 1000]

    def list_all_later(session: Any, asked: Any, limit: int) -> Any:
        return [list_later(session, reader_id, after, limit) for reader_id, after, _head in asked]

    journal.list_feed, journal.list_feeds = list_later, list_all_later


if __name__ == "__main__":
    sys.exit(building.run(sys.argv[1:], read_by_time))
