"""The service record: what the customer is shown and signs, in one canonical text (SG-01, FT-02; reliability C10).

The canonical text is JSON with sorted keys, normalised text (NFC), integers and decimals in text: never a float.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from shared import checklist, closure, formula, function_test, hazards, prices, warranty, wire
from shared.door_facts import WarrantyJudged
from shared.errors import DomainError
from shared.protocol import FAIL, PASS, Protocol, Step
from shared.text import LANGUAGES, Catalog
from shared.visit import Part, Photo, VisitState, find_answer

RECORD_VERSION: Final = 1
_VIEW_CODE_LENGTH: Final = 8
# Crockford's alphabet: no I, L, O, U, so that a code read aloud or from paper is not mistaken.
_ALPHABET: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the record's values: strict, immutable."""


class Technician(Value, frozen=True, kw_only=True):
    """Who did the work, as shown to the customer."""

    id: str
    name: str


class ChargeItem(Value, frozen=True, kw_only=True):
    """One line of the charge, in fen."""

    code: str
    amount_cents: int


class Charge(Value, frozen=True, kw_only=True):
    """What the customer pays, in fen; zero for warranty and leak work (WA-05)."""

    total_cents: int = 0
    items: tuple[ChargeItem, ...] = ()
    reason: str = ""


class RecordStep(Value, frozen=True, kw_only=True):
    """One answered step: result is pass, fail, not_applicable or empty when a flag keeps it from counting."""

    protocol: str
    step: str
    at_ms: int
    result: str
    outcome: str = ""
    value: str = ""
    unit: str = ""
    limits: str = ""
    elapsed_ms: int | None = None
    instrument_serial: str = ""
    instrument_valid_until: str = ""
    note: str = ""
    flag: str = ""


class TestRun(Value, frozen=True, kw_only=True):
    """The verdict on one protocol at the time of signing."""

    __test__ = False

    protocol: str
    kind: str
    complete: bool
    passed: bool
    witnessed: bool = False


class ServiceRecord(Value, frozen=True, kw_only=True):
    """The record. `lines` are the lines of text that were on the screen, in `language`."""

    v: int = RECORD_VERSION
    work_order_id: str
    assignment_id: str
    epoch: int
    number: str
    fault_kind: str
    location: str
    is_leak: bool
    description: str
    address: str
    customer_name: str
    customer_account: str
    technician: Technician
    arrived_ms: int | None
    made_safe_ms: int | None
    made_safe_how: str
    recorded_ms: int
    protocols: tuple[str, ...]
    runs: tuple[TestRun, ...]
    steps: tuple[RecordStep, ...]
    notes: tuple[str, ...]
    photos: tuple[Photo, ...] = ()
    parts: tuple[Part, ...] = ()
    outcome: str
    cause: str
    work_done: str
    charge: Charge
    warranty: WarrantyJudged | None = None
    language: str
    lines: tuple[str, ...] = ()


class Blocker(Value, frozen=True, kw_only=True):
    """Why the record may not be signed yet: a text code of [blocker] and the data of its placeholders."""

    code: str
    data: dict[str, str] = {}


def build(
    job: wire.Job,
    protocols: Sequence[Protocol],
    visit: VisitState,
    charge: Charge,
    technician: Technician,
    now_ms: int,
    *,
    language: str = LANGUAGES[0],
    texts: Catalog | None = None,
) -> ServiceRecord:
    """Return the record; with `texts` it carries the displayed lines, in the first language if unknown (SG-01)."""
    record = ServiceRecord(
        work_order_id=job.work_order_id,
        assignment_id=job.assignment.id,
        epoch=job.assignment.epoch,
        number=job.number,
        fault_kind=job.fault_kind,
        location=job.location,
        is_leak=job.is_leak,
        description=job.description,
        address=job.address,
        customer_name=job.customer.name,
        customer_account=job.customer.account,
        technician=technician,
        arrived_ms=visit.arrived_ms,
        made_safe_ms=visit.made_safe_ms,
        made_safe_how=visit.made_safe_how,
        recorded_ms=now_ms,
        protocols=tuple(protocol.ref for protocol in protocols),
        runs=tuple(_run(protocol, visit) for protocol in protocols),
        steps=tuple(_list_steps(protocols, visit)),
        notes=visit.notes,
        photos=visit.photos,
        outcome=visit.outcome,
        cause=visit.cause,
        work_done=visit.work_done,
        charge=charge,
        language=language if language in LANGUAGES else LANGUAGES[0],
    )
    return _complete(msgspec.structs.replace(record, parts=visit.parts, warranty=visit.warranty), protocols, texts)


def _complete(record: ServiceRecord, protocols: Sequence[Protocol], texts: Catalog | None) -> ServiceRecord:
    lines = () if texts is None else display(record, protocols, texts, record.language)
    return msgspec.structs.replace(record, lines=lines)


