"""Why this technician, and what if another: the planner's explanation of one order as the console shows it."""

from __future__ import annotations

import msgspec
from sqlalchemy import orm

from routing import explain
from routing.certificate import Candidate, Certificate, MovedStop
from routing.explain import Explanation, WhatIf
from routing.remark import sentence_of
from server.absences import repository as absences
from server.board import plan, words
from server.board.rows import Row, Scene
from server.dispatch import repository as dispatch
from server.dispatch.problem import Snapshot, take_snapshot
from server.dispatch.travel.desk import Patience
from server.notices import repository as notices
from server.notices.models import CustomerNotice
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared.errors import DomainError


def explanation(session: orm.Session, branch_id: str, work_order_id: str, now_ms: int, profile: str) -> Row:
    """Return the certificate sentence of an order with everything behind it.

    Raises DomainError `not_found`, and `no_candidate` for an order that is neither planned nor was ever placed.
    """
    scene = Scene(session, branch_id, now_ms, profile)
    order = work_orders.get_order(session, branch_id, work_order_id)
    proof = dispatch.find_proof(session, order.id)
    kept = msgspec.convert(proof.certificate, Certificate) if proof else None
    found = _explained(take_snapshot(session, branch_id, now_ms, profile, Patience.SEARCH), order, kept)
    certificate = found.certificate if found else kept
    if certificate is None:
        raise DomainError("no_candidate", state=order.state)
    as_of_ms = proof.at_ms if proof and certificate is kept else now_ms
    return _row(scene, order, certificate, as_of_ms, found)


def what_if(
    session: orm.Session,
    branch_id: str,
    work_order_id: str,
    technician_id: str,
    now_ms: int,
    profile: str,
    start_ms: int = 0,
) -> Row:
    """Return what giving an order to a technician, not before `start_ms`, would do; a lock on it does not count.

    Raises DomainError `not_found`, `no_candidate`, `technician_unknown`.
    """
    scene = Scene(session, branch_id, now_ms, profile)
    order = work_orders.get_order(session, branch_id, work_order_id)
    snapshot = take_snapshot(session, branch_id, now_ms, profile, Patience.SEARCH, lifted=order.id)
    if order.id not in {job.id for job in snapshot.problem.jobs}:
        raise DomainError("no_candidate", state=order.state)
    if absences.is_absent(session, branch_id, technician_id, now_ms):
        raise DomainError("technician_absent", technician=scene.technicians[technician_id].name)
    if technician_id in scene.technicians and technician_id not in {one.id for one in snapshot.problem.technicians}:
        return _what_if_row(scene, order, WhatIf(job_id=order.id, technician_id=technician_id, reason="off_shift"))
    found = explain.what_if(
        snapshot.problem,
        snapshot.plan,
        order.id,
        technician_id,
        travel=snapshot.travel,
        earliest_s=start_ms // 1000,
    )
    return _what_if_row(scene, order, found)


def candidate_row(scene: Scene, rank: int, one: Candidate, holder: str | None = None) -> Row:
    """Return one technician who was looked at: arrival, driving, cost, what moves, or the reason against."""
    technician = scene.technicians.get(one.technician_id)
    return {
        "rank": rank,
        "technician_id": one.technician_id,
        "name": technician.name if technician else "",
        "arrival_ms": _ms(one.arrival_s),
        "travel_s": one.travel_s,
        "reason_code": one.reason,
        "reason": words.reason(one.reason),
        "moved": len(one.moved),
        "needs_consent": one.needs_consent,
        "arrival_without_consent_ms": _ms(one.arrival_without_consent_s),
        "delta_cost": one.delta_cost,
        "is_kept": one.is_kept,
        "is_holder": one.technician_id == holder,
    }


def _explained(snapshot: Snapshot, order: WorkOrder, kept: Certificate | None) -> Explanation | None:
    if order.id not in {job.id for job in snapshot.problem.jobs}:
        return None
    return explain.explain_job(snapshot.problem, snapshot.plan, order.id, certificate=kept, travel=snapshot.travel)


