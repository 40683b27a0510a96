"""The simulated day: events, what technicians do by themselves, and the orders a policy may give.

A policy sees orders once they are reported, positions, and planned figures; actual durations and travel noise stay in
here. After every event each idle technician sets off for the next stop of his tail when it is time.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from tests.benchmarks.leak_day.crew import HOME, SPOT, Crew, Doing, Point
from tests.benchmarks.leak_day.world import (
    KM_PER_SECOND,
    LAST_DEPARTURE_S,
    SECONDS_PER_KM,
    SHIFT_END_S,
    World,
)

TICK_S = 900
GLANCE_S = 300
EARLY_S = 300
RESUME_S = 600
OVERRUN_S = 300


class Event(IntEnum):
    """Kinds of events; at the same second they are handled in this order."""

    ARRIVED = 0
    FINISHED = 1
    WOKE = 2
    REPORTED = 3
    TICKED = 4
    GLANCED = 5


class Policy(Protocol):
    """What decides: told of every event, it changes tails and calls ``send``, ``wait_at``."""

    def start(self, day: Day) -> None:
        """Lay down the morning plan at second 0."""

    def reported(self, day: Day, job: int) -> None:
        """Answer a leak that has just been reported."""

    def ticked(self, day: Day) -> None:
        """Re-plan: a quarter of an hour has passed."""

    def glanced(self, day: Day) -> None:
        """Look at coverage: five minutes have passed."""

    def freed(self, day: Day, crew: Crew) -> None:
        """Somebody has finished a job."""

    def arrived(self, day: Day, crew: Crew) -> None:
        """Somebody has arrived at an order."""


class Day:
    """State of the day; ``play`` runs it to the end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now_s = 0.0
        homes: list[Point] = [(float(x), float(y)) for x, y in world.homes]
        self.crews = [
            Crew(index=i, qualified=bool(world.qualified[i]), home=home, place=home) for i, home in enumerate(homes)
        ]
        self.spots: list[Point] = [(float(x), float(y)) for x, y in world.places]
        self.priority: list[int] = world.priority.tolist()
        self.opens_s: list[float] = world.opens_s.tolist()
        self.known = [k == 0 and p > 2 for k, p in zip(world.known_s, self.priority, strict=True)]
        self.needs_gas: list[bool] = world.needs_gas.tolist()
        self.arrival_s = [math.nan] * world.orders
        self.done_s = [math.nan] * world.orders
        self.bound = [-1] * world.orders
        self.planned_left: list[float] = world.planned_s.tolist()
        self._actual_left: list[float] = world.actual_s.tolist()
        self.interruptions = self.diversions = self.moved = self.replans = 0
        self._events: list[tuple[float, int, int, int, int]] = []
        self._count = 0

    # -- what a policy may ask -------------------------------------------------------------------------------------

    def open_jobs(self) -> list[int]:
        """Return the orders that are known, not done, and neither under work nor driven to."""
        busy = {crew.job for crew in self.crews if crew.doing == Doing.ON_SITE}
        busy |= {crew.heads_for for crew in self.crews}
        return [j for j, known in enumerate(self.known) if known and math.isnan(self.done_s[j]) and j not in busy]

    def planned_end_s(self, crew: Crew) -> float:
        """Return when the job on site should end by its planned duration; an overrunning one in five minutes."""
        planned = crew.started_s + self.planned_left[crew.job]
        return planned if planned > self.now_s else self.now_s + OVERRUN_S

    def planned_arrival_s(self, crew: Crew) -> float:
        """Return when a driving technician should arrive, from the share of the way that lies behind him."""
        return self.now_s + (1.0 - crew.share_driven(self.now_s)) * crew.drive_s

    def allowed(self, crew: Crew, job: int) -> bool:
        """Tell whether a technician may do a job: qualification, and whoever left it returns to it."""
        return (crew.qualified or not self.needs_gas[job]) and self.bound[job] in (-1, crew.index)

    # -- orders a policy may give ----------------------------------------------------------------------------------

    def send(self, crew: Crew, job: int) -> None:
        """Send a technician to a job at once: whatever he is doing goes to the head of his tail."""
        if job in crew.tail:
            crew.tail.remove(job)
        left = self._break_off(crew)
        if left >= 0:
            crew.tail.insert(0, left)
        self._drive(crew, job, self.spots[job])

    def recall(self, crew: Crew) -> int:
        """Stop a technician on his way to a job; return that job, which is in no tail now."""
        return self._break_off(crew)

    def wait_at(self, crew: Crew, spot: Point) -> None:
        """Let an idle technician drive to a place and wait there."""
        if crew.doing != Doing.ON_SITE and crew.heads_for < 0:
            self._break_off(crew)
            self._drive(crew, SPOT, spot)

    # -- running ---------------------------------------------------------------------------------------------------

    def play(self, policy: Policy) -> None:
        """Run the day under a policy until everybody is home."""
        for j, priority in enumerate(self.priority):
            if priority <= 2:
                self._push(float(self.world.known_s[j]), Event.REPORTED, j)
        for second in range(TICK_S, LAST_DEPARTURE_S + 1, TICK_S):
            self._push(second, Event.TICKED, 0)
        for second in range(GLANCE_S, SHIFT_END_S, GLANCE_S):
            self._push(second, Event.GLANCED, 0)
        policy.start(self)
        self._settle()
        while self._events:
            self.now_s, kind, index, _, token = heapq.heappop(self._events)
            self._handle(policy, Event(kind), index, token)
            self._settle()

    def _handle(self, policy: Policy, kind: Event, index: int, token: int) -> None:
        if kind == Event.REPORTED:
            self.known[index] = True
            self._count_replan(policy, index)
        elif kind == Event.TICKED:
            if self.open_jobs():
                self._count_replan(policy, -1)
        elif kind == Event.GLANCED:
            self._counting_moves(lambda: policy.glanced(self))
        elif kind != Event.WOKE and self.crews[index].token == token:
            self._happened(policy, kind, self.crews[index])

    def _happened(self, policy: Policy, kind: Event, crew: Crew) -> None:
        if kind == Event.ARRIVED:
            self._arrive(crew)
            if crew.doing == Doing.ON_SITE:
                self._counting_moves(lambda: policy.arrived(self, crew))
        elif kind == Event.FINISHED:
            self.done_s[crew.job] = self.now_s
            crew.doing, crew.job = Doing.IDLE, -1
            self._counting_moves(lambda: policy.freed(self, crew))

    def _count_replan(self, policy: Policy, job: int) -> None:
        self.replans += 1
        self._counting_moves(lambda: policy.reported(self, job) if job >= 0 else policy.ticked(self))

    def _counting_moves(self, decide: Callable[[], None]) -> None:
        before = self._technicians()
        decide()
        after = self._technicians()
        self.moved += sum(1 for job, who in before.items() if after.get(job, who) != who)

    def _technicians(self) -> dict[int, int]:
        found = {job: crew.index for crew in self.crews for job in crew.tail}
        return found | {crew.heads_for: crew.index for crew in self.crews if crew.heads_for >= 0}

    def _settle(self) -> None:
        for crew in self.crews:
            if crew.doing == Doing.IDLE or (crew.doing == Doing.DRIVING and crew.target < 0):
                self._depart_or_wait(crew)

    def _depart_or_wait(self, crew: Crew) -> None:
        if self.now_s > LAST_DEPARTURE_S:
            crew.tail.clear()
        if not crew.tail:
            self._go_home_in_time(crew)
            return
        job = crew.tail[0]
        leaves = self.opens_s[job] - EARLY_S - seconds(crew.position(self.now_s), self.spots[job])
        if leaves <= self.now_s:
            self._break_off(crew)
            crew.tail.pop(0)
            self._drive(crew, job, self.spots[job])
            return
        if crew.doing == Doing.DRIVING and crew.target == HOME:
            self._break_off(crew)
        self._wake(crew, leaves)

    def _go_home_in_time(self, crew: Crew) -> None:
        if crew.doing == Doing.DRIVING and crew.target == HOME:
            return
        place = crew.position(self.now_s)
        leaves = SHIFT_END_S - seconds(place, crew.home)
        if leaves > self.now_s:
            self._wake(crew, leaves)
        elif place != crew.home:
            self._break_off(crew)
            self._drive(crew, HOME, crew.home)

    def _drive(self, crew: Crew, target: int, goal: Point) -> None:
        planned = seconds(crew.place, goal)
        row = target if target >= 0 else self.world.orders + crew.index
        crew.doing, crew.target, crew.goal = Doing.DRIVING, target, goal
        crew.left_s, crew.drive_s = self.now_s, planned
        crew.arrives_s = self.now_s + planned * float(self.world.noise[row, crew.index])
        self._push_for(crew, crew.arrives_s, Event.ARRIVED)

    def _break_off(self, crew: Crew) -> int:
        """Stop what he is doing and return the order that was under work or driven to, -1 for none."""
        if crew.doing == Doing.ON_SITE:
            return self._leave_job(crew)
        job = crew.heads_for
        if crew.doing == Doing.DRIVING:
            self._count_km(crew, crew.share_driven(self.now_s))
            crew.place, crew.doing = crew.position(self.now_s), Doing.IDLE
            crew.token += 1
        self.diversions += job >= 0
        return job

    def _leave_job(self, crew: Crew) -> int:
        job, crew.job, crew.doing = crew.job, -1, Doing.IDLE
        crew.token += 1
        worked = self.now_s - crew.started_s
        if worked <= 0:
            self.diversions += 1
            self.arrival_s[job] = math.nan
            return job
        self.interruptions += 1
        self._actual_left[job] = crew.ends_s - self.now_s + RESUME_S
        self.planned_left[job] = max(self.planned_left[job] - worked, OVERRUN_S) + RESUME_S
        self.bound[job] = crew.index
        return job

    def _arrive(self, crew: Crew) -> None:
        self._count_km(crew, 1.0)
        crew.place = crew.goal
        if crew.target < 0:
            crew.doing = Doing.IDLE
            crew.home_s = self.now_s if crew.target == HOME else crew.home_s
            return
        job = crew.target
        crew.doing, crew.job = Doing.ON_SITE, job
        if math.isnan(self.arrival_s[job]):
            self.arrival_s[job] = self.now_s
        crew.started_s = max(self.now_s, self.opens_s[job])
        crew.ends_s = crew.started_s + self._actual_left[job]
        self._push_for(crew, crew.ends_s, Event.FINISHED)

    def _count_km(self, crew: Crew, share: float) -> None:
        driven = share * crew.drive_s * KM_PER_SECOND
        if crew.target == HOME:
            crew.km_home += driven
        else:
            crew.km += driven

    def _wake(self, crew: Crew, when_s: float) -> None:
        if crew.wakes_s != when_s:
            crew.wakes_s = when_s
            self._push(when_s, Event.WOKE, crew.index)

    def _push_for(self, crew: Crew, when_s: float, kind: Event) -> None:
        crew.token += 1
        self._push(when_s, kind, crew.index, crew.token)

    def _push(self, when_s: float, kind: Event, index: int, token: int = 0) -> None:
        self._count += 1
        heapq.heappush(self._events, (when_s, int(kind), index, self._count, token))


def seconds(a: Point, b: Point) -> float:
    """Return planned driving seconds between two places in km."""
    return math.hypot(a[0] - b[0], a[1] - b[1]) * SECONDS_PER_KM
