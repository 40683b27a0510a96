"""Where a waiting technician does most for the next leak."""

from __future__ import annotations

import numpy as np
import pytest

from routing.anticipation.coverage import CoverPrice, Waiter, choose_moves, expected_response_s

PRICE = CoverPrice(second_share=0.0, leaks_per_hour=3.0, worth=40.0, least_gain_s=5.0)


def _reach(*stands: float) -> np.ndarray:
    """Return seconds from stands to places, all on one road with a place every 100 seconds."""
    places = np.arange(0.0, 2000.0, 100.0)
    return np.asarray(np.abs(np.asarray(stands)[:, None] - places[None]))


def _waiter(technician: int, here: float, *others: float, dwell_s: float = 1800.0) -> Waiter:
    stands = (here, *others)
    return Waiter(
        technician=technician,
        reach_s=_reach(*stands),
        extra_s=np.abs(np.asarray(stands) - here),
        dwell_s=np.full(len(stands), dwell_s),
    )


def test_two_at_one_end_send_one_to_the_uncovered_end() -> None:
    """Of two candidates the one that halves the road is taken, and the figures add up."""
    reach, weights = _reach(0.0, 0.0), np.ones(20)
    (move,) = choose_moves(reach, weights, [_waiter(1, 0.0, 100.0, 1300.0)], PRICE)
    assert (move.technician, move.candidate, move.extra_s) == (1, 2, 1300.0)
    after = expected_response_s(_reach(0.0, 1300.0), weights, 0.0)
    assert move.gain_s == pytest.approx(expected_response_s(reach, weights, 0.0) - after)


def test_second_waiter_is_judged_with_the_first_already_moved() -> None:
    """Two who could both cover the far end are not both sent there."""
    waiters = [_waiter(0, 0.0, 1400.0), _waiter(1, 0.0, 1400.0)]
    assert len(choose_moves(_reach(0.0, 0.0, 300.0), np.ones(20), waiters, PRICE)) == 1


def test_nobody_moves_beyond_the_limit_on_empty_driving() -> None:
    """A move that would pay is not made when it costs more than what is left."""
    waiter = _waiter(1, 0.0, 1300.0)
    assert choose_moves(_reach(0.0, 0.0), np.ones(20), [waiter], PRICE, budget_s=1299.0) == []


def test_nobody_moves_for_a_minute_of_waiting() -> None:
    """Who has to go on at once gains nothing for anybody."""
    waiter = _waiter(1, 0.0, 1300.0, dwell_s=20.0)
    assert choose_moves(_reach(0.0, 0.0), np.ones(20), [waiter], PRICE) == []


def test_move_goes_where_the_forecast_is() -> None:
    """With all leaks expected at one end, that end gets the technician."""
    weights = np.where(np.arange(20) >= 17, 1.0, 0.01)
    (move,) = choose_moves(_reach(500.0, 400.0), weights, [_waiter(0, 500.0, 100.0, 1800.0)], PRICE)
    assert move.candidate == 2


def test_far_places_can_count_more_than_near_ones() -> None:
    """Halving the way to one far place loses against three near ones by the mean, and wins when the tail counts."""
    reach = np.asarray([[300.0, 300.0, 300.0, 1500.0]])
    waiter = Waiter(
        technician=0,
        reach_s=np.asarray([[300.0, 300.0, 300.0, 1500.0], [60.0, 60.0, 60.0, 1600.0], [450.0, 450.0, 450.0, 1080.0]]),
        extra_s=np.asarray([0.0, 100.0, 100.0]),
        dwell_s=np.full(3, 1800.0),
    )
    mean = CoverPrice(second_share=0.0, leaks_per_hour=3.0, worth=40.0)
    tail = CoverPrice(second_share=0.0, leaks_per_hour=3.0, worth=40.0, tail_s=100.0)
    assert [move.candidate for move in choose_moves(reach, np.ones(4), [waiter], mean)] == [1]
    assert [move.candidate for move in choose_moves(reach, np.ones(4), [waiter], tail)] == [2]
