"""All reactions on one page: event type → functions, kind of deadline → function. Every handler may run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import orm

from server.absences import service as absence_service
from server.accounts import service as account_service
from server.billing import cash
from server.call_backs import service as call_backs
from server.complaints import service as complaints
from server.contacts import service as contacts
from server.core import journal
from server.core.journal import Event
from server.core.relay import DueHandler, Handler
from server.core.unit_of_work import Tx
from server.devices import service as devices
from server.dispatch import absence, doors, hours, ladder, offers, posting, storm
from server.dispatch import service as dispatch
from server.documents import service as documents
from server.escalation import service as escalation
from server.notices import service as notices
from server.positions import service as positions
from server.promises import service as promises
from server.sync import purging
from server.sync import remote_sealing as sealing
from server.uploads import repository as uploads
from server.visits import repository as visit_rows
from server.visits import service as visits
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared import events
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import OPEN_STATES, WorkOrderState

IGNORED: Final = frozenset(
    {
        events.FAULT_REPORTED,
        events.WORK_ORDER_OPENED,
        events.WORK_ORDER_FLAGGED,
        events.CLOCK_BREACHED,
        events.ASSIGNMENT_OFFERED,
        events.PLAN_CHANGED,
        events.PLAN_BUDGET_SET,
        events.CUSTOMER_NOTICE_OWED,
        events.CUSTOMER_NOTICE_WITHDRAWN,
        events.CUSTOMER_TOLD,
        events.LEAK_UNACCEPTED,
        events.LEAK_TAKEN,
        events.DEVICE_ORDER_DONE,
        events.EVIDENCE_RECOVERED,
        events.TEST_PUSH_SENT,
        events.TEST_PUSH_SEEN,
        events.TEST_PUSH_MISSED,
        events.FACT_QUARANTINED,
        events.FACT_RECORDED,
        events.CUSTOMER_COPY_ISSUED,
        events.DOCUMENT_MADE,
        events.PICTURE_UNREADABLE,
        events.DOCUMENT_DELIVERED,
        events.AREA_DRAWN,
        events.AREA_ENDED,
        events.CALLED_AGAIN,
        events.OTHER_TIME_WISHED,
        events.OTHER_TIME_SETTLED,
        events.OPINION_GIVEN,
        events.CALL_BACK_SCHEDULED,
        events.CALL_BACK_MADE,
        events.CUSTOMER_REGISTERED,
        events.DEVICE_REVOKED,
        events.DEVICE_KEY_CHANGED,
        events.KEY_CERTIFIED,
        events.MESSAGE_WRITTEN,
        events.MESSAGE_RECEIVED,
        events.WAIT_ADVISED,
        events.ORDERS_IMPORTED,
        events.HAZARD_FOUND,
        events.HAZARD_CLEARED,
        events.HAZARD_NOTICE_ISSUED,
        events.HAZARD_NOTICE_SETTLED,
        events.LEAK_GRADED,
        events.EDITION_CHOSEN,
        events.PRICE_APPROVAL_ASKED,
        events.PRICE_APPROVAL_GIVEN,
        events.PAYMENT_RECORDED,
        events.CASH_HANDED_IN,
        events.CASH_OVERDUE,
        events.DAMAGE_RECORDED,
        events.DAMAGE_SETTLED,
        events.STOCK_MOVED,
        events.STOP_PLACED,
        events.STOP_LOCKED,
        events.PRIORITY_CHANGED,
        events.PROMISE_MADE,
        events.PROMISE_CHANGED,
        events.PROMISE_KEPT,
        events.CONTACT_TAKEN,
        events.CONTACT_ANSWER_DUE,
        events.CONTACT_ANSWERED,
        events.COMPLAINT_OPENED,
        events.COMPLAINT_MOVED,
        events.COMPLAINT_OVERDUE,
        events.FACT_LOOKED_AT,
        events.STAFF_CHANGED,
        events.GENERATION_BEGUN,
        events.REMOTE_SIGNING_OPENED,
        events.REMOTE_SIGNING_ENDED,
        events.REMOTE_LINK_SENT,
        events.MESSAGE_TRIED_AGAIN,
    }
)
_REPLANNED: Final = frozenset({"withdraw", "release", "reopen"})
_ENDED_AT_DESK: Final = frozenset({"cancel", "mark_duplicate", "hold"})
_CLOSED_DOOR: Final = "report_no_access"
_ENDS_A_PROMISE: Final = frozenset({"cancel", "mark_duplicate", "arrive", "finish_late", _CLOSED_DOOR})
_ENDS_A_JOB: Final = frozenset({"finish", "decline", "expire", "recall", "abandon", "supersede"})
_LEAVES_A_JOB: Final = "suspend"
_FREES_OTHERS: Final = "accept"


def reactions(profile: str) -> dict[str, tuple[Handler, ...]]:
    """Return what happens after each event, under one SLA profile."""
    return {
        events.WORK_ORDER_TRIAGED: (_with(profile, place_order),),
        events.WORK_ORDER_MOVED: (_with(profile, react_to_move),),
        events.WORK_ORDER_CLOSED: (end_promise, _with(profile, schedule_call_back)),
        events.ASSIGNMENT_MOVED: (_with(profile, free_technician),),
        events.REMAINING_TIME_TOLD: (_with(profile, look_again_at_leaks),),
        events.TECHNICIAN_ABSENT: (_replan(profile, absence.ABSENT),),
        events.TECHNICIAN_BACK: (_replan(profile, absence.BACK),),
        events.SHIFT_CHANGED: (_replan(profile, hours.SHIFT_CHANGE),),
        events.STORM_BEGUN: (_replan(profile, storm.STORM),),
        events.STORM_ENDED: (_replan(profile, storm.OVER),),
        events.DEVICE_ENROLLED: (tell_new_device,),
        events.DEVICE_ORDER_GIVEN: (tell_unlocked_device,),
        events.RECORD_SIGNED: (_with(profile, issue_copy_and_close),),
        events.REMOTE_SIGNATURE_GIVEN: (_with(profile, seal_remote_signature),),
        events.SIGNATURE_WAIVED: (_with(profile, issue_copy_and_close),),
        events.PICTURE_REPEATED: (flag_repeated_picture,),
        events.FILE_RECEIVED: (_with(profile, close_what_waited_for_files),),
    }


def duties(profile: str) -> dict[str, DueHandler]:
    """Return what is done when a deadline falls due."""
    return {
        work_order_service.BREACH: lambda tx, data: work_order_service.record_breaches(
            tx, data["work_order_id"], profile
        ),
        account_service.SHIFT_STARTS: lambda tx, data: devices.test_at_start(
            tx, data["technician_id"], data["start_ms"]
        ),
        devices.PUSH_UNANSWERED: lambda tx, data: devices.note_unanswered(tx, data["push_id"]),
        escalation.CLIMB: lambda tx, data: ladder.climb(tx, data["work_order_id"], data["fence"], profile),
        offers.OFFER_EXPIRES: lambda tx, data: offers.expire(tx, data["work_order_id"], data["epoch"], profile),
        offers.OFFER_DUE: lambda tx, data: dispatch.offer_due_stops(tx, profile, {data["technician_id"]}),
        absence_service.BEGINS: lambda tx, data: absence.take_effect(tx, data["absence_id"], profile),
        storm.OVER: lambda tx, _data: storm.run_out(tx),
        absence_service.OVER: lambda tx, data: absence.run_out(tx, data["absence_id"]),
        promises.REPLY_DUE: lambda tx, data: promises.look_at_reply(tx, data["promise_id"]),
        contacts.REPLY_DUE: lambda tx, data: contacts.look_at_reply(tx, data["contact_id"]),
        complaints.CLOCK_DUE: lambda tx, data: complaints.look_at_clocks(tx, data["complaint_id"], profile),
        positions.PURGE: lambda tx, _data: positions.purge(tx),
        purging.PURGE: lambda tx, data: purging.purge(tx, data["kept_days"]),
        posting.LOOK: lambda tx, _data: posting.look(tx, profile),
        doors.OPENS: lambda tx, data: dispatch.place_work_order(tx, data["work_order_id"], profile),
        cash.DUE: lambda tx, data: cash.note_overdue(tx, data["technician_id"]),
        dispatch.REPLAN: lambda tx, _data: dispatch.request_replan(tx, "periodic"),
    }


_AWAITED_MOVES: Final = {
    events.WORK_ORDER_MOVED: _REPLANNED | _ENDED_AT_DESK | _ENDS_A_PROMISE,
    events.ASSIGNMENT_MOVED: _ENDS_A_JOB | {_LEAVES_A_JOB, _FREES_OTHERS},
}
_AWAITED: Final = events.ALL - IGNORED


def is_awaited(event: Event) -> bool:
    """Tell whether an event has a reaction, so that it waits in the outbox; moves only by the commands that matter."""
    commands = _AWAITED_MOVES.get(event.type)
    if event.type not in _AWAITED or (commands is not None and event.data["command"] not in commands):
        return False
    # Whom an Accept has freed is reacted to with the Accept, once for all; one that frees nobody has no reaction.
    is_alone = event.data.get("command") == _FREES_OTHERS and not event.data.get("frees")
    return not is_alone and not event.data.get("freed_by")


def _with(profile: str, handler: Callable[[Tx, Event, str], None]) -> Handler:
    return lambda tx, event: handler(tx, event, profile)


def _replan(profile: str, cause: str) -> Handler:
    """Put the plan right after who is there has changed; here, because the gateway never solves."""
    return lambda tx, _event: dispatch.replan_after(tx, cause, profile)


def seal_remote_signature(tx: Tx, event: Event, profile: str) -> None:
    """Seal what a customer signed in his browser; here, because the gateway has no private key."""
    sealing.seal_given(tx, event, profile)


def list_pressing(session: orm.Session) -> list[str]:
    """Return the orders whose events are handled ahead of all others: open emergencies and urgent leaks."""
    return work_orders.list_pressing_ids(session)


def place_order(tx: Tx, event: Event, profile: str) -> None:
    """Find who goes to a new order."""
    dispatch.place_work_order(tx, event.work_order_id, profile)


def react_to_move(tx: Tx, event: Event, profile: str) -> None:
    """Place an order that came back to the plan; free the people of one that ended at the desk."""
    command = event.data["command"]
    if command in _ENDS_A_PROMISE:
        end_promise(tx, event)
    if command in _REPLANNED:
        dispatch.place_work_order(tx, event.work_order_id, profile)
    elif command in _ENDED_AT_DESK and _is_still(tx, event):
        dispatch.end_assignments(tx, event.work_order_id, command)
    elif command == _CLOSED_DOOR:
        show_closed_door(tx, event.work_order_id)
        documents.owe_for_closed_door(tx, event.work_order_id, str(event.data.get("assignment_id", "")))


def _is_still(tx: Tx, event: Event) -> bool:
    """Tell whether an order still stands where a command led it: who was sent since then is not called back by it."""
    return work_orders.lock_order(tx.session, tx.branch_id, event.work_order_id).state == str(event.data["target"])


def end_promise(tx: Tx, event: Event) -> None:
    """Nobody is told any more about a visit that has come or will not: the message is taken back."""
    order = work_orders.lock_order(tx.session, tx.branch_id, event.work_order_id)
    if order.arrived_ms is not None or WorkOrderState(order.state) not in OPEN_STATES:
        notices.take_back(tx, order.id)


def show_closed_door(tx: Tx, work_order_id: str) -> None:
    """No access is not no leak: a leak behind a closed door goes to the dispatcher at once."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.flag(tx, order, "no_access")
    if order.is_leak:
        tx.record(events.LEAK_UNACCEPTED, {"step": "siren", "reason": "no_access"}, work_order_id=order.id)
        escalation.start(tx, order, at_siren=True)


