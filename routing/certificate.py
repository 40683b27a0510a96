"""The proof behind a choice of technician, in numbers a dispatcher can read."""

from __future__ import annotations

from routing.problem import Value


class MovedStop(Value, frozen=True, kw_only=True):
    """A stop that changed: who had it and when it started, who has it now (None: nobody)."""

    job_id: str
    promised: bool
    technician_before: str | None
    technician_after: str | None
    start_before_s: int | None
    start_after_s: int | None


class Candidate(Value, frozen=True, kw_only=True):
    """One technician looked at for a job: his arrival, or the reason that rules him out.

    Reasons: ``no_skill``, ``skill_expired``, ``off_shift``, ``away``, ``unreachable``, ``locked_to_other``,
    ``no_room``.
    ``delta_cost`` (driving seconds), ``moved`` and ``is_kept`` (this is plain work, he is of the reserve) are filled by
    ``rank_candidates``.
    """

    technician_id: str
    arrival_s: int | None = None
    travel_s: int | None = None
    needs_consent: bool = False
    arrival_without_consent_s: int | None = None
    reason: str | None = None
    delta_cost: float | None = None
    is_kept: bool = False
    moved: tuple[MovedStop, ...] = ()


class Certificate(Value, frozen=True, kw_only=True):
    """Why this technician: the choice, the next best, a bound nobody can beat, and what had to give way.

    ``lower_bound_s`` is the earliest arrival if every qualified technician dropped everything at once;
    ``lower_bound_reason`` is ``drive``, ``shift_start``, ``release``, ``window_opens`` (an urgent leak whose door opens
    only later) or ``no_qualified_technician``.
    """

    job_id: str
    technician_id: str | None = None
    arrival_s: int | None = None
    travel_s: int | None = None
    next_best_technician_id: str | None = None
    next_best_arrival_s: int | None = None
    lower_bound_s: int | None = None
    lower_bound_technician_id: str | None = None
    lower_bound_reason: str
    needs_consent_of: str | None = None
    technician_without_consent: str | None = None
    arrival_without_consent_s: int | None = None
    moved: tuple[MovedStop, ...] = ()
    made_late: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    travel_quality: str
