"""The server that answers before it has committed: `python -m tests.faults.early_ack gateway`.

A phone hears that its events are kept, and they are, a moment later; a power cut in between loses them. A test that
counts lost events must notice this build.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Final

DELAY_S: Final = 0.3


class _UndoneError(Exception):
    """Takes the rehearsal back."""


def answer_early() -> None:
    """Rehearse every call, undo it, answer, and do it for good in a while."""
    import gevent  # noqa: PLC0415 - only after the patch of the standard library

    from server.sync import service  # noqa: PLC0415 - as above

    keep = service._handle_all

    def rehearse(services: Any, actor: Any, sender: Any, raws: list[bytes]) -> Any:
        results: list[Any] = []

        def work(tx: Any) -> None:
            handle = functools.partial(service._handle, tx, sender, profile=services.settings.sla_profile)
            results.extend(handle(raw) for raw in raws)
            raise _UndoneError

        try:
            services.uow.run(actor, work)
        except _UndoneError:
            gevent.spawn_later(DELAY_S, keep, services, actor, sender, raws)
            return tuple(results)
        except Exception:  # noqa: BLE001 - what cannot be rehearsed is done honestly
            return keep(services, actor, sender, raws)

    service._handle_all = rehearse


def main(arguments: list[str]) -> int:
    """Run one command of the server as its own entry does."""
    if arguments[:1] == ["gateway"]:
        from gevent import monkey  # noqa: PLC0415 - must come before all other imports of this process

        monkey.patch_all()
        answer_early()
    from server import commands  # noqa: PLC0415 - after the patch

    return commands.run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
