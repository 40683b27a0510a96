"""Starts the gateway: the app over native threads for SQLite, the sockets beside it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

import gevent.threadpool
from flask import Response

from server import app as composition
from server import processes
from server.core import errors
from server.core.settings import Settings
from server.realtime import status
from server.realtime.gateway import Gateway

T = TypeVar("T")
_READERS = 4
_COLLECT_AFTER = 20_000


def run_gateway(settings: Settings) -> None:
    """Serve until the process ends."""
    gateway = make_gateway(settings)
    # What was made at the start lives as long as the process: looking through it for garbage is the dearest pause.
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    gateway.run()


def make_gateway(settings: Settings) -> Gateway:
    """Return the gateway, ready to serve."""
    services = processes.make_services(settings, _native(1), _native(_READERS))
    app = composition.make_app(services, composition.make_registry())
    gateway = Gateway(app, services)
    if settings.clock_address:

        @app.get("/run/status")
        def run_status() -> Response:
            gateway.flush()
            now_ms = services.uow.clock.now_ms()
            return errors.json_response(services.uow.read(lambda s: status.run_status(s, now_ms)))

    return gateway


def _native(size: int) -> Callable[[Callable[[], T]], T]:
    """Return a pool of native threads: the loop never touches sqlite3 itself (architecture, section 4)."""
    pool = gevent.threadpool.ThreadPool(size)

    def run(work: Callable[[], T]) -> T:
        # The pool prints what a thread raises; errors cross over as values and are raised in the caller's greenlet.
        value, error = pool.apply(_guarded, (work,))
        if error is not None:
            raise error
        result: T = value
        return result

    return run


def _guarded(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 - handed over to the caller, who raises it
        return None, error
