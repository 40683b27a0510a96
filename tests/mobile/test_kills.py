"""A phone that dies between any two of its writes loses nothing and does nothing twice."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from mobile.store.database import FILE_NAME
from shared import facts, signature
from tests.mobile.office import Office, job

pytestmark = pytest.mark.slow  # kills a phone at many of its writes

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 8


@contextmanager
def offices(count: int) -> Iterator[list[Office]]:
    """Open several offices, each with one offer for Wang."""
    with ExitStack() as stack:
        opened = [Office() for _ in range(count)]
        for office in opened:
            stack.callback(office.close)
            office.send(job())
        yield opened


def walk(folder: Path, walkers: list[Office], points: list[int]) -> list[tuple[int, int]]:
    """Walk one phone per office, killed at its point; list how many writes its last walk took and its kills."""
    arguments = [f"{folder / str(point)}={office.url}={point}" for office, point in zip(walkers, points, strict=True)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.mobile.walk", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    endings = [line.split("=") for line in done.stdout.splitlines()]
    return [(int(writes), int(kills)) for _, writes, kills in endings]


def problems_of(office: Office, database: Path) -> list[str]:
    """List what is lost, doubled or torn after a walk."""
    bodies = [event.body for event in sorted(office.kept.values(), key=lambda event: event.dseq)]
    answers = facts.StepAnswered | facts.ReadingRecorded | facts.TimerStopped
    steps = Counter((body.protocol, body.step) for body in bodies if isinstance(body, answers))
    names = Counter(office.kept_types())
    once = ("assignment_delivered", "assignment_accepted", "departed", "arrived", "outcome_declared", "record_signed")
    seals = [body.seal for body in bodies if isinstance(body, facts.RecordSigned)]
    with sqlite3.connect(database) as db:
        (health,) = db.execute("PRAGMA integrity_check").fetchone()
        (waiting,) = db.execute("SELECT count(*) FROM pending_events").fetchone()
        doubled = db.execute("SELECT event_id FROM seen_changes WHERE times_applied <> 1").fetchall()
    db.close()
    return [
        *(f"{step} answered {count} times" for step, count in steps.items() if count != 1),
        *(f"{name} {names[name]} times" for name in once if names[name] != 1),
        *(
            []
            if [e.dseq for e in sorted(office.kept.values(), key=lambda e: e.dseq)]
            == list(range(1, len(office.kept) + 1))
            else ["numbers have gaps"]
        ),
        *(["the chain of seals is broken"] if signature.find_chain_breaks(seals) else []),
        *([] if health == "ok" else [health]),
        *(["events are still waiting"] if waiting else []),
        *(f"{row[0]} was not applied once" for row in doubled),
    ]


def test_phone_killed_before_any_write_finishes_the_visit_once(tmp_path: Path) -> None:
    """SIGKILL before the n-th write, for points spread over the whole visit (for each of them under FULL=1)."""
    with offices(1) as (office,):
        ((total, _),) = walk(tmp_path, [office], [0])
    points = list(range(1, total, 1 if os.environ.get("FULL") else total // SAMPLE))
    with offices(len(points)) as walkers:
        endings = walk(tmp_path, walkers, points)
        found = {
            point: problems_of(office, tmp_path / str(point) / FILE_NAME)
            for office, point in zip(walkers, points, strict=True)
        }
    assert [kills for _, kills in endings] == [1] * len(points)
    assert {point: problems for point, problems in found.items() if problems} == {}


def test_planted_loss_and_doubling_are_found(tmp_path: Path) -> None:
    """The check above has teeth: a missing event and a doubled answer are both named."""
    with offices(1) as (office,):
        walk(tmp_path, [office], [0])
    kept = sorted(office.kept.values(), key=lambda event: event.dseq)
    assert problems_of(office, tmp_path / "0" / FILE_NAME) == []
    lost = next(event for event in kept if isinstance(event.body, facts.Departed))
    answer = next(event for event in kept if isinstance(event.body, facts.StepAnswered))
    office.kept["twin"] = msgspec.structs.replace(answer, id="twin")
    del office.kept[lost.id]
    found = problems_of(office, tmp_path / "0" / FILE_NAME)
    assert "departed 0 times" in found
    assert any(problem.endswith("answered 2 times") for problem in found)
