"""Hazards of a visit: told in writing at once, followed by an order; grades of leaks with who gave them.

Nothing here refuses a fact: a finding is read out of the evidence, and what does not count is flagged.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any, Final

import msgspec

from server.core import policies, texts
from server.core.unit_of_work import Tx
from server.hazards import repository
from server.hazards.models import HazardNotice, LeakGrade
from server.visits import service as visits
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from server.work_orders.service import Desk, NewWorkOrder
from shared import door_facts, editions, events, hazards, leak_grades, triage
from shared.errors import DomainError
from shared.fact_base import check_length
from shared.hazards import Finding
from shared.work_order import OPEN_STATES, WorkOrderState

FOUND: Final = "hazard_found"
RECHECK: Final = "inspection"
_EMERGENCY: Final = 1
_SETTLED: Final = "settled"
_WITHDRAWN: Final = "withdrawn"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Whose evidence speaks: the order, the assignment, the technician, the event that told last, and when."""

    order: WorkOrder
    assignment_id: str
    technician_id: str
    event_id: str
    at_ms: int


class SettleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a notice was settled: what was put right, in words."""

    note: str

    def __post_init__(self) -> None:
        """Refuse endless words. Raises DomainError `text_too_long`."""
        check_length(self.note)


def review(tx: Tx, visit: Visit, desk: Desk) -> tuple[str, ...]:
    """Bring the visit's notice up to what the evidence says now; return the flags of what is new."""
    protocols = visits.protocols_of(visit.order)
    if not any(hazards.looks_for_hazards(protocol) for protocol in protocols):
        return ()
    state = visits.state_of(tx, visit.assignment_id)
    findings = hazards.list_findings(protocols, state)
    notice = repository.find_open_of_visit(tx.session, visit.assignment_id)
    if notice is None and not findings:
        return ()
    notice = notice or _issue(tx, visit, findings, desk)
    fresh = _add_new(tx, notice, findings, visit)
    _clear_gone(tx, notice, findings, visit)
    _serve(notice, visit, is_told=hazards.is_told(protocols, state))
    notice.level = hazards.worst(findings, policies.hazard_rules()) or notice.level
    if not findings:
        _end(tx, notice, _WITHDRAWN, "")
    _open_follow_ups(tx, notice, visit.order, findings, desk)
    return (FOUND,) if fresh else ()


def _issue(tx: Tx, visit: Visit, findings: tuple[Finding, ...], desk: Desk) -> HazardNotice:
    day = dt.datetime.fromtimestamp(tx.now_ms / 1000, zoneinfo.ZoneInfo(desk.time_zone)).date()
    count = work_orders.next_number(tx.session, tx.branch_id, f"H{day:%y%m%d}")
    notice = HazardNotice(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=visit.order.id,
        assignment_id=visit.assignment_id,
        technician_id=visit.technician_id,
        number=f"HN-{day:%Y%m%d}-{count:04d}",
        level=hazards.worst(findings, policies.hazard_rules()),
        state=repository.OPEN,
        issued_ms=tx.now_ms,
        items=[],
        follow_ups={},
    )
    tx.session.add(notice)
    data = {"notice_id": notice.id, "number": notice.number, "level": notice.level}
    tx.record(events.HAZARD_NOTICE_ISSUED, data, work_order_id=visit.order.id, technicians=(visit.technician_id,))
    return notice


def _key(item: Finding | dict[str, Any]) -> tuple[str, str, str]:
    told = msgspec.to_builtins(item) if isinstance(item, Finding) else item
    return str(told["protocol"]), str(told["step"]), str(told["hazard"])


def _add_new(tx: Tx, notice: HazardNotice, findings: tuple[Finding, ...], visit: Visit) -> bool:
    known = {_key(item) for item in notice.items if item["cleared_ms"] is None}
    fresh = [finding for finding in findings if _key(finding) not in known]
    for finding in fresh:
        item = {**msgspec.to_builtins(finding), "found_ms": visit.at_ms, "cleared_ms": None, "event_id": visit.event_id}
        notice.items = [*notice.items, item]
        data = {"notice_id": notice.id, "item": finding.step, "hazard": finding.hazard, "event_id": visit.event_id}
        tx.record(events.HAZARD_FOUND, data, work_order_id=visit.order.id)
    return bool(fresh)


def _clear_gone(tx: Tx, notice: HazardNotice, findings: tuple[Finding, ...], visit: Visit) -> None:
    stands = {_key(finding) for finding in findings}
    gone = [item for item in notice.items if item["cleared_ms"] is None and _key(item) not in stands]
    notice.items = [{**item, "cleared_ms": visit.at_ms} if item in gone else item for item in notice.items]
    for item in gone:
        data = {"notice_id": notice.id, "item": item["step"], "event_id": visit.event_id}
        tx.record(events.HAZARD_CLEARED, data, work_order_id=visit.order.id)


def _serve(notice: HazardNotice, visit: Visit, *, is_told: bool) -> None:
    """Keep when the customer was warned in writing: told in writing, the hazard is no longer the company's (art. 9)."""
    if is_told and notice.served_ms is None:
        notice.served_ms = visit.at_ms
    elif not is_told:
        notice.served_ms = None


