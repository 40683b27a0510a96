"""What a phone reports: facts from the field and intents. Facts are never refused, only intents can be (decision 2)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from shared import door_facts, fact_base
from shared.errors import DomainError

_DEGREES_LAT: Final = 90.0
_DEGREES_LON: Final = 180.0
_SHA256_LENGTH: Final = 64
_HEXADECIMAL: Final = frozenset("0123456789abcdef")
# A bound of the wire, not policy: what a phone's camera can make; pictures are made smaller before they are sent.
LARGEST_FILE_BYTES: Final = 32 * 1024 * 1024
_LONGEST_REMAINING_S: Final = 7 * 86_400
_LONGEST_TEXT: Final = 2000
_MOST_PIECES: Final = 9999

Body = fact_base.Body  # the base of every body below, and of those at the door


class AssignmentDelivered(Body, frozen=True, kw_only=True, tag="assignment_delivered"):
    """The phone has stored the assignment."""


class AssignmentSeen(Body, frozen=True, kw_only=True, tag="assignment_seen"):
    """The technician has opened the assignment."""


class AssignmentAccepted(Body, frozen=True, kw_only=True, tag="assignment_accepted"):
    """The technician takes the job; the server decides who was first."""

    intent: ClassVar[bool] = True


class AssignmentDeclined(Body, frozen=True, kw_only=True, tag="assignment_declined"):
    """The technician cannot take the job."""

    intent: ClassVar[bool] = True
    reason: str


class Departed(Body, frozen=True, kw_only=True, tag="departed"):
    """The technician drives to the job."""


class Arrived(Body, frozen=True, kw_only=True, tag="arrived"):
    """The technician stands at the job; the place is as the phone measured it, WGS-84, or absent."""

    lat: float | None = None
    lon: float | None = None

    def __post_init__(self) -> None:
        """Refuse places outside the earth. Raises DomainError `place_invalid`."""
        check_place(self.lat, self.lon)


class SiteMadeSafe(Body, frozen=True, kw_only=True, tag="site_made_safe"):
    """The hazard is under control: how, in a code (isolated, ventilated, no_gas_found, repaired)."""

    how: str


class StepAnswered(Body, frozen=True, kw_only=True, tag="step_answered"):
    """One step of a protocol is answered: `outcome` is pass, fail, not_applicable or a choice's code."""

    protocol: str
    step: str
    outcome: str
    note: str = ""


class ReadingRecorded(Body, frozen=True, kw_only=True, tag="reading_recorded"):
    """One reading: `value` is a decimal in text, so that what was read is what is stored."""

    protocol: str
    step: str
    value: str
    unit: str
    instrument_serial: str = ""
    instrument_valid_until: str = ""


class TimerStopped(Body, frozen=True, kw_only=True, tag="timer_stopped"):
    """A running timer of a step (flame failure, standing time) was stopped after so many milliseconds."""

    protocol: str
    step: str
    elapsed_ms: int


class NoteAdded(Body, frozen=True, kw_only=True, tag="note_added"):
    """A remark in words."""

    text: str


class PhotoTaken(Body, frozen=True, kw_only=True, tag="photo_taken"):
    """A photo, told by what it is; its bytes travel in a lane of their own under the same SHA-256 (hexadecimal).

    `purpose` is a code: before, after, hazard, meter, door, reading, other. The place is as the phone measured it.
    """

    sha256: str
    size_bytes: int
    mime: str
    purpose: str
    protocol: str = ""
    step: str = ""
    note: str = ""
    lat: float | None = None
    lon: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no file can be. Raises DomainError `file_invalid`, `place_invalid`."""
        check_place(self.lat, self.lon)
        if not is_sha256(self.sha256) or not 0 < self.size_bytes <= LARGEST_FILE_BYTES:
            raise DomainError("file_invalid", sha256=self.sha256[:_SHA256_LENGTH], size_bytes=self.size_bytes)


class RemainingTimeEstimated(Body, frozen=True, kw_only=True, tag="remaining_time_estimated"):
    """The technician's one-tap answer: seconds until he can leave."""

    remaining_s: int

    def __post_init__(self) -> None:
        """Refuse what is no remaining time of a visit. Raises DomainError `remaining_time_invalid`."""
        if not 0 <= self.remaining_s <= _LONGEST_REMAINING_S:
            raise DomainError("remaining_time_invalid", remaining_s=self.remaining_s)


class NoAccessRecorded(Body, frozen=True, kw_only=True, tag="no_access_recorded"):
    """Nobody opened. No access is a state with its own clock, never a close.

    `proofs` are the codes of the ladder's rungs that were climbed (shared/catalog/no-access-*.toml).
    """

    reason: str
    note: str = ""
    proofs: tuple[str, ...] = ()


class EngineeringRequested(Body, frozen=True, kw_only=True, tag="engineering_requested"):
    """Too hard for one technician: the centre takes over (ON-09, DI-12)."""

    note: str


class OutcomeDeclared(Body, frozen=True, kw_only=True, tag="outcome_declared"):
    """How the job ended: repaired, isolated, all_clear, done, follow_up; with cause and work in words."""

    outcome: str
    cause: str = ""
    work_done: str = ""


class Stroke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a signature: points of (x, y, ms since the first touch), x and y in thousandths of the pad.

    A fourth number is the pressure in thousandths, where the glass can feel it.
    """

    points: tuple[Annotated[tuple[int, ...], msgspec.Meta(min_length=3, max_length=4)], ...]


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A link of the device's own chain over a signed record (decision 4). Hashes and signature in hexadecimal."""

    alg: str
    key_id: str
    chain_seq: int
    previous_hash: str
    content_hash: str
    seal_hash: str
    signature: str = ""


