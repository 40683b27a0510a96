"""Wire types of the sync call and the sockets (decisions 1 to 3). Times are Unix milliseconds, names end in `_ms`."""

from __future__ import annotations

from typing import Final

import msgspec

from shared import door_facts, facts, visit
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.work_order import WorkOrderState

PROTOCOL_VERSION: Final = 1
EVENTS_PER_SYNC: Final = 50
# A call with much to say bears a random mark; /readyz?call=MARK tells on a fresh line whether it is being worked on.
CALL_MARK_HEADER: Final = "X-Call"
CHANGES_PER_SYNC: Final = 100

DOORBELL: Final = "doorbell"  # server → device: Doorbell
BOARD: Final = "board"  # server → console: list of BoardChange
POSITIONS: Final = "positions"  # device → server: list of Position; server → console: list of TechnicianPosition
VIEW: Final = "view"  # console → server: View
PING: Final = "ping_server"  # device → server
PONG: Final = "pong_server"  # server → sender of a ping
NACK: Final = "nack"  # server → sender: Nack
SIREN: Final = "siren"  # server → console: a leak that nobody accepts


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all wire values: strict, immutable."""


class Occurred(Wire, frozen=True, kw_only=True):
    """When it happened by the phone: wall clock, monotonic clock within one boot, estimated offset to the server."""

    wall_ms: int
    mono_ms: int = 0
    boot_id: str = ""
    offset_ms: int = 0


class PhoneEvent(Wire, frozen=True, kw_only=True):
    """One event of a phone. `id` is its idempotency key for good, `dseq` is gapless per device."""

    id: str
    dseq: int
    work_order_id: str
    assignment_id: str = ""
    epoch: int = 0
    occurred: Occurred
    body: facts.AnyBody
    files: tuple[str, ...] = ()


class Position(Wire, frozen=True, kw_only=True):
    """Where a phone was, WGS-84; `heading_deg` clockwise from north, speed in metres per second."""

    at_ms: int
    lat: float
    lon: float
    accuracy_m: float = 0.0
    heading_deg: float | None = None
    speed_m_s: float | None = None
    is_mocked: bool = False

    def __post_init__(self) -> None:
        """Refuse places outside the earth. Raises DomainError `place_invalid`."""
        facts.check_place(self.lat, self.lon)


class EarlierEvents(Wire, frozen=True, kw_only=True):
    """Events that a phone made under an earlier enrolment: that device's and that technician's, sealed as such."""

    device_id: str
    technician_id: str
    events: tuple[msgspec.Raw, ...]


class Outbox(Wire, frozen=True, kw_only=True):
    """How a phone's events stand: the last number it has given to one, and how many the server has not confirmed."""

    given: int
    unsent: int


