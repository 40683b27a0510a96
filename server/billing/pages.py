"""The money page: cash and its hand-in, receipts, prices that a second person decides, damage claims."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Final

from flask import request
from werkzeug.wrappers import Response

from server.billing import cash, damages, ledger, pricing, repository
from server.core import pages, policies
from server.core.registry import DESK, OFFICE, Audience, Registry
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx

_PAGE: Final = "/money"
_MOST_YUAN: Final = 1_000_000
_DECISIONS: Final = {"yes": True, "no": False}


def register(registry: Registry) -> None:
    """Declare the slice's pages."""
    add, console = registry.add, Audience.CONSOLE
    add("GET", _PAGE, show, console, roles=OFFICE)
    add("POST", f"{_PAGE}/hand-in", hand_in, console, roles=OFFICE, limit="60/minute")
    add("POST", f"{_PAGE}/approval", decide, console, roles=DESK, limit="60/minute")
    add("POST", f"{_PAGE}/damage", settle, console, roles=DESK, limit="60/minute")


def show(call: Call) -> Response:
    """Show the day's money."""
    return _page(call, "", 200)


def hand_in(call: Call) -> Response:
    """Receive a technician's cash as it was counted."""
    form = request.form.to_dict()

    def work(tx: Tx) -> None:
        asked = cash.HandInRequest(counted_cents=read_yuan(form.get("counted", "")), note=form.get("note", "").strip())
        cash.hand_in(tx, form.get("technician_id", ""), asked)

    return pages.carry_out(call, work, _PAGE, lambda error, status: _page(call, error, status))


def decide(call: Call) -> Response:
    """Approve or refuse a price beyond the list, exactly as it was asked for (WA-05)."""
    form = request.form.to_dict()

    def work(tx: Tx) -> None:
        decision = _DECISIONS.get(form.get("decision", ""))
        if decision is None:
            raise DomainError("invalid_request", reason="decision")
        asked = pricing.DecideRequest(is_approved=decision, note=form.get("note", "").strip())
        pricing.decide_approval(tx, form.get("approval_id", ""), asked)

    return pages.carry_out(call, work, _PAGE, lambda error, status: _page(call, error, status))


def settle(call: Call) -> Response:
    """Settle a damage claim: its value, what was paid at once, or nothing; there is no other amount (ON-05)."""
    form = request.form.to_dict()

    def work(tx: Tx) -> None:
        claim = repository.get_damage(tx.session, tx.branch_id, form.get("damage_id", ""))
        amounts = {"full": claim.value_cents, "paid": claim.paid_cents, "none": 0}
        settled = amounts.get(form.get("choice", ""))
        if settled is None:
            raise DomainError("damage_choice_missing")
        note = form.get("note", "").strip()
        damages.settle_damage(tx, claim.id, damages.SettleRequest(settled_cents=settled, note=note))

    return pages.carry_out(call, work, _PAGE, lambda error, status: _page(call, error, status))


def read_yuan(text: str) -> int:
    """Return an amount in fen that was typed in yuan. Raises DomainError `payment_invalid`."""
    try:
        amount = decimal.Decimal(text.strip())
    except decimal.InvalidOperation as fault:
        raise DomainError("payment_invalid") from fault
    if not amount.is_finite() or not 0 <= amount <= _MOST_YUAN or amount * 100 != int(amount * 100):
        raise DomainError("payment_invalid")
    return int(amount * 100)


def _page(call: Call, error: str, status: int) -> Response:
    branch_id, zone = call.actor.branch_id, call.settings.time_zone
    data = call.read(lambda s: ledger.read(s, branch_id, call.now_ms, zone))
    hours = policies.cash_hours()
    by = {"by": f"{hours.hand_in_by:%H:%M}", "late": f"{hours.late_hand_in_by:%H:%M}"}
    return pages.render(call, "money.html", error, status, **data, by=by, may_decide=call.actor.role in DESK)