class RecordSigned(Body, frozen=True, kw_only=True, tag="record_signed"):
    """The customer signed: the exact text that was shown, strokes, who signed, and the device's seal (SG-01, SG-02)."""

    record_json: str
    strokes: tuple[Stroke, ...]
    signer_relation: str
    opinion: str = ""
    seal: Seal


class SignatureWaived(Body, frozen=True, kw_only=True, tag="signature_waived"):
    """No signature: refused or absent; sealed all the same. When absent a second person signs as witness (SG-04)."""

    record_json: str
    reason: str
    witness: str = ""
    strokes: tuple[Stroke, ...] = ()
    seal: Seal


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A measuring instrument that is carried: `valid_until` is the last day of its calibration, ISO 8601 (PA-04)."""

    serial: str
    kind: str = ""
    valid_until: str = ""


class StockLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """So many pieces of one part and lot in the van."""

    part: str
    lot: str = ""
    quantity: int


class ShiftStarted(Body, frozen=True, kw_only=True, tag="shift_started"):
    """The technician begins his shift: fit for duty or not, what he carries, whether a test push was heard.

    Belongs to no work order. `is_push_heard` is None when it was not tried.
    """

    is_fit: bool
    reason: str = ""
    instruments: tuple[Instrument, ...] = ()
    stock: tuple[StockLine, ...] = ()
    is_push_heard: bool | None = None


class PartUsed(Body, frozen=True, kw_only=True, tag="part_used"):
    """How many pieces of one part and lot this visit has used in all; a later word replaces the earlier, 0 undoes."""

    part: str
    lot: str = ""
    quantity: int

    def __post_init__(self) -> None:
        """Refuse what is no count of pieces. Raises DomainError `quantity_invalid`."""
        if not 0 <= self.quantity <= _MOST_PIECES:
            raise DomainError("quantity_invalid", quantity=self.quantity)


class OdourReported(Body, frozen=True, kw_only=True, tag="odour_reported"):
    """The technician smells gas somewhere else (decision 15). Belongs to no work order; opens one at the desk.

    `location` and `answers` are codes of the triage rules; the place is as the phone measured it, WGS-84.
    """

    address: str
    location: str = "unknown"
    answers: dict[str, str | bool] = msgspec.field(default_factory=dict)
    description: str = ""
    lat: float | None = None
    lon: float | None = None

    def __post_init__(self) -> None:
        """Refuse places outside the earth and endless words. Raises DomainError `place_invalid`, `text_too_long`."""
        check_place(self.lat, self.lon)
        _check_length(self.address, self.description)


class MessageSent(Body, frozen=True, kw_only=True, tag="message_sent"):
    """A message to the centre; `about` is the work order that it speaks of, if any. Belongs to no work order."""

    text: str
    about: str = ""

    def __post_init__(self) -> None:
        """Refuse endless words. Raises DomainError `text_too_long`."""
        _check_length(self.text)


class MessageDelivered(Body, frozen=True, kw_only=True, tag="message_delivered"):
    """The phone has stored a message of the centre. Belongs to no work order."""

    message_id: str


class MessageRead(Body, frozen=True, kw_only=True, tag="message_read"):
    """The technician has read a message of the centre. Belongs to no work order."""

    message_id: str


class TestPushSeen(Body, frozen=True, kw_only=True, tag="test_push_seen"):
    """The phone has received a test alarm: its channel is proven for this shift."""

    push_id: str


AnyBody = (
    AssignmentDelivered
    | AssignmentSeen
    | AssignmentAccepted
    | AssignmentDeclined
    | Departed
    | Arrived
    | SiteMadeSafe
    | StepAnswered
    | ReadingRecorded
    | TimerStopped
    | NoteAdded
    | PhotoTaken
    | RemainingTimeEstimated
    | NoAccessRecorded
    | EngineeringRequested
    | OutcomeDeclared
    | RecordSigned
    | SignatureWaived
    | ShiftStarted
    | PartUsed
    | door_facts.LeakGraded
    | door_facts.HandedOver
    | door_facts.WarrantyJudged
    | door_facts.PriceShown
    | door_facts.PriceApprovalAsked
    | door_facts.PaymentTaken
    | door_facts.DamageClaimed
    | door_facts.PinLocked
    | door_facts.RemoteSigningAsked
    | OdourReported
    | MessageSent
    | MessageDelivered
    | MessageRead
    | TestPushSeen
)
# What a phone reports without a work order: its event carries an empty work_order_id.
LOOSE: Final = (ShiftStarted, OdourReported, MessageSent, MessageDelivered, MessageRead, TestPushSeen)


def check_place(lat: float | None, lon: float | None) -> None:
    """Refuse half a place, a place outside the earth, and what is no number. Raises DomainError `place_invalid`."""
    if lat is None and lon is None:
        return
    if lat is None or lon is None or not (abs(lat) <= _DEGREES_LAT and abs(lon) <= _DEGREES_LON):
        raise DomainError("place_invalid", lat=lat, lon=lon)


def _check_length(*told: str) -> None:
    if any(len(text) > _LONGEST_TEXT for text in told):
        raise DomainError("text_too_long")


def is_sha256(text: str) -> bool:
    """Tell whether a text is a SHA-256 in lower-case hexadecimal."""
    return len(text) == _SHA256_LENGTH and set(text) <= _HEXADECIMAL


def name_of(body: Body) -> str:
    """Return the event's name on the wire."""
    return str(body.__struct_config__.tag)
