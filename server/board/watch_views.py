"""HTTP of the watch: taking a leak by name, who is silent, what could not be sent, whose phone did not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import voice_calls
from server.core import clock, heartbeats
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.core.unit_of_work import Tx
from server.devices import service as devices
from server.escalation import service as escalation
from server.escalation.rules import escalation_rules
from server.outgoing import service as outgoing
from server.work_orders import repository as work_orders

if TYPE_CHECKING:
    from server.core.calls import Call

_AUDIENCES = ("dispatcher", "supervisor", "manager", "neighbour")


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/watch", watch_since(clock.real_ms()), Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/work-orders/<work_order_id>/take", take, Audience.CONSOLE, roles=DESK)
    add("POST", "/api/v1/technicians/<technician_id>/test-push", test_push, Audience.CONSOLE, roles=DESK)
    add("GET", "/api/v1/work-orders/<work_order_id>/voice-calls", list_voice_calls, Audience.CONSOLE, roles=DESK)
    for kind in ("lock", "wipe", "unlock"):
        add("POST", f"/api/v1/devices/<device_id>/{kind}", _order(kind), Audience.CONSOLE, roles=DESK)


def watch_since(begun_ms: int) -> Callable[[Call], dict[str, Any]]:
    """Return the view of what is wrong with the server itself; `begun_ms` is when it began (the machine's Unix ms)."""

    def get_watch(call: Call) -> dict[str, Any]:
        """Return what must be seen when the server itself is in trouble; every console asks for it again and again."""
        branch_id = call.actor.branch_id

        def work(session: orm.Session) -> dict[str, Any]:
            missed = devices.list_missed(session, branch_id, call.now_ms)
            return {
                "processes": list_processes(
                    session, (begun_ms, call.now_ms), has_own_clock=bool(call.settings.clock_address)
                ),
                "has_channel": outgoing.has_channel(branch_id, _AUDIENCES),
                "unsent": outgoing.list_troubles(session, branch_id),
                "device_orders": devices.list_orders(session, branch_id),
                "backlogs": [
                    {"name": name, "unsent": unsent} for name, unsent in accounts.list_backlogs(session, branch_id)
                ],
                "missed_pushes": [
                    {"technician_id": t, "name": name} for t, name in accounts.list_names(session, missed).items()
                ],
            }

        return call.read(work)

    return get_watch


def list_processes(session: orm.Session, at_ms: tuple[int, int], *, has_own_clock: bool) -> list[dict[str, Any]]:
    """Return the processes' signs of life, and who is missing: silent, and not just because the server only began.

    `at_ms` are the server's beginning by the machine's clock, and the run's time, by which the settings are chosen.
    A run with a clock of its own (a demo's) has no auditor, who goes by the machine's: there only one that has beaten
    can be missing.
    """
    begun_ms, now_ms = at_ms
    rules, late_ms = escalation_rules(now_ms), clock.real_ms() - begun_ms
    signs = heartbeats.list_signs(session, rules.silent_after_s)
    may_cry = late_ms > rules.start_grace_s * 1000
    return [
        {**s, "is_missing": may_cry and s["is_silent"] and (s["beat_ms"] is not None or not has_own_clock)}
        for s in signs
    ]


def take(call: Call, work_order_id: str) -> dict[str, Any]:
    """A dispatcher takes a leak that nobody has accepted: the siren ends at every console."""

    def work(tx: Tx) -> bool:
        order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
        return escalation.take(tx, order, accounts.get_account(tx.session, tx.actor.id).name)

    return {"is_mine": call.write(work)}


def list_voice_calls(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return whom to call by voice about a leak that nobody accepts."""

    def work(session: orm.Session) -> list[dict[str, Any]]:
        order = work_orders.get_order(session, call.actor.branch_id, work_order_id)
        return voice_calls.list_calls(session, order, call.now_ms)

    return {"items": call.read(work)}


def test_push(call: Call, technician_id: str) -> dict[str, Any]:
    """Send a test alarm to a technician's phone."""
    return {"id": call.write(lambda tx: devices.send_test(tx, technician_id))}


def _order(kind: str) -> Any:
    def view(call: Call, device_id: str) -> dict[str, Any]:
        call.write(lambda tx: devices.give_order(tx, device_id, kind))
        return {"ok": True}

    view.__name__ = kind
    return view
