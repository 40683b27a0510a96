"""Who goes to which emergency when several wait: exact for one, no worse than brute force's neighbourhood for more."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest

from routing.instant import Responders, Weighing, assign, earliest_arrivals

INF = np.inf


def _responders(now: list[list[float]], then: list[list[float]], consent: list[bool]) -> Responders:
    count = len(now[0])
    return Responders(
        now_s=np.asarray(now),
        then_s=np.asarray(then),
        consent=np.asarray(consent),
        between_s=np.full((count, count), 600.0),
        service_s=np.full(count, 2700.0),
        reported_s=np.zeros(count),
    )


def test_first_arrival_wins_even_when_somebody_must_leave_his_job() -> None:
    """Technician 1 leaves his job because he is there in three minutes, the free one in nine."""
    responders = _responders([[540.0], [180.0]], [[INF], [1500.0]], [False, True])
    (call,) = assign(responders, [-1], Weighing(tolerance_s=45))
    assert (call.technician, call.at_once, call.needs_consent, call.arrival_s) == (1, True, True, 180.0)


def test_within_the_tolerance_nobody_is_called_off() -> None:
    """Forty seconds are less than anybody can promise: the free technician goes."""
    responders = _responders([[220.0], [180.0]], [[INF], [1500.0]], [False, True])
    (call,) = assign(responders, [-1], Weighing(tolerance_s=45))
    assert (call.technician, call.needs_consent) == (0, False)


def test_free_technician_who_is_there_soon_is_not_passed_over() -> None:
    """With three minutes set as soon enough, the free one at 170 s goes and not the busy one at 60 s, nor at 175 s."""
    weighing = Weighing(tolerance_s=45, soon_s=180)
    responders = _responders([[175.0], [170.0], [60.0]], [[INF], [INF], [1500.0]], [False, False, True])
    assert assign(responders, [-1], weighing)[0].technician == 1
    late = _responders([[200.0], [60.0]], [[INF], [1500.0]], [False, True])
    assert assign(late, [-1], Weighing(tolerance_s=10, soon_s=180))[0].technician == 1


def test_arrival_is_brute_force_over_everybody() -> None:
    """For one emergency no technician is earlier than the one sent, over random cases."""
    random = Random(5)
    for _ in range(200):
        now = [[random.choice([INF, random.uniform(60, 4000)])] for _ in range(9)]
        then = [[random.uniform(60, 6000)] for _ in range(9)]
        responders = _responders(now, then, [random.random() < 0.5 for _ in range(9)])
        (call,) = assign(responders, [-1], Weighing())
        assert call.arrival_s == earliest_arrivals(responders).min()


def test_who_drives_already_keeps_it_unless_somebody_is_clearly_earlier() -> None:
    """A handover for half a minute is none; for five minutes it is made."""
    weighing = Weighing(handover_s=60)
    close = _responders([[400.0], [370.0]], [[INF], [INF]], [False, False])
    clear = _responders([[400.0], [100.0]], [[INF], [INF]], [False, False])
    assert assign(close, [0], weighing)[0].technician == 0
    assert assign(clear, [0], weighing)[0].technician == 1


def test_two_emergencies_are_shared_out_so_that_callers_together_wait_least() -> None:
    """The nearest one of the first call goes to the second when the first has another almost as near."""
    responders = _responders([[300.0, 320.0], [360.0, 1900.0]], [[INF, INF], [INF, INF]], [False, False])
    first, second = assign(responders, [-1, -1], Weighing())
    assert (first.technician, second.technician) == (1, 0)


def test_nobody_qualified_is_said_and_not_invented() -> None:
    """Without anybody who could go the call names nobody."""
    (call,) = assign(_responders([[INF]], [[INF]], [False]), [-1], Weighing())
    assert call.technician == -1


def test_shared_out_as_well_as_trying_everything() -> None:
    """With three calls and four technicians, total waiting is that of the best of all one-each assignments or less."""
    random = Random(11)
    for _ in range(60):
        now = [[random.uniform(60, 3000) for _ in range(3)] for _ in range(4)]
        responders = _responders(now, [[INF] * 3] * 4, [False] * 4)
        calls = assign(responders, [-1] * 3, Weighing())
        best = min(
            sum(now[crew][job] for job, crew in enumerate(crews))
            for crews in product(range(4), repeat=3)
            if len(set(crews)) == 3
        )
        assert sum(call.arrival_s for call in calls) <= best * 1.1 + 1
    assert calls[0].arrival_s == pytest.approx(now[calls[0].technician][0])
