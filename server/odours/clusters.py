"""Which reports belong together: near in space and time, and from different homes. Pure; a chain counts as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.work_orders import odour_rings
from server.work_orders.odour_rings import Ring

_SECOND_MS: Final = 1000


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
    """Return the metres between two reports."""
    return odour_rings.distance_m((a.lat, a.lon), (b.lat, b.lon))


def find_clusters(reports: Sequence[Report], ring: Ring, least_homes: int) -> list[Cluster]:
    """Return the clusters of at least ``least_homes`` homes, the newest report's first."""
    parent = list(range(len(reports)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, one in enumerate(reports):
        for j in range(i):
            if _belong(one, reports[j], ring):
                parent[root(i)] = root(j)
    groups: dict[int, list[Report]] = {}
    for i, one in enumerate(reports):
        groups.setdefault(root(i), []).append(one)
    found = [_cluster(group) for group in groups.values()]
    kept = [one for one in found if one.homes >= least_homes]
    return sorted(kept, key=lambda one: -one.reports[-1].at_ms)


def _belong(a: Report, b: Report, ring: Ring) -> bool:
    return abs(a.at_ms - b.at_ms) <= ring.within_s * _SECOND_MS and apart_m(a, b) <= ring.radius_m


def _cluster(group: list[Report]) -> Cluster:
    ordered = tuple(sorted(group, key=lambda one: (one.at_ms, one.work_order_id)))
    count = len(ordered)
    return Cluster(
        reports=ordered,
        lat=sum(one.lat for one in ordered) / count,
        lon=sum(one.lon for one in ordered) / count,
        homes=len({one.home for one in ordered}),
    )
