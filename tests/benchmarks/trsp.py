"""Technician routing and scheduling: ``python -m tests.benchmarks.trsp DIR --reference FILE --cpu 60 --json OUT``.

Each instance is solved from nothing in the given CPU seconds of this process on one thread; loading and compiling the
search is not counted. A referee with code of its own checks the routes and measures the working time.

Instances are looked for in all folders below DIR; a file that is none is left out with a note. The JSON is written
after every instance; an existing OUT of the same settings, code, libraries and machine is taken up where it was left.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

import routing
from routing.search.arrays import Arrays, build
from routing.search.compiled import IS_COMPILED
from routing.search.hours import rounds
from routing.search.hours.engine import Paid
from routing.search.hours.supplies import Supplies
from tests.benchmarks import referee_trsp
from tests.benchmarks.files import digest_of, list_instances, list_versions, note, read_kept, write_whole
from tests.benchmarks.referee_trsp import Instance, judge, read_instance, read_reference

Row = dict[str, Any]
Reference = dict[str, tuple[float, float]]  # best and mean by the instance's name without regard to case
CODE = (
    Path(routing.__file__).parent,
    Path(__file__),
    Path(__file__).with_name("trsp_model.py"),
    Path(referee_trsp.__file__),
)

_UNSERVED = 1e5  # the reference serves every request; leaving one out is dearer than any plan


def problem_of(instance: Instance) -> tuple[Arrays, Supplies]:
    """Return the instance as the search reads it: requests are the nodes 0..n-1, then the depot and the homes."""
    nodes = [instance.nodes[number] for number in (*instance.requests, 0, *instance.homes)]
    requests, crew = nodes[: len(instance.requests)], nodes[len(instance.requests) + 1 :]
    x, y = np.array([node.x for node in nodes]), np.array([node.y for node in nodes])
    travel = np.hypot(x[:, None] - x, y[:, None] - y)
    homes = np.arange(instance.technicians) + len(requests) + 1
    arrays = build(
        travel_s=travel,
        travel_cost=np.zeros_like(travel),
        service_s=[request.service for request in requests],
        start_node=homes.astype(np.int32),
        end_node=homes.astype(np.int32),
        windows=[[(request.opens, request.closes)] for request in requests],
        job={"unserved_cost": _UNSERVED, "demand": [request.parts for request in requests]},
        route={
            "ready_s": [one.opens for one in crew],
            "latest_end": [one.closes for one in crew],
            "work_price": 1.0,
            "stock": [one.parts for one in crew],
        },
        tables={"allowed": [[request.skills <= one.skills for request in requests] for one in crew]},
    )
    lacks = np.array([[not request.tools <= one.tools for request in requests] for one in crew])
    depots = np.full(instance.technicians, len(requests), np.int32)
    return arrays, Supplies(depots, lacks)


def routes_of(instance: Instance, plan: Paid) -> list[list[int]]:
    """Return the plan's routes in the ids of the instance, the depot visit and the end at home included."""
    found = []
    for home, stops, depot_before in zip(instance.homes, plan.routes, plan.depot_before, strict=True):
        visits = [job + instance.technicians + 1 for job in stops]
        if depot_before >= 0:
            visits.insert(depot_before, instance.last + instance.technicians + home)
        if visits:
            found.append([home, *visits, instance.last + home])
    return found


def solve(
    instance: Instance, cpu_s: float, seed: int, tell: Callable[[str, float], None] | None = None
) -> tuple[list[list[int]], float]:
    """Return routes in the instance's ids and the CPU seconds taken; ``tell`` hears of each step and its cost."""
    began = time.process_time()
    arrays, supplies = problem_of(instance)
    spent = time.process_time() - began
    plan = rounds.plan(arrays, supplies, seed=seed, cpu_s=cpu_s - spent, tell=tell)
    return routes_of(instance, plan), time.process_time() - began


def row_of(instance: Instance, routes: list[list[int]], reference: tuple[float, float] | None) -> dict[str, Any]:
    """Return one row of the table; raise BrokenRuleError when the routes break a rule."""
    hours = judge(instance, routes)
    row: dict[str, Any] = {
        "instance": instance.name,
        "working_time": round(hours, 4),
        "served": sum(visit in instance.requests for route in routes for visit in route),
        "requests": len(instance.requests),
        "technicians_used": len(routes),
        "routes": "|".join(",".join(map(str, route)) for route in routes),
    }
    if reference is not None:
        best, mean = reference
        row |= {"reference_best": best, "reference_mean": mean, "ratio_best": hours / best, "ratio_mean": hours / mean}
    return row


def summary_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the means of ours over the reference's mean and best column; None when no row has a reference."""
    peers = [row["ortools"] for row in rows if "ortools" in row]
    beside = {f"ortools_{key}": value for key, value in _means(peers).items()} if peers else {}
    return {"instances": len(rows), **_means(rows), **beside}


def _means(rows: Sequence[Row]) -> Row:
    known = [row for row in rows if "ratio_mean" in row]
    return {
        "solved": sum("working_time" in row for row in rows),
        "mean_over_reference": fmean(row["ratio_mean"] for row in known) if known else None,
        "mean_over_best": fmean(row["ratio_best"] for row in known) if known else None,
    }


