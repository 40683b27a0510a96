"""Takes fault reports and turns them into work orders (IN-01, IN-02, IN-09, IN-11)."""

from __future__ import annotations

from typing import Any

import msgspec

from server.core import texts
from server.core.unit_of_work import Tx
from server.customers import repository as customers
from server.dispatch import doors, offers
from server.escalation import service as escalation
from server.work_orders import repository
from server.work_orders import service as work_orders
from server.work_orders.models import WorkOrder
from shared import events, facts, triage
from shared.errors import DomainError

_LONGEST_TEXT = 2000
_LONGEST_LINE = 200
# Bounds of the arithmetic, not policy: the years 2000 to 2100; the planner refuses what lies far outside.
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000


class Caller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who calls (IN-09); an odour report is taken without a name."""

    name: str = ""
    phone: str = ""


class AssessRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known so far while the agent still asks."""

    fault_kind: str
    location: str = "unknown"
    answers: dict[str, str | bool] = {}


class ReportRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole report. Times are Unix ms, the place is WGS-84 and may be missing: intake never waits for a map.

    `ref` is the sender's own key: the same report sent twice (a double click, a lost answer) opens one order.
    `is_place_guessed`: nobody has confirmed the pin, so the order is flagged and nobody is sent to a guess.
    """

    fault_kind: str
    location: str = "unknown"
    answers: dict[str, str | bool] = {}
    description: str = ""
    caller: Caller = Caller()
    customer_id: str | None = None
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    window_start_ms: int | None = None
    window_end_ms: int | None = None
    read_back: bool = False
    channel: str = "phone"
    ref: str = ""
    is_place_guessed: bool = False

    def __post_init__(self) -> None:
        """Refuse places outside the earth, half windows and endless texts. Raises DomainError."""
        facts.check_place(self.lat, self.lon)
        start_ms, end_ms = self.window_start_ms, self.window_end_ms
        if any(ms is not None and not _EARLIEST_MS <= ms <= _LATEST_MS for ms in (start_ms, end_ms)):
            raise DomainError("window_invalid")
        if (start_ms is None) != (end_ms is None) or (
            start_ms is not None and end_ms is not None and end_ms <= start_ms
        ):
            raise DomainError("window_invalid")
        lines = (self.address, self.caller.name, self.caller.phone, self.channel, self.ref)
        if len(self.description) > _LONGEST_TEXT or any(len(text) > _LONGEST_LINE for text in lines):
            raise DomainError("text_too_long")


def assess(request: AssessRequest) -> dict[str, Any]:
    """Return the class, the advice to read out and the rule that decided, before anything is stored."""
    report = triage.FaultReport(fault_kind=request.fault_kind, location=request.location, answers=request.answers)
    verdict = triage.assess(report, texts.triage_rules())
    return {**msgspec.to_builtins(verdict), "priority": int(verdict.priority)}


def take_fault_report(
    tx: Tx, request: ReportRequest, desk: work_orders.Desk, source_ref: str | None = None, opened_ms: int | None = None
) -> WorkOrder:
    """Open a work order for a report; what the archive knows of the customer fills the gaps.

    Raises DomainError `customer_not_found`, `address_missing` and triage's errors.
    """
    known = repository.find_by_source(tx.session, tx.branch_id, source_ref) if source_ref else None
    if known is not None:
        return known
    customer = None
    if request.customer_id:
        customer = customers.get_customer(tx.session, tx.branch_id, request.customer_id)
    address = request.address or (customer.address if customer else "")
    if not address:
        raise DomainError("address_missing")
    has_place = request.lat is not None and not request.is_place_guessed
    new = work_orders.NewWorkOrder(
        report=triage.FaultReport(
            fault_kind=request.fault_kind,
            location=request.location,
            answers=request.answers,
            is_vulnerable=bool(customer and customer.is_vulnerable),
        ),
        address=address,
        lat=request.lat if has_place else customer.lat if customer else None,
        lon=request.lon if has_place else customer.lon if customer else None,
        description=request.description,
        channel=request.channel[:16],
        caller_name=request.caller.name[:80] or (customer.name if customer else ""),
        caller_phone=request.caller.phone[:32] or (customer.phone if customer else ""),
        customer_id=customer.id if customer else None,
        window_start_ms=request.window_start_ms,
        window_end_ms=request.window_end_ms,
        source_ref=source_ref,
        opened_ms=opened_ms,
    )
    tx.record(events.FAULT_REPORTED, {"channel": new.channel, "read_back": request.read_back})
    order = work_orders.open_work_order(tx, new, desk)
    if order.lat is None:
        work_orders.flag(tx, order, "no_geocode")
    _let_climb(tx, order)
    return order


def _let_climb(tx: Tx, order: WorkOrder) -> None:
    """Start a leak's ladder in the report's own transaction: whatever fails afterwards, it becomes louder."""
    if offers.is_alarming(order) and not doors.is_closed(order, tx.now_ms):
        escalation.start(tx, order)
