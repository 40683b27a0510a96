"""The stock page: depot and vans by part and lot, what runs low, receipts, transfers, a lot's way (PA-01, PA-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import request
from sqlalchemy import orm
from werkzeug.wrappers import Response

from server.accounts import repository as accounts
from server.core import pages
from server.core.registry import OFFICE, Audience, Registry
from server.stock import catalog, repository, service
from server.stock.models import StockMove, VanStock
from server.work_orders import repository as work_orders
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call

_PAGE: Final = "/stock"
_MOST_DIGITS: Final = 4


def register(registry: Registry) -> None:
    """Declare the slice's pages."""
    add, console = registry.add, Audience.CONSOLE
    add("GET", _PAGE, show, console, roles=OFFICE)
    add("POST", f"{_PAGE}/receive", receive, console, roles=OFFICE, limit="60/minute")
    add("POST", f"{_PAGE}/move", move, console, roles=OFFICE, limit="60/minute")


def show(call: Call) -> Response:
    """Show what is where; with `part` also where the pieces of that part and `lot` went."""
    return _page(call, "", 200)


def receive(call: Call) -> Response:
    """Take pieces into the depot."""
    form = request.form.to_dict()
    return _do(call, lambda tx: service.receive(tx, _asked(form, 1)))


def move(call: Call) -> Response:
    """Move pieces from the depot into a van, or back."""
    form = request.form.to_dict()
    sign = -1 if form.get("direction") == "to_depot" else 1
    return _do(call, lambda tx: service.transfer(tx, form.get("technician_id", ""), _asked(form, sign)))


def _do(call: Call, work: Any) -> Response:
    return pages.carry_out(call, work, _PAGE, lambda error, status: _page(call, error, status))


def _asked(form: dict[str, str], sign: int) -> service.LoadRequest:
    """Return what a form asks for. Raises DomainError `quantity_not_whole`."""
    pieces = form.get("quantity", "").strip()
    if not (pieces.isascii() and pieces.isdigit() and len(pieces) <= _MOST_DIGITS):
        raise DomainError("quantity_not_whole")
    return service.LoadRequest(part=form.get("part", ""), lot=form.get("lot", "").strip(), quantity=sign * int(pieces))


def _page(call: Call, error: str, status: int) -> Response:
    part, lot = call.query.get("part", ""), call.query.get("lot", "").strip()
    data = call.read(lambda s: _read(s, call.actor.branch_id, part, lot))
    return pages.render(call, "stock.html", error, status, **data, parts=catalog.parts().part, part=part, lot=lot)


def _read(session: orm.Session, branch_id: str, part: str, lot: str) -> dict[str, Any]:
    rows = repository.list_all(session, branch_id)
    people = accounts.list_technicians(session, branch_id)
    depot = service.depot_of(branch_id)
    places = [(depot, ""), *((one.id, one.name) for one in people)]
    held = {place: [row for row in rows if row.technician_id == place] for place, _ in places}
    moves = repository.list_moves(session, branch_id, part, lot) if part else []
    return {
        "depot": held[depot],
        "vans": [(one, held[one.id]) for one in people],
        "low": [low for place, name in places for low in _low(held[place], name, is_depot=place == depot)],
        "names": {one.id: one.name for one in people},
        "moves": [_move(session, branch_id, row) for row in moves],
    }


def _low(rows: list[VanStock], name: str, *, is_depot: bool) -> list[dict[str, Any]]:
    """Return what a place holds too little of; an empty name is the depot's."""
    if not rows:
        return []  # a place that was never filled is not counted here at all: nothing would be said about the others
    held = {part.code: sum(row.quantity for row in rows if row.part == part.code) for part in catalog.parts().part}
    least = {part.code: part.depot_least if is_depot else part.van_least for part in catalog.parts().part}
    return [
        {"place": name, "part": part.code, "held": held[part.code], "least": least[part.code]}
        for part in catalog.parts().part
        if held[part.code] < least[part.code]
    ]


def _move(session: orm.Session, branch_id: str, row: StockMove) -> dict[str, Any]:
    order = work_orders.find_order(session, branch_id, row.work_order_id) if row.work_order_id else None
    keys = ("technician_id", "quantity", "reason", "moved_ms", "work_order_id")
    return {**{key: getattr(row, key) for key in keys}, "number": order.number if order else ""}
