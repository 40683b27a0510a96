"""The planner on the command line: ``python -m routing plan FILE``, ``verify PROBLEM PLAN``, ``schema``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from routing.planner import plan_routes
from routing.stop import MaxIterations, MaxSeconds, Stop
from routing.verify import verify_plan
from routing.wire import decode_plan, decode_problem, encode, problem_schema
from shared.errors import DomainError

_SOUND, _VIOLATED, _WRONG_INPUT = 0, 1, 2
_DEFAULT_ITERATIONS = 200


def main(arguments: Sequence[str]) -> int:
    """Run one command; return 0, 1 when a plan has violations, 2 (and one line of text) when the input is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except DomainError as error:
        details = " ".join(f"{key}={value}" for key, value in error.data.items())
        return _refuse(f"{error.code}: {details}")
    except OSError as error:
        return _refuse(f"file_unreadable: {error.filename}: {error.strerror}")


def _run(options: argparse.Namespace) -> int:
    if options.command == "schema":
        return _write(problem_schema())
    problem = decode_problem(options.problem.read_bytes())
    if options.command == "verify":
        violations = verify_plan(problem, decode_plan(options.plan.read_bytes()))
        _write(violations)
        return _VIOLATED if violations else _SOUND
    return _write(plan_routes(problem, seed=options.seed, stop=_stop(options)))


def _stop(options: argparse.Namespace) -> Stop:
    if options.seconds is not None:
        return MaxSeconds(seconds=options.seconds)
    return MaxIterations(count=options.iterations)


def _write(value: object) -> int:
    sys.stdout.write(encode(value).decode("utf-8") + "\n")
    return _SOUND


def _refuse(line: str) -> int:
    sys.stderr.write(" ".join(line.split()) + "\n")
    return _WRONG_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m routing", description="Plan routes, or judge a plan.")
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", help="plan a problem; JSON to stdout")
    plan.add_argument("problem", type=Path)
    plan.add_argument("--seed", type=int, default=0)
    plan.add_argument("--iterations", type=int, default=_DEFAULT_ITERATIONS, help="same count, same plan anywhere")
    plan.add_argument("--seconds", type=float, help="stop by time instead")
    verify = commands.add_parser("verify", help="list the violations of a plan; exit 1 when there are any")
    verify.add_argument("problem", type=Path)
    verify.add_argument("plan", type=Path)
    commands.add_parser("schema", help="print the JSON Schema of a problem")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