def _open_follow_ups(tx: Tx, notice: HazardNotice, order: WorkOrder, findings: tuple[Finding, ...], desk: Desk) -> None:
    """Open one order for each kind of repair that the findings need; the same finding never opens a second."""
    for kind in dict.fromkeys(finding.follow_up for finding in findings if finding.follow_up):
        if kind not in notice.follow_ups:
            notice.follow_ups = {**notice.follow_ups, kind: _open_order(tx, notice, order, kind, desk).id}


def _open_order(tx: Tx, notice: HazardNotice, order: WorkOrder, kind: str, desk: Desk) -> WorkOrder:
    return _open_under(tx, notice, order, kind, f"hazard:{notice.id}:{kind}", desk)


def _open_under(tx: Tx, notice: HazardNotice, order: WorkOrder, kind: str, source_ref: str, desk: Desk) -> WorkOrder:
    known = work_orders.find_by_source(tx.session, tx.branch_id, source_ref)
    if known is not None:
        return known
    new = NewWorkOrder(
        report=triage.FaultReport(fault_kind=kind, location=order.location, answers={}),
        address=order.address,
        lat=order.lat,
        lon=order.lon,
        description=f"{notice.number} · {order.number}",
        channel="inspection",
        caller_name=order.caller_name,
        caller_phone=order.caller_phone,
        customer_id=order.customer_id,
        source_ref=source_ref,
    )
    return work_order_service.open_work_order(tx, new, desk)


def order_recheck(tx: Tx, notice_id: str, desk: Desk) -> WorkOrder:
    """Open the order of the check that all of a notice is put right; one at a time, a failed one is followed by a next.

    Raises DomainError `not_found`, `notice_over`, `recheck_open`.
    """
    notice = repository.get_notice(tx.session, tx.branch_id, notice_id)
    if notice.state != repository.OPEN:
        raise DomainError("notice_over")
    earlier = [key for key in notice.follow_ups if key.split("#")[0] == RECHECK]
    for key in earlier:
        before = work_orders.find_order(tx.session, tx.branch_id, notice.follow_ups[key])
        if before is not None and WorkOrderState(before.state) in OPEN_STATES:
            raise DomainError("recheck_open", number=before.number)
    key = f"{RECHECK}#{len(earlier) + 1}"
    order = work_orders.get_order(tx.session, tx.branch_id, notice.work_order_id)
    opened = _open_under(tx, notice, order, RECHECK, f"hazard:{notice.id}:{key}", desk)
    notice.follow_ups = {**notice.follow_ups, key: opened.id}
    return opened


def settle(tx: Tx, notice_id: str, request: SettleRequest) -> HazardNotice:
    """Settle a notice: somebody saw that all of it is put right. Raises DomainError `not_found`, `notice_over`."""
    notice = repository.get_notice(tx.session, tx.branch_id, notice_id)
    if notice.state != repository.OPEN:
        raise DomainError("notice_over")
    _end(tx, notice, _SETTLED, request.note)
    return notice


def _end(tx: Tx, notice: HazardNotice, state: str, note: str) -> None:
    notice.state, notice.note = state, note
    notice.settled_ms, notice.settled_by = tx.now_ms, tx.actor.id
    data = {"notice_id": notice.id, "number": notice.number, "state": state}
    tx.record(events.HAZARD_NOTICE_SETTLED, data, work_order_id=notice.work_order_id)


def record_grade(tx: Tx, visit: Visit, body: door_facts.LeakGraded, skills: list[tuple[str, int]]) -> tuple[str, ...]:
    """Keep a grading with its author; one by somebody who may not grade is kept and flagged, and does not count."""
    is_counted = leak_grades.may_grade(policies.grade_rules(), skills, visit.at_ms)
    tx.session.add(
        LeakGrade(
            id=visit.event_id,
            branch_id=tx.branch_id,
            work_order_id=visit.order.id,
            technician_id=visit.technician_id,
            grade=body.grade,
            reason=body.reason,
            graded_ms=visit.at_ms,
            is_counted=is_counted,
        )
    )
    data = {"grade": body.grade, "reason": body.reason, "is_counted": is_counted, "by": visit.technician_id}
    tx.record(events.LEAK_GRADED, data, work_order_id=visit.order.id)
    if is_counted and body.grade == 1 and visit.order.priority > _EMERGENCY:
        visit.order.priority, visit.order.ver = _EMERGENCY, visit.order.ver + 1
    return () if is_counted else ("grader_not_qualified",)


def list_lines(notice: HazardNotice, language: str) -> list[str]:
    """Return the notice's findings in words: what, its class, what the class obliges to, and when it was put right."""
    return [line for item in notice.items if item["cleared_ms"] is None for line in _item_lines(item, language)]


def _item_lines(item: dict[str, Any], language: str) -> list[str]:
    t = texts.catalog().text
    actions = policies.hazard_rules().get_class(item["hazard"]).actions
    head = f"{t(language, 'hazard.' + str(item['hazard']))}: {_item_text(item, language)}"
    return [head, *(f"– {t(language, 'hazard_action.' + action)}" for action in actions)]


def _item_text(item: dict[str, Any], language: str) -> str:
    try:
        protocol = editions.resolve(texts.protocols(), [str(item["protocol"])])[0]
    except DomainError:
        return str(item["step"])
    step = next((s for s in protocol.steps if s.id == item["step"]), None)
    chosen = next((c.text[language] for c in step.choices if c.code == item["told"]), "") if step else ""
    words = (step.text[language] if step else str(item["step"]), chosen, step.clause if step else "")
    return " · ".join(word for word in words if word)
