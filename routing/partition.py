"""Chooses one route per technician out of a pool, with the rules that couple routes: CP-SAT as set partitioning.

A local search sees one route at a time; what holds between routes is decided here: two-person jobs whose halves start
together, precedence, scarce instruments and parts, overtime shared fairly, a budget of moved stops, technicians kept
free per district and half hour (decision 3 of routing). One worker, a fixed seed and a limit in deterministic time
make the same pool give the same plan on every machine.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from ortools.sat.python import cp_model

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Cell = tuple[int, int]
Spans = dict[int, tuple[float, float]]

# Costs are whole thousandths inside CP-SAT.
_SCALE = 1000
_STATUS: dict[int, Status] = {
    int(cp_model.OPTIMAL): "optimal",
    int(cp_model.FEASIBLE): "feasible",
    int(cp_model.INFEASIBLE): "infeasible",
}


@dataclass(frozen=True, slots=True)
class Use:
    """A route holds ``amount`` of scarce thing ``thing`` from ``from_s`` until ``to_s``."""

    thing: int
    from_s: float = -math.inf
    to_s: float = math.inf
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A candidate route of one technician; an idle technician is a column without jobs.

    ``start_s`` is the start of each job, ``latest_s`` the latest start that keeps every hard window of the rest
    (the same as ``start_s`` when left out). ``moved`` counts promised stops that this route moves; ``free`` names the
    cells (district, half hour) in which the technician stands by, qualified and free.
    """

    technician: int
    jobs: tuple[int, ...] = ()
    cost: float = 0.0
    start_s: tuple[float, ...] = ()
    latest_s: tuple[float, ...] = ()
    overtime_s: float = 0.0
    moved: int = 0
    uses: tuple[Use, ...] = ()
    free: frozenset[Cell] = frozenset()


