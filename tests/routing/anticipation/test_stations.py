"""Where idle crews wait, the history behind it, and the ends of running visits."""

import numpy as np
import pytest

from routing.anticipation.districts import DistrictHistory
from routing.anticipation.remaining import DurationLaw, expected_remaining_s
from routing.anticipation.scenarios import remaining_scenarios_s
from routing.anticipation.stations import StationRules, choose_stations, response_price

RULES = StationRules(
    target_s=3600,
    late_s=9000,
    soft_s=600,
    busy_share=0.2,
    least_gain_s=20,
    drive_price=0.05,
    most_drive_s=3000,
    most_moves=2,
)
PLACES = np.array([[0.0, 0.0], [2000.0, 0.0], [0.0, 2000.0]])
WEIGHTS = np.array([0.4, 0.4, 0.2])


def prices(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the price of responses between places a second apart per unit."""
    return response_price(drives(sources, targets), RULES)


def drives(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return seconds between places."""
    gap = sources[:, None] - targets[None]
    return np.asarray(np.hypot(gap[..., 0], gap[..., 1]))


def test_second_crew_at_one_place_is_sent_where_nobody_is() -> None:
    """Two crews wait at one place: one goes to the other busy district, and only one."""
    here = PLACES[[0, 0]]
    moves = choose_stations(
        prices(here, PLACES), prices(PLACES, PLACES), drives(here, PLACES), np.ones(2, bool), WEIGHTS, RULES
    )
    assert [district for _, district in moves] == [1]


def test_crew_that_may_not_move_stays_and_a_long_drive_is_not_made() -> None:
    """Busy crews are no stations, and the limit on empty driving holds."""
    here = PLACES[[0, 0]]
    given = prices(here, PLACES), prices(PLACES, PLACES), drives(here, PLACES)
    assert choose_stations(*given, np.zeros(2, bool), WEIGHTS, RULES) == []
    near = StationRules(**{name: getattr(RULES, name) for name in RULES.__dataclass_fields__} | {"most_drive_s": 100.0})
    assert choose_stations(*given, np.ones(2, bool), WEIGHTS, near) == []


def test_crews_that_stand_well_stay() -> None:
    """One crew in each district: nothing is gained by driving."""
    given = prices(PLACES, PLACES), prices(PLACES, PLACES), drives(PLACES, PLACES)
    assert choose_stations(*given, np.ones(3, bool), WEIGHTS, RULES) == []


def test_history_weighs_districts_by_hour() -> None:
    """Night calls weigh at night, all calls by day shares; the shares sum to one."""
    history = DistrictHistory(1000.0, hour_share=0.5)
    for _ in range(30):
        history.learn(100.0, 100.0, 2)
    for _ in range(10):
        history.learn(5100.0, 300.0, 14)
    assert history.centres_m() == pytest.approx(np.array([[100.0, 100.0], [5100.0, 300.0]]))
    assert history.weights(2) == pytest.approx([0.5 * 0.75 + 0.5, 0.5 * 0.25])
    assert history.weights(14) == pytest.approx([0.5 * 0.75, 0.5 * 0.25 + 0.5])
    assert history.weights(8) == pytest.approx([0.75, 0.25])


def test_scenarios_of_a_running_visit_have_its_expected_end() -> None:
    """Equally likely ends: ascending, never past, and their mean is the expectation of the law."""
    law = DurationLaw(bias=0.1, spread=0.45)
    for elapsed in (0.0, 900.0, 3600.0, 9000.0):
        found = remaining_scenarios_s(law, 2700.0, elapsed, 400)
        assert (np.diff(found) >= 0).all()
        assert (found >= 0).all()
        assert found.mean() == pytest.approx(expected_remaining_s(law, 2700.0, elapsed), rel=0.03)


def test_scenarios_without_history_are_as_planned() -> None:
    """Nothing learnt: every scenario is the plan; beyond what was ever seen: the expectation alone."""
    assert remaining_scenarios_s(DurationLaw(), 2700.0, 700.0, 3).tolist() == pytest.approx([2000.0] * 3)
    assert len(set(remaining_scenarios_s(DurationLaw(0.0, 0.1), 2700.0, 90_000.0, 3).tolist())) == 1
