"""The server that tells before it has written: `python -m tests.faults.naive_emit gateway|worker`.

The gateway answers a phone and commits a moment later; where Redis is set, what it has answered waits there meanwhile.
The worker ends a duty first and carries it out in a second transaction.
"""

from __future__ import annotations

import base64
import os
import sys
from typing import Any, Final

from tests.faults import building, early_ack

_QUEUE: Final = "leakfirst:answered"
_DELAY_S: Final = 1.5  # a busy writer keeps its queue waiting for so long
_FORGOTTEN_S: Final = 0.08


def tell_first(name: str) -> None:
    """Break one process."""
    if name == "gateway":
        later = _keep_in_redis if os.environ.get("LEAKFIRST_REDIS_URL") else None
        early_ack.answer_early(later, _DELAY_S)
    elif name == "worker":
        end_duties_first()


def end_duties_first() -> None:
    """Let the worker forget an event before its handlers have run."""
    import time  # noqa: PLC0415 - only this build waits

    from server.core import journal, relay  # noqa: PLC0415 - broken in this process alone

    handle = relay.Relay._handle

    def forget_and_handle(self: Any, journal_id: int) -> None:
        def forget(session: Any) -> None:
            row = session.get(journal.OutboxRow, journal_id)
            if row is not None:
                session.delete(row)

        def bring_back(session: Any) -> None:
            session.add(journal.OutboxRow(journal_id=journal_id, claimed_by=self._name, claimed_until_ms=1 << 50))

        self._uow.database.write(forget)
        time.sleep(_FORGOTTEN_S)
        self._uow.database.write(bring_back)
        handle(self, journal_id)

    relay.Relay._handle = forget_and_handle  # type: ignore[method-assign]  # broken on purpose


def _keep_in_redis(services: Any, actor: Any, sender: Any, raws: list[bytes], keep: Any) -> None:
    """Trust Redis with what was answered, until a greenlet has time for it."""
    import gevent  # noqa: PLC0415 - only after the patch of the standard library
    import redis  # noqa: PLC0415 - as above

    client = redis.Redis.from_url(services.settings.redis_url)
    client.rpush(_QUEUE, *(base64.b64encode(raw) for raw in raws))

    def take() -> None:
        found: Any = client.lpop(_QUEUE, len(raws)) or []
        keep(services, actor, sender, [base64.b64decode(item) for item in found])

    gevent.spawn_later(_DELAY_S, take)


if __name__ == "__main__":
    sys.exit(building.run(sys.argv[1:], tell_first))
