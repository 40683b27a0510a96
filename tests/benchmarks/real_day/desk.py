"""The desk of the replay: the product's planner asked as the server asks it, every answer timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from routing.certificate import Certificate
from routing.moved import list_moved, list_to_tell
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Problem, Tier
from routing.queue import arrange_queue
from routing.stop import MaxIterations, MaxSeconds
from routing.urgent import insert_job, insert_urgent
from server.dispatch.rules import dispatch_rules

T = TypeVar("T")


def warm_up(problem: Problem) -> None:
    """Ask everything once, so that compiling the planner is not counted as its latency."""
    first, *others = problem.jobs
    leaks = [msgspec.structs.replace(job, priority=1, windows=()) for job in (first, *others[:1])]
    small = msgspec.structs.replace(problem, jobs=(*leaks, *others[1:3]))
    plan = plan_routes(small, seed=1, stop=MaxIterations(5)).plan
    rules = dispatch_rules().queue_rules
    arrange_queue(small, plan, target_s=int(rules.target_s), rules=rules)
    insert_urgent(small, plan, first.id)
    insert_job(small, plan, small.jobs[-1].id)


@dataclass(slots=True)
class Desk:
    """The plan in force, and what was counted while it changed."""

    seed: int
    replan_cpu_s: float
    max_moved: int
    plan: Plan = field(default_factory=Plan)
    latency_s: dict[str, list[float]] = field(default_factory=dict)
    moved_per_insertion: list[int] = field(default_factory=list)
    promised_moved: list[int] = field(default_factory=list)
    moved_per_replan: list[int] = field(default_factory=list)
    to_tell: set[str] = field(default_factory=set)

    def plan_day(self, problem: Problem, cpu_s: float) -> None:
        """Make the morning's plan."""
        self.plan = self._timed("day plan", lambda: plan_routes(problem, seed=self.seed, stop=MaxSeconds(cpu_s)).plan)

    def take(self, problem: Problem, job_id: str) -> None:
        """Place a new order: an emergency exactly, several of them together, others where they cost least."""
        job = next(job for job in problem.jobs if job.id == job_id)
        if job.tier == Tier.ORDINARY:
            self._adopt(problem, self._timed("insertion", lambda: insert_job(problem, self.plan, job_id)), job_id)
            return
        if self._waiting(problem) > 1:
            self.recheck(problem, job_id)
            return
        answer = self._timed("instant", lambda: insert_urgent(problem, self.plan, job_id))
        self._count(answer.certificate)
        self._adopt(problem, answer.plan, job_id)

    def recheck(self, problem: Problem, job_id: str = "") -> None:
        """Arrange the emergencies anew that nobody is under way to; without any there is nothing to do."""
        if not self._waiting(problem):
            return
        rules = dispatch_rules().queue_rules
        result = self._timed(
            "queue", lambda: arrange_queue(problem, self.plan, target_s=int(rules.target_s), rules=rules)
        )
        for certificate in result.certificates:
            if certificate.job_id == job_id:
                self._count(certificate)
        self._adopt(problem, result.plan, job_id)

    def replan(self, problem: Problem) -> None:
        """Improve the whole plan within the budget of moved stops, emergencies fixed."""
        stop = MaxSeconds(self.replan_cpu_s)
        result = self._timed(
            "re-plan",
            lambda: plan_routes(problem, seed=self.seed, stop=stop, warm=self.plan, max_moved=self.max_moved),
        )
        self.moved_per_replan.append(len(result.moved))
        self._adopt(problem, result.plan, "")

    def _waiting(self, problem: Problem) -> int:
        held = {job_id for technician in problem.technicians for job_id in technician.committed}
        return sum(job.tier == Tier.EMERGENCY and job.id not in held for job in problem.jobs)

    def _count(self, certificate: Certificate) -> None:
        others = [one for one in certificate.moved if one.technician_after != one.technician_before]
        self.moved_per_insertion.append(len(others))
        self.promised_moved.append(sum(one.promised for one in others))

    def _adopt(self, problem: Problem, plan: Plan, job_id: str) -> None:
        self.to_tell.update(list_to_tell(problem, list_moved(problem, self.plan, plan, besides=job_id)))
        self.plan = plan

    def _timed(self, name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        value = work()
        self.latency_s.setdefault(name, []).append(time.process_time() - began)
        return value