def free_technician(tx: Tx, event: Event, profile: str) -> None:
    """Give a technician who became free his next stop, and look again at every leak that waits for a busy crew."""
    if event.data["command"] == _LEAVES_A_JOB:
        dispatch.replan_after(tx, dispatch.EMERGENCY, profile)
    if event.data["command"] not in _ENDS_A_JOB | {_FREES_OTHERS}:
        return
    dispatch.recheck_leaks(tx, profile, event.seq)
    freed = None if event.data["command"] == _FREES_OTHERS else {event.data["technician_id"]}
    dispatch.offer_due_stops(tx, profile, freed)
    posting.keep_looking(tx)


def look_again_at_leaks(tx: Tx, event: Event, profile: str) -> None:
    """A crew told how long it still needs: leaks that wait for a crew are looked at again, later stops re-planned."""
    dispatch.recheck_leaks(tx, profile, event.seq)
    dispatch.request_replan(tx, "extended_visit")


def issue_copy_and_close(tx: Tx, event: Event, profile: str) -> None:
    """Make the customer's copy, then close the order; a leak only on evidence (decision 7)."""
    visits.issue_customer_copy(tx, event.data["record_id"])
    documents.owe_for_record(tx, event.data["record_id"])
    _close(tx, event.work_order_id, event.data["record_id"], profile)


