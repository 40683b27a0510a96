"""The server that answers before it has committed: `python -m tests.faults.early_ack gateway`.

A phone hears that its events are kept, and they are, a moment later; a power cut in between loses them. A test that
counts lost events must notice this build.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final

from tests.faults import building

DELAY_S: Final = 0.3


class _UndoneError(Exception):
    """Takes the rehearsal back."""


Later = Callable[[Any, Any, Any, list[bytes], Any], None]


def answer_early(later: Later | None = None) -> None:
    """Rehearse every call, undo it, answer, and do it for good in a while; `later` may be trusted with it meanwhile."""
    import gevent  # noqa: PLC0415 - only after the patch of the standard library

    from server.sync import service  # noqa: PLC0415 - as above

    keep = service._handle_all

    def wait_and_keep(services: Any, actor: Any, sender: Any, raws: list[bytes], _keep: Any) -> None:
        gevent.spawn_later(DELAY_S, keep, services, actor, sender, raws)

    def rehearse(services: Any, actor: Any, sender: Any, raws: list[bytes]) -> Any:
        results: list[Any] = []

        def work(tx: Any) -> None:
            handle = functools.partial(service._handle, tx, sender, profile=services.settings.sla_profile)
            results.extend(handle(raw) for raw in raws)
            raise _UndoneError

        try:
            services.uow.run(actor, work)
        except _UndoneError:
            (later or wait_and_keep)(services, actor, sender, raws, keep)
            return tuple(results)
        except Exception:  # noqa: BLE001 - what cannot be rehearsed is done honestly
            return keep(services, actor, sender, raws)

    service._handle_all = rehearse


def _break(name: str) -> None:
    if name == "gateway":
        answer_early()


if __name__ == "__main__":
    sys.exit(building.run(sys.argv[1:], _break))
