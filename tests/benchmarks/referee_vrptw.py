"""Referee of the vehicle routing problem with time windows: reads Solomon's format, judges routes with its own code.

It shares nothing with the planner or with any peer. Customer 0 is the depot; distance is Euclidean in double precision
and is also the travel time; a van may wait, and must be back when the depot closes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SLACK = 1e-6


class BrokenRuleError(ValueError):
    """A plan breaks a rule of the instance; the message names the first one."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One line of an instance: place, demand, window for the start of service, service time."""

    x: float
    y: float
    demand: float
    opens: float
    closes: float
    service: float


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance: name, vans, their capacity, customers with the depot first."""

    name: str
    vans: int
    capacity: float
    customers: list[Customer]


def read(path: Path) -> Instance:
    """Read an instance in Solomon's format.

    Raises:
        ValueError: the file is not in that format.
    """
    words = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    figures = [line for line in words if line and all(_is_number(word) for word in line)]
    fleet = next((line for line in figures if len(line) == 2), None)
    rows = [[float(word) for word in line] for line in figures if len(line) == 7]
    numbers = [row[0] for row in rows]
    # Seven figures in a line may be anything; customers are numbered one after another, the depot first.
    if fleet is None or len(rows) < 2 or numbers != [numbers[0] + at for at in range(len(rows))]:
        raise ValueError("not in Solomon's format")
    return Instance(path.stem, int(float(fleet[0])), float(fleet[1]), [Customer(*row[1:]) for row in rows])


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def distance(one: Customer, other: Customer) -> float:
    """Return the Euclidean distance."""
    return math.hypot(one.x - other.x, one.y - other.y)


def judge(instance: Instance, routes: Sequence[Sequence[int]]) -> float:
    """Return the total distance of a plan; routes list customers without the depot.

    Raises:
        BrokenRuleError: a customer is missing or served twice, or a route breaks capacity or a window.
    """
    served = sorted(customer for route in routes for customer in route)
    if served != list(range(1, len(instance.customers))):
        raise BrokenRuleError("a customer is missing, unknown or served twice")
    return math.fsum(_route_length(instance, route) for route in routes if route)


def _route_length(instance: Instance, route: Sequence[int]) -> float:
    depot = instance.customers[0]
    if sum(instance.customers[customer].demand for customer in route) > instance.capacity + _SLACK:
        raise BrokenRuleError(f"a van is overloaded on its way to customer {route[0]}")
    here, clock, length = depot, depot.opens, 0.0
    for number in [*route, 0]:
        target = instance.customers[number]
        length += distance(here, target)
        clock = max(clock + distance(here, target), target.opens)
        if clock > target.closes + _SLACK:
            raise BrokenRuleError(f"customer {number} is reached at {clock}, after {target.closes}")
        here, clock = target, clock + target.service
    return length
