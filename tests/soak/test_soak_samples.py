"""A small sample of the endurance measurements: each kind of power cut, and a judge who finds planted harm."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.soak import outcome
from tests.soak.kills import cuts, storm_of_cuts
from tests.soak.kills.checker import Findings, PhoneOnDisk

ROOT: Final = Path(__file__).resolve().parents[2]
IS_FULL: Final = bool(os.environ.get("FULL"))
FIGURES: Final = ("lost", "duplicated", "gaps", "half_records")
CLEAN: Final = dict.fromkeys(FIGURES, 0)
FULL_ONLY: Final = pytest.mark.skipif(not IS_FULL, reason="runs under FULL=1")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run_kills(folder: Path, *options: str) -> dict[str, Any]:
    """Run the command on a small size; return its figures and its exit code. Skips when a part is not installed."""
    out = folder / "figures.json"
    command = [sys.executable, "-m", "tests.soak.kills", "--state", str(folder / "state"), "--json", str(out), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    figures: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {}
    if done.returncode == outcome.SKIPPED:
        pytest.skip(figures["skipped"])
    assert figures, f"{done.returncode}: {done.stdout}{done.stderr}"
    return {**figures, "code": done.returncode}


def harm(figures: dict[str, Any]) -> dict[str, int]:
    """Return the figures that must be zero."""
    return {name: figures[name] for name in FIGURES}


@pytest.fixture(scope="module")
def run_of_server(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return the folder and the figures of a run whose gateway was killed twice under four phones."""
    folder = tmp_path_factory.mktemp("kills")
    return folder / "state", run_kills(folder, "--target", "server", "--cycles", "2", "--phones", "3", "--keep")


def test_killed_server_loses_and_doubles_nothing(run_of_server: tuple[Path, dict[str, Any]]) -> None:
    """SIGKILL for the gateway while technicians work: whatever was confirmed is there, once."""
    _, figures = run_of_server
    assert (harm(figures), figures["code"], figures["cycles"]) == (CLEAN, outcome.KEPT, 2)
    assert figures["acknowledged"] > 0


@pytest.mark.parametrize("target", [pytest.param("worker", marks=FULL_ONLY), "redis", "postgres"])
def test_killed_part_of_the_server_loses_and_doubles_nothing(tmp_path: Path, target: str) -> None:
    """The same for Redis, for PostgreSQL with all its processes, and the worker, which dies in tests/journeys too."""
    figures = run_kills(tmp_path, "--target", target, "--cycles", "2" if IS_FULL else "1", "--phones", "3")
    assert (harm(figures), figures["code"]) == (CLEAN, outcome.KEPT)
    assert figures["acknowledged"] > 0


def test_phone_killed_between_its_writes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """SIGKILL before some of the phone's writes, against the real server."""
    figures = run_kills(tmp_path, "--target", "phone", "--cycles", "1", "--points", "60" if IS_FULL else "3")
    assert (harm(figures), figures["code"]) == (CLEAN, outcome.KEPT)
    assert figures["kills"] >= 2


@pytest.mark.parametrize(
    ("build", "figure"),
    [
        ("no_idempotency", "duplicated"),
        ("plain_cursor", "gaps"),
        ("naive_emit", "lost"),
    ],
)
@FULL_ONLY
def test_broken_build_is_found_out(tmp_path: Path, build: str, figure: str) -> None:
    """A build that is broken on purpose ends the run with a figure that is not zero, and another exit code.

    By default the same builds are caught in one process (test_model.py), and one that lies in tests/journeys.
    """
    size = ("--cycles", "12", "--phones", "12")
    figures = run_kills(tmp_path, "--target", "server", "--broken", build, *size)
    assert figures[figure] > 0
    assert figures["code"] == outcome.BROKEN


# The judge's own teeth: harm planted into what a good run left on the disk.


def judged_with(run: Path, tmp_path: Path, *statements: str, phone: bool = False) -> Findings:
    """Return the findings on a copy of a run after some statements to the server's or to one phone's database."""
    copy = tmp_path / "copy"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("*.sock"))
    phones = [
        PhoneOnDisk(copy / "phones" / Path(folder).name, device_id)
        for folder, device_id in json.loads((copy / "phones.json").read_text())
    ]
    server = copy / "server" / "leakfirst.db"
    target = phones[0].folder / "phone.sqlite3" if phone else server
    with sqlite3.connect(target) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            assert db.execute(statement).rowcount == 1, statement
    db.close()
    return storm_of_cuts.judge(copy, f"sqlite:///{server}", phones)


@pytest.mark.parametrize(
    ("statement", "figure"),
    [
        ("DELETE FROM processed_event WHERE rowid = (SELECT min(rowid) FROM processed_event)", "lost"),
        ("DELETE FROM evidence WHERE rowid = (SELECT min(rowid) FROM evidence)", "lost"),
        ("UPDATE evidence SET id = 'twin' WHERE rowid = (SELECT min(rowid) FROM evidence)", "duplicated"),
        (
            "DELETE FROM feed WHERE rowid = (SELECT f.rowid FROM feed f JOIN device d ON d.id = reader_id LIMIT 1)",
            "gaps",
        ),
        ("UPDATE journal SET data = '{}' WHERE seq = 1 AND branch_id = 'branch-1'", "gaps"),
        ("DELETE FROM journal WHERE id = (SELECT max(id) FROM journal WHERE type = 'fact_recorded')", "half_records"),
    ],
)
def test_judge_finds_harm_planted_on_the_server(
    run_of_server: tuple[Path, dict[str, Any]], tmp_path: Path, statement: str, figure: str
) -> None:
    """One row less, more, or other than it was."""
    found = judged_with(run_of_server[0], tmp_path, statement)
    assert getattr(found, figure) > 0
    assert outcome.judge({name: getattr(found, name) for name in FIGURES}, FIGURES) == outcome.BROKEN


@pytest.mark.parametrize(
    ("statement", "figure"),
    [
        ("DELETE FROM archive WHERE dseq = 1", "gaps"),
        ("DELETE FROM seen_changes WHERE seq = 1", "lost"),
        ("UPDATE seen_changes SET times_applied = 2 WHERE seq = 1", "duplicated"),
    ],
)
def test_judge_finds_harm_planted_on_a_phone(
    run_of_server: tuple[Path, dict[str, Any]], tmp_path: Path, statement: str, figure: str
) -> None:
    """An event less, a change less, a change twice."""
    assert getattr(judged_with(run_of_server[0], tmp_path, statement, phone=True), figure) > 0


def test_missing_part_is_named_and_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redis-server the command says so, with an exit code of its own."""
    from tests.soak.kills import __main__ as command  # noqa: PLC0415 - parses nothing when imported

    monkeypatch.setattr(cuts, "missing_part", lambda _target: "redis-server is not installed")
    out = tmp_path / "figures.json"
    assert command.main(["--target", "redis", "--json", str(out), "--state", str(tmp_path / "s")]) == outcome.SKIPPED
    assert json.loads(out.read_text()) == {"skipped": "redis-server is not installed"}
