"""How long a visit is expected to take, and still to take, by what ended ones have taught (decision 5 of routing).

Without enough visits of a kind its own figure of the catalog stays in force.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from routing.anticipation.remaining import DurationLaw, expected_remaining_s, learn_durations

if TYPE_CHECKING:
    from server.dispatch.models import Assignment
    from server.dispatch.rules import DurationRules, ReserveRules
    from server.work_orders.models import WorkOrder


class EndedVisit(NamedTuple):
    """A visit that ended with a record: kind of fault, who, the seconds expected when it was opened, the real ones."""

    kind: str
    technician_id: str
    expected_s: int
    actual_s: float


class KindLaw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one kind of fault: mean and deviation of the logarithm of actual over expected, and from how many visits."""

    bias: float
    spread: float
    visits: int


class PastLeak(NamedTuple):
    """An emergency or urgent leak of the past: when it was opened (Unix ms), its skills, the seconds on site."""

    opened_ms: int
    skills: tuple[str, ...]
    took_s: float


class LeakLaw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What leaks have taught: the skills they ask for most, how many come in an hour, the seconds on site of each."""

    skills: tuple[str, ...]
    per_hour: float
    seconds_each: float
    leaks: int


class Laws(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What visits have taught: by kind of fault, how much slower or faster (logarithm) somebody is, and of leaks."""

    kinds: Mapping[str, KindLaw] = {}
    technicians: Mapping[str, float] = {}
    leaks: LeakLaw | None = None

    def find_law(self, kind: str, technician_id: str = "") -> DurationLaw | None:
        """Return the law of a kind with the technician's own share in it; None where too little is known."""
        law = self.kinds.get(kind)
        return None if law is None else DurationLaw(law.bias + self.technicians.get(technician_id, 0.0), law.spread)


_HOUR_MS: Final = 3_600_000
NO_LAWS: Final = Laws()


def learn(visits: Iterable[EndedVisit], rules: DurationRules) -> Laws:
    """Fit the laws of all kinds, and of all technicians, that have enough visits; unbelievable ones are left out."""
    believed = [v for v in visits if v.expected_s > 0 and rules.shortest_s <= v.actual_s <= rules.longest_s]
    by_kind, by_technician = dict[str, list[EndedVisit]](), dict[str, list[float]]()
    for visit in believed:
        by_kind.setdefault(visit.kind, []).append(visit)
    kinds = {kind: _fit(own, rules) for kind, own in by_kind.items() if len(own) >= rules.least_visits}
    for visit in believed:
        if visit.kind in kinds:
            share = math.log(visit.actual_s / visit.expected_s) - kinds[visit.kind].bias
            by_technician.setdefault(visit.technician_id, []).append(share)
    technicians = {
        who: _bounded(median(shares), rules)
        for who, shares in by_technician.items()
        if len(shares) >= rules.least_of_technician
    }
    return Laws(kinds, technicians)


def learn_leaks(past: Sequence[PastLeak], span_ms: tuple[int, int], rules: ReserveRules) -> LeakLaw | None:
    """Return what the leaks of a span say; None when too few ask for the same.

    The most common demand counts alone. The rate is over the whole span, so that one storm does not pass for a habit;
    the length is the median, so that a visit nobody ended does not either.
    """
    since_ms, until_ms = span_ms
    asked = Counter(leak.skills for leak in past if leak.skills).most_common(1)
    if not asked or asked[0][1] < rules.least_leaks:
        return None
    [(skills, count)] = asked
    each_s = median(max(0.0, leak.took_s) for leak in past if leak.skills == skills)
    return LeakLaw(skills, count / ((until_ms - since_ms) / _HOUR_MS), each_s, count)


def _fit(visits: list[EndedVisit], rules: DurationRules) -> KindLaw:
    law = learn_durations([v.expected_s for v in visits], [v.actual_s for v in visits])
    return KindLaw(_bounded(law.bias, rules), min(law.spread, rules.most_spread), len(visits))


def _bounded(bias: float, rules: DurationRules) -> float:
    most = math.log(rules.most_factor)
    return min(most, max(-most, bias))


def expected_s(laws: Laws, order: WorkOrder, technician_id: str = "") -> int:
    """Return how long an order's visit is expected to take: as learnt, else as the catalog says."""
    law = laws.find_law(order.fault_kind, technician_id)
    return order.expected_s if law is None else round(expected_remaining_s(law, order.expected_s, 0.0))


def finish_ms(laws: Laws, row: Assignment, order: WorkOrder, now_ms: int, least_ms: int) -> int:
    """Return when a visit on site is expected to end, by what was learnt of such visits and how long it lasts already.

    ``least_ms`` it takes in any case. Of one that was left for an emergency only what was still to do counts.
    """
    arrived_ms = row.arrived_ms or now_ms
    law = laws.find_law(order.fault_kind, row.technician_id) if row.remaining_s is None else None
    if law is None:
        whole_s = order.expected_s if row.remaining_s is None else row.remaining_s
        return max(now_ms + least_ms, arrived_ms + whole_s * 1000)
    left_s = expected_remaining_s(law, order.expected_s, max(0, now_ms - arrived_ms) / 1000)
    return now_ms + max(least_ms, round(left_s * 1000))