def close_what_waited_for_files(tx: Tx, event: Event, profile: str) -> None:
    """A file has come: orders that waited for nothing else are closed."""
    for work_order_id in uploads.list_work_orders(tx.session, tx.branch_id, event.data["sha256"]):
        record = visit_rows.find_record(tx.session, work_order_id)
        if record is not None:
            _close(tx, work_order_id, record.id, profile)


def _close(tx: Tx, work_order_id: str, record_id: str, profile: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    is_signed = WorkOrderState(order.state) in {WorkOrderState.SIGNED, WorkOrderState.SIGN_WAIVED}
    if not is_signed or uploads.list_missing(tx.session, work_order_id):
        return
    try:
        evidence = visits.has_closure_evidence(tx, order, record_id)
        work_order_service.move(tx, order, "close", Role.SYSTEM, profile, closure_evidence=evidence)
    except DomainError as refused:
        work_order_service.flag(tx, order, refused.code)


def flag_repeated_picture(tx: Tx, event: Event) -> None:
    """Let a person look at orders that show the same picture; nothing is refused."""
    for work_order_id in event.data["work_order_ids"]:
        order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
        work_order_service.flag(tx, order, "picture_repeated")


def tell_new_device(tx: Tx, event: Event) -> None:
    """Let a newly enrolled phone hear of the jobs that its technician has already."""
    held = dispatch.list_held_orders(tx, event.data["technician_id"])
    journal.tell_again(tx.session, event.data["device_id"], held)


def tell_unlocked_device(tx: Tx, event: Event) -> None:
    """A phone that was locked missed what happened meanwhile: it hears of its jobs again."""
    if event.data["kind"] == devices.UNLOCK:
        tell_new_device(tx, event)


def schedule_call_back(tx: Tx, event: Event, profile: str) -> None:
    """Owe the customer a call (CO-17)."""
    call_backs.schedule_call_back(tx, event.work_order_id, profile)


def check_complete(on: dict[str, Any]) -> set[str]:
    """Return the journal events that are neither handled nor ignored on purpose; a guard test wants none."""
    return set(events.ALL) - set(on) - IGNORED
