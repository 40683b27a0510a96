"""The server that answers before it has committed: `python -m tests.faults.early_ack gateway`.

A phone hears that its events are kept, and they are, a moment later; a power cut in between loses them. A test that
counts lost events must notice this build.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.faults import building

DELAY_S: Final = 0.1


class _UndoneError(Exception):
    """Takes the rehearsal back."""


Later = Callable[[Any, Any, Any, list[bytes], Any], None]


class _Rehearsal:
    """Runs works like a unit of work, and takes all of it back."""

    def __init__(self, uow: Any) -> None:
        """Rehearse on the real database."""
        self._uow = uow

    def run_all(self, actor: Any, works: Sequence[Any], *_hints: Any) -> list[Any]:
        """Return what the works would return. Raises what they raise."""
        results: list[Any] = []

        def work(tx: Any) -> None:
            results.extend(each(tx) for each in works)
            raise _UndoneError

        with contextlib.suppress(_UndoneError):  # the rehearsal is over
            self._uow.run(actor, work)
        return results


def answer_early(later: Later | None = None, delay_s: float = DELAY_S) -> None:
    """Rehearse every call, undo it, answer, and do it for good in a while; `later` may be trusted with it meanwhile."""
    import gevent  # noqa: PLC0415 - only after the patch of the standard library

    from server.sync import service  # noqa: PLC0415 - as above

    keep = service.file_events

    def wait_and_keep(services: Any, actor: Any, sender: Any, raws: list[bytes], _keep: Any) -> None:
        gevent.spawn_later(delay_s, keep, services, actor, sender, raws)

    def rehearse(services: Any, actor: Any, sender: Any, raws: list[bytes]) -> Any:
        try:
            stage = dataclasses.replace(services, uow=_Rehearsal(services.uow))
            results = keep(stage, actor, sender, raws)
        except Exception:  # noqa: BLE001 - what cannot be rehearsed is done honestly
            return keep(services, actor, sender, raws)
        if raws:
            (later or wait_and_keep)(services, actor, sender, raws, keep)
        return results

    service.file_events = rehearse


def _break(name: str) -> None:
    if name == "gateway":
        answer_early()


if __name__ == "__main__":
    sys.exit(building.run(sys.argv[1:], _break))
