"""One registry of every HTTP route and Socket.IO event; what is not registered cannot be reached (threat C1)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final

import msgspec

from shared.errors import DomainError
from shared.machine import Role

View = Callable[..., Any]


class Audience(enum.StrEnum):
    """How a caller proves who he is: not at all, by a device's token, or by a console session."""

    PUBLIC = "public"
    DEVICE = "device"
    CONSOLE = "console"


OFFICE: Final = frozenset({Role.ADMIN, Role.DISPATCHER, Role.AGENT})
DESK: Final = frozenset({Role.ADMIN, Role.DISPATCHER})
ADMINS: Final = frozenset({Role.ADMIN})


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP route: who may call it, what body it takes, how often, and whether very many calls take turns."""

    method: str
    rule: str
    view: View
    audience: Audience
    roles: frozenset[Role] = frozenset()
    schema: Any = None
    limit: str = "600/minute"
    takes_turns: bool = False

    @property
    def endpoint(self) -> str:
        """Return the route's name inside Flask."""
        return f"{self.method} {self.rule}"


class SocketEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One Socket.IO event that clients may send: its name, sender, payload and limit."""

    name: str
    audience: Audience
    schema: Any
    limit: str = "600/minute"


class Registry:
    """All routes and events of the product, collected by the slices when the app is made."""

    def __init__(self) -> None:
        """Start empty."""
        self.routes: list[Route] = []
        self.events: list[SocketEvent] = []

    def add(self, method: str, rule: str, view: View, audience: Audience, **options: Any) -> None:
        """Declare a route. Raises ValueError when a console route names no roles (default deny)."""
        route = Route(method=method, rule=rule, view=view, audience=audience, **options)
        if audience is Audience.CONSOLE and not route.roles:
            raise ValueError(f"{route.endpoint} names no roles")
        self.routes.append(route)

    def add_event(self, event: SocketEvent) -> None:
        """Declare a socket event that clients may send."""
        self.events.append(event)


def decode(schema: Any, payload: bytes) -> Any:
    """Return the body as the schema's type. Raises DomainError `invalid_request` with the decoder's reason."""
    try:
        return msgspec.json.decode(payload, type=schema)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DomainError("invalid_request", reason=str(error)) from error