def attempt(instance: Instance, reference: Reference, cpu_s: float, seed: int) -> Row:
    """Solve one instance; a plan that the referee refuses is a row without a working time, with the reason."""
    steps: list[str] = []
    try:
        routes, spent = solve(instance, cpu_s, seed, lambda step, cost: steps.append(f"{step} {cost:.2f}"))
    except Exception as error:  # noqa: BLE001 - one instance that breaks the search must not end the run; the row says how
        return {"instance": instance.name, "refused": f"failed: {type(error).__name__}: {error}", "steps": steps}
    try:
        row = row_of(instance, routes, reference.get(instance.name.casefold()))
    except ValueError as broken:
        row = {"instance": instance.name, "refused": str(broken)}
    return row | {"cpu_s": round(spent, 2), "steps": steps}


def attempt_peer(instance: Instance, reference: Reference, cpu_s: float) -> Row:
    """Solve one instance with OR-Tools; what goes wrong with it stays in this row."""
    try:
        routes, spent = importlib.import_module("tests.benchmarks.trsp_model").solve(instance, cpu_s)
        row = row_of(instance, routes, reference.get(instance.name.casefold()))
    except Exception as error:  # noqa: BLE001 - a foreign library may break in any way; the row says how
        return {"instance": instance.name, "refused": f"{type(error).__name__}: {error}"}
    return row | {"cpu_s": round(spent, 2)}


def run(
    instances: dict[str, Instance],
    rows: dict[str, Row],
    solvers: dict[str, Callable[[Instance], Row]],
    keep: Callable[[list[Row]], None],
) -> list[Row]:
    """Solve what has no plan yet, by the instances' marks, one after the other; tell and keep what is there so far."""
    for number, (mark, instance) in enumerate(instances.items(), 1):
        row = rows.get(mark, {})
        for name, solve_one in solvers.items():
            part = row if name == "ours" else row.get(name, {})
            if "working_time" not in part:
                part = solve_one(instance)
                others = {one: row[one] for one in solvers if one in row}
                row = ({**part, **others} if name == "ours" else {**row, name: part}) | {"file": mark}
                rows[mark] = row
                keep([rows[one] for one in instances if one in rows])
            note(f"[{number}/{len(instances)}] {name} {_line(part)}")
    return [rows[mark] for mark in instances]


def _line(row: Row) -> str:
    ratios = "".join(f" {name} {row[f'ratio_{name}']:.4f}" for name in ("mean", "best") if f"ratio_{name}" in row)
    told = f"{row['working_time']:.2f}{ratios}" if "working_time" in row else f"refused: {row['refused']}"
    return f"{row['instance']} {told} ({row.get('cpu_s')} CPU-s)"


def main(argv: Sequence[str] | None = None) -> int:
    """Read the arguments, solve, write the JSON; 1 when a plan was refused."""
    parser = _parser()
    given = parser.parse_args(argv)
    wanted = tuple(given.only.split(","))
    found = list_instances(given.folder, read_instance, besides=[given.reference, given.json])
    reference = read_reference(given.reference) if given.reference else {}
    instances = {_mark(one, reference): one for one in found if one.name.startswith(wanted)}
    if not instances:
        parser.error(f"{given.folder}: no instances")
    note(f"{len(instances)} instances, {given.cpu:g} CPU-s each, one thread, loading not counted, {IS_COMPILED=}")
    same = digest_of(CODE, given.cpu, given.seed, IS_COMPILED, list_versions(), platform.node())
    kept = {} if given.fresh else _kept(given.json, same)

    solvers = {"ours": lambda one: attempt(one, reference, given.cpu, given.seed)}
    if given.peers:
        solvers["ortools"] = lambda one: attempt_peer(one, reference, given.cpu)

    def keep(rows: list[Row]) -> None:
        is_complete = len(rows) == len(instances) and all("ortools" in row for row in rows if given.peers)
        write_whole(given.json, {"rows": rows, "summary": summary_of(rows), "same": same, "is_complete": is_complete})

    keep([kept[mark] for mark in instances if mark in kept])
    solve(next(iter(instances.values())), 0.2, given.seed)  # loads the compiled search: no instance pays for it
    rows = run(instances, kept, solvers, keep)
    summary = summary_of(rows)
    note(json.dumps(summary))
    return 0 if summary["solved"] == len(rows) else 1


def _mark(instance: Instance, reference: Reference) -> str:
    return digest_of((), astuple(instance), reference.get(instance.name.casefold()))


def _kept(path: Path | None, same: str) -> dict[str, Row]:
    """Return the rows of an earlier run under the same conditions, by what was in the instance."""
    found = read_kept(path)
    if found.get("same") != same:
        return {}
    note(f"{path}: {len(found['rows'])} rows of an earlier run under the same conditions")
    return {row["file"]: row for row in found["rows"]}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.trsp", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the instances, *.txt, in it or below it")
    parser.add_argument("--reference", type=Path, help="CSV with instance, best_working_time, mean_working_time")
    parser.add_argument("--cpu", type=float, default=60.0, help="CPU seconds per instance")
    parser.add_argument("--only", default="", help="names of instances to take, by their beginnings, comma between")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true", help="run OR-Tools beside")
    parser.add_argument("--fresh", action="store_true", help="solve again what an existing OUT holds")
    parser.add_argument("--json", type=Path, help="where to write rows and summary")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
