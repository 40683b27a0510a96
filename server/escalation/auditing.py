"""What the auditor looks for: leaks whose step is overdue, leaks that never got a ladder. It trusts rows alone."""

from __future__ import annotations

from typing import Final

from sqlalchemy import orm

from server.core.unit_of_work import Tx
from server.escalation import repository, service
from server.escalation.models import Escalation
from server.escalation.rules import SIREN, escalation_rules, ladder_of
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared import events

AUDITOR: Final = "auditor"
EVERYBODY: Final = ("dispatcher", "supervisor", "manager", "neighbour")


def list_neglected(session: orm.Session, now_ms: int) -> list[tuple[str, str]]:
    """Return branch and work order of every leak that the ladder has left alone for too long."""
    rules = escalation_rules(now_ms)
    late = repository.list_overdue(session, now_ms - round(rules.overdue_s * 1000))
    unplaced = work_orders.list_unladdered(session, now_ms - round(rules.unplaced_s * 1000), now_ms)
    climbed = repository.list_known(session, [order.id for order in unplaced])
    found = [(row.branch_id, row.work_order_id) for row in late]
    return [*found, *((order.branch_id, order.id) for order in unplaced if order.id not in climbed)]


def raise_alarm(tx: Tx, work_order_id: str) -> bool:
    """Sound the siren and tell everybody about one neglected leak, again every minute; tell whether it was done."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    row = repository.find_escalation(tx.session, order.id)
    if row is None:
        service.start(tx, order)
        row = repository.find_escalation(tx.session, order.id)
        late_ms = tx.now_ms - order.opened_ms
    else:
        late_ms = tx.now_ms - row.due_ms
        if row.ended_ms is not None or late_ms < round(escalation_rules(tx.now_ms).overdue_s * 1000):
            return False
    return row is not None and _raise(tx, order, row, late_ms)


def _raise(tx: Tx, order: WorkOrder, row: Escalation, late_ms: int) -> bool:
    again_ms = round(ladder_of(row.branch_id, row.started_ms).forever.after_s * 1000)
    if row.audited_ms is not None and tx.now_ms - row.audited_ms < again_ms:
        return False
    row.audited_ms = tx.now_ms
    row.siren_ms = tx.now_ms if row.siren_ms is None else row.siren_ms
    told = service.tell(tx, order, EVERYBODY, "leak_overdue")
    data = {"step": SIREN, "reason": AUDITOR, "late_ms": late_ms, "tell": list(EVERYBODY), "told": told}
    tx.record(events.LEAK_UNACCEPTED, data, work_order_id=order.id)
    return True
