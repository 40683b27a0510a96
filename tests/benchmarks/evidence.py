"""How long the checks of evidence take: `python -m tests.benchmarks.evidence --rows 1000000 --copies 200 --json OUT`.

Figures: `journal_verify_s` over so many rows of one branch's chain on SQLite, `copy_p50_s` and `copy_p95_s` of drawing
and certifying one leak's copy in this process, `copy_bytes_worst`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm

from server import schema
from server.core import journal
from server.core.journal import ChainHead, JournalRow
from server.documents.models import Document
from server.documents.printing import Printing, make
from tests.server import house as houses
from tests.server.house import LEAK, House
from tests.server.test_closing import visit

_BRANCH: Final = "branch-1"
_BATCH: Final = 10_000
_P95: Final = 0.95


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures, return 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.evidence", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:
        figures = {**measure_journal(Path(folder) / "journal", options.rows)}
        figures |= measure_copies(Path(folder) / "copies", options.copies)
    text = json.dumps(figures, sort_keys=True)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 0


def measure_journal(folder: Path, rows: int) -> dict[str, Any]:
    """Return the seconds that one branch's chain of so many rows takes."""
    folder.mkdir()
    url = f"sqlite:///{folder / 'leakfirst.db'}"
    schema.upgrade(url)
    engine = sa.create_engine(url)
    with orm.Session(engine) as session:
        _fill(session, rows)
        started_s = time.perf_counter()
        problems = journal.verify_chain(session, _BRANCH)
        seconds = time.perf_counter() - started_s
    engine.dispose()
    return {"journal_rows": rows, "journal_verify_s": round(seconds, 2), "journal_problems": len(problems)}


def _fill(session: orm.Session, rows: int) -> None:
    """Write a chain of plain rows."""
    batch: list[dict[str, Any]] = []
    for row in _chain(rows):
        batch.append(row)
        if len(batch) == _BATCH:
            session.execute(sa.insert(JournalRow), batch)
            batch.clear()
    if batch:
        session.execute(sa.insert(JournalRow), batch)
    last = session.scalars(sa.select(JournalRow).order_by(JournalRow.seq.desc()).limit(1)).one()
    session.add(ChainHead(branch_id=_BRANCH, seq=last.seq, hash=last.hash))
    session.commit()


def _chain(rows: int) -> Iterator[dict[str, Any]]:
    previous = journal.GENESIS
    for seq in range(1, rows + 1):
        values = {
            "branch_id": _BRANCH, "seq": seq, "event_id": f"{seq:036d}", "type": "fact_recorded",
            "at_ms": 1_790_042_400_000 + seq, "actor_id": "wang", "actor_role": "technician",
            "work_order_id": f"{seq // 40:036d}", "technician_ids": ["wang"],
            "data": '{"fact":"reading_recorded","flags":[],"body":"' + "x" * 300 + '"}', "previous_hash": previous,
        }  # fmt: skip
        previous = journal.link_hash(JournalRow(**values))
        yield {**values, "hash": previous}


def measure_copies(folder: Path, copies: int) -> dict[str, Any]:
    """Return the time of one leak's copy, made again and again, and its size."""
    folder.mkdir()
    url = f"sqlite:///{folder / 'leakfirst.db'}"
    houses.found_company(url, folder)
    house = House(url, folder)
    visit(house, LEAK)
    document = house.read(lambda session: session.scalars(sa.select(Document)).first())
    if document is None:
        raise LookupError("no paper is owed")
    task = Printing(house.services, in_process=True)._task(document)
    took, sizes = [], []
    for _ in range(copies):
        started_s = time.perf_counter()
        sizes.append(len(make(task)[0]))
        took.append(time.perf_counter() - started_s)
    house.close()
    took.sort()
    return {
        "copies": copies,
        "copy_p50_s": round(statistics.median(took), 3),
        "copy_p95_s": round(took[min(copies - 1, int(copies * _P95))], 3),
        "copy_bytes_worst": max(sizes),
    }


if __name__ == "__main__":
    sys.exit(main())
