"""The visit: a fold of field facts into what is known of the work on site. Phone and server run the same fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from shared import door_facts, facts

_Change = dict[str, Any]  # fields of VisitState with their new values


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The latest answer to one step: outcome, reading or timer, with the instrument and the flags set on arrival."""

    protocol: str
    step: str
    at_ms: int
    outcome: str = ""
    value: str = ""
    unit: str = ""
    elapsed_ms: int | None = None
    instrument_serial: str = ""
    instrument_valid_until: str = ""
    note: str = ""


class Photo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo of the visit: its SHA-256 in hexadecimal, what it shows, and the step it belongs to, if any."""

    sha256: str
    purpose: str
    at_ms: int
    protocol: str = ""
    step: str = ""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pieces of one part and lot that the visit has used."""

    part: str
    lot: str
    quantity: int


class Agreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price that the customer saw last, whether he agreed, and when (WA-05)."""

    at_ms: int
    list_ref: str
    lines: tuple[door_facts.PriceLine, ...]
    is_agreed: bool
    approval: str = ""

    @property
    def total_cents(self) -> int:
        """Return the whole amount in fen."""
        return sum(line.quantity * line.unit_cents for line in self.lines)


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hand-over that a named person acknowledged."""

    at_ms: int
    to: str
    person: str


