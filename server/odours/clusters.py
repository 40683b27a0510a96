"""Which reports belong together: near in space and time, and from different homes. Pure; a chain counts as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.odours.rules import OdourRules

_HOUR_MS: Final = 3_600_000
_METRES_A_DEGREE: Final = 111_195.0


@dataclass(frozen=True)
class Report:
    """One odour report: its order, where and when (Unix ms), and whose home it is."""

    work_order_id: str
    number: str
    lat: float
    lon: float
    at_ms: int
    home: str


@dataclass(frozen=True)
class Cluster:
    """Reports that may have one cause, oldest first; ``lat``, ``lon``: their middle; ``homes`` counts addresses."""

    reports: tuple[Report, ...]
    lat: float
    lon: float
    homes: int


def apart_m(a: Report, b: Report) -> float:
    """Return the metres between two reports; exact enough for some kilometres."""
    north = (a.lat - b.lat) * _METRES_A_DEGREE
    east = (a.lon - b.lon) * _METRES_A_DEGREE * math.cos(math.radians((a.lat + b.lat) / 2))
    return math.hypot(north, east)


def find_clusters(reports: Sequence[Report], rules: OdourRules) -> list[Cluster]:
    """Return the clusters of at least ``least_reports`` homes, the newest report's first."""
    parent = list(range(len(reports)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, one in enumerate(reports):
        for j in range(i):
            if _belong(one, reports[j], rules):
                parent[root(i)] = root(j)
    groups: dict[int, list[Report]] = {}
    for i, one in enumerate(reports):
        groups.setdefault(root(i), []).append(one)
    found = [_cluster(group) for group in groups.values()]
    kept = [one for one in found if one.homes >= rules.least_reports]
    return sorted(kept, key=lambda one: -one.reports[-1].at_ms)


def _belong(a: Report, b: Report, rules: OdourRules) -> bool:
    return abs(a.at_ms - b.at_ms) <= rules.within_h * _HOUR_MS and apart_m(a, b) <= rules.near_m


def _cluster(group: list[Report]) -> Cluster:
    ordered = tuple(sorted(group, key=lambda one: (one.at_ms, one.work_order_id)))
    count = len(ordered)
    return Cluster(
        reports=ordered,
        lat=sum(one.lat for one in ordered) / count,
        lon=sum(one.lon for one in ordered) / count,
        homes=len({one.home for one in ordered}),
    )
