"""The planner on the command line.

``python -m routing FILE`` plans and prints the plan (``plan FILE`` is the same); ``explain`` says why, ``what-if``
what another choice would do; ``verify`` judges a plan; ``schema`` prints the JSON Schema of a problem.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import shared
from routing.certificate import Certificate
from routing.explain import explain_job, list_undone, what_if
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Problem
from routing.quality import plan_quality
from routing.report import Overview, Reporter, explain_leaks, quality_of
from routing.stop import MaxIterations, MaxSeconds, Stop
from routing.verify import verify_plan
from routing.wire import decode_certificates, decode_plan, decode_problem, encode, problem_schema
from shared.errors import DomainError
from shared.text import LANGUAGES, Catalog

_SOUND, _VIOLATED, _WRONG_INPUT = 0, 1, 2
_DEFAULT_ITERATIONS = 1000  # from so many on the routes seen are put together at the end
_COMMANDS: Final = ("plan", "explain", "what-if", "verify", "schema")
_HELP: Final = ("-h", "--help")


def main(arguments: Sequence[str]) -> int:
    """Run one command; return 0, 1 when a plan has violations, 2 (and one line of text) when the input is wrong."""
    options = _parser().parse_args(_with_command(list(arguments)))
    try:
        return _run(options)
    except DomainError as error:
        details = " ".join(f"{key}={value}" for key, value in error.data.items())
        return _refuse(f"{error.code}: {details}")
    except OSError as error:
        return _refuse(f"file_unreadable: {error.filename}: {error.strerror}")


def _with_command(arguments: list[str]) -> list[str]:
    # A file alone is planned; options may stand before it.
    is_bare = bool(arguments) and arguments[0] not in (*_COMMANDS, *_HELP)
    return ["plan", *arguments] if is_bare else arguments


def _run(options: argparse.Namespace) -> int:
    if options.command == "schema":
        return _write(problem_schema())
    problem = decode_problem(options.problem.read_bytes())
    if options.command == "verify":
        violations = verify_plan(problem, decode_plan(options.plan.read_bytes()))
        _write(violations)
        return _VIOLATED if violations else _SOUND
    if options.command == "explain":
        return _explain(problem, options)
    if options.command == "what-if":
        return _what_if(problem, options)
    return _write(plan_routes(problem, seed=options.seed, stop=_stop(options)))


def _explain(problem: Problem, options: argparse.Namespace) -> int:
    plan, certificates = _plan_of(problem, options)
    reporter = _reporter(problem, options.lang)
    if options.job is not None:
        found = explain_job(problem, plan, options.job, certificate=certificates.get(options.job))
        return _write(found) if options.json else _say(reporter.explanation(found))
    whole = Overview(
        leaks=explain_leaks(problem, plan, certificates),
        quality=quality_of(plan, plan_quality(problem, plan)),
        undone=list_undone(problem, plan),
    )
    return _write(whole) if options.json else _say(reporter.overview(plan, whole))


def _what_if(problem: Problem, options: argparse.Namespace) -> int:
    plan = decode_plan(options.plan.read_bytes())
    found = what_if(problem, plan, options.job, options.technician)
    return _write(found) if options.json else _say(_reporter(problem, options.lang).what_if(found))


def _plan_of(problem: Problem, options: argparse.Namespace) -> tuple[Plan, dict[str, Certificate]]:
    """Return the plan of the file with its certificates, or a fresh one when no file is given."""
    if options.plan is not None:
        raw = options.plan.read_bytes()
        return decode_plan(raw), decode_certificates(raw)
    result = plan_routes(problem, seed=options.seed, stop=_stop(options))
    return result.plan, {one.job_id: one for one in result.certificates}


def _reporter(problem: Problem, lang: str) -> Reporter:
    folder = Path(shared.__file__).parent / "locale"
    texts = {one: (folder / f"planner.{one}.toml").read_bytes() for one in LANGUAGES}
    return Reporter(Catalog.from_toml(texts), lang, problem, {})


def _stop(options: argparse.Namespace) -> Stop:
    if options.seconds is not None:
        return MaxSeconds(seconds=options.seconds)
    return MaxIterations(count=options.iterations)


def _write(value: object) -> int:
    return _say(encode(value).decode("utf-8"))


def _say(text: str) -> int:
    sys.stdout.write(text + "\n")
    return _SOUND


def _refuse(line: str) -> int:
    sys.stderr.write(" ".join(line.split()) + "\n")
    return _WRONG_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m routing", description="Plan routes, explain or judge a plan.")
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", help="plan a problem; JSON to stdout (the command when none is named)")
    plan.add_argument("problem", type=Path)
    _add_search(plan)
    _add_explain(commands.add_parser("explain", help="say who goes and why, how good the plan is, what is left undone"))
    _add_what_if(commands.add_parser("what-if", help="say what giving a job to another technician would do"))
    verify = commands.add_parser("verify", help="list the violations of a plan; exit 1 when there are any")
    verify.add_argument("problem", type=Path)
    verify.add_argument("plan", type=Path)
    commands.add_parser("schema", help="print the JSON Schema of a problem")
    return parser


def _add_explain(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("problem", type=Path)
    explain.add_argument("plan", type=Path, nargs="?", help="the plan that stands; without it one is made first")
    explain.add_argument("--job", help="one order in full, with everybody who was looked at")
    _add_search(explain)
    _add_output(explain)


def _add_what_if(what: argparse.ArgumentParser) -> None:
    what.add_argument("problem", type=Path)
    what.add_argument("plan", type=Path)
    what.add_argument("--job", required=True)
    what.add_argument("--technician", required=True)
    _add_output(what)


def _add_search(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--iterations", type=int, default=_DEFAULT_ITERATIONS, help="same count, same plan anywhere")
    command.add_argument("--seconds", type=float, help="stop by time instead")


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0])
    command.add_argument("--json", action="store_true", help="codes and figures instead of words")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
