"""The end of a visit: the record that is shown is the record that is signed and sealed (SG-01, SG-02, FT-02)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.platform.keys import ALG
from mobile.store import jobs, meta
from mobile.store.jobs import StoredJob
from mobile.sync.inbox import occurred_now
from shared import charges, door_facts, facts, service_record, signature, wire
from shared.errors import DomainError

ABSENT: Final = "absent"


class RecordDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer is shown before signing.

    `record_json` is the exact text, `lines` its words on the screen in `language`, `view_code` its 8 characters,
    `at_ms` (Unix milliseconds) when it was drawn up.
    """

    record_json: str
    view_code: str
    lines: tuple[str, ...]
    language: str
    at_ms: int


def list_blockers(desk: Desk, work_order_id: str) -> tuple[service_record.Blocker, ...]:
    """List what keeps the record from being signed; empty when the customer may sign.

    Raises DomainError `order_not_here`, `protocol_unknown`.
    """
    with desk.store.read() as db:
        job = jobs.get_job(db, work_order_id).job
    return service_record.blockers(job, desk.shelf.list_protocols(job.protocols), job.visit)


def draft_record(desk: Desk, work_order_id: str, *, language: str = "") -> RecordDraft:
    """Draw up the record of the visit as it stands, for the signing screen; without `language` in the customer's.

    Raises DomainError `record_blocked` with the blockers, `order_not_here`, `not_enrolled`.
    """
    identity = desk.get_identity()
    with desk.store.read() as db:
        job = jobs.get_job(db, work_order_id).job
    return _draw_up(desk, job, identity, desk.clock.now_ms(), language or job.customer.language)


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
    blockers, `record_changed` when the evidence is no longer what was shown, `already_signed`, `not_on_site`, and the
    `signature_...` codes of shared.signature.
    """
    signature.check_strokes(strokes)

    def build(record_json: str, seal: facts.Seal) -> facts.RecordSigned:
        return facts.RecordSigned(
            record_json=record_json, strokes=strokes, signer_relation=signer_relation, opinion=opinion, seal=seal
        )

    return _seal(desk, work_order_id, draft, _Signing(strokes, signer_relation, opinion), build)


def waive_signature(
    desk: Desk,
    work_order_id: str,
    *,
    reason: str,
    witness: str = "",
    strokes: tuple[facts.Stroke, ...] = (),
    draft: RecordDraft | None = None,
) -> wire.PhoneEvent:
    """Seal the record without a signature: refused or absent, with a witness who signs when absent (SG-04).

    Raises DomainError `witness_missing`, and as `sign_record` does.
    """
    if reason == ABSENT and not witness.strip():
        raise DomainError("witness_missing")
    if strokes:
        signature.check_strokes(strokes)

    def build(record_json: str, seal: facts.Seal) -> facts.SignatureWaived:
        return facts.SignatureWaived(
            record_json=record_json, reason=reason, witness=witness, strokes=strokes, seal=seal
        )

    return _seal(desk, work_order_id, draft, _Signing(strokes, reason, witness), build)


def ask_remote_signature(desk: Desk, work_order_id: str, *, language: str = "") -> wire.PhoneEvent:
    """Ask that the customer signs in his own browser: the record goes to the server as he will be shown it (SG-07).

    Raises DomainError `record_blocked` with the blockers, `already_signed`, `not_on_site`.
    """
    draft = draft_record(desk, work_order_id, language=language)
    body = door_facts.RemoteSigningAsked(record_json=draft.record_json)
    return desks.append(desk, work_order_id, body, _check_signable)


class _Signing(msgspec.Struct, frozen=True):
    strokes: tuple[facts.Stroke, ...]
    relation: str
    opinion: str


def _seal(
    desk: Desk,
    work_order_id: str,
    shown: RecordDraft | None,
    signing: _Signing,
    build: Callable[[str, facts.Seal], facts.RecordSigned | facts.SignatureWaived],
) -> wire.PhoneEvent:
    identity = desk.get_identity()
    with desk.store.write() as db:
        stored = jobs.get_job(db, work_order_id)
        _check_signable(stored)
        draft = _redraw(desk, stored.job, identity, shown)
        moment = occurred_now(db, desk.clock)
        seal = _link(desk, db, draft.record_json, signing, moment.wall_ms, identity.device_id)
        event = desks.queue(desk, db, stored.job, build(draft.record_json, seal), moment)
    desk.on_append()
    return event


def _check_signable(stored: StoredJob) -> None:
    desks.check_on_site(stored)
    if stored.job.visit.signed_ms is not None or stored.job.visit.waived_ms is not None:
        raise DomainError("already_signed")


def _redraw(desk: Desk, job: wire.Job, identity: meta.Identity, shown: RecordDraft | None) -> RecordDraft:
    if shown is None:
        return _draw_up(desk, job, identity, desk.clock.now_ms(), job.customer.language)
    if _draw_up(desk, job, identity, shown.at_ms, shown.language) != shown:
        raise DomainError("record_changed")
    return shown


def _draw_up(desk: Desk, job: wire.Job, identity: meta.Identity, at_ms: int, language: str) -> RecordDraft:
    protocols = desk.shelf.list_protocols(job.protocols)
    blockers = service_record.blockers(job, protocols, job.visit)
    if blockers:
        raise DomainError("record_blocked", blockers=blockers)
    record = service_record.build(
        job,
        protocols,
        job.visit,
        charges.charge_of(job.visit),
        service_record.Technician(id=identity.technician_id, name=identity.technician_name),
        at_ms,
        language=language,
        texts=desk.texts,
    )
    text = service_record.canonical(record)
    return RecordDraft(
        record_json=text,
        view_code=service_record.view_code(text),
        lines=record.lines,
        language=language,
        at_ms=at_ms,
    )


def _link(
    desk: Desk, db: sqlite3.Connection, record_json: str, signing: _Signing, at_ms: int, device_id: str
) -> facts.Seal:
    head = meta.get_chain_head(db)
    seal = signature.seal(
        record_json,
        signing.strokes,
        chain_seq=head.chain_seq + 1,
        previous_hash=head.seal_hash,
        at_ms=at_ms,
        device_id=device_id,
        sign=desk.key.sign,
        alg=ALG,
        key_id=desk.key.key_id,
        relation=signing.relation,
        opinion=signing.opinion,
    )
    # In the transaction that stores the record: a kill leaves both or neither, so the chain cannot fork.
    meta.set_chain_head(db, meta.ChainHead(seal.chain_seq, seal.seal_hash))
    return seal
