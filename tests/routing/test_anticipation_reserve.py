"""What the load of the qualified says about prices and margins."""

from __future__ import annotations

import pytest

from routing.anticipation.reserve import Dial, expected_leak_work_s, learn_leaks, skilled_load


def test_forecast_counts_leaks_per_hour_and_their_time() -> None:
    """Forty leaks of an hour over two days of ten hours are two leaks and two hours of work an hour."""
    forecast = learn_leaks([900.0 * i for i in range(40)], [3600.0] * 40, days=2, until_s=36_000)
    assert forecast.leaks_per_hour == pytest.approx(2.0, rel=0.03)
    assert expected_leak_work_s(forecast, 36_000 - 7200) == pytest.approx(2 * 2 * 3600, rel=0.03)
    assert expected_leak_work_s(forecast, 40_000) == 0


def test_no_history_expects_nothing_and_no_day_is_refused() -> None:
    """A company without leaks expects none; without a day there is no mean."""
    assert expected_leak_work_s(learn_leaks([], [], days=3, until_s=36_000), 0.0) == 0
    with pytest.raises(ValueError, match="days"):
        learn_leaks([], [], days=0, until_s=36_000)


def test_load_is_work_over_time_left() -> None:
    """Two technicians with five hours each and eight hours of work are loaded to 0.8; none at all without end."""
    assert skilled_load(6 * 3600, 2 * 3600, 2, 5 * 3600) == pytest.approx(0.8)
    assert skilled_load(3600, 0, 0, 3600) == float("inf")
    assert skilled_load(0, 0, 0, 3600) == 0


def test_margin_shrinks_as_the_day_fills_and_is_gone_when_it_overflows() -> None:
    """Full margin with time to spare, half of it in the middle, none in overload."""
    margin = Dial(easy=1.2, full=1.0, easy_load=0.8, full_load=1.0)
    assert margin.at(0.5) == pytest.approx(1.2)
    assert margin.at(0.9) == pytest.approx(1.1)
    assert margin.at(1.4) == 1.0
    assert Dial(easy=3.0, full=3.0).at(float("inf")) == 3.0
