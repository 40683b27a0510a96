"""Commands by name, for callers that choose one at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mobile.actions import assignments, door, parts, photos, records, visits
from shared import wire

COMMANDS: Final[dict[str, Callable[..., wire.PhoneEvent | None]]] = {
    command.__name__: command
    for command in (
        assignments.see_assignment,
        assignments.accept_assignment,
        assignments.decline_assignment,
        assignments.depart,
        assignments.arrive,
        visits.answer_step,
        visits.record_reading,
        visits.stop_timer,
        visits.add_note,
        photos.take_photo,
        parts.use_part,
        visits.estimate_remaining_time,
        visits.make_safe,
        visits.declare_outcome,
        visits.record_no_access,
        visits.hand_over,
        visits.request_engineering,
        door.grade_leak,
        door.judge_warranty,
        door.show_price,
        door.ask_price_approval,
        door.take_payment,
        door.claim_damage,
        records.sign_record,
        records.waive_signature,
        records.ask_remote_signature,
    )
}
