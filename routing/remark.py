"""What a planner says about its choice, as codes and figures; the words are data of ``shared/locale``."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from routing.certificate import Certificate
from routing.problem import Value

Figure = str | int | float
_MINUTE_S = 60
# From "almost" to "not at all"; what is not listed stands behind by name.
_NEAREST_FIRST = ("no_room", "window_closed", "away", "off_shift", "skill_expired", "locked_to_other", "no_skill")


class Remark(Value, frozen=True, kw_only=True):
    """One thing said: a code and what stands in it (minutes, counts, ids of technicians and jobs)."""

    code: str
    data: dict[str, Figure] = msgspec.field(default_factory=dict)


def remark(code: str, /, **data: Figure) -> Remark:
    """Return a remark; a figure named ``count`` chooses between one and many."""
    return Remark(code=code, data=data)


def minutes(seconds: float) -> int:
    """Return seconds as whole minutes, half up, never negative: what a customer is told."""
    return max(0, int((seconds + _MINUTE_S / 2) // _MINUTE_S))


def sentence_of(
    certificate: Certificate, now_s: int, *, to_tell: Iterable[str] = (), told: Iterable[str] = ()
) -> tuple[Remark, ...]:
    """Return the one sentence of a choice: who is there when, next best, bound, what moved and who is told.

    ``to_tell`` are the moved jobs whose promise changes, ``told`` those of them whose customers know it already.
    """
    if certificate.technician_id is None or certificate.arrival_s is None:
        return (_nobody(certificate),)
    return (
        *_there(certificate, now_s),
        _next(certificate, now_s),
        *_bound(certificate, now_s),
        _moves(certificate, set(to_tell), set(told)),
    )


def _nobody(certificate: Certificate) -> Remark:
    """Return why nobody goes: the reason of those who came nearest to going."""
    found = {one.reason for one in certificate.candidates if one.reason is not None}
    near = next((reason for reason in _NEAREST_FIRST if reason in found), None)
    reason = near or next(iter(sorted(found)), certificate.lower_bound_reason)
    return remark("nobody", reason=reason, count=len(certificate.candidates))


def _there(certificate: Certificate, now_s: int) -> list[Remark]:
    said = [remark("there", technician=certificate.technician_id or "", count=_in(certificate.arrival_s, now_s))]
    if certificate.needs_consent_of is not None:
        own = certificate.technician_without_consent
        if own is None:
            said.append(remark("consent_only"))
        else:
            said.append(remark("consent", technician=own, count=_in(certificate.arrival_without_consent_s, now_s)))
    return said


def _next(certificate: Certificate, now_s: int) -> Remark:
    if certificate.next_best_technician_id is None:
        return remark("next_none")
    arrival_s = certificate.next_best_arrival_s or now_s
    code = "next_faster" if arrival_s < (certificate.arrival_s or 0) else "next"
    return remark(code, technician=certificate.next_best_technician_id, count=_in(arrival_s, now_s))


def _bound(certificate: Certificate, now_s: int) -> list[Remark]:
    if certificate.lower_bound_s is None:
        return []
    return [remark("bound", count=_in(certificate.lower_bound_s, now_s))]


def _moves(certificate: Certificate, to_tell: set[str], told: set[str]) -> Remark:
    count = len(certificate.moved)
    if not count:
        return remark("moved_none")
    waiting = len(to_tell - told)
    if waiting:
        return remark("moved_to_tell" if count == 1 else "moved_some_to_tell", count=count, customers=waiting)
    if to_tell:
        return remark("moved_told" if count == 1 else "moved_some_told", count=count, customers=len(to_tell))
    return remark("moved_kept", count=count)


def _in(at_s: int | None, now_s: int) -> int:
    return minutes((at_s or now_s) - now_s)
