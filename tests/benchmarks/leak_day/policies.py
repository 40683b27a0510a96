"""The policies by name: prices and rules of each, and the playing of one day."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import routing
from tests.benchmarks.leak_day.day import Day, Policy
from tests.benchmarks.leak_day.metrics import Outcome, outcome_of
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.optimise import Routes, morning_plan, warm_up
from tests.benchmarks.leak_day.ours import OURS, Ours
from tests.benchmarks.leak_day.rolling import Rolling
from tests.benchmarks.leak_day.rules import FirstComeFirstServed, NearestPreempting
from tests.benchmarks.leak_day.world import World, make_world

BASE, OPT = Prices(), Rules()
RESERVED = Prices(reserve=300.0)
HYB = Rules(call_off=True)
OR_TOOLS = Rules(engine="ortools", cpu_s=0.3)

ROLLING: dict[str, tuple[Prices, Rules]] = {
    "greedy": (BASE, Rules(engine="insertion")),
    "opt": (BASE, OPT),
    "hyb": (BASE, HYB),
    "all": (replace(RESERVED, emergency_wait=20.0), Rules(reposition=True, interrupt_beyond_s=2400.0)),
    "opt+reserve300": (RESERVED, OPT),
    "opt+repos": (BASE, Rules(reposition=True)),
    "opt+res+repos": (RESERVED, Rules(reposition=True)),
    "hyb+res+repos": (RESERVED, Rules(call_off=True, reposition=True)),
    "opt w1a=1": (replace(BASE, emergency_wait=1.0), OPT),
    "opt w1a=20": (replace(BASE, emergency_wait=20.0), OPT),
    "opt stab=0": (replace(BASE, move_soon=0.0, move_later=0.0), OPT),
    "opt stab=1800": (replace(BASE, move_soon=1800.0, move_later=600.0), OPT),
    "opt no-divert": (BASE, Rules(divertible=0)),
    "OR-Tools warm": (BASE, replace(OR_TOOLS, insert_first=False)),
    "OR-Tools warm+greedy": (BASE, OR_TOOLS),
    "hyb+OR-Tools": (BASE, replace(OR_TOOLS, call_off=True)),
}
CODE = (Path(routing.__file__).parent, Path(__file__).parent)
POLICIES = ("ours", "fcfs", "near+preempt", *ROLLING)


def fingerprint(folders: Sequence[Path] = CODE) -> str:
    """Return what tells settings and code apart: days played under others are not taken up again."""
    digest = hashlib.sha256(repr((OURS, ROLLING)).encode())
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder).as_posix()} ".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def play(policy: str, seed: int, scenario: str) -> Outcome:
    """Play one day under a policy; raise KeyError for an unknown policy or scenario."""
    world = make_world(seed, scenario)
    warm_up()
    began = time.process_time()
    player = _player(policy, world)
    day = Day(world)
    day.play(player)
    return outcome_of(day, policy, time.process_time() - began)


def _player(policy: str, world: World) -> Policy:
    if policy == "ours":
        return Ours(world, OURS)
    if policy == "fcfs":
        return FirstComeFirstServed(_morning(world.seed, world.scenario, 0.0))
    if policy == "near+preempt":
        return NearestPreempting(_morning(world.seed, world.scenario, 0.0))
    prices, rules = ROLLING[policy]
    return Rolling(_morning(world.seed, world.scenario, prices.reserve), prices, rules)


@cache
def _morning(seed: int, scenario: str, reserve: float) -> Routes:
    """Return the morning plan every policy of the definition starts from; those with a reserve have their own."""
    return morning_plan(make_world(seed, scenario), replace(BASE, reserve=reserve), OPT)
