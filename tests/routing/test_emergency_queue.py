"""The sharing out of waiting emergencies on plain arrays: what is saved first, and that nobody is starved."""

import itertools
import random

import numpy as np

from routing.emergency_queue import arrange_lines, lines_cost
from routing.waiting import QueueRules, Waiting

RULES = QueueRules(target_s=3600, late_s=7200, limit_s=7200, limit_weight=3.0)


def waiting_of(
    travel: list[list[float]], waited: list[float], *, ready: list[list[float]] | None = None, service: float = 2700
) -> Waiting:
    """Return crews and emergencies that all lie 20 minutes from each other."""
    crews, count = len(travel), len(waited)
    return Waiting(
        travel_s=np.array(travel, dtype=float),
        between_s=np.full((count, count), 1200.0),
        ready_s=np.zeros((crews, 1)) if ready is None else np.array(ready, dtype=float),
        service_s=np.full((count, 1 if ready is None else len(ready[0])), service),
        waited_s=np.array(waited, dtype=float),
        latest_s=np.full((crews, count), np.inf),
    )


def random_waiting(seed: int, crews: int = 3, count: int = 4) -> Waiting:
    """Return a few crews, some busy, and emergencies that wait already."""
    chance = np.random.default_rng(seed)
    place, home = chance.uniform(0, 3000, (count, 2)), chance.uniform(0, 3000, (crews, 2))
    return Waiting(
        travel_s=np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1)),
        between_s=np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)),
        ready_s=chance.uniform(0, 2400, (crews, 1)),
        service_s=np.full((count, 1), 2700.0),
        waited_s=chance.uniform(0, 3600, count),
        latest_s=np.full((crews, count), np.inf),
    )


def every_arrangement(crews: int, count: int) -> list[list[list[int]]]:
    """Return all ways of lining the emergencies up behind the crews."""
    found = []
    for order in itertools.permutations(range(count)):
        for cuts in itertools.combinations_with_replacement(range(count + 1), crews - 1):
            bounds = (0, *cuts, count)
            found.append([list(order[a:b]) for a, b in itertools.pairwise(bounds)])
    return found


def test_arrangement_is_near_the_best_of_all_and_never_worse_than_given() -> None:
    """Against every arrangement there is: mostly the best, never worse than the lines it started from."""
    best_found = 0
    for seed in range(12):
        waiting = random_waiting(seed)
        given = [[0, 1], [2], [3]]
        arranged = lines_cost(waiting, RULES, arrange_lines(waiting, RULES, given))
        assert arranged <= lines_cost(waiting, RULES, given)
        best = min(lines_cost(waiting, RULES, lines) for lines in every_arrangement(3, 4))
        best_found += arranged[0] <= best[0] + 1e-6 and arranged[1] <= best[1] + 1e-6
    assert best_found >= 9


def test_emergency_that_can_still_be_reached_in_time_goes_before_one_that_cannot() -> None:
    """One crew, one leak already late, one that would become late: as few as can be are late."""
    lines = arrange_lines(waiting_of([[600, 600]], [4000, 600]), RULES, [[]])
    assert lines == [[1, 0]]


def test_longest_waiting_goes_first_beyond_the_limit() -> None:
    """However many can still be reached in time: beyond the limit waiting weighs more than being late does."""
    starving = 4 * 3600.0
    lines = arrange_lines(waiting_of([[600, 600]], [starving, 600]), RULES, [[]])
    assert lines == [[0, 1]]


def test_waiting_is_bounded_when_new_emergencies_never_end() -> None:
    """A leak far away and an endless stream of near ones before a single crew: it is reached all the same."""
    now, far_waited, served = 0.0, 0.0, 0
    for _ in range(40):
        waiting = waiting_of([[1500, 300]], [far_waited, 0.0])
        first = arrange_lines(waiting, RULES, [[]])[0][0]
        if first == 0:
            break
        now += 300 + 2700
        far_waited, served = now, served + 1
    assert 0 < served < 8


def test_crew_that_may_overrun_is_trusted_only_as_far_as_it_deserves() -> None:
    """Two busy crews with the same mean: the one that may overrun beyond the target is not waited for."""
    sure, unsure = [1500.0] * 4, [0.0, 0.0, 0.0, 6000.0]
    lines = arrange_lines(waiting_of([[900], [900]], [600], ready=[unsure, sure]), RULES, [[], []])
    assert lines == [[], [0]]


def test_barred_crew_is_never_sent_and_an_unreachable_emergency_stays_out() -> None:
    """A crew that may not go gets nothing, however near; who can be reached by nobody stands in no line."""
    waiting = waiting_of([[60, 60], [3000, 3000]], [0, 0])
    waiting.latest_s[0, 0] = -np.inf
    waiting.latest_s[:, 1] = 10.0
    assert arrange_lines(waiting, RULES, [[], []]) == [[], [0]]


def test_same_emergencies_give_the_same_lines() -> None:
    """Nothing is drawn: the same question has the same answer, and every emergency stands once."""
    for seed in range(5):
        waiting = random_waiting(seed, crews=5, count=9)
        lines = arrange_lines(waiting, RULES, [[] for _ in range(5)])
        assert lines == arrange_lines(waiting, RULES, [[] for _ in range(5)])
        assert sorted(job for line in lines for job in line) == list(range(9))


def test_more_crews_never_make_it_worse() -> None:
    """With one more crew the arrangement that was possible before still is."""
    chance = random.Random(4)
    for seed in range(6):
        waiting = random_waiting(seed, crews=4, count=5)
        fewer = Waiting(
            travel_s=waiting.travel_s[:3],
            between_s=waiting.between_s,
            ready_s=waiting.ready_s[:3],
            service_s=waiting.service_s,
            waited_s=waiting.waited_s,
            latest_s=waiting.latest_s[:3],
        )
        lines = arrange_lines(fewer, RULES, [[chance.randrange(5)], [], []])
        more = arrange_lines(waiting, RULES, [*lines, []])
        assert lines_cost(waiting, RULES, more) <= lines_cost(fewer, RULES, lines)
