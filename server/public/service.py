"""What a customer does without a login. Everything he may do is a wish or a word; the desk and the planner decide."""

from __future__ import annotations

from typing import Final

from server.core.unit_of_work import Tx
from server.notices import repository as notice_rows
from server.notices import service as notices
from server.public import progress
from server.public.models import Opinion
from server.public.progress import Interval
from server.public.rules import PublicRules
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import events
from shared.errors import DomainError
from shared.work_order import WorkOrderState

WISH_FLAG, UNHAPPY_FLAG, UNTESTED_FLAG = "other_time_wished", "customer_unhappy", "customer_says_untested"
_MOST_POINTS: Final = 5
_LONGEST_WORDS: Final = 1000
_DAY_MS: Final = 86_400_000
_AGREED_ONLINE: Final = "online"


def agree(tx: Tx, work_order_id: str, notice_id: str) -> None:
    """Agree to the time that was proposed: the message is told, by the customer himself. Raises `notice_over`."""
    notice = notice_rows.get_notice(tx.session, tx.branch_id, notice_id)
    if notice.work_order_id != work_order_id:
        raise DomainError("not_found", what="notice")
    notices.tell(tx, notice_id, notices.ToldRequest(note=_AGREED_ONLINE))


def wish_other_time(tx: Tx, work_order_id: str, wish: Interval, allowed: list[Interval], words: str) -> None:
    """Ask the desk for another time. A leak is never put off. Raises `window_invalid`, `leak_not_postponed`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    if order.is_leak:
        raise DomainError("leak_not_postponed")
    if wish not in allowed or not progress.is_open(order):
        raise DomainError("window_invalid")
    work_order_service.flag(tx, order, WISH_FLAG)
    told = {"from_ms": wish.from_ms, "to_ms": wish.to_ms, "words": words[:_LONGEST_WORDS]}
    tx.record(events.OTHER_TIME_WISHED, told, work_order_id=order.id)


def may_give_opinion(order: WorkOrder, rules: PublicRules, now_ms: int) -> bool:
    """Tell whether the card is shown: the order is closed, and not long ago."""
    is_closed = WorkOrderState(order.state) is WorkOrderState.CLOSED and order.closed_ms is not None
    return is_closed and now_ms - (order.closed_ms or 0) <= rules.opinion_days * _DAY_MS


def give_opinion(
    tx: Tx, work_order_id: str, points: int, words: str, rules: PublicRules, *, was_tested: bool | None
) -> None:
    """Keep a customer's opinion; an unhappy one, or one who saw no test, is shown to the desk (CB-02).

    ``points`` are 1 to 5. The first opinion stands: a second is refused with `opinion_given`.
    Raises `opinion_invalid` for other points, `opinion_not_open` before closing or too late.
    """
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    if not may_give_opinion(order, rules, tx.now_ms):
        raise DomainError("opinion_not_open")
    if not 1 <= points <= _MOST_POINTS:
        raise DomainError("opinion_invalid")
    if tx.session.get(Opinion, order.id) is not None:
        raise DomainError("opinion_given")
    said = words[:_LONGEST_WORDS]
    tx.session.add(
        Opinion(
            work_order_id=order.id,
            branch_id=tx.branch_id,
            points=points,
            was_tested=was_tested,
            words=said,
            given_ms=tx.now_ms,
        )
    )
    tx.record(events.OPINION_GIVEN, {"points": points, "was_tested": was_tested, "words": said}, work_order_id=order.id)
    if points < rules.unhappy_below:
        work_order_service.flag(tx, order, UNHAPPY_FLAG)
    if was_tested is False:
        work_order_service.flag(tx, order, UNTESTED_FLAG)
