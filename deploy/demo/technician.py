"""A simulated technician with the real mobile core: accepts, drives, works, signs, as the run's clock comes to it."""

from __future__ import annotations

import contextlib
import functools
import math
import random
from collections.abc import Callable
from typing import Final

from deploy.demo import autopilot
from deploy.demo.cast import Crew, Drive, Point, Truth
from mobile.actions import duty
from mobile.service import Phone
from mobile.sync.engine import SyncState
from shared import wire
from shared.assignment import PENDING_STATES, AssignmentState
from shared.errors import DomainError

At = Callable[[int, Callable[[], None]], None]

_REACTION_S: Final = (3, 15)
_GET_GOING_S: Final = 20
_TICK_S: Final = 60
_TELL_SHARE: Final = 0.35
_TELL_ERROR: Final = 0.15
_SECOND_ROUND_S: Final = 330
_ACTIVE: Final = frozenset(
    {AssignmentState.ACCEPTED, AssignmentState.EN_ROUTE, AssignmentState.ARRIVED, AssignmentState.WORKING}
)
_LEFT: Final = frozenset({AssignmentState.SUSPENDED, AssignmentState.EN_ROUTE})
_MAY_DEPART: Final = _ACTIVE | {AssignmentState.SUSPENDED}


class Technician:
    """Plays one crew on one phone; everything he does later is put on the run's agenda with `at`."""

    def __init__(
        self,
        crew: Crew,
        phone: Phone,
        at: At,
        drive: Callable[[Point, Point], Drive],
        truths: dict[str, Truth],
        seed: int,
    ) -> None:
        """`truths` maps a work order to what he will find there."""
        self.crew, self.phone = crew, phone
        self.place: Point = crew.start
        self._at, self._drive, self._truths = at, drive, truths
        self._chance = random.Random(f"{seed}:{crew.id}")
        self._known: set[tuple[str, int]] = set()
        self._doing = ""
        self._arrivals: dict[str, int] = {}
        self.is_offline = False

    # What the phone hears

    def sync(self) -> bool:
        """Exchange with the server and react to what is new; tell whether the line held."""
        if self.is_offline:
            return True
        outcome = self.phone.sync_once()
        if self._begin_shift():
            outcome = self.phone.sync_once()
        while outcome.state is SyncState.DONE and not outcome.is_caught_up:
            outcome = self.phone.sync_once()
        self._react()
        return outcome.state is SyncState.DONE

    def _begin_shift(self) -> bool:
        """Declare the shift once the phone knows that one has begun, for positions are told from then on."""
        gate, now_ms = self.phone.engine.gate, self.phone.clock.now_ms()
        if not gate.is_on_duty(now_ms) or gate.is_declared(now_ms):
            return False
        kit = self.phone.own.kit()
        duty.start_shift(self.phone.desk, is_fit=True, instruments=kit.instruments, stock=kit.stock)
        return True

    def _react(self) -> None:
        for job in self.phone.jobs():
            key = (job.work_order_id, job.assignment.epoch)
            if job.assignment.state in PENDING_STATES and key not in self._known:
                self._known.add(key)
                self._later(self._chance.randint(*_REACTION_S), functools.partial(self._accept, job))
        self._go_back()

    def _go_back(self) -> None:
        """Return to the job that was left for a leak, once the leak is over."""
        if self._doing and not self.phone.is_gone(self._doing):
            return
        left = next((job for job in self.phone.jobs() if job.assignment.state is AssignmentState.SUSPENDED), None)
        if left is not None:
            self._plan_departure(left)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(self.phone.clock.now_ms() + round(seconds * 1000), act)

    def _find(self, job: wire.Job) -> wire.Job | None:
        """Return the job as it stands if it is still this round's and not over."""
        if self.phone.is_gone(job.work_order_id):
            return None
        now = self.phone.find_job(job.work_order_id)
        return now if now is not None and now.assignment.epoch == job.assignment.epoch else None

    # The job, step by step

    def _accept(self, job: wire.Job) -> None:
        now = self._find(job)
        if now is None or now.assignment.state not in PENDING_STATES:
            return
        with contextlib.suppress(DomainError):  # taken back between ring and tap: nothing to accept any more
            self.phone.act("see_assignment", job.work_order_id)
            self.phone.act("accept_assignment", job.work_order_id)
            self.sync()
        accepted = self._find(job)
        if accepted is not None and accepted.assignment.state in _ACTIVE:
            self._plan_departure(accepted)

    def _plan_departure(self, job: wire.Job) -> None:
        self._doing = job.work_order_id
        drive = self._drive(self.place, (job.lat or 0.0, job.lon or 0.0))
        start_ms = (job.window_start_ms or 0) - drive.seconds * 1000
        wait_s = max(_GET_GOING_S, (start_ms - self.phone.clock.now_ms()) // 1000)
        self._later(wait_s, lambda: self._depart(job))

    def _depart(self, job: wire.Job) -> None:
        now = self._find(job)
        if now is None or self._doing != job.work_order_id or now.assignment.state not in _MAY_DEPART:
            return
        drive = self._drive(self.place, (job.lat or 0.0, job.lon or 0.0))
        self.phone.act("depart", job.work_order_id)
        self.sync()
        for second, lat, lon in drive.points:
            if 0 < second < drive.seconds:
                self._later(second, functools.partial(self._pass, job, (lat, lon)))
        self._later(drive.seconds, lambda: self._arrive(job))

    def _pass(self, job: wire.Job, place: Point) -> None:
        if self._doing == job.work_order_id and self._find(job) is not None:
            self._move_to(place)
            self.sync()

    def _move_to(self, place: Point) -> None:
        heading = _heading_deg(self.place, place)
        self.place = place
        now_ms = self.phone.clock.now_ms()
        self.phone.report_position(wire.Position(at_ms=now_ms, lat=place[0], lon=place[1], heading_deg=heading))

    def _arrive(self, job: wire.Job) -> None:
        now = self._find(job)
        if now is None or self._doing != job.work_order_id or now.assignment.state not in _ACTIVE:
            return
        self._move_to((job.lat or 0.0, job.lon or 0.0))
        self.phone.act("arrive", job.work_order_id, lat=self.place[0], lon=self.place[1])
        self._arrivals[job.work_order_id] = self._arrivals.get(job.work_order_id, 0) + 1
        self.sync()
        truth = self._truths[job.work_order_id]
        if not truth.has_access:
            self._while_there(min(600, truth.duration_s), job, lambda: self._give_up(job))
            return
        told_s = round(truth.duration_s * _TELL_SHARE)
        self._while_there(told_s, job, lambda: self._work(job, truth))
        self._while_there(max(truth.duration_s, told_s + _SECOND_ROUND_S), job, lambda: self._finish(job, truth))

    def _while_there(self, seconds: float, job: wire.Job, act: Callable[[], None]) -> None:
        """Do something later unless he was called off to a leak meanwhile; then he does it after he has come back."""
        key = job.work_order_id
        arrival = self._arrivals[key]

        def act_if_there() -> None:
            now = self.phone.find_job(key)
            is_left = now is not None and now.assignment.state in _LEFT
            if self._arrivals[key] == arrival and not is_left:
                act()

        self._later(seconds, act_if_there)

    def _give_up(self, job: wire.Job) -> None:
        self.phone.act("record_no_access", job.work_order_id, reason="nobody_home")
        self._end(job)

    def _work(self, job: wire.Job, truth: Truth) -> None:
        autopilot.answer_steps(self.phone, job.work_order_id, self.crew, truth)
        if job.is_leak and truth.outcome == "isolated":
            self.phone.act("make_safe", job.work_order_id, how="isolated")
        left_s = truth.duration_s * (1 - _TELL_SHARE)
        error = self._chance.uniform(1 - _TELL_ERROR, 1 + _TELL_ERROR)
        self.phone.act("estimate_remaining_time", job.work_order_id, remaining_s=round(left_s * error))
        self.sync()

    def _finish(self, job: wire.Job, truth: Truth) -> None:
        autopilot.answer_steps(self.phone, job.work_order_id, self.crew, truth)
        autopilot.finish(self.phone, job.work_order_id, truth)
        self._end(job)

    def _end(self, job: wire.Job) -> None:
        if self._doing == job.work_order_id:
            self._doing = ""
        self.sync()


def _heading_deg(start: Point, end: Point) -> float:
    east = (end[1] - start[1]) * math.cos(math.radians(start[0]))
    return math.degrees(math.atan2(east, end[0] - start[0])) % 360.0
