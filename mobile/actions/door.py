"""Commands at the door: the leak's grade, the warranty, the price before the work, money, damage (WA-01 to WA-08)."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Collection, Mapping

import msgspec

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.platform import catalog
from mobile.store import jobs, outbox
from shared import door_facts, leak_grades, prices, warranty, wire
from shared.door_facts import PriceLine
from shared.errors import DomainError


def grade_leak(desk: Desk, work_order_id: str, *, grade: int, reason: str) -> wire.PhoneEvent:
    """Grade the leak from 1 to 3 with the reason. Raises DomainError `leak_grade_invalid`, `not_on_site`."""
    return desks.append(desk, work_order_id, door_facts.LeakGraded(grade=grade, reason=reason), desks.check_on_site)


def suggest_grade(readings: Mapping[str, decimal.Decimal], conditions: Collection[str] = ()) -> leak_grades.Criterion:
    """Return the grade that readings (space → %LEL) and conditions amount to, with the criterion that decides."""
    return leak_grades.grade(catalog.load_grade_rules(), readings, conditions)


def judge_warranty(
    desk: Desk,
    work_order_id: str,
    *,
    product: str,
    invoice_date: str,
    has_card: bool,
    is_quality_fault: bool,
    exclusions: Mapping[str, str] | None = None,
) -> wire.PhoneEvent:
    """State what was found for the warranty; `exclusions` maps codes to the photos that show them.

    Raises DomainError `not_on_site`.
    """
    body = door_facts.WarrantyJudged(
        product=product,
        invoice_date=invoice_date,
        has_card=has_card,
        is_quality_fault=is_quality_fault,
        exclusions=tuple(door_facts.Exclusion(code=c, photo=p) for c, p in (exclusions or {}).items()),
    )
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def decide_warranty(desk: Desk, work_order_id: str) -> warranty.Decision | None:
    """Return the decision with its table, for the customer to see; None before anything was found."""
    job = _job(desk, work_order_id)
    found = job.visit.warranty
    return None if found is None else warranty.decide(catalog.load_warranty(), found, _today(desk, job))


def quote(
    desk: Desk, work_order_id: str, *, parts: Mapping[str, int] | None = None
) -> tuple[str, tuple[PriceLine, ...]]:
    """Return list and lines to show: the job's items and parts, free of charge under warranty.

    Raises DomainError `price_not_in_list`, `price_list_invalid`, `order_not_here`.
    """
    job = _job(desk, work_order_id)
    decision = decide_warranty(desk, work_order_id)
    chosen = prices.choose(catalog.load_prices(), _today(desk, job))
    is_free = job.is_leak or (decision is not None and decision.verdict == warranty.FREE)
    return chosen.ref, prices.quote(chosen, job.fault_kind, is_free=is_free, parts=parts)


def show_price(
    desk: Desk, work_order_id: str, *, is_agreed: bool, parts: Mapping[str, int] | None = None, approval: str = ""
) -> wire.PhoneEvent:
    """Keep that the customer saw the price and agreed or not; amounts come from the list or from an approval only.

    Raises DomainError `price_amount_changed` for an approval that was not given, and as `quote` does.
    """
    list_ref, lines = _approved(desk, work_order_id, approval) if approval else quote(desk, work_order_id, parts=parts)
    body = door_facts.PriceShown(list_ref=list_ref, lines=lines, is_agreed=is_agreed, approval=approval)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def ask_price_approval(desk: Desk, work_order_id: str, *, amounts: Mapping[str, int], reason: str) -> wire.PhoneEvent:
    """Ask a second person for amounts (item → fen) that are not the list's. Raises DomainError `price_invalid`."""
    list_ref = prices.choose(catalog.load_prices(), _today(desk, _job(desk, work_order_id))).ref
    lines = tuple(PriceLine(code=code, unit_cents=cents) for code, cents in amounts.items())
    body = door_facts.PriceApprovalAsked(list_ref=list_ref, lines=lines, reason=reason)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def take_payment(desk: Desk, work_order_id: str, *, amount_cents: int, method: str, receipt: str) -> wire.PhoneEvent:
    """Keep a payment with its receipt's number. Raises DomainError `payment_invalid`, `payment_not_agreed`."""
    visit = _job(desk, work_order_id).visit
    paid = sum(payment.amount_cents for payment in visit.payments)
    if paid + amount_cents > prices.total(prices.list_agreed(visit)):
        raise DomainError("payment_not_agreed")
    body = door_facts.PaymentTaken(amount_cents=amount_cents, method=method, receipt=receipt)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


def claim_damage(
    desk: Desk, work_order_id: str, *, item: str, value_cents: int, photo: str = "", paid_cents: int = 0, note: str = ""
) -> wire.PhoneEvent:
    """Keep a damage at the customer's, in fen. Raises DomainError `damage_invalid`, `not_on_site`."""
    body = door_facts.DamageClaimed(item=item, value_cents=value_cents, photo=photo, paid_cents=paid_cents, note=note)
    return desks.append(desk, work_order_id, body, desks.check_on_site)


class CashDue(msgspec.Struct, frozen=True, kw_only=True):
    """The cash taken today, in fen, and until when it is handed in by the phone's own clock (WA-08)."""

    cents: int
    by: dt.time
    is_late: bool


def find_cash(desk: Desk) -> CashDue | None:
    """Return the cash of today that has to be handed in, None when none was taken; by what this phone has told."""
    now = dt.datetime.fromtimestamp(desk.clock.now_ms() / 1000)  # noqa: DTZ006 - the phone's own zone
    with desk.store.read() as db:
        told = [item.event for item in outbox.list_archived(db)] + [item.event for item in outbox.list_pending(db)]
    taken = {
        event.id: event.body.amount_cents
        for event in told
        if isinstance(event.body, door_facts.PaymentTaken)
        and event.body.method == "cash"
        and dt.datetime.fromtimestamp(event.occurred.wall_ms / 1000).date() == now.date()  # noqa: DTZ006 - as above
    }
    by = catalog.load_cash_rules().hand_in_by
    return CashDue(cents=sum(taken.values()), by=by, is_late=now.time() > by) if taken else None


def _job(desk: Desk, work_order_id: str) -> wire.Job:
    with desk.store.read() as db:
        return jobs.get_job(db, work_order_id).job


def _today(desk: Desk, job: wire.Job) -> dt.date:
    """Return the local day, by the offset of the job's protocols."""
    protocols = desk.shelf.list_protocols(job.protocols)
    offset = dt.timedelta(minutes=protocols[0].utc_offset_min if protocols else 0)
    return (dt.datetime.fromtimestamp(desk.clock.now_ms() / 1000, dt.UTC) + offset).date()


def _approved(desk: Desk, work_order_id: str, approval: str) -> tuple[str, tuple[PriceLine, ...]]:
    given = {a.id: a for a in _job(desk, work_order_id).approvals if a.state == "approved"}
    if approval not in given:
        raise DomainError("price_amount_changed", item=approval)
    return given[approval].list_ref, given[approval].lines
