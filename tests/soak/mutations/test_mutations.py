"""Changed evidence is seen by all three judges, by the page with its network off; a judge that looks away is caught."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest import MonkeyPatch  # noqa: PT013 - the class is only named here as a type

from server import proof_commands
from server.core import signing_keys
from server.seals import bundle
from shared import proof
from tests.soak.mutations import __main__ as measurement
from tests.soak.mutations import changes
from tests.soak.mutations.changes import Case
from tests.soak.mutations.judges import Judges, ask_command_line, judges_of
from tests.soak.mutations.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.browser]

COUNT = 3000 if os.environ.get("FULL") else 96
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Yield a company with sealed records of keys before and after a change."""
    found = Town(tmp_path_factory.mktemp("town"), 2)
    yield found
    found.close()


@pytest.fixture(scope="module")
def judges(town: Town, browser_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    """Yield the three judges; the page stands open in a browser without a network."""
    assert browser_program
    with judges_of(town, tmp_path_factory.mktemp("page")) as found:
        yield found


def untouched(town: Town) -> list[Case]:
    """Return everything as it was handed out, each by itself; photos with the records that name them."""
    alone = [*town.records, *town.pdfs, town.bundle_bytes]
    return [*(Case("none", (data,)) for data in alone), Case("none", (*town.records, *town.photos))]


def test_untouched_evidence_is_genuine_for_everybody_also_from_before_the_key_was_changed(
    town: Town, judges: Judges
) -> None:
    """Nobody cries wolf: records of the old and the new branch key, PDF files, photos, the whole bundle."""
    keys = {proof.parse(data).counter.key_id for data in town.records}
    assert len(keys) == 2
    cases = untouched(town)
    assert judges.page(cases) == judges.cli(cases) == judges.server(cases) == [False] * len(cases)


def test_every_change_is_detected_by_server_command_line_and_offline_page(town: Town, judges: Judges) -> None:
    """A sample of the endurance measurement: every kind of change is among them, and nothing is missed."""
    done: Counter[str] = Counter()
    measurement.measure(town, judges, done, COUNT, seed=7)
    figures = measurement.figures_of(done)
    assert figures["missed"] == {}
    assert figures["detected_server"] == figures["detected_cli"] == figures["detected_page"] == COUNT
    every = [changes.make_of(kind, random.Random(kind), town) for kind in changes.KINDS]
    assert judges.cli(every) == judges.server(every) == judges.page(every) == [True] * len(every)


def test_judge_that_skips_one_check_is_found_out(town: Town, judges: Judges, monkeypatch: MonkeyPatch) -> None:
    """Teeth: a judge that takes every signature for right misses changes, and the measurement says so."""
    monkeypatch.setattr(signing_keys, "verify", lambda *_: True)
    blind = dataclasses.replace(
        judges, page=lambda cases: [True] * len(cases), server=lambda cases: [True] * len(cases),
        cli=lambda cases: [ask_command_line(town, town.root, case) for case in cases],
    )  # fmt: skip
    monkeypatch.setattr(changes, "KINDS", {"forged": changes.KINDS["forged"], "respelled": changes.KINDS["respelled"]})
    done: Counter[str] = Counter()
    measurement.measure(town, blind, done, 20, seed=3)
    assert measurement.figures_of(done)["missed_cli"] > 0


def test_command_line_verifies_many_files_at_once(town: Town, tmp_path: Path) -> None:
    """Good ones and a changed one together: each has its line, and the exit code tells."""
    good = tmp_path / "good.pdf"
    good.write_bytes(town.pdfs[0])
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(town.pdfs[0] + b"more")
    record = tmp_path / "record.json"
    record.write_bytes(town.records[0])
    issued = tmp_path / "issued.json"
    issued.write_bytes(bundle.encode(town.issued))
    command = [sys.executable, "-m", "server", "verify", str(good), str(record), str(issued), str(bad)]
    environ = {**os.environ, "LEAKFIRST_DATA_DIR": str(town.house.folder)}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (run.returncode, [line[:4] for line in run.stdout.splitlines()]) == (1, ["OK  ", "OK  ", "OK  ", "FAIL"])
    assert "not_whole_file" in run.stdout
    assert proof_commands.root_of(town.house.settings) == town.root
