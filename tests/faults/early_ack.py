"""The server that answers before it has committed: `python -m tests.faults.early_ack gateway`.

A phone hears that its events are kept, and they are, a moment later; a power cut in between loses them. A test that
counts lost events must notice this build.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Final

from server import __main__ as program

DELAY_S: Final = 0.3


class _UndoneError(Exception):
    """Takes the rehearsal back."""


def answer_early() -> None:
    """Rehearse every call, undo it, answer, and do it for good in a while."""
    from gevent import monkey  # noqa: PLC0415 - the patch must come before everything that it is for

    monkey.patch_all()
    import gevent  # noqa: PLC0415 - as above

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


if __name__ == "__main__":
    if sys.argv[1:2] == ["gateway"]:
        answer_early()
    sys.exit(program.main(sys.argv[1:]))
