"""Problems and plans as JSON: reading with one clear error, writing, and the schema."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from routing.certificate import Certificate
from routing.plan import Plan, PlanResult
from routing.problem import Problem
from routing.validation import validate
from shared.errors import DomainError

T = TypeVar("T")


def decode_problem(raw: bytes) -> Problem:
    """Read and validate a problem; raise DomainError ``problem_invalid``."""
    problem = _decode(raw, Problem, "problem")
    validate(problem)
    return problem


def decode_plan(raw: bytes) -> Plan:
    """Read a plan, bare or within a planner's whole answer; raise DomainError ``problem_invalid``."""
    fields = _decode(raw, dict[str, msgspec.Raw], "plan")
    if "plan" in fields:
        return _decode(raw, PlanResult, "plan").plan
    return _decode(raw, Plan, "plan")


def decode_certificates(raw: bytes) -> dict[str, Certificate]:
    """Read the certificates of a planner's whole answer by job; a bare plan has none. Raise ``problem_invalid``."""
    fields = _decode(raw, dict[str, msgspec.Raw], "plan")
    return {one.job_id: one for one in _decode(raw, PlanResult, "plan").certificates} if "plan" in fields else {}


def encode(value: object) -> bytes:
    """Write any value of the planner as JSON with sorted keys, so that equal values are equal bytes."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2)


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem (decision 26)."""
    return msgspec.json.schema(Problem)


def _decode(raw: bytes, kind: type[T], field: str) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DomainError("problem_invalid", field=field, id="", reason=str(error)) from error
