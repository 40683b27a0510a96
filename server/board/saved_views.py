"""HTTP of the queue's saved views: everybody has his own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import sqlalchemy as sa

from server.board import repository
from server.board.models import SavedView
from server.core.registry import OFFICE, Audience, Registry
from server.core.unit_of_work import Tx
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call

_MOST = 20


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a view shows: the filter's name, searched words, priorities and faults (none means all)."""

    filter: Annotated[str, msgspec.Meta(max_length=20)] = "all"
    text: Annotated[str, msgspec.Meta(max_length=80)] = ""
    priorities: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=4)], ...], msgspec.Meta(max_length=4)] = ()
    faults: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=32)], ...], msgspec.Meta(max_length=40)] = ()


class ViewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view to keep under a name; the same name is written over."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    query: Query


class ForgetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of a view that is no longer wanted."""

    name: str


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/queue-views", list_views, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/queue-views", save, Audience.CONSOLE, roles=OFFICE, schema=ViewRequest)
    add("POST", "/api/v1/queue-views/forget", forget, Audience.CONSOLE, roles=OFFICE, schema=ForgetRequest)


def list_views(call: Call) -> dict[str, Any]:
    """Return the caller's own views by name."""
    return {
        "items": call.read(
            lambda s: [{"name": v.name, "query": v.query} for v in repository.list_views(s, call.actor.id)]
        )
    }


def save(call: Call) -> dict[str, Any]:
    """Keep a view. Raises DomainError `too_many_views`."""

    def work(tx: Tx) -> None:
        known = {view.name for view in repository.list_views(tx.session, tx.actor.id)}
        if call.body.name not in known and len(known) >= _MOST:
            raise DomainError("too_many_views", most=_MOST)
        query = msgspec.to_builtins(call.body.query)
        row = SavedView(account_id=tx.actor.id, name=call.body.name, query=query, saved_ms=tx.now_ms)
        tx.session.merge(row)

    call.write(work)
    return list_views(call)


def forget(call: Call) -> dict[str, Any]:
    """Forget a view; one that is not there is forgotten already."""
    own = sa.delete(SavedView).where(SavedView.account_id == call.actor.id, SavedView.name == call.body.name)
    call.write(lambda tx: tx.session.execute(own))
    return list_views(call)
