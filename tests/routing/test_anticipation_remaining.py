"""What a running job's elapsed time says about its end."""

from __future__ import annotations

import math
from random import Random

import pytest

from routing.anticipation.remaining import DurationLaw, expected_remaining_s, learn_durations, likely_duration_s


def _visits(count: int, bias: float, spread: float) -> tuple[list[float], list[float]]:
    random = Random(7)
    planned = [random.choice([1500.0, 2100.0, 3300.0]) for _ in range(count)]
    return planned, [p * math.exp(random.gauss(bias, spread)) for p in planned]


def test_law_is_found_again_in_visits_drawn_from_it() -> None:
    """Bias and spread come out near what the visits were drawn with."""
    law = learn_durations(*_visits(4000, -0.05, 0.3))
    assert law.bias == pytest.approx(-0.05, abs=0.02)
    assert law.spread == pytest.approx(0.3, abs=0.02)


def test_one_forgotten_stop_button_does_not_bend_the_law() -> None:
    """A visit of a thousand hours among many changes next to nothing."""
    planned, actual = _visits(400, 0.0, 0.3)
    sound = learn_durations(planned, actual)
    bent = learn_durations([*planned, 1500.0], [*actual, 3.6e6])
    assert bent.spread == pytest.approx(sound.spread, abs=0.01)


def test_few_visits_say_nothing() -> None:
    """With seven visits the plan stands as it is."""
    assert learn_durations(*_visits(7, 0.5, 0.3)) == DurationLaw()
    assert expected_remaining_s(DurationLaw(), 1800, 600) == pytest.approx(1200)


def test_remaining_time_agrees_with_counting_the_visits_that_lasted_longer() -> None:
    """The closed formula equals the mean over drawn visits still running at that age."""
    law, random = DurationLaw(-0.045, 0.3), Random(3)
    drawn = [1800 * math.exp(random.gauss(law.bias, law.spread)) for _ in range(60_000)]
    for elapsed in (0.0, 900.0, 1800.0, 2700.0):
        longer = [one - elapsed for one in drawn if one > elapsed]
        assert expected_remaining_s(law, 1800, elapsed) == pytest.approx(sum(longer) / len(longer), rel=0.05)


def test_job_far_beyond_all_experience_still_ends_some_time() -> None:
    """Hours too late the answer stays finite, positive and no shorter than a minute."""
    law = DurationLaw(0.0, 0.1)
    assert 60 <= expected_remaining_s(law, 1500, 36_000) < 36_000
    assert expected_remaining_s(DurationLaw(), 1500, 36_000) == 60


def test_likely_duration_grows_with_the_share_that_must_fit() -> None:
    """Half of the jobs fit into the median, nine of ten need more."""
    law = DurationLaw(0.0, 0.3)
    assert likely_duration_s(law, 1800, 0.5) == pytest.approx(1800)
    assert likely_duration_s(law, 1800, 0.9) == pytest.approx(1800 * math.exp(0.3 * 1.2816), rel=1e-3)
