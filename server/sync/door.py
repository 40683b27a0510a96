"""What facts set going beside the order's own states: hazards, grades, closed doors, prices, money, parts.

A fact stands whatever comes of it: nothing here refuses, what breaks a rule comes back as a flag (decision 2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from server.accounts import repository as accounts
from server.billing import cash, damages, pricing
from server.core import policies
from server.hazards import service as hazards
from server.remote_signing import service as remote_signing
from server.stock import service as stock
from server.sync.case import Case
from server.visits import service as visits
from shared import door_facts, facts, no_access, prices
from shared.visit import VisitState

Flags = tuple[str, ...]


def react(case: Case) -> Flags:
    """Carry out what a stored fact sets going; return what a person should look at."""
    reaction = _REACTIONS.get(type(case.event.body))
    return reaction(case, case.event.body) if reaction is not None else ()


def list_charge_problems(case: Case) -> Flags:
    """Return why the charge that the customer agreed to may not stand in a record (WA-05)."""
    return pricing.list_flags(case.tx, case.order.id, _state(case))


def _state(case: Case) -> VisitState:
    return visits.state_of(case.tx, case.assignment.id)


def _visit(case: Case) -> hazards.Visit:
    return hazards.Visit(
        order=case.order,
        assignment_id=case.assignment.id,
        technician_id=case.sender.technician_id,
        event_id=case.event.id,
        at_ms=case.at_ms,
    )


def _review(case: Case, _body: Any) -> Flags:
    return hazards.review(case.tx, _visit(case), case.desk)


def _grade(case: Case, body: door_facts.LeakGraded) -> Flags:
    technician = accounts.find_technician(case.tx.session, case.sender.technician_id)
    skills = [(str(s["name"]), int(s["valid_until_ms"])) for s in technician.skills] if technician else []
    return hazards.record_grade(case.tx, _visit(case), body, skills)


def _no_access(case: Case, _body: Any) -> Flags:
    missing = no_access.list_missing(policies.ladder(), is_leak=case.order.is_leak, visit=_state(case))
    return ("no_access_unproved",) if missing else ()


def _price(case: Case, _body: Any) -> Flags:
    state = _state(case)
    late = prices.is_after_work(visits.protocols_of(case.order), state)
    return (*pricing.list_flags(case.tx, case.order.id, state), *(("price_after_work",) if late else ()))


def _ask_approval(case: Case, body: door_facts.PriceApprovalAsked) -> Flags:
    pricing.ask_approval(case.tx, case.event.id, case.order.id, case.sender.technician_id, body)
    return ()


def _payment(case: Case, body: door_facts.PaymentTaken) -> Flags:
    who = case.sender.technician_id
    flags = cash.record_payment(case.tx, case.event.id, case.order.id, who, body, case.at_ms, case.desk.time_zone)
    return tuple(dict.fromkeys((*flags, *cash.list_flags(case.tx, case.order.id, _state(case)))))


def _damage(case: Case, body: door_facts.DamageClaimed) -> Flags:
    damages.record_damage(case.tx, case.event.id, case.order.id, case.sender.technician_id, body, case.at_ms)
    return ()


def _part(case: Case, body: facts.PartUsed) -> Flags:
    return stock.use_part(case.tx, case.event.id, case.sender.technician_id, case.order.id, body)


def _pin_locked(_case: Case, _body: Any) -> Flags:
    return ("pin_locked",)


def _ask_remote(case: Case, body: door_facts.RemoteSigningAsked) -> Flags:
    return remote_signing.open_signing(case.tx, case.order, case.assignment, body.record_json)


_REACTIONS: Final[dict[type[facts.Body], Callable[[Case, Any], Flags]]] = {
    facts.StepAnswered: _review,
    facts.ReadingRecorded: _review,
    facts.TimerStopped: _review,
    facts.NoAccessRecorded: _no_access,
    facts.PartUsed: _part,
    door_facts.LeakGraded: _grade,
    door_facts.PriceShown: _price,
    door_facts.PriceApprovalAsked: _ask_approval,
    door_facts.PaymentTaken: _payment,
    door_facts.DamageClaimed: _damage,
    door_facts.PinLocked: _pin_locked,
    door_facts.RemoteSigningAsked: _ask_remote,
}
