"""Referee of technician routing and scheduling (TRSP): reads an instance and judges routes with code of its own.

It shares nothing with the planner. Ids: 0 the depot, 1..m the technicians' homes, then the requests up to ``last``;
``last + k`` is the end at technician k's home and ``last + m + k`` his visit to the depot (125 + k and 150 + k with 25
technicians and 100 requests, as in the published solutions).
"""

from __future__ import annotations

import ast
import csv
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_SLACK = 1e-6
_NODE = re.compile(r"\s*\d+" + r"\s+(\S+)" * 5 + r"\s+(\[.*?\])\s*(\[.*?\])\s*(\[.*?\])")
_CREW = re.compile(r"^\s*(\d+)\s+\d+\s+\d+\s+\d+\s*$", re.MULTILINE)


class BrokenRuleError(ValueError):
    """A route breaks a rule of the instance; the message names the first one."""


@dataclass(frozen=True, slots=True)
class Node:
    """One line of an instance: place, window for the start of service, service time, and what it needs or carries."""

    x: float
    y: float
    opens: float
    closes: float
    service: float
    skills: frozenset[int]
    tools: frozenset[int]
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """Nodes by id: 0 the depot, 1..technicians the homes, the rest the requests."""

    name: str
    technicians: int
    nodes: tuple[Node, ...]

    @property
    def homes(self) -> range:
        """Ids of the technicians' homes."""
        return range(1, self.technicians + 1)

    @property
    def requests(self) -> range:
        """Ids of the requests."""
        return range(self.technicians + 1, len(self.nodes))

    @property
    def last(self) -> int:
        """The largest id of a node; the ends at home and the visits to the depot are counted from here."""
        return len(self.nodes) - 1

    def at(self, visit: int) -> Node:
        """Return the node of a visit's id, ends at home and depot visits included."""
        if visit <= self.last:
            return self.nodes[visit]
        return self.nodes[0 if visit > self.last + self.technicians else visit - self.last]


def _node(fields: tuple[str, ...]) -> Node:
    skills, tools, parts = (ast.literal_eval(text) for text in fields[5:])
    x, y, opens, closes, service = map(float, fields[:5])
    return Node(x, y, opens, closes, service, frozenset(skills), frozenset(tools), tuple(parts))


def read_instance(path: Path) -> Instance:
    """Read an instance file; raise ValueError when it names no crew or no request."""
    text = path.read_text(encoding="utf-8")
    nodes = tuple(_node(found.groups()) for line in text.splitlines() if (found := _NODE.match(line)))
    crew = _CREW.search(text)
    if crew is None or len(nodes) <= int(crew[1]) + 1:
        raise ValueError(f"{path.name}: not an instance of technician routing")
    return Instance(path.stem, int(crew[1]), nodes)


def read_reference(path: Path) -> dict[str, tuple[float, float]]:
    """Return best and mean working time of the reference by the instance's name in lower case.

    Rows without both figures are passed over: such an instance is solved without a reference.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("best_working_time", "mean_working_time")
    known = [row for row in rows if row.get("instance") and all(row.get(column) for column in columns)]
    return {row["instance"].strip().casefold(): (float(row[columns[0]]), float(row[columns[1]])) for row in known}


def read_routes(text: str) -> list[list[int]]:
    """Return the routes of a published solution, one list of ids each; routes left empty are dropped."""
    return [[int(visit) for visit in route.split(",")] for route in text.split("|") if route]


def judge(instance: Instance, routes: list[list[int]]) -> float:
    """Return the total working time of the routes; raise BrokenRuleError naming the first broken rule."""
    if len({route[0] for route in routes}) < len(routes):
        raise BrokenRuleError("a technician has two routes")
    served = sorted(visit for route in routes for visit in route if visit in instance.requests)
    if served != list(instance.requests):
        raise BrokenRuleError("not every request is served exactly once")
    return sum(_judge_route(instance, route) for route in routes)


def _judge_route(instance: Instance, route: list[int]) -> float:
    """Return the working time of one route: end at home minus the latest departure that keeps that end."""
    home, *stops, end = route
    if home not in instance.homes or end != instance.last + home:
        raise BrokenRuleError(f"{route}: must start at home k and end there")
    _judge_needs(instance, home, stops)
    finish = _finish(instance, route)
    start = finish
    for before, after in reversed(list(pairwise(route))):
        start -= _leg(instance, before, after)
        if before in instance.requests:
            start = min(start, instance.nodes[before].closes)
    return finish - start


def _finish(instance: Instance, route: list[int]) -> float:
    """Return the earliest end at home; raise when a window is missed."""
    clock = instance.nodes[route[0]].opens
    for before, after in pairwise(route):
        clock += _leg(instance, before, after)
        if after in instance.requests:
            clock = max(clock, instance.nodes[after].opens)
        if clock > instance.at(after).closes + _SLACK:
            raise BrokenRuleError(f"{after}: late")
    return clock


def _judge_needs(instance: Instance, home: int, stops: list[int]) -> None:
    """Raise when a skill, a tool or a part is missing, or the depot is visited twice or by another's id."""
    me = instance.nodes[home]
    van, depot = list(me.parts), instance.last + instance.technicians + home
    visits = stops.count(depot)
    if visits > 1 or any(stop not in instance.requests and stop != depot for stop in stops):
        raise BrokenRuleError(f"technician {home}: a stop that is neither a request nor his one visit to the depot")
    supplied = stops.index(depot) if visits else len(stops)
    for place, stop in enumerate(stops):
        need = instance.at(stop)
        if not need.skills <= me.skills:
            raise BrokenRuleError(f"request {stop}: skill")
        if place < supplied:
            van = [have - used for have, used in zip(van, need.parts, strict=True)]
            if min(van, default=0) < 0 or not need.tools <= me.tools:
                raise BrokenRuleError(f"request {stop}: tool or part")


def _leg(instance: Instance, before: int, after: int) -> float:
    """Return the time from the start at one visit to the arrival at the next: service and straight-line travel."""
    one, other = instance.at(before), instance.at(after)
    service = one.service if before in instance.requests else 0.0
    return math.dist((one.x, one.y), (other.x, other.y)) + service