class SyncRequest(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """A phone's call. Events and positions stay raw so that one unreadable item cannot hold up the others.

    An event decodes to `PhoneEvent`, a position to `Position`. `earlier` are events from before the phone was enrolled
    anew; they are older than `events`. `guard` acknowledges an order of the desk: empty, `locked` or `wiped`. `outbox`
    counts the phone's events, those of this call among them. `boot_id` and `sent_mono_ms` say what the clock that never
    jumps shows as the call leaves. `signing` is the work order whose customer holds the phone to sign.
    """

    v: int
    gen: str
    cursor: int
    events: tuple[msgspec.Raw, ...] = ()
    earlier: tuple[EarlierEvents, ...] = ()
    positions: tuple[msgspec.Raw, ...] = ()
    wait_s: float = 0.0
    sent_at_ms: int = 0
    location_paused: bool = False
    guard: str = ""
    outbox: Outbox | None = None
    boot_id: str = ""
    sent_mono_ms: int = 0
    signing: str = ""


class TestPush(Wire, frozen=True, kw_only=True):
    """The newest test alarm of a technician's shift: when it was sent, when his phone answered, or that it did not."""

    id: str
    sent_ms: int
    seen_ms: int | None = None
    is_missed: bool = False


class EventResult(Wire, frozen=True, kw_only=True):
    """What became of one event.

    `outcome` is applied, duplicate, filed_late, flagged, quarantined (the evidence is kept), rejected (intents only)
    or retry. `code` names the reason's text, `text` carries it in both languages.
    """

    id: str
    outcome: str
    code: str = ""
    text: dict[str, str] = {}
    flags: tuple[str, ...] = ()


class ClockView(Wire, frozen=True, kw_only=True):
    """One SLA clock as computed by the server: `kind` arrive_by, handle_by, repair_by, call_back_by."""

    kind: str
    due_ms: int
    started_ms: int
    met_ms: int | None = None
    paused: bool = False
    breached: bool = False


class PastVisit(Wire, frozen=True, kw_only=True):
    """One line of the customer's history (AR-02)."""

    at_ms: int
    number: str
    fault_kind: str
    outcome: str


class CustomerView(Wire, frozen=True, kw_only=True):
    """What a technician may know of a customer; the telephone is masked until he is en route (threat C8)."""

    name: str
    phone: str
    account: str = ""
    language: str = "zh_CN"
    is_vulnerable: bool = False
    appliances: tuple[str, ...] = ()
    history: tuple[PastVisit, ...] = ()


class AssignmentView(Wire, frozen=True, kw_only=True):
    """The device's own assignment to the job."""

    id: str
    epoch: int
    state: AssignmentState
    offered_ms: int
    planned_arrival_ms: int | None = None
    needs_consent: bool = False


class Approval(Wire, frozen=True, kw_only=True):
    """A price that the technician asked a second person for: `state` is asked, approved or refused (WA-05)."""

    id: str
    state: str
    list_ref: str
    lines: tuple[door_facts.PriceLine, ...]
    note: str = ""


class Job(Wire, frozen=True, kw_only=True):
    """A work order as one technician's phone sees it: all that he needs without a network."""

    work_order_id: str
    number: str
    ver: int
    state: WorkOrderState
    priority: int
    fault_kind: str
    is_leak: bool
    location: str
    description: str
    address: str
    lat: float | None
    lon: float | None
    customer: CustomerView
    advice: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    window_start_ms: int | None = None
    window_end_ms: int | None = None
    expected_s: int = 0
    clocks: tuple[ClockView, ...] = ()
    protocols: tuple[str, ...] = ()
    charge_cents: int = 0
    approvals: tuple[Approval, ...] = ()
    assignment: AssignmentView
    visit: visit.VisitState = visit.VisitState()


class Change(Wire, frozen=True, kw_only=True):
    """One change for a device: gapless `seq`, the journal event's id and name, and the job as it now is.

    `job` is None when the job is no longer this device's, or when a later change of the same answer carries it.
    """

    seq: int
    event_id: str
    type: str
    at_ms: int
    priority: int
    work_order_id: str
    job: Job | None = None
    gone: bool = False


class DeskMessage(Wire, frozen=True, kw_only=True):
    """A message of the centre to one technician; `work_order_id` is what it is about, if anything."""

    id: str
    at_ms: int
    sender: str
    text: str
    work_order_id: str = ""


class SyncResponse(Wire, frozen=True, kw_only=True):
    """The answer: a result for each event, the changes after the cursor, and the new cursor.

    `reset` tells the phone to drop its server state and read from cursor 0 (new generation after a restore). `duty`
    are the technician's shifts from now on (Unix ms): outside them the phone sends no position (PR-04). `messages` are
    those that no phone of his has confirmed yet, `wait_at` is where he best waits for his next job, in words. `order`
    is what the desk demands of this phone (`lock`, `unlock`, `wipe`), a lock as long as it lasts; `recovery_key` is the
    server's X25519 public key in hexadecimal, to which unsent evidence is sealed before a wipe (threat C8).
    """

    gen: str
    at_ms: int
    results: tuple[EventResult, ...]
    changes: tuple[Change, ...]
    cursor: int
    more: bool = False
    reset: bool = False
    duty: tuple[tuple[int, int], ...] = ()
    order: str = ""
    recovery_key: str = ""
    test_push: TestPush | None = None
    messages: tuple[DeskMessage, ...] = ()
    wait_at: str = ""


class View(Wire, frozen=True, kw_only=True):
    """The box that a browser's map shows, WGS-84 degrees; one that crosses the date line is not told."""

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        """Refuse a box that is turned around or not on the earth. Raises DomainError `place_invalid`."""
        facts.check_place(self.south, self.west)
        facts.check_place(self.north, self.east)
        if self.south > self.north or self.west > self.east:
            raise DomainError("place_invalid")

    def has_near(self, lat: float, lon: float) -> bool:
        """Tell whether a place lies within the box or within half its size around it: a small move shows no gap."""
        high, wide = (self.north - self.south) / 2, (self.east - self.west) / 2
        return self.south - high <= lat <= self.north + high and self.west - wide <= lon <= self.east + wide


class Doorbell(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """Rings a device: its newest sequence number and the most urgent priority; changes ride along for speed.

    `is_order` asks for a call at once: the desk has locked, unlocked or wiped the phone.
    """

    seq: int
    priority: int
    changes: tuple[Change, ...] = ()
    is_order: bool = False


class Nack(Wire, frozen=True, kw_only=True):
    """A socket message that was refused: which event, why, and the text in both languages."""

    event: str
    code: str
    text: dict[str, str] = {}


class EnrolRequest(Wire, frozen=True, kw_only=True):
    """A phone redeems a one-time code; `public_key` is its key for seals, as in shared.proof.PublicKey."""

    code: str
    public_key: str
    label: str = ""
    alg: str = "Ed25519"


class DeviceKeyRequest(Wire, frozen=True, kw_only=True):
    """A phone changes its key for seals: the new public key, and the old key's signature over `new_key_bytes`."""

    alg: str
    public_key: str
    signed_by: str
    signature: str


class DeviceKeyResponse(Wire, frozen=True, kw_only=True):
    """The id of the key with which the phone may seal from now on."""

    key_id: str


class EnrolResponse(Wire, frozen=True, kw_only=True):
    """The phone's identity: an opaque token, shown once."""

    token: str
    device_id: str
    technician_id: str
    technician_name: str
    branch_id: str
    branch_name: str
    gen: str
    recovery_key: str = ""
