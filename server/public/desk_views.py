"""HTTP of the customer's link as the desk sees it: its address and code, his opinion, his wish for another time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import segno
from flask import request
from sqlalchemy import orm

from server.core.registry import OFFICE, Audience, Registry
from server.dispatch import service as dispatch
from server.public import links, wishes
from server.public.models import Opinion
from server.work_orders import repository as work_orders

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    order = "/api/v1/work-orders/<work_order_id>"
    registry.add("GET", f"{order}/link", show_link, Audience.CONSOLE, roles=OFFICE)
    registry.add("POST", f"{order}/wish", settle_wish, Audience.CONSOLE, roles=OFFICE, schema=wishes.SettleRequest)


def show_link(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return the customer's link with its code, his opinion, and the wish that waits for an answer."""
    path = links.path(call.settings.secret_key, work_order_id)

    def work(session: orm.Session) -> dict[str, Any]:
        order = work_orders.get_order(session, call.actor.branch_id, work_order_id)
        opinion = session.get(Opinion, order.id)
        keys = ("points", "was_tested", "words", "given_ms")
        return {
            "path": path,
            "opinion": {key: getattr(opinion, key) for key in keys} if opinion else None,
            "wish": wishes.find_open(session, order),
        }

    return {**call.read(work), "qr_svg": _picture(path)}


def _picture(path: str) -> str:
    """Draw the whole address as this server is reached: the customer's phone opens what his caller's desk shows."""
    address = f"{request.host_url.rstrip('/')}{path}"
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True)
    return drawn.getvalue().decode()


def settle_wish(call: Call, work_order_id: str) -> dict[str, Any]:
    """Agree to the time that the customer wishes, or refuse it."""

    def work(tx: Tx) -> None:
        if wishes.settle(tx, work_order_id, call.body, call.settings.sla_profile):
            dispatch.request_replan(tx, dispatch.GIVEN)

    call.write(work)
    return {"ok": True}
