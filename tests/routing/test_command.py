"""The command line: plan, verify, schema, and one clear line when the input is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from routing.__main__ import main
from routing.wire import encode
from tests.routing.worlds import random_problem


@pytest.fixture
def problem_file(tmp_path: Path) -> Path:
    """Return a file with a small problem."""
    path = tmp_path / "problem.json"
    path.write_bytes(encode(random_problem(3)))
    return path


def test_plan_is_printed_and_verified_when_the_problem_is_sound(
    problem_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writes a plan that verify accepts, as printed."""
    assert main(["plan", str(problem_file), "--seed", "1", "--iterations", "10"]) == 0
    printed = capsys.readouterr().out
    plan_file = tmp_path / "plan.json"
    plan_file.write_text(printed, encoding="utf-8")
    assert len(json.loads(printed)["plan"]["routes"]) == 6
    assert main(["verify", str(problem_file), str(plan_file)]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_violations_are_printed_when_the_plan_is_wrong(
    problem_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exits 1 and names what an empty plan loses."""
    plan_file = tmp_path / "plan.json"
    plan_file.write_text('{"routes": []}', encoding="utf-8")
    assert main(["verify", str(problem_file), str(plan_file)]) == 1
    assert "job_lost" in {one["code"] for one in json.loads(capsys.readouterr().out)}


def test_schema_is_printed_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints a JSON Schema with the problem's parts."""
    assert main(["schema"]) == 0
    assert "Technician" in json.loads(capsys.readouterr().out)["$defs"]


@pytest.mark.parametrize("text", ["", "{", '{"now_s": 1}', '{"now_s": 1, "jobs": [], "surprise": 2}'])
def test_one_line_is_printed_when_the_input_is_wrong(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exits 2 with one line on standard error and nothing on standard output."""
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    assert main(["plan", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("problem_invalid: field=problem ")
    assert output.err.count("\n") == 1


def test_one_line_is_printed_when_the_file_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exits 2 and names the file."""
    assert main(["plan", str(tmp_path / "nowhere.json")]) == 2
    assert "nowhere.json" in capsys.readouterr().err
