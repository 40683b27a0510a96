"""The report of a run: what was promised against what the database and the phones' own archives say (decision 19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import orm

from deploy.demo.seeding import BRANCH_ID
from mobile.service import Phone
from server.call_backs import repository as call_backs
from server.core import journal
from server.core.calls import Services
from server.reports import verification
from server.sync import repository as sync
from server.visits import repository as visits
from server.visits import service as visit_service
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared import closure, events
from shared.work_order import Priority, WorkOrderState

Figures = dict[str, Any]


def measure(services: Services, phones: dict[str, Phone]) -> Figures:
    """Return one flat object of figures; one that has no meaning for the run is None."""
    audits = {p.find_identity().device_id: p.audit() for p in phones.values() if p.find_identity()}  # type: ignore[union-attr]  # enrolled
    return services.uow.read(lambda session: _measure(session, audits))


def _measure(session: orm.Session, audits: dict[str, Any]) -> Figures:
    orders = work_orders.list_all(session, BRANCH_ID)
    states = Counter(o.state for o in orders)
    lost, doubled = _count_events(session, audits)
    problems = verification.list_record_problems(session, BRANCH_ID)
    records = visits.list_records(session, BRANCH_ID)
    chain = [p for b in journal.list_branches(session) for p in journal.verify_chain(session, b)]
    return {
        "orders": len(orders),
        "closed": states[WorkOrderState.CLOSED],
        **{f"orders_{state}": count for state, count in sorted(states.items())},
        **_arrivals(orders),
        "windows_kept_share": _windows_kept(orders),
        "records_signed": sum(1 for r in records if r.kind == "signed"),
        "records_waived": sum(1 for r in records if r.kind == "waived"),
        "records_sealed": sum(1 for r in records if r.seal["seal_hash"]),
        "records_verified": len(records) - len({p.split(":")[0] for p in problems}),
        "record_problems": len(problems),
        "copies_issued": visits.count_copies(session, BRANCH_ID),
        "call_backs_scheduled": call_backs.count(session, BRANCH_ID),
        "quarantined": len(sync.list_quarantine(session, BRANCH_ID)),
        "leaks_closed_without_evidence": _closed_on_hope(session, orders),
        "events_lost": lost,
        "events_duplicated": doubled,
        "journal_events": _count_journal(session),
        "journal_ok": not chain,
    }


def _arrivals(orders: list[WorkOrder]) -> Figures:
    """Return p50, p95 and shares of the minutes from report to arrival, over emergencies that were reached or not."""
    leaks = [o for o in orders if o.priority == Priority.EMERGENCY]
    minutes = sorted((o.arrived_ms - o.opened_ms) / 60_000 for o in leaks if o.arrived_ms is not None)
    share = {f"within_{limit}_share": _share(sum(m <= limit for m in minutes), len(leaks)) for limit in (30, 60)}
    return {
        "emergencies": len(leaks),
        "emergencies_reached": len(minutes),
        "arrival_p50_min": _percentile(minutes, 0.50),
        "arrival_p95_min": _percentile(minutes, 0.95),
        "arrival_worst_min": round(minutes[-1], 2) if minutes else None,
        **share,
    }


def _percentile(values: list[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(len(values) * share))], 2) if values else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _windows_kept(orders: Iterable[WorkOrder]) -> float | None:
    """Return the share of promised windows in which somebody arrived; an order never reached is a broken promise."""
    promised = [o for o in orders if o.window_end_ms is not None and o.state not in {"cancelled", "duplicate"}]
    kept = sum(1 for o in promised if o.arrived_ms is not None and o.arrived_ms <= (o.window_end_ms or 0))
    return _share(kept, len(promised))


def _closed_on_hope(session: orm.Session, orders: list[WorkOrder]) -> int:
    """Judge every closed leak again on the evidence behind its record."""
    closed = [o for o in orders if o.is_leak and o.state == WorkOrderState.CLOSED]
    return sum(1 for o in closed if not _is_proved(session, o))


def _is_proved(session: orm.Session, order: WorkOrder) -> bool:
    record = visits.find_record(session, order.id)
    if record is None:
        return False
    state = visits.get_visit_state(session, record.assignment_id)
    return closure.closure_evidence(order.is_leak, state, visit_service.protocols_of(order))


def _count_events(session: orm.Session, audits: dict[str, Any]) -> tuple[int, int]:
    """Count lost and doubled events both ways: confirmed facts missing here, changes missing or doubled there."""
    lost = doubled = 0
    for device_id, audit in audits.items():
        kept = sync.list_processed_ids(session, device_id)
        sent = journal.list_feed(session, device_id, 0, 1_000_000)
        told = set(audit.change_ids)
        lost += len(set(audit.confirmed_event_ids) - kept)
        lost += sum(1 for _, event in sent if event.event_id not in told) + audit.gaps
        doubled += len(audit.doubled_change_ids)
    return lost, doubled + _doubled_facts(session)


def _doubled_facts(session: orm.Session) -> int:
    seen = Counter(e.data["event_id"] for e in journal.list_of_type(session, BRANCH_ID, events.FACT_RECORDED))
    return sum(count - 1 for count in seen.values())


def _count_journal(session: orm.Session) -> int:
    head = session.get(journal.ChainHead, BRANCH_ID)
    return head.seq if head else 0


def list_broken_promises(figures: Figures) -> list[str]:
    """Return which of the promises of decision 19 a run broke; arrival shares are reported, not promised."""
    checks = {
        "events_lost": figures["events_lost"] == 0,
        "events_duplicated": figures["events_duplicated"] == 0,
        "journal_ok": figures["journal_ok"],
        "records_verified": figures["records_verified"] == figures["records_signed"] + figures["records_waived"],
        "leaks_closed_without_evidence": figures["leaks_closed_without_evidence"] == 0,
        "copies_issued": figures["copies_issued"] >= figures["closed"],
        "call_backs_scheduled": figures["call_backs_scheduled"] >= figures["closed"],
        "orders": figures["orders"] == figures["calls"] > 0,
        "kills": figures["kills"] == figures["kills_wanted"],
    }
    return [name for name, is_kept in checks.items() if not is_kept]
