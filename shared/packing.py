"""Packs the messages of a sync call: deflate with a dictionary of what both sides know already.

That is the words of the protocol, the newest answer that the phone got, and, for an answer, the request itself. A job
that comes again with one more reading then costs some dozen bytes.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Final

from shared.errors import DomainError

ENCODING: Final = "leakfirst-1"
KNOWN_HEADER: Final = "x-leakfirst-known"
LARGEST: Final = 4 * 1024 * 1024
_WINDOW: Final = 32_000
_RAW: Final = -15
_LEVEL: Final = 9
_MARK_CHARS: Final = 10
_WORDS: Final = (
    b'"flags":[],"text":{},"code":"","outcome":"applied","results":[{"id":"","hazards":[],"approvals":[],"is_vulnerable":'
    b'false,"appliances":[],"history":[],"language":"zh_CN","advice":[],"window_start_ms":null,"window_end_ms":null,'
    b'"expected_s":0,"charge_cents":0,"needs_consent":false,"planned_arrival_ms":null,"offered_ms":,"clocks":[{"kind":'
    b'"arrive_by","due_ms":,"started_ms":,"met_ms":null,"paused":false,"breached":false},{"kind":"handle_by",{"kind":'
    b'"repair_by",{"kind":"call_back_by","fault_kind":"stove_fault","is_leak":false,"location":"kitchen","description":"'
    b'","address":"","lat":37.,"lon":113.,"customer":{"name":"","phone":"138****","account":"","protocols":["appliance-'
    b'repair@2026","departed_ms":null,"arrived_ms":null,"made_safe_ms":null,"made_safe_how":"","answers":[],"notes":[],'
    b'"photos":[],"parts":[],"cause":"","work_done":"","remaining_s":null,"remaining_told_ms":null,"no_access_ms":null,'
    b'"signed_ms":null,"waived_ms":null,"seal_hash":"","instrument_serial":"","instrument_valid_until":"","elapsed_ms":'
    b'null,"unit":"","value":"","note":"","changes":[{"seq":,"event_id":"01a0","type":"fact_recorded","at_ms":17,'
    b'"priority":3,"work_order_id":"01a0","job":null,"gone":false,"type":"assignment_moved","type":"assignment_offered",'
    b'"type":"work_order_moved","number":"","ver":,"state":"offered","assignment":{"id":"01a0","epoch":1,"state":"working",'
    b'"visit":{"cursor":,"more":false,"reset":false,"duty":[[17,17]],"order":"","recovery_key":"","test_push":null,'
    b'"messages":[],"wait_at":""}{"v":1,"gen":"","cursor":,"events":[{"id":"01a0","dseq":,"work_order_id":"01a0",'
    b'"assignment_id":"01a0","epoch":1,"occurred":{"wall_ms":17,"mono_ms":,"boot_id":"","offset_ms":0},"body":{"type":'
    b'"step_answered","protocol":"appliance-repair@2026","step":"","outcome":"pass","note":""},"files":[]},{"type":'
    b'"reading_recorded","type":"assignment_delivered"},"type":"assignment_seen"},"type":"assignment_accepted"},"type":'
    b'"departed"},"type":"arrived"},"type":"outcome_declared","type":"record_signed","strokes":[{"points":[["positions":[]'
    b',"wait_s":0.0,"sent_at_ms":17,"location_paused":false,"guard":""}'
)


def mark(message: bytes) -> str:
    """Return the short name by which both sides mean one message; empty for none."""
    return hashlib.sha256(message).hexdigest()[:_MARK_CHARS] if message else ""


def pack(message: bytes, *known: bytes) -> bytes:
    """Return the message packed against what the other side knows, the likeliest last."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, 9, zlib.Z_DEFAULT_STRATEGY, _dictionary(known))
    return packer.compress(message) + packer.flush()


def unpack(packed: bytes, *known: bytes) -> bytes:
    """Return a message packed against the same knowledge. Raises DomainError `packing_unreadable`, also for a bomb."""
    opener = zlib.decompressobj(_RAW, _dictionary(known))
    try:
        message = opener.decompress(packed, LARGEST)
    except zlib.error as error:
        raise DomainError("packing_unreadable") from error
    if not opener.eof:
        raise DomainError("packing_unreadable")
    return message


def _dictionary(known: tuple[bytes, ...]) -> bytes:
    return b"".join((_WORDS, *known))[-_WINDOW:]
