"""The simulated day: crews drive and work by the truth, the desk sees reports, positions and what was expected."""

from __future__ import annotations

import enum
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from routing.plan import Route
from routing.problem import Job, Leave, Place, Problem, Skill, Technician, Tier
from routing.travel import StraightLine
from server.dispatch.rules import dispatch_rules, travel_profile
from tests.benchmarks.real_day.desk import Desk
from tests.benchmarks.real_day.world import SHIFT, Order, World

_REPLAN_EVERY_S: Final = 1800
_NEVER: Final = 10**9


class Doing(enum.Enum):
    """What a crew does."""

    IDLE = "idle"
    DRIVES = "drives"
    WORKS = "works"


@dataclass(slots=True)
class Crew:
    """One crew: where from and to, since when, at which order, and the stops planned behind it."""

    index: int
    place: Place
    doing: Doing = Doing.IDLE
    order: str = ""
    since_s: int = 0
    drive_s: int = 0
    drive_m: int = 0
    token: int = 0
    tail: list[tuple[str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the planner's name of the crew."""
        return f"crew-{self.index:02d}"


class Day:
    """Runs one world through to the end of the shift, and past it until what was begun is done."""

    def __init__(self, world: World, desk: Desk) -> None:
        """Set the crews at home, at the beginning of the shift."""
        self.world, self.desk = world, desk
        self.crews = [Crew(index, home) for index, home in enumerate(world.homes)]
        self.now_s = SHIFT[0]
        self.arrival_s: dict[str, int] = {}
        self.end_s: dict[str, int] = {}
        self.driven_m = 0
        self.turned = 0
        self._left_s: dict[str, int] = {}
        self._travel = StraightLine(travel_profile())
        self._events: list[tuple[int, int, str, int, int]] = []
        self._count = 0

    def play(self, morning_cpu_s: float, tell: Callable[[int], None]) -> None:
        """Play the day; ``tell`` hears the second after every event."""
        for order in self.world.orders.values():
            if order.known_s > SHIFT[0]:
                self._push(order.known_s, order.id, -1, 0)
        for second in range(SHIFT[0] + _REPLAN_EVERY_S, SHIFT[1], _REPLAN_EVERY_S):
            self._push(second, "", -1, 0)
        self.desk.plan_day(self.problem(), morning_cpu_s)
        self._follow()
        while self._events:
            self.now_s, _, order_id, crew, token = heapq.heappop(self._events)
            self._handle(order_id, crew, token)
            tell(self.now_s)

    def _push(self, second: int, order_id: str, crew: int, token: int) -> None:
        self._count += 1
        heapq.heappush(self._events, (second, self._count, order_id, crew, token))

    def _handle(self, order_id: str, index: int, token: int) -> None:
        if index >= 0:
            crew = self.crews[index]
            if token == crew.token:
                self._step(crew)
            return
        if order_id:
            self.desk.take(self.problem(), order_id)
            self._follow()
        if not order_id or self.world.orders[order_id].priority == Tier.EMERGENCY + 1:
            self.desk.replan(self.problem())
        self._follow()

    def _step(self, crew: Crew) -> None:
        """Let a crew arrive, finish, or leave for its next stop."""
        if crew.doing is Doing.DRIVES:
            self.driven_m += crew.drive_m
            crew.place, crew.doing, crew.since_s = self._place_of(crew.order), Doing.WORKS, self.now_s
            self.arrival_s.setdefault(crew.order, self.now_s)
            length = self._left_s.get(crew.order, self.world.orders[crew.order].actual_s)
            self._schedule(crew, self.now_s + length)
        elif crew.doing is Doing.WORKS:
            self.end_s[crew.order] = self.now_s
            crew.doing, crew.order = Doing.IDLE, ""
            crew.token += 1
        self.desk.recheck(self.problem())
        self._follow()

    def _schedule(self, crew: Crew, second: int) -> None:
        crew.token += 1
        self._push(second, "", crew.index, crew.token)

    def _follow(self) -> None:
        """Let every crew do what the plan says: turn round for an emergency, or leave when it is time."""
        routes = {route.technician_id: route for route in self.desk.plan.routes}
        for crew in self.crews:
            stops = _stops(routes.get(crew.name), crew, self.end_s)
            if crew.doing is Doing.DRIVES and stops and stops[0][0] != crew.order and self._is_first(stops[0][0]):
                self.driven_m += round(crew.drive_m * self._share(crew))
                crew.place, crew.doing, crew.order = self._here(crew), Doing.IDLE, ""
                self.turned += 1
            crew.tail = [stop for stop in stops if stop[0] != crew.order]
            if crew.doing is Doing.IDLE:
                self._leave_in_time(crew)

    def _is_first(self, order_id: str) -> bool:
        return self.world.orders[order_id].priority == 1

    def _leave_in_time(self, crew: Crew) -> None:
        if not crew.tail or self.now_s >= SHIFT[1]:
            return
        order_id, start_s = crew.tail[0]
        seconds, metres = self._drive(crew.place, self._place_of(order_id))
        leaves_s = self.now_s if self._is_first(order_id) else max(self.now_s, start_s - seconds)
        if leaves_s > self.now_s:
            self._schedule(crew, leaves_s)
            return
        crew.tail.pop(0)
        crew.doing, crew.order, crew.since_s, crew.drive_m = Doing.DRIVES, order_id, self.now_s, metres
        crew.drive_s = max(1, round(seconds * self.world.drive_factor(crew.index, order_id)))
        self._schedule(crew, self.now_s + crew.drive_s)

    # -- what the desk sees ----------------------------------------------------------------------------------------

    def problem(self) -> Problem:
        """Return the planner's problem as the server would make it of this moment."""
        rules = dispatch_rules()
        at_work = {crew.order for crew in self.crews if crew.doing is Doing.WORKS}
        known = [
            order
            for order in self.world.orders.values()
            if order.known_s <= self.now_s and order.id not in self.end_s and order.id not in at_work
        ]
        return Problem(
            now_s=self.now_s,
            technicians=tuple(self._technician(crew) for crew in self.crews),
            jobs=tuple(_job(order) for order in known),
            profile=travel_profile(),
            previous={stop.job_id: route.technician_id for route in self.desk.plan.routes for stop in route.stops},
            moved_stop_price=rules.moved_stop_price,
        )

    def _technician(self, crew: Crew) -> Technician:
        rules = dispatch_rules()
        here, free_s, leave = self._here(crew), self.now_s, None
        committed: tuple[str, ...] = ()
        if crew.doing is Doing.WORKS:
            expected = crew.since_s + self.world.orders[crew.order].expected_s
            free_s = max(self.now_s + rules.least_remaining_s, expected)
        elif crew.doing is Doing.DRIVES:
            committed = (crew.order,)
            leave = None if self._is_first(crew.order) else Leave(place=here, from_s=self.now_s)
        return Technician(
            id=crew.name,
            place=here,
            available_s=free_s,
            shift_start_s=SHIFT[0],
            shift_end_s=SHIFT[1] + rules.end_of_shift_grace_s,
            end_place=self.world.homes[crew.index],
            skills=tuple(Skill(name=name) for name in self.world.skills),
            committed=committed,
            leave=leave,
        )

    def _here(self, crew: Crew) -> Place:
        if crew.doing is not Doing.DRIVES:
            return crew.place
        there, share = self._place_of(crew.order), self._share(crew)
        return Place(
            lat=crew.place.lat + (there.lat - crew.place.lat) * share,
            lon=crew.place.lon + (there.lon - crew.place.lon) * share,
        )

    def _share(self, crew: Crew) -> float:
        return min(1.0, (self.now_s - crew.since_s) / crew.drive_s)

    def _place_of(self, order_id: str) -> Place:
        return self.world.orders[order_id].place

    def _drive(self, source: Place, target: Place) -> tuple[int, int]:
        seconds, metres = self._travel.matrix([source], [target], self.now_s)
        return int(seconds[0][0]), int(metres[0][0])


def _stops(route: Route | None, crew: Crew, done: dict[str, int]) -> list[tuple[str, int]]:
    stops = [(stop.job_id, stop.start_s) for stop in route.stops] if route is not None else []
    at_work = crew.order if crew.doing is Doing.WORKS else ""
    return [stop for stop in stops if stop[0] not in done and stop[0] != at_work]


def _job(order: Order) -> Job:
    weights = dispatch_rules().priority[str(order.priority)]
    opens, closes = order.window if order.window is not None else (0, None)
    return Job(
        id=order.id,
        place=order.place,
        service_s=order.expected_s,
        priority=order.priority,
        is_leak=order.is_leak,
        skills=order.skills,
        release_s=order.known_s,
        earliest_s=opens,
        due_s=closes,
        lateness_weight=weights.lateness_weight,
        unserved_penalty=weights.unserved_penalty,
        promised=order.window is not None,
    )
