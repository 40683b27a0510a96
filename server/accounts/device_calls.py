"""Calls of phones: proved by a token, in turns, and past what only browsers need.

Two thousand phones call at once: sessions, cookies and pages would cost as much as what they call for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

import werkzeug
from flask import Response

from server.accounts import service as accounts
from server.accounts.models import Device
from server.core import errors, registry, turns
from server.core.calls import Call, Services
from server.core.limiter import Limiter
from server.core.registry import Audience, Route
from server.core.unit_of_work import Actor
from shared import packing, wire

LARGEST_BODY: Final = 4 * 1024 * 1024
_HUNG_UP: Final = 408
# No browser shows what phones are answered; should one get hold of it, it is nothing but data.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Request(werkzeug.Request):
    max_content_length = LARGEST_BODY


@dataclasses.dataclass(frozen=True)
class ShortPath:
    """Serves the calls that take turns by itself, and hands everything else to the app."""

    app: Wsgi
    services: Services
    limiter: Limiter
    routes: dict[tuple[str, str], Route]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one call of HTTP."""
        route = self.routes.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if route is None:
            return self.app(environ, start_response)
        return self._answer(route, _Request(environ))(environ, start_response)

    def _answer(self, route: Route, request: werkzeug.Request) -> Response:
        try:
            response = _in_turn(self.services, route, self.limiter, request)
        except Exception as error:  # noqa: BLE001 - told to the caller, and logged where it is a bug
            response = errors.answer_program(error, request.path)
        if response.headers.get("Content-Encoding") != packing.ENCODING:  # phones pay for every byte of a packed answer
            response.headers.update(_HEADERS)
        return response


def shorten(app: Wsgi, services: Services, limiter: Limiter, routes: Iterable[Route]) -> ShortPath:
    """Return an app that serves those of the routes in a short way that phones take in turns."""
    short = {(route.method, route.rule): route for route in routes if is_short(route)}
    return ShortPath(app, services, limiter, short)


def is_short(route: Route) -> bool:
    """Tell whether a route is served in the short way."""
    return route.takes_turns and route.audience is Audience.DEVICE


def authenticate(services: Services, request: werkzeug.Request) -> tuple[Actor, Device]:
    """Return who calls with a phone's token. Raises DomainError `signed_out`, `device_revoked`."""
    device = accounts.check_live(services.uow.read_together(accounts.list_by_token, _token_hash(request)))
    return accounts.device_actor(device), device


def _token_hash(request: werkzeug.Request) -> str:
    return accounts.hash_secret(request.headers.get("Authorization", "").removeprefix("Bearer ").strip())


def _in_turn(services: Services, route: Route, limiter: Limiter, request: werkzeug.Request) -> Response:
    """Serve a call when its turn has come."""
    request.get_data()  # the whole of it: nobody waits for somebody else's slow line
    mark = request.headers.get(wire.CALL_MARK_HEADER, "")
    with services.parking.working(mark), services.turns.taking(_token_hash(request)) as has_waited:
        if has_waited and _has_hung_up(request):
            return Response(status=_HUNG_UP)  # nobody reads it: he calls again, and is not served twice
        return _serve(services, route, limiter, request)


def _has_hung_up(request: werkzeug.Request) -> bool:
    look = request.environ.get(turns.HUNG_UP)
    return look is not None and look()


def _serve(services: Services, route: Route, limiter: Limiter, request: werkzeug.Request) -> Response:
    """Prove who calls, check rate and body; then one view, one answer."""
    actor, device = authenticate(services, request)
    limiter.check(route.limit, route.endpoint, device.id)
    sent = services.packer.open_body(request, device.id)
    body = registry.decode(route.schema, sent) if route.schema is not None else None
    call = Call(services=services, actor=actor, body=body, query=request.args, device_id=device.id, device=device)
    return services.packer.pack_answer(errors.json_response(route.view(call)), request, device.id, sent)
