"""Events of a phone from before it was enrolled anew: filed as what they are, or kept for a person (reliability 3.4).

Whoever enrols a phone again finds the work in it that was never sent. It was sealed under the device and by the
technician of that time, so it is verified and filed as theirs, never as the new one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts.models import Device
from server.visits.service import Sender
from shared import wire

EARLIER_ENROLMENT: Final = "earlier_enrolment"
_LONGEST_ID: Final = 36


def find_sender(
    session: orm.Session, device: Device, told: wire.EarlierEvents, boots: Mapping[str, int]
) -> Sender | None:
    """Return as whose a phone's earlier events are filed; None when nothing shows that it was that device.

    The device is of the same branch and was that technician's; it was the calling technician's own, or this very phone:
    both enrolments name one seal key, and the phone's `boots` are that device's too. That its access has ended since
    takes nothing from what was done before.
    """
    origin = accounts.find_device(session, told.device_id) if _is_id(told.device_id) else None
    if origin is None or (origin.branch_id, origin.technician_id) != (device.branch_id, told.technician_id):
        return None
    is_own = origin.technician_id == device.technician_id
    if not (is_own or accounts.has_common_key(session, origin.id, device.id)):
        return None
    return Sender(
        device_id=origin.id,
        technician_id=origin.technician_id,
        flags=() if origin.id == device.id else (EARLIER_ENROLMENT,),
        boots={**origin.boots, **boots},
    )


def _is_id(told: str) -> bool:
    return len(told) <= _LONGEST_ID and told.isascii() and told.isprintable()
