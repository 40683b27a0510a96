"""A job for two people is planned as two jobs: this is how the second one is named."""

from __future__ import annotations

# No id of an order holds a control character, so a second person's job cannot be taken for another order.
_SECOND = "\x1f2"


def second_id(job_id: str) -> str:
    """Return the id of the job of the second person."""
    return job_id + _SECOND


def first_id(job_id: str) -> str:
    """Return the id of the order a job of either person belongs to."""
    return job_id.removesuffix(_SECOND)


def is_second(job_id: str) -> bool:
    """Tell whether a job is that of a second person."""
    return job_id.endswith(_SECOND)