def _row(scene: Scene, order: WorkOrder, proof: Certificate, as_of_ms: int, found: Explanation | None) -> Row:
    known = notices.list_of_orders(scene.session, scene.branch_id, {one.job_id for one in proof.moved})
    states = {one.job_id: _customer(one, known, as_of_ms) for one in proof.moved}
    told = {job_id for job_id, state in states.items() if state == notices.TOLD}
    to_tell = told | {job_id for job_id, state in states.items() if state == notices.OPEN}
    said = sentence_of(proof, as_of_ms // 1000, to_tell=to_tell, told=told)
    ranked = found.candidates if found else proof.candidates
    holder = found.technician_id if found else proof.technician_id
    return {
        "work_order_id": order.id,
        "number": order.number,
        "ver": order.ver,
        "at_ms": scene.now_ms,
        "as_of_ms": as_of_ms,
        "sentence": words.sentence(scene, said),
        "technician_id": holder,
        "arrival_ms": _ms(proof.arrival_s),
        "bound": _bound(proof),
        "candidates": [candidate_row(scene, rank, one, holder) for rank, one in enumerate(ranked, start=1)],
        "moved": [_moved(scene, _as_it_is(scene, one), known, as_of_ms) for one in proof.moved],
        "undone": _undone(scene, found),
        "travel_quality": proof.travel_quality,
        "can_give": found is not None,
    }


def _bound(proof: Certificate) -> Row | None:
    if proof.lower_bound_s is None:
        return None
    code = proof.lower_bound_reason
    return {"at_ms": _ms(proof.lower_bound_s), "reason_code": code, "reason": words.reason(code)}


def _undone(scene: Scene, found: Explanation | None) -> Row | None:
    if found is None or found.undone is None:
        return None
    ways = [words.remark(scene, one) for one in found.undone.ways_out]
    return {"reason_code": found.undone.reason, "reason": words.reason(found.undone.reason), "ways_out": ways}


def _what_if_row(scene: Scene, order: WorkOrder, found: WhatIf) -> Row:
    technician = scene.technicians.get(found.technician_id)
    known = notices.list_of_orders(scene.session, scene.branch_id, {one.job_id for one in found.moved})
    return {
        "work_order_id": order.id,
        "ver": order.ver,
        "at_ms": scene.now_ms,
        "technician_id": found.technician_id,
        "name": technician.name if technician else "",
        "reason_code": found.reason,
        "reason": words.reason(found.reason),
        "arrival_ms": _ms(found.arrival_s),
        "start_ms": _ms(found.start_s),
        "travel_s": found.travel_s,
        "keeps_promise": found.keeps_promise,
        "is_promised": order.window_end_ms is not None,
        "needs_consent": found.needs_consent,
        "change": None if found.change is None else msgspec.to_builtins(found.change),
        "moved": [_moved(scene, one, known, scene.now_ms, set(found.to_tell)) for one in found.moved],
        "lost": _numbers(scene, found.lost),
        "to_tell": _numbers(scene, found.to_tell),
        "dropped": _numbers(scene, found.dropped),
        "travel_quality": found.travel_quality,
    }


def _moved(
    scene: Scene,
    one: MovedStop,
    known: dict[str, list[CustomerNotice]],
    since_ms: int,
    to_tell: set[str] | None = None,
) -> Row:
    row = plan.moved_row(scene, msgspec.to_builtins(one), known.get(one.job_id, []), since_ms)
    if to_tell is not None and one.promised:
        row["customer"] = notices.OPEN if one.job_id in to_tell else "kept"
    return row


def _as_it_is(scene: Scene, one: MovedStop) -> MovedStop:
    """Return a stop that moved when the proof was made, with the technician and start that it has now."""
    planned = next((stop for stop in scene.planned if stop.work_order_id == one.job_id), None)
    held = next((a for a in scene.live if a.work_order_id == one.job_id), None)
    if held is not None:
        start_s = (held.arrived_ms or held.planned_arrival_ms or held.offered_ms) // 1000
        return msgspec.structs.replace(one, technician_after=held.technician_id, start_after_s=start_s)
    if planned is not None:
        start_s = planned.start_ms // 1000
        return msgspec.structs.replace(one, technician_after=planned.technician_id, start_after_s=start_s)
    return one


def _customer(one: MovedStop, known: dict[str, list[CustomerNotice]], since_ms: int) -> str:
    return plan.customer_state(known.get(one.job_id, []), since_ms) if one.promised else "none"


def _numbers(scene: Scene, job_ids: tuple[str, ...]) -> list[Row]:
    return [{"work_order_id": i, "number": scene.orders[i].number} for i in job_ids if i in scene.orders]


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000