@dataclass(frozen=True, slots=True)
class Meeting:
    """Jobs that start together, each with another technician; all are served or none."""

    jobs: tuple[int, ...]
    tolerance_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Precedence:
    """``after`` starts at least ``gap_s`` after the start of ``before`` and is served only when that is."""

    before: int
    after: int
    gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Scarce:
    """At most ``most`` of ``thing`` are in use: at any time, or over the whole plan when ``in_total`` (parts)."""

    thing: int
    most: int
    in_total: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """At least ``least`` technicians stand by in a cell; each one missing costs ``price``."""

    cell: Cell
    least: int
    price: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What couples the routes of a plan.

    ``unserved_cost`` by job, ``inf`` for a job that must be served. A promised job left out counts as moved.
    """

    unserved_cost: Mapping[int, float]
    meetings: tuple[Meeting, ...] = ()
    precedences: tuple[Precedence, ...] = ()
    scarce: tuple[Scarce, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    most_overtime_price: float = 0.0  # per second of the largest overtime
    overtime_spread_price: float = 0.0  # per second between the largest and the smallest overtime
    promised: frozenset[int] = frozenset()
    max_moved: int | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How long CP-SAT may think, in its own deterministic seconds, and the seed of its chance."""

    deterministic_s: float = 2.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One column per technician who has any (indices into the pool), what is left out, its price and what is proved.

    ``bound`` is a proved lower bound of every plan from this pool. Without a plan ``cost`` is inf.
    """

    columns: tuple[int, ...]
    unserved: tuple[int, ...]
    cost: float
    bound: float
    status: Status


@dataclass
class _Build:
    """The model under construction: a variable per column and per job that may be left out, and the priced terms."""

    pool: Sequence[Column]
    rules: Rules
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    take: list[cp_model.IntVar] = field(default_factory=list)
    skip: dict[int, cp_model.IntVar] = field(default_factory=dict)
    holding: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    priced: list[tuple[cp_model.LinearExpr, float]] = field(default_factory=list)


def choose(pool: Sequence[Column], rules: Rules, *, effort: Effort = Effort(), incumbent: Sequence[int] = ()) -> Choice:
    """Return the cheapest choice of one column per technician under the coupling rules.

    Args:
        pool: candidate routes; a technician without an idle column must take one of his routes.
        rules: prices of jobs left out and the coupling rules; a job without a price must be served.
        effort: limit and seed.
        incumbent: a choice to start from (indices); it is given back when nothing better is found.

    Raises:
        ValueError: a column's times do not fit its jobs.
    """
    _check(pool)
    build = _Build(pool, rules)
    _add_columns(build)
    _add_jobs(build)
    for rule in (_add_meetings, _add_precedences, _add_scarce, _add_overtime, _add_moved, _add_coverage):
        rule(build)
    build.model.minimize(sum(round(price * _SCALE) * term for term, price in build.priced))
    _hint(build, incumbent)
    return _solve(build, effort, incumbent)


def _check(pool: Sequence[Column]) -> None:
    for column in pool:
        times = {len(column.start_s), len(column.latest_s)} - {0}
        if times - {len(column.jobs)} or (column.latest_s and not column.start_s):
            raise ValueError(f"technician {column.technician}: as many times as jobs are needed")


def _add_columns(build: _Build) -> None:
    """Exactly one column per technician; a column that breaks a rule by itself is never taken."""
    by_technician: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for index, column in enumerate(build.pool):
        taken = build.model.new_bool_var(f"take{index}")
        build.take.append(taken)
        by_technician[column.technician].append(taken)
        for job in column.jobs:
            build.holding[job].append(index)
        if math.isfinite(column.cost):
            build.priced.append((taken, column.cost))
        else:
            build.model.add(taken == 0)
    for options in by_technician.values():
        build.model.add_exactly_one(options)


def _add_jobs(build: _Build) -> None:
    """Each job is in one chosen column, or left out at its price."""
    for job in sorted({*build.holding, *build.rules.unserved_cost}):
        price = build.rules.unserved_cost.get(job, math.inf)
        left = build.model.new_bool_var(f"skip{job}")
        build.skip[job] = left
        build.model.add_exactly_one([left, *(build.take[index] for index in build.holding.get(job, ()))])
        if math.isfinite(price):
            build.priced.append((left, price))
        else:
            build.model.add(left == 0)


def _rules_of(rules: Rules) -> Counter[int]:
    """Return in how many meetings and precedences each job stands."""
    met = Counter(job for meeting in rules.meetings for job in meeting.jobs)
    return met + Counter(job for pair in rules.precedences for job in (pair.before, pair.after))


def _spans(build: _Build, job: int, coupled: Counter[int]) -> Spans:
    """Return earliest and latest start of a job by column.

    Slack counts only for a job under one rule that is its column's one coupled job: else it could be spent twice.
    """
    spans = {}
    for index in build.holding.get(job, ()):
        column = build.pool[index]
        at = column.jobs.index(job)
        start = column.start_s[at] if column.start_s else 0.0
        free = coupled[job] == 1 and sum(1 for other in column.jobs if other in coupled) == 1
        spans[index] = (start, column.latest_s[at] if column.latest_s and free else start)
    return spans


def _follow(
    build: _Build,
    spans: dict[int, tuple[float, float]],
    others: dict[int, tuple[float, float]],
    low: float,
    high: float,
) -> None:
    """Take a column of a job only with a column of the other that may start between ``low`` and ``high`` after it."""
    groups: dict[tuple[float, float], list[int]] = defaultdict(list)
    for index, span in spans.items():
        groups[span].append(index)
    for (first, last), members in groups.items():
        partners = [index for index, (begin, end) in others.items() if end >= first + low and begin <= last + high]
        build.model.add(sum(build.take[index] for index in members) <= sum(build.take[index] for index in partners))


def _add_meetings(build: _Build) -> None:
    coupled = _rules_of(build.rules)
    for meeting in build.rules.meetings:
        for first, second in combinations(meeting.jobs, 2):
            spans, others = _spans(build, first, coupled), _spans(build, second, coupled)
            build.model.add(_skipped(build, first) == _skipped(build, second))
            _follow(build, spans, others, -meeting.tolerance_s, meeting.tolerance_s)
            for index in sorted(spans.keys() & others.keys()):
                build.model.add(build.take[index] == 0)


def _add_precedences(build: _Build) -> None:
    coupled = _rules_of(build.rules)
    for pair in build.rules.precedences:
        spans, others = _spans(build, pair.after, coupled), _spans(build, pair.before, coupled)
        _follow(build, spans, others, -math.inf, -pair.gap_s)


def _skipped(build: _Build, job: int) -> cp_model.LinearExpr | int:
    """Return 1 when the job is left out; a job that nothing knows is left out."""
    return build.skip.get(job, 1)


def _add_scarce(build: _Build) -> None:
    """Count the users of a thing at each moment when one more begins: nowhere else can there be most of them."""
    for scarce in build.rules.scarce:
        uses = [
            (use, index) for index, column in enumerate(build.pool) for use in column.uses if use.thing == scarce.thing
        ]
        moments = [-math.inf] if scarce.in_total else sorted({use.from_s for use, _ in uses})
        for moment in moments:
            users = [
                use.amount * build.take[index]
                for use, index in uses
                if scarce.in_total or use.from_s <= moment < use.to_s
            ]
            build.model.add(sum(users) <= scarce.most)


def _add_overtime(build: _Build) -> None:
    rules = build.rules
    if rules.most_overtime_price <= 0 and rules.overtime_spread_price <= 0:
        return
    longest = math.ceil(max((column.overtime_s for column in build.pool), default=0.0))
    most = build.model.new_int_var(0, longest, "most_overtime")
    least = build.model.new_int_var(0, longest, "least_overtime")
    shares: dict[int, list[cp_model.LinearExpr]] = defaultdict(list)
    for taken, column in zip(build.take, build.pool, strict=True):
        shares[column.technician].append(round(column.overtime_s) * taken)
    for terms in shares.values():
        build.model.add(most >= sum(terms))
        build.model.add(least <= sum(terms))
    build.priced.append((most, rules.most_overtime_price))
    build.priced.append((most - least, rules.overtime_spread_price))


def _add_moved(build: _Build) -> None:
    """Keep the stability budget: stops that chosen routes move and promised jobs left out."""
    if build.rules.max_moved is None:
        return
    moved = [column.moved * taken for taken, column in zip(build.take, build.pool, strict=True) if column.moved]
    dropped = [_skipped(build, job) for job in sorted(build.rules.promised)]
    build.model.add(sum(moved) + sum(dropped) <= build.rules.max_moved)


def _add_coverage(build: _Build) -> None:
    for number, wish in enumerate(build.rules.coverage):
        short = build.model.new_int_var(0, max(wish.least, 0), f"short{number}")
        there = [taken for taken, column in zip(build.take, build.pool, strict=True) if wish.cell in column.free]
        build.model.add(sum(there) + short >= wish.least)
        build.priced.append((short, wish.price))


def _hint(build: _Build, incumbent: Sequence[int]) -> None:
    if not incumbent:
        return
    chosen = set(incumbent)
    served = {job for index in chosen for job in build.pool[index].jobs}
    for index, taken in enumerate(build.take):
        build.model.add_hint(taken, index in chosen)
    for job, left in build.skip.items():
        build.model.add_hint(left, job not in served)


def _solve(build: _Build, effort: Effort, incumbent: Sequence[int]) -> Choice:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = effort.seed
    solver.parameters.max_deterministic_time = effort.deterministic_s
    status = _STATUS.get(int(solver.solve(build.model)), "unknown")
    bound = solver.best_objective_bound / _SCALE
    if status == "unknown" and incumbent:
        _fix(build, incumbent)
        solver.parameters.max_deterministic_time = math.inf
        status = "feasible" if _STATUS.get(int(solver.solve(build.model))) in {"optimal", "feasible"} else status
    if status not in {"optimal", "feasible"}:
        return Choice((), tuple(sorted(build.skip)), math.inf, math.inf if status == "infeasible" else bound, status)
    columns = tuple(index for index, taken in enumerate(build.take) if solver.boolean_value(taken))
    unserved = tuple(job for job, left in build.skip.items() if solver.boolean_value(left))
    return Choice(columns, unserved, solver.objective_value / _SCALE, bound, status)


def _fix(build: _Build, incumbent: Sequence[int]) -> None:
    """Leave the incumbent as the one choice, when the limit ended before any plan was found."""
    for index, taken in enumerate(build.take):
        build.model.add(taken == (index in incumbent))


def idle_columns(technicians: Iterable[int], free: Mapping[int, frozenset[Cell]] | None = None) -> Iterator[Column]:
    """Yield a column without jobs for each technician, with the cells in which he then stands by."""
    for technician in technicians:
        yield Column(technician, free=(free or {}).get(technician, frozenset()))
