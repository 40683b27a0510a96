"""Rate limits: so many calls of one caller to one route in one span of time."""

import pytest

from server.core.limiter import Limiter
from shared.errors import DomainError
from tests.mobile.phones import HandClock


def test_call_above_the_limit_is_refused_until_the_window_is_over() -> None:
    """Wang's phone may call twice a minute: the third call is refused, a minute after the first it is welcome again."""
    clock = HandClock(0)
    limiter = Limiter(lambda: clock.now_ms() / 1000)
    limiter.check("2/minute", "sync", "wang")
    limiter.check("2/minute", "sync", "wang")
    with pytest.raises(DomainError, match="rate_limited"):
        limiter.check("2/minute", "sync", "wang")
    clock.pass_ms(60_000)
    limiter.check("2/minute", "sync", "wang")


def test_callers_and_routes_are_counted_apart() -> None:
    """Wang has used his calls up; Sun's phone and Wang's other calls go through."""
    limiter = Limiter()
    limiter.check("1/minute", "sync", "wang")
    limiter.check("1/minute", "sync", "sun")
    limiter.check("1/minute", "evidence", "wang")
    with pytest.raises(DomainError, match="rate_limited"):
        limiter.check("1/minute", "sync", "wang")
