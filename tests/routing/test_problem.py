"""A problem is refused with field and id of what is wrong, and garbage never becomes a traceback."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.problem import Place, Problem, Profile, Skill, Tier
from routing.validation import validate
from routing.wire import decode_plan, decode_problem, encode, problem_schema
from shared.errors import DomainError
from tests.routing.worlds import a_job, a_leak, a_problem, a_technician, random_problem

WANG = a_technician("Wang")


def refused(problem: Problem) -> dict[str, Any]:
    """Return the data of the error that a problem is refused with."""
    with pytest.raises(DomainError, match="problem_invalid") as caught:
        validate(problem)
    return caught.value.data


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"place": Place(lat=math.nan, lon=0.0)}, "jobs.place", "not_a_number"),
        ({"place": Place(lat=91.0, lon=0.0)}, "jobs.place", "out_of_range"),
        ({"windows": ((200, 100),)}, "jobs.windows", "reversed"),
        ({"service_s": -1}, "jobs.service_s", "out_of_range"),
        ({"priority": 5}, "jobs.priority", "out_of_range"),
        ({"skills": ("gas", "")}, "jobs.skills", "not_a_skill"),
        ({"skills": (7,)}, "jobs.skills", "not_a_skill"),
        ({"lateness_weight": math.inf}, "jobs.lateness_weight", "out_of_range"),
        ({"unserved_penalty": -1.0}, "jobs.unserved_penalty", "out_of_range"),
        ({"due_s": 10**15}, "jobs.due_s", "out_of_range"),
    ],
)
def test_problem_is_refused_when_a_job_is_wrong(fields: dict[str, Any], field: str, reason: str) -> None:
    """Names the field, the id and the reason."""
    assert refused(a_problem([WANG], [a_job("J1", **fields)])) == {"field": field, "id": "J1", "reason": reason}


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"shift_start_s": 10, "shift_end_s": 5}, "technicians.shift_end_s", "before_start"),
        ({"committed": ("J9",)}, "technicians.committed", "unknown_job J9"),
        ({"committed": ("J1", "J1")}, "technicians.committed", "committed_twice J1"),
        ({"skills": (Skill(name=""),)}, "technicians.skills", "not_a_skill"),
        ({"end_place": Place(lat=0.0, lon=math.inf)}, "technicians.end_place", "not_a_number"),
    ],
)
def test_problem_is_refused_when_a_technician_is_wrong(fields: dict[str, Any], field: str, reason: str) -> None:
    """Names the field, the technician and the reason."""
    wrong = a_problem([a_technician("Wang", **fields)], [a_job("J1")])
    assert refused(wrong) == {"field": field, "id": "Wang", "reason": reason}


def test_problem_is_refused_when_ids_repeat() -> None:
    """Names the id that stands twice, of a job or a technician."""
    assert refused(a_problem([WANG], [a_job("J1"), a_job("J1")]))["field"] == "jobs.id"
    assert refused(a_problem([WANG, WANG], []))["id"] == "Wang"


def test_problem_is_refused_when_the_profile_is_wrong() -> None:
    """Refuses a speed at which nothing would ever arrive."""
    profile = Profile(detour=1.3, speed_m_s=0.0, start_up_s=0)
    assert refused(a_problem([WANG], [], profile=profile))["field"] == "profile.speed_m_s"


def test_tier_follows_priority_and_leak_when_asked() -> None:
    """Puts emergencies first, urgent leaks second and everything else, urgent or not, third."""
    assert a_leak("J1").tier == Tier.EMERGENCY
    assert a_leak("J1", priority=2).tier == Tier.URGENT_LEAK
    assert a_job("J1", priority=2).tier == a_leak("J1", priority=3).tier == Tier.ORDINARY


@pytest.mark.parametrize("seed", range(5))
def test_problem_survives_when_written_and_read(seed: int) -> None:
    """Reads back the very problem that was written."""
    problem = random_problem(seed)
    assert decode_problem(encode(problem)) == problem


def is_refused(decode: Callable[[bytes], object], raw: bytes) -> bool:
    """Tell whether a decoder answers with its one error; any other exception comes through."""
    try:
        decode(raw)
    except DomainError:
        return True
    return False


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_garbage_bytes_are_refused_with_one_error_when_read(raw: bytes) -> None:
    """Answers with DomainError for problem and plan, never with a traceback of the decoder."""
    assert is_refused(decode_problem, raw)
    assert is_refused(decode_plan, raw) or raw.strip() == b"{}"


def test_deep_nesting_is_refused_with_one_error_when_read() -> None:
    """Survives ten thousand opening brackets."""
    with pytest.raises(DomainError, match="problem_invalid"):
        decode_problem(b"[" * 10_000)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def _slots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(one for key, inner in pairs for one in _slots(inner, (*path, key)))]


@given(st.integers(0, 20), st.data())
@settings(max_examples=200, deadline=None)
def test_spoilt_problem_is_refused_or_sound_when_read(seed: int, data: st.DataObject) -> None:
    """Replaces one value of a sound problem by any JSON: the answer is a sound problem or one DomainError."""
    tree = json.loads(encode(random_problem(seed, crew=2, count=4)))
    *parents, last = data.draw(st.sampled_from(_slots(tree)[1:]))
    place = tree
    for key in parents:
        place = place[key]
    place[last] = data.draw(_JSON)
    try:
        problem = decode_problem(json.dumps(tree).encode())
    except DomainError as error:
        assert error.code == "problem_invalid"  # noqa: PT017 - either answer is right, a third is not
    else:
        validate(problem)


def test_schema_describes_every_field_when_printed() -> None:
    """Describes jobs and technicians, and allows no field that is not named."""
    schema = problem_schema()
    assert set(schema["$defs"]) >= {"Problem", "Job", "Technician", "Place", "Leave"}
    assert schema["$defs"]["Job"]["additionalProperties"] is False
    assert set(schema["$defs"]["Job"]["properties"]) == set(msgspec.structs.asdict(a_job("J1")))
