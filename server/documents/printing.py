"""Makes owed papers in a process of its own, so that neither the gateway nor a leak's reaction waits for a page."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import multiprocessing
import multiprocessing.process
import os
import threading
from typing import Final

import msgspec
import structlog

from server.core.calls import Services
from server.core.unit_of_work import Actor
from server.documents import filling, forms, repository, service
from server.documents.models import Document
from server.documents.sheet import Sheet
from server.seals import service as seals
from server.seals.authority import Authority
from shared.errors import DomainError

_log = structlog.get_logger(__name__)

_BATCH: Final = 8
_MOST_ATTEMPTS: Final = 20
_HARD_LIMIT_S: Final = 60.0
_NICENESS: Final = 10


class Task(msgspec.Struct, frozen=True):
    """A sheet to draw, and the authority that certifies it, if the form is certified."""

    sheet: Sheet
    authority: Authority | None


class Printing:
    """Takes owed papers, has them made, keeps the files."""

    def __init__(self, services: Services, *, in_process: bool = False) -> None:
        """`in_process` makes the papers here instead of in a process of their own."""
        self._services, self._in_process = services, in_process
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def run_once(self) -> int:
        """Make a batch of owed papers; return how many were made."""
        owed = self._services.uow.read(lambda s: repository.list_owed(s, _MOST_ATTEMPTS, _BATCH))
        return sum(self._make(document) for document in owed)

    def _make(self, document: Document) -> bool:
        actor, uow = Actor.system(document.branch_id), self._services.uow
        try:
            task = self._task(document)
            pdf, plain_sha256 = self._carry_out(task)
        except (DomainError, OSError, concurrent.futures.TimeoutError, concurrent.futures.BrokenExecutor) as failed:
            reason = failed.code if isinstance(failed, DomainError) else repr(failed)
            _log.warning("paper not made", document_id=document.id, form=document.form, reason=reason)
            uow.run(actor, lambda tx: service.note_failure(tx, document.id, reason))
            self.close()
            return False
        uow.run(actor, lambda tx: service.keep_made(tx, document.id, pdf, plain_sha256))
        return True

    def _task(self, document: Document) -> Task:
        settings, uow = self._services.settings, self._services.uow
        case = uow.read(lambda s: service.case_of(s, document, settings.time_zone))
        if case is None:
            raise DomainError("record_unreadable", reason=document.record_id)
        form = forms.get_form(document.form)
        authority = None
        if form.is_certified:
            actor = Actor.system(document.branch_id)
            authority = uow.run(actor, lambda tx: seals.authority(tx, case.branch_name, settings.tsa_url))
        return Task(filling.fill(form, dataclasses.replace(case, hotline=settings.hotline)), authority)

    def _carry_out(self, task: Task) -> tuple[bytes, str]:
        if self._in_process:
            return make(task)
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
        return self._pool.submit(make, task).result(timeout=_HARD_LIMIT_S)

    def close(self) -> None:
        """End the drawing process, also in the middle of a page."""
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - the pool has no public kill
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def make(task: Task) -> tuple[bytes, str]:
    """Return (file, SHA-256 before certifying). Raises DomainError `fonts_missing`, `time_stamp_failed`."""
    # A second of imports that only the drawing process has to pay, not every start of gateway and worker.
    from server.documents import certify, drawing  # noqa: PLC0415 - see above

    plain = drawing.draw(task.sheet)
    digest = hashlib.sha256(plain).hexdigest()
    if task.authority is None:
        return plain, digest
    return certify.certify(plain, task.authority, task.sheet.title), digest


def _begin() -> None:
    """Give way to everything else on the machine, and end with the worker: a killed one cannot end us."""
    os.nice(_NICENESS)

    def watch(parent: multiprocessing.process.BaseProcess) -> None:
        parent.join()
        os._exit(0)

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()
