"""Who is on duty when, and the hours at which nobody is (IN-07, IN-08)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import orm

from server.accounts import repository as accounts

Span = tuple[int, int]
_HOUR_MS: Final = 3_600_000
DAYS_AHEAD: Final = 7


def list_gaps(session: orm.Session, branch_id: str, from_ms: int, days: int = DAYS_AHEAD) -> list[Span]:
    """Return the spans (Unix ms) of the next days in which no technician has a shift, the earliest first."""
    until_ms = from_ms + days * 24 * _HOUR_MS
    shifts = accounts.list_shifts(session, branch_id, from_ms, until_ms)
    return gaps_between([(shift.start_ms, shift.end_ms) for shift in shifts], from_ms, until_ms)


def gaps_between(spans: Iterable[Span], from_ms: int, until_ms: int) -> list[Span]:
    """Return what a set of spans leaves uncovered between two moments."""
    found, covered_ms = [], from_ms
    for start_ms, end_ms in sorted(spans):
        if start_ms >= until_ms:
            break
        if start_ms > covered_ms:
            found.append((covered_ms, start_ms))
        covered_ms = max(covered_ms, end_ms)
    return [*found, (covered_ms, until_ms)] if covered_ms < until_ms else found
