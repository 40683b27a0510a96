"""The worker's step: asks the services that the company has set up. Only here is a remote service ever waited for."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from server.core.calls import Services
from server.geocoding import service
from server.geocoding.rules import Provider, geocoding_rules


def make_step(services: Services) -> Callable[[], int]:
    """Return a step that answers one question; 0 when none waits. Without services nothing is loaded at all."""
    if not geocoding_rules().provider:
        return lambda: 0
    return functools.partial(service.answer_next, services.uow, _ask, geocoding_rules())


def _ask(provider: Provider, query: str, timeout_s: float) -> Any:
    from server.geocoding import providers  # noqa: PLC0415 - geopy is loaded in the worker alone, and only when used

    return providers.ask(provider, query, timeout_s, os.environ)
