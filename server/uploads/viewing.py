"""Has pictures looked at in a process of its own with bounded memory, and notes what was found; nothing is refused."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import multiprocessing.process
import os
import resource
import threading
from pathlib import Path
from typing import Final

import structlog

from server.core.calls import Services
from server.core.unit_of_work import Actor, Tx
from server.uploads import pictures, repository, service
from server.uploads.files import Shelf
from server.uploads.models import Picture
from server.uploads.pictures import Seen

_log = structlog.get_logger(__name__)

_BATCH: Final = 8
_MOST_ATTEMPTS: Final = 3
_HARD_LIMIT_S: Final = 30.0
_MEMORY_BYTES: Final = 1 << 30
_CPU_S: Final = 3600
_NICENESS: Final = 10


class Viewing:
    """Takes pictures that nobody has looked at yet."""

    def __init__(self, services: Services, *, in_process: bool = False) -> None:
        """`in_process` looks here instead of in a process of its own."""
        self._services, self._in_process = services, in_process
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def run_once(self) -> int:
        """Look at a batch; return how many pictures were looked at."""
        owed = self._services.uow.read(lambda s: repository.list_unseen(s, _MOST_ATTEMPTS, _BATCH))
        for row in owed:
            self._view(row)
        return len(owed)

    def _view(self, row: Picture) -> None:
        shelf = Shelf(self._services.settings.data_dir, row.branch_id)
        actor = Actor.system(row.branch_id)
        try:
            seen = self._look(shelf.whole(row.sha256))
        except (OSError, concurrent.futures.TimeoutError, concurrent.futures.BrokenExecutor) as failed:
            # The process died over the file, or it has gone: counted, so that one file cannot hold up the others.
            _log.warning("picture not seen", sha256=row.sha256, reason=repr(failed))
            self._services.uow.run(actor, lambda tx: service.note_unseen(tx, row.sha256, _MOST_ATTEMPTS))
            self.close()
            return
        if seen.rendition:
            shelf.keep_rendition(row.sha256, seen.rendition)
        # Compared outside the transaction: a branch may have a hundred thousand pictures.
        twins = self._services.uow.read(lambda s: service.list_twins(s, row.branch_id, row.sha256, seen.likeness))

        def work(tx: Tx) -> None:
            service.note_seen(tx, row.sha256, seen, twins)

        self._services.uow.run(actor, work)

    def _look(self, path: Path) -> Seen:
        if self._in_process:
            return pictures.look(path)
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
        return self._pool.submit(pictures.look, path).result(timeout=_HARD_LIMIT_S)

    def close(self) -> None:
        """End the looking process, also in the middle of a picture."""
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - the pool has no public kill
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _begin() -> None:
    """Bound memory and time, give way to others, and end with the worker."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    os.nice(_NICENESS)

    def watch(parent: multiprocessing.process.BaseProcess) -> None:
        parent.join()
        os._exit(0)

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()