class VisitState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the evidence says so far. Later answers to a step stand in front; the evidence keeps all.

    `voided_ms` is when a change made the signature void; the customer signs anew.
    """

    departed_ms: int | None = None
    arrived_ms: int | None = None
    made_safe_ms: int | None = None
    made_safe_how: str = ""
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    parts: tuple[Part, ...] = ()
    outcome: str = ""
    cause: str = ""
    work_done: str = ""
    remaining_s: int | None = None
    remaining_told_ms: int | None = None
    no_access_ms: int | None = None
    signed_ms: int | None = None
    waived_ms: int | None = None
    seal_hash: str = ""
    voided_ms: int | None = None
    no_access_proofs: tuple[str, ...] = ()
    price: Agreement | None = None
    warranty: door_facts.WarrantyJudged | None = None
    payments: tuple[door_facts.PaymentTaken, ...] = ()
    damages: tuple[door_facts.DamageClaimed, ...] = ()
    handed_over: tuple[Told, ...] = ()
    grade: int | None = None


def find_answer(state: VisitState, protocol: str, step: str) -> Answer | None:
    """Return the answer that stands for a step, None when there is none yet."""
    return next((a for a in state.answers if a.protocol == protocol and a.step == step), None)


def apply_fact(state: VisitState, body: facts.Body, at_ms: int) -> VisitState:
    """Return the state after one fact that happened at `at_ms`. A correction after signing voids the signature."""
    change = _CHANGES.get(type(body))
    if change is None:
        return state
    changed = msgspec.structs.replace(state, **change(state, body, at_ms))
    return _unsigned(changed, at_ms) if isinstance(body, _SIGNED_OVER) else changed


def _answer(state: VisitState, body: Any, at_ms: int) -> _Change:
    answer = _answer_of(body, at_ms)
    others = tuple(a for a in state.answers if (a.protocol, a.step) != (answer.protocol, answer.step))
    return {"answers": (*others, answer)}


def _photo(state: VisitState, body: facts.PhotoTaken, at_ms: int) -> _Change:
    photo = Photo(sha256=body.sha256, purpose=body.purpose, at_ms=at_ms, protocol=body.protocol, step=body.step)
    return {"photos": (*(p for p in state.photos if p.sha256 != photo.sha256), photo)}


def _part(state: VisitState, body: facts.PartUsed, _at_ms: int) -> _Change:
    others = tuple(p for p in state.parts if (p.part, p.lot) != (body.part, body.lot))
    used = (Part(part=body.part, lot=body.lot, quantity=body.quantity),) if body.quantity else ()
    return {"parts": (*others, *used)}


def _price(_state: VisitState, body: door_facts.PriceShown, at_ms: int) -> _Change:
    return {
        "price": Agreement(
            at_ms=at_ms, list_ref=body.list_ref, lines=body.lines, is_agreed=body.is_agreed, approval=body.approval
        )
    }


def _hand_over(state: VisitState, body: door_facts.HandedOver, at_ms: int) -> _Change:
    told = Told(at_ms=at_ms, to=body.to, person=body.person)
    return {"handed_over": (*(t for t in state.handed_over if t != told), told)}


def _payment(state: VisitState, body: door_facts.PaymentTaken, _at_ms: int) -> _Change:
    return {"payments": (*(p for p in state.payments if p.receipt != body.receipt), body)}


def _damage(state: VisitState, body: door_facts.DamageClaimed, _at_ms: int) -> _Change:
    return {"damages": (*(d for d in state.damages if d.item != body.item), body)}


_CHANGES: Final[dict[type[facts.Body], Callable[[VisitState, Any, int], _Change]]] = {
    facts.Departed: lambda state, _body, at_ms: {"departed_ms": state.departed_ms or at_ms},
    facts.Arrived: lambda state, _body, at_ms: {"arrived_ms": state.arrived_ms or at_ms},
    facts.SiteMadeSafe: lambda state, body, at_ms: {
        "made_safe_ms": state.made_safe_ms or at_ms,
        "made_safe_how": body.how,
    },
    facts.NoAccessRecorded: lambda _state, body, at_ms: {"no_access_ms": at_ms, "no_access_proofs": body.proofs},
    facts.RemainingTimeEstimated: lambda _state, body, at_ms: {
        "remaining_s": body.remaining_s,
        "remaining_told_ms": at_ms,
    },
    facts.StepAnswered: _answer,
    facts.ReadingRecorded: _answer,
    facts.TimerStopped: _answer,
    facts.PhotoTaken: _photo,
    facts.PartUsed: _part,
    facts.OutcomeDeclared: lambda _state, body, _at_ms: {
        "outcome": body.outcome,
        "cause": body.cause,
        "work_done": body.work_done,
    },
    facts.NoteAdded: lambda state, body, _at_ms: {"notes": (*state.notes, body.text)},
    facts.RecordSigned: lambda _state, body, at_ms: {
        "signed_ms": at_ms,
        "seal_hash": body.seal.seal_hash,
        "voided_ms": None,
    },
    facts.SignatureWaived: lambda _state, body, at_ms: {
        "waived_ms": at_ms,
        "seal_hash": body.seal.seal_hash,
        "voided_ms": None,
    },
    door_facts.PriceShown: _price,
    door_facts.WarrantyJudged: lambda _state, body, _at_ms: {"warranty": body},
    door_facts.HandedOver: _hand_over,
    door_facts.LeakGraded: lambda _state, body, _at_ms: {"grade": body.grade},
    door_facts.PaymentTaken: _payment,
    door_facts.DamageClaimed: _damage,
}
_SIGNED_OVER: Final = (
    facts.StepAnswered,
    facts.ReadingRecorded,
    facts.TimerStopped,
    facts.PhotoTaken,
    facts.PartUsed,
    facts.OutcomeDeclared,
    door_facts.PriceShown,
    door_facts.WarrantyJudged,
    door_facts.DamageClaimed,
)


def _unsigned(state: VisitState, at_ms: int) -> VisitState:
    was_signed = state.signed_ms is not None or state.waived_ms is not None
    voided_ms = at_ms if was_signed else state.voided_ms
    return msgspec.structs.replace(state, signed_ms=None, waived_ms=None, seal_hash="", voided_ms=voided_ms)


def _answer_of(body: facts.StepAnswered | facts.ReadingRecorded | facts.TimerStopped, at_ms: int) -> Answer:
    match body:
        case facts.StepAnswered():
            return Answer(protocol=body.protocol, step=body.step, at_ms=at_ms, outcome=body.outcome, note=body.note)
        case facts.ReadingRecorded():
            return Answer(
                protocol=body.protocol,
                step=body.step,
                at_ms=at_ms,
                value=body.value,
                unit=body.unit,
                instrument_serial=body.instrument_serial,
                instrument_valid_until=body.instrument_valid_until,
            )
        case facts.TimerStopped():
            return Answer(protocol=body.protocol, step=body.step, at_ms=at_ms, elapsed_ms=body.elapsed_ms)
