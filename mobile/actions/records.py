"""The end of a visit: the record that is shown is the record that is signed and sealed (SG-01, SG-02, FT-02)."""

from __future__ import annotations

import msgspec

from mobile.actions.desk import Desk
from shared import facts, wire
from shared.errors import DomainError


class RecordDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer is shown before signing: the exact text, its code of 8 characters, and when it was drawn up."""

    record_json: str
    view_code: str
    at_ms: int


def draft_record(desk: Desk, work_order_id: str) -> RecordDraft:
    """Draw up the record of the visit as it stands, for the signing screen. Raises DomainError `record_blocked`."""
    raise DomainError("record_blocked", work_order_id=work_order_id)


def sign_record(
    desk: Desk,
    work_order_id: str,
    *,
    strokes: tuple[facts.Stroke, ...],
    signer_relation: str,
    opinion: str = "",
    draft: RecordDraft | None = None,
) -> wire.PhoneEvent:
    """Seal the record with the customer's strokes in the device's chain.

    `draft` is what was shown; without it the record is drawn up now. Raises DomainError `record_blocked` with the
    blockers, `record_changed` when the evidence is no longer what was shown, `signature_empty`, `not_on_site`.
    """
    raise DomainError("record_blocked", work_order_id=work_order_id)


def waive_signature(
    desk: Desk, work_order_id: str, *, reason: str, witness: str = "", draft: RecordDraft | None = None
) -> wire.PhoneEvent:
    """Seal the record without a signature: refused or absent, with a witness when absent (SG-04).

    Raises DomainError as `sign_record` does.
    """
    raise DomainError("record_blocked", work_order_id=work_order_id)
