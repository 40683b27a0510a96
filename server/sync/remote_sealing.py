"""Seals a signature that was given at a distance, in a chain of the branch's own; in the worker, which has the key."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from sqlalchemy import orm

from server.core.journal import Event
from server.core.unit_of_work import Tx
from server.dispatch import repository as dispatch
from server.remote_signing import service
from server.remote_signing.models import RemoteSigning
from server.seals import service as seals
from server.sync import effects
from server.sync.case import Case
from server.visits import repository as visits
from server.visits.service import Sender
from server.work_orders import repository as work_orders
from server.work_orders.service import Desk
from shared import events, facts, signature, wire

_ID_CHARS: Final = 32


def device_of(branch_id: str) -> str:
    """Return under which name the branch seals what was signed in a browser: no phone has this one."""
    return hashlib.sha256(f"remote signing of {branch_id}".encode()).hexdigest()[:_ID_CHARS]


def seal_given(tx: Tx, event: Event, profile: str) -> None:
    """Seal what a customer has signed and let it move the order as a record of the phone does; once."""
    row = tx.session.get(RemoteSigning, event.data["signing_id"], with_for_update=True)
    if row is None or row.state != service.GIVEN:
        return
    order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
    assignment = dispatch.find_assignment(tx.session, row.assignment_id)
    state = visits.get_visit_state(tx.session, row.assignment_id)
    is_changed = row.evidence_hash != service.evidence_hash(state) or state.signed_ms is not None
    if assignment is None or is_changed or state.waived_ms is not None:
        # The phone was faster: what was signed there stands, and the desk sees why this did not.
        row.state = service.VOID
        tx.record(events.REMOTE_SIGNING_ENDED, {"reason": "record_changed"}, work_order_id=order.id)
        return
    sender = Sender(device_id=device_of(tx.branch_id), technician_id=row.technician_id)
    told = wire.PhoneEvent(
        id=f"remote-{row.id}",
        dseq=0,
        work_order_id=order.id,
        assignment_id=assignment.id,
        epoch=assignment.epoch,
        occurred=wire.Occurred(wall_ms=row.given_ms or tx.now_ms),
        body=_sign(tx, row),
    )
    row.state, row.record_id = service.SIGNED, told.id
    # Only the profile counts for a record: it opens no order.
    desk = Desk(sla_profile=profile, time_zone="", jurisdiction="")
    effects.apply_fact(Case(tx=tx, sender=sender, event=told, order=order, assignment=assignment, desk=desk))


def _sign(tx: Tx, row: RemoteSigning) -> facts.RecordSigned:
    key, device_id = seals.branch_key(tx), device_of(tx.branch_id)
    seals.certify_device(tx, device_id, key.public)
    strokes = tuple(msgspec.convert(stroke, facts.Stroke) for stroke in row.strokes)
    before = _find_head(tx.session, device_id)
    seal = signature.seal(
        row.record_json,
        strokes,
        chain_seq=before.chain_seq + 1 if before else 1,
        previous_hash=before.seal_hash if before else signature.GENESIS_HASH,
        at_ms=row.given_ms or tx.now_ms,
        device_id=device_id,
        sign=key.sign,
        alg=key.public.alg,
        key_id=key.public.key_id,
        relation=row.relation,
        opinion=row.opinion,
    )
    return facts.RecordSigned(
        record_json=row.record_json, strokes=strokes, signer_relation=row.relation, opinion=row.opinion, seal=seal
    )


def _find_head(session: orm.Session, device_id: str) -> facts.Seal | None:
    found = [msgspec.convert(seal, facts.Seal) for seal in visits.list_seals_of(session, device_id)]
    return max(found, key=lambda seal: seal.chain_seq, default=None)