def display(record: ServiceRecord, protocols: Sequence[Protocol], texts: Catalog, language: str) -> tuple[str, ...]:
    """Return the record's lines as shown to the customer in a language: head, one per step, outcome, charge."""
    head = [
        f"{texts.text(language, 'record.number')}: {record.number}",
        f"{texts.text(language, 'record.customer')}: {record.customer_name} {record.customer_account}".rstrip(),
        f"{texts.text(language, 'record.address')}: {record.address}",
        f"{texts.text(language, 'record.fault')}: {texts.text(language, f'fault.{record.fault_kind}')}",
        f"{texts.text(language, 'record.technician')}: {record.technician.name}",
    ]
    return (*head, *_step_lines(record, protocols, texts, language), *_end_lines(record, texts, language))


def canonical(record: ServiceRecord) -> str:
    """Return the record as the one text that is shown, hashed and signed."""
    return json.dumps(
        _normal(msgspec.to_builtins(record)), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def parse(canonical_text: str) -> ServiceRecord:
    """Return the record that a canonical text holds. Raises DomainError `record_unreadable`."""
    try:
        return msgspec.json.decode(canonical_text.encode(), type=ServiceRecord)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise DomainError("record_unreadable", reason=str(fault)) from fault


def view_code(canonical_text: str) -> str:
    """Return the eight characters that stand on the screen and on the customer's copy (reliability C10)."""
    digest = hashlib.sha256(canonical_text.encode()).digest()
    return base64.b32encode(digest).translate(_ALPHABET).decode()[:_VIEW_CODE_LENGTH]


def blockers(
    job: wire.Job, protocols: Sequence[Protocol], visit: VisitState, record: ServiceRecord | None = None
) -> tuple[Blocker, ...]:
    """Return what keeps the record from being signed; () means that the customer may sign (FT-02).

    With a record it is also checked that it is this job's and says what the evidence says now.
    """
    found = list_blockers(is_leak=job.is_leak, protocols=protocols, visit=visit)
    if record is not None and not _is_current(record, job, protocols, visit):
        found = (*found, Blocker(code="record_out_of_date"))
    return found


def list_blockers(*, is_leak: bool, protocols: Sequence[Protocol], visit: VisitState) -> tuple[Blocker, ...]:
    """Return the blockers that follow from the evidence alone."""
    return (
        *([] if visit.arrived_ms is not None else [Blocker(code="not_arrived")]),
        *([] if visit.outcome else [Blocker(code="outcome_not_declared")]),
        *([] if protocols else [Blocker(code="no_protocol")]),
        *(blocker for protocol in protocols for blocker in _protocol_blockers(protocol, visit)),
        *_evidence_blockers(is_leak=is_leak, protocols=protocols, visit=visit),
        *_door_blockers(protocols, visit),
    )


def _protocol_blockers(protocol: Protocol, visit: VisitState) -> Iterator[Blocker]:
    if protocol.kind == "function_test":
        if function_test.is_needed(protocol, visit.outcome) and not function_test.evaluate(protocol, visit).passed:
            yield _blocker("function_test_not_passed", protocol)
        return
    verdict = checklist.evaluate(protocol, visit)
    if verdict.missing:
        yield _blocker("checklist_incomplete", protocol, step=verdict.missing[0], count=str(len(verdict.missing)))
    must_pass = {step.id for step in protocol.steps if step.must_pass}
    for step_id in verdict.failing:
        if step_id in must_pass:
            yield _blocker("step_failed", protocol, step=step_id)


def _blocker(code: str, protocol: Protocol, **data: str) -> Blocker:
    return Blocker(code=code, data={"protocol": protocol.ref, **data})


def _evidence_blockers(*, is_leak: bool, protocols: Sequence[Protocol], visit: VisitState) -> list[Blocker]:
    # An outcome not declared is told once, above.
    codes = closure.missing_evidence(is_leak, visit, protocols)
    return [
        Blocker(code="evidence_missing", data={"evidence": code}) for code in codes if code != "outcome_not_declared"
    ]


def _door_blockers(protocols: Sequence[Protocol], visit: VisitState) -> Iterator[Blocker]:
    """Yield what is owed to the customer: hazards told in writing, a price told before the work."""
    if hazards.list_findings(protocols, visit) and not hazards.is_told(protocols, visit):
        yield Blocker(code="hazard_not_told")
    if prices.is_after_work(protocols, visit) and not (visit.price and visit.price.approval):
        yield Blocker(code="charge_not_approved")


def _is_current(record: ServiceRecord, job: wire.Job, protocols: Sequence[Protocol], visit: VisitState) -> bool:
    now = build(job, protocols, visit, record.charge, record.technician, record.recorded_ms, language=record.language)
    is_agreed = record.charge.total_cents == prices.total(prices.list_agreed(visit))
    return is_agreed and canonical(msgspec.structs.replace(record, lines=())) == canonical(now)


def _run(protocol: Protocol, visit: VisitState) -> TestRun:
    if protocol.kind == "checklist":
        verdict = checklist.evaluate(protocol, visit)
        return TestRun(protocol=protocol.ref, kind=protocol.kind, complete=verdict.complete, passed=verdict.passed)
    verdict = function_test.evaluate(protocol, visit)
    return TestRun(
        protocol=protocol.ref,
        kind=protocol.kind,
        complete=verdict.complete,
        passed=verdict.passed,
        witnessed=function_test.is_witnessed(protocol, visit),
    )


def _list_steps(protocols: Sequence[Protocol], visit: VisitState) -> Iterator[RecordStep]:
    for protocol in protocols:
        for step in checklist.list_applicable(protocol, visit):
            recorded = _find_step(protocol, step, visit)
            if recorded is not None:
                yield recorded


def _find_step(protocol: Protocol, step: Step, visit: VisitState) -> RecordStep | None:
    if step.kind == "computed":
        return _computed_step(protocol, step, visit)
    answer = find_answer(visit, protocol.ref, step.id)
    if answer is None:
        return None
    return RecordStep(
        protocol=protocol.ref,
        step=step.id,
        at_ms=answer.at_ms,
        result=checklist.result_of(protocol, step, visit),
        outcome=answer.outcome,
        value=answer.value,
        unit=answer.unit,
        limits=checklist.limits_text(step, checklist.limits_of(protocol, step, visit)),
        elapsed_ms=answer.elapsed_ms,
        instrument_serial=answer.instrument_serial,
        instrument_valid_until=answer.instrument_valid_until,
        note=answer.note,
        flag=checklist.flag_of(protocol, step, visit),
    )


def _computed_step(protocol: Protocol, step: Step, visit: VisitState) -> RecordStep | None:
    value = checklist.number_of(protocol, step, visit)
    if value is None:
        return None
    return RecordStep(
        protocol=protocol.ref,
        step=step.id,
        at_ms=max((answer.at_ms for answer in visit.answers if answer.protocol == protocol.ref), default=0),
        result=checklist.result_of(protocol, step, visit),
        value=formula.plain(value),
        unit=step.unit,
        limits=checklist.limits_text(step, checklist.limits_of(protocol, step, visit)),
    )


def _step_lines(record: ServiceRecord, protocols: Sequence[Protocol], texts: Catalog, language: str) -> Iterator[str]:
    for protocol in protocols:
        answered = {step.step: step for step in record.steps if step.protocol == protocol.ref}
        if answered:
            yield protocol.title[language]
        for step in protocol.steps:
            if step.id in answered:
                yield _step_line(step, answered[step.id], texts, language)


def _step_line(step: Step, told: RecordStep, texts: Catalog, language: str) -> str:
    chosen = next((choice.text[language] for choice in step.choices if choice.code == told.outcome), "")
    seconds = "" if told.elapsed_ms is None else f"{told.elapsed_ms // 1000} s"
    measured = f"{told.value} {told.unit}".strip() or seconds or chosen
    limits = f"({told.limits})" if told.limits else ""
    verdict = texts.text(language, f"flag.{told.flag}" if told.flag else f"result.{told.result}")
    words = (measured, limits, "" if chosen and told.result in {PASS, FAIL} else verdict, told.note)
    return f"{step.text[language]}: {' '.join(word for word in words if word)}"


def _end_lines(record: ServiceRecord, texts: Catalog, language: str) -> Iterator[str]:
    if record.cause:
        yield f"{texts.text(language, 'record.cause')}: {_known(texts, language, 'cause', record.cause)}"
    if record.work_done:
        yield f"{texts.text(language, 'record.work_done')}: {record.work_done}"
    if record.photos:
        yield f"{texts.text(language, 'record.photos')}: {len(record.photos)}"
    yield from (f"{texts.text(language, 'record.note')}: {note}" for note in record.notes)
    for part in record.parts:
        name = _known(texts, language, "price", part.part)
        yield f"{texts.text(language, 'record.part')}: {name} {part.lot} × {part.quantity}"
    yield f"{texts.text(language, 'record.outcome')}: {_known(texts, language, 'outcome', record.outcome)}"
    if record.warranty is not None:
        yield warranty.line(record.warranty, texts, language)
    for item in record.charge.items:
        yield f"{_known(texts, language, 'price', item.code)}: {money(item.amount_cents)}"
    yield f"{texts.text(language, 'record.charge')}: {money(record.charge.total_cents)}"


def _known(texts: Catalog, language: str, table: str, code: str) -> str:
    return texts.find(language, f"{table}.{code}") or code


def money(cents: int) -> str:
    """Return an amount in fen as yuan with two decimals: 6050 → "¥60.50"."""
    sign, whole = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}¥{whole // 100}.{whole % 100:02d}"


def _normal(value: Any) -> Any:
    match value:
        case str():
            # A lone surrogate from a keyboard has no UTF-8 form; it is shown and signed as the replacement character.
            return unicodedata.normalize("NFC", value.encode("utf-8", "replace").decode())
        case dict():
            return {str(key): _normal(item) for key, item in value.items()}
        case list() | tuple():
            return [_normal(item) for item in value]
        case float():
            raise DomainError("record_has_float", value=str(value))
        case _:
            return value
