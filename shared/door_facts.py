"""What a phone reports at the door beside the work: the leak's grade, hand-overs, warranty, price, money, damage."""

from __future__ import annotations

from typing import Final

import msgspec

from shared.errors import DomainError
from shared.fact_base import MOST_PIECES, Body, check_length

MOST_CENTS: Final = 100_000_000
_MOST_LINES: Final = 100
_GRADES: Final = (1, 2, 3)


class LeakGraded(Body, frozen=True, kw_only=True, tag="leak_graded"):
    """The leak's grade, 1 (existing hazard) to 3, with the reason; only a qualified person's word counts."""

    grade: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse grades that do not exist and empty reasons. Raises DomainError `leak_grade_invalid`."""
        if self.grade not in _GRADES or not self.reason.strip():
            raise DomainError("leak_grade_invalid", grade=self.grade)
        check_length(self.reason)


class HandedOver(Body, frozen=True, kw_only=True, tag="handed_over"):
    """Somebody took the matter over and gave his name: a confirmed hand-over, not a tick (Flower Branch).

    `to` is a code: supervisor, fire_brigade, gas_emergency, property, engineering.
    """

    to: str
    person: str
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a hand-over to nobody. Raises DomainError `hand_over_without_name`."""
        if not self.person.strip():
            raise DomainError("hand_over_without_name")
        check_length(self.to, self.person, self.note)


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of the six exclusions of the warranty, with the SHA-256 of the photo that shows it (WA-04)."""

    code: str
    photo: str = ""


class WarrantyJudged(Body, frozen=True, kw_only=True, tag="warranty_judged"):
    """What was found for the warranty: dates as ISO 8601, exclusions with evidence; shared.warranty decides (WA-02)."""

    product: str
    invoice_date: str = ""
    has_card: bool = False
    is_quality_fault: bool = False
    exclusions: tuple[Exclusion, ...] = ()


class PriceLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of a price: an item of the dated list, how many, and what each costs in fen."""

    code: str
    quantity: int = 1
    unit_cents: int


class PriceShown(Body, frozen=True, kw_only=True, tag="price_shown"):
    """The customer saw the price and agreed or not, before the work (WA-05). `approval` names a second person's yes."""

    list_ref: str
    lines: tuple[PriceLine, ...]
    is_agreed: bool
    approval: str = ""

    def __post_init__(self) -> None:
        """Refuse amounts that no list can hold. Raises DomainError `price_invalid`."""
        fits = all(0 < p.quantity <= MOST_PIECES and 0 <= p.unit_cents <= MOST_CENTS for p in self.lines)
        if not fits or len(self.lines) > _MOST_LINES:
            raise DomainError("price_invalid")


class PriceApprovalAsked(Body, frozen=True, kw_only=True, tag="price_approval_asked"):
    """The technician asks a second person to approve a price that is not the list's (WA-05)."""

    list_ref: str
    lines: tuple[PriceLine, ...]
    reason: str

    def __post_init__(self) -> None:
        """Refuse amounts that no list can hold, and no reason. Raises DomainError `price_invalid`."""
        fits = all(0 < p.quantity <= MOST_PIECES and 0 <= p.unit_cents <= MOST_CENTS for p in self.lines)
        if not fits or not 0 < len(self.lines) <= _MOST_LINES or not self.reason.strip():
            raise DomainError("price_invalid")
        check_length(self.reason)


class PaymentTaken(Body, frozen=True, kw_only=True, tag="payment_taken"):
    """Money taken at the door, counted face to face, with the number of its receipt (WA-08).

    `method` is a code: cash, wechat, alipay, card.
    """

    amount_cents: int
    method: str
    receipt: str

    def __post_init__(self) -> None:
        """Refuse what is no payment. Raises DomainError `payment_invalid`."""
        if not 0 < self.amount_cents <= MOST_CENTS or not self.receipt.strip():
            raise DomainError("payment_invalid")


class DamageClaimed(Body, frozen=True, kw_only=True, tag="damage_claimed"):
    """Something of the customer's was damaged: what, its value in fen, the photo, what was paid at once (ON-05)."""

    item: str
    value_cents: int
    photo: str = ""
    paid_cents: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no damage. Raises DomainError `damage_invalid`."""
        if not self.item.strip() or not 0 <= self.paid_cents <= self.value_cents <= MOST_CENTS:
            raise DomainError("damage_invalid")
        check_length(self.item, self.note)


class PinLocked(Body, frozen=True, kw_only=True, tag="pin_locked"):
    """Somebody on the customer's screen guessed at the technician's PIN until the phone refused more (threat C9)."""

    failures: int


class RemoteSigningAsked(Body, frozen=True, kw_only=True, tag="remote_signing_asked"):
    """The customer is to sign in his own browser: the exact text that he will be shown and sign (SG-07)."""

    record_json: str
