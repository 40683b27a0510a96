"""The visit: a fold of field facts into what is known of the work on site. Phone and server run the same fold."""

from __future__ import annotations

import msgspec

from shared import facts


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


class VisitState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the evidence says so far. Later answers to a step stand in front; the evidence keeps all."""

    departed_ms: int | None = None
    arrived_ms: int | None = None
    made_safe_ms: int | None = None
    made_safe_how: str = ""
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    outcome: str = ""
    cause: str = ""
    work_done: str = ""
    remaining_s: int | None = None
    remaining_told_ms: int | None = None
    no_access_ms: int | None = None
    signed_ms: int | None = None
    waived_ms: int | None = None
    seal_hash: str = ""


def find_answer(state: VisitState, protocol: str, step: str) -> Answer | None:
    """Return the answer that stands for a step, None when there is none yet."""
    return next((a for a in state.answers if a.protocol == protocol and a.step == step), None)


def apply_fact(state: VisitState, body: facts.Body, at_ms: int) -> VisitState:
    """Return the state after one fact that happened at `at_ms`. A correction after signing voids the signature."""
    match body:
        case facts.StepAnswered() | facts.ReadingRecorded() | facts.TimerStopped() | facts.PhotoTaken():
            return _unsigned(_with_evidence(state, body, at_ms))
        case facts.OutcomeDeclared():
            changed = msgspec.structs.replace(state, outcome=body.outcome, cause=body.cause, work_done=body.work_done)
            return _unsigned(changed)
        case facts.NoteAdded():
            return msgspec.structs.replace(state, notes=(*state.notes, body.text))
        case facts.RecordSigned():
            return msgspec.structs.replace(state, signed_ms=at_ms, seal_hash=body.seal.seal_hash)
        case facts.SignatureWaived():
            return msgspec.structs.replace(state, waived_ms=at_ms, seal_hash=body.seal.seal_hash)
        case _:
            return _with_time(state, body, at_ms)


def _with_time(state: VisitState, body: facts.Body, at_ms: int) -> VisitState:
    match body:
        case facts.Departed():
            return msgspec.structs.replace(state, departed_ms=state.departed_ms or at_ms)
        case facts.Arrived():
            return msgspec.structs.replace(state, arrived_ms=state.arrived_ms or at_ms)
        case facts.SiteMadeSafe():
            return msgspec.structs.replace(state, made_safe_ms=state.made_safe_ms or at_ms, made_safe_how=body.how)
        case facts.NoAccessRecorded():
            return msgspec.structs.replace(state, no_access_ms=at_ms)
        case facts.RemainingTimeEstimated():
            return msgspec.structs.replace(state, remaining_s=body.remaining_s, remaining_told_ms=at_ms)
        case _:
            return state


def _with_evidence(
    state: VisitState,
    body: facts.StepAnswered | facts.ReadingRecorded | facts.TimerStopped | facts.PhotoTaken,
    at_ms: int,
) -> VisitState:
    if not isinstance(body, facts.PhotoTaken):
        return _with_answer(state, body, at_ms)
    photo = Photo(sha256=body.sha256, purpose=body.purpose, at_ms=at_ms, protocol=body.protocol, step=body.step)
    others = tuple(p for p in state.photos if p.sha256 != photo.sha256)
    return msgspec.structs.replace(state, photos=(*others, photo))


def _unsigned(state: VisitState) -> VisitState:
    return msgspec.structs.replace(state, signed_ms=None, waived_ms=None, seal_hash="")


def _with_answer(
    state: VisitState, body: facts.StepAnswered | facts.ReadingRecorded | facts.TimerStopped, at_ms: int
) -> VisitState:
    answer = _answer_of(body, at_ms)
    others = tuple(a for a in state.answers if (a.protocol, a.step) != (answer.protocol, answer.step))
    return msgspec.structs.replace(state, answers=(*others, answer))


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
