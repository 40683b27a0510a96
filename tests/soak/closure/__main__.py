"""Tries to close leaks without evidence: `python -m tests.soak.closure --sequences 1000000 --json OUT`.

Counts sequences, endings that a second judge finds proved, and `closed_without_evidence`, which must be 0. `--broken`
plants a fault into the guard and must find some. A run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from shared.work_order import WorkOrderState
from tests.soak import outcome
from tests.soak.closure import faults, house, sequences
from tests.soak.closure.sequences import ENDS

ROOT: Final = Path(__file__).resolve().parents[3]
CHUNK: Final = 10_000
MUST_BE_ZERO: Final = ("closed_without_evidence",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, judge and report; return the exit code."""
    options = _parse(arguments)
    started_s = time.monotonic()
    counts = _run(options)
    if options.server_sequences and not options.broken:
        with tempfile.TemporaryDirectory() as folder:
            counts.update(house.run(Path(folder), options.server_sequences, options.seed))
    figures = {name: counts[name] for name in sorted(counts)}
    figures["seconds"] = round(time.monotonic() - started_s)
    outcome.write_figures(options.json, figures)
    return outcome.judge(figures, MUST_BE_ZERO)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.closure", description=__doc__)
    parser.add_argument("--sequences", type=int, default=1_000_000)
    parser.add_argument("--server-sequences", type=int, default=20, help="so many more through the server's services")
    parser.add_argument("--broken", choices=faults.NAMES, default="", help="plant a fault into the guard")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    parser.add_argument("--state", type=Path, default=ROOT / "out" / "soak" / "state", help="folder of what is done")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> Counter[str]:
    """Play all sequences in chunks; what an earlier run has played is taken over."""
    mark = options.state / f"closure-{options.broken or 'whole'}-{options.seed}-{options.sequences}.jsonl"
    mark.parent.mkdir(parents=True, exist_ok=True)
    done = dict(_read(mark))
    chunks = [(n, min(CHUNK, options.sequences - n)) for n in range(0, options.sequences, CHUNK)]
    todo = [(start, size, options.seed, options.broken) for start, size in chunks if start not in done]
    total: Counter[str] = Counter({"closed_without_evidence": 0, "sequences": 0})
    for counts in done.values():
        total.update(counts)
    with mark.open("a", encoding="utf-8") as log, concurrent.futures.ProcessPoolExecutor(options.processes) as pool:
        for start, counts in pool.map(play_chunk, todo):
            total.update(counts)
            log.write(json.dumps({"start": start, "counts": counts}) + "\n")
            log.flush()
            outcome.say(f"{total['sequences']}/{options.sequences} sequences, {total['closed']} closed")
    mark.unlink()
    return total


def _read(mark: Path) -> Iterator[tuple[int, dict[str, int]]]:
    if mark.exists():
        for line in mark.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            yield told["start"], told["counts"]


def play_chunk(task: tuple[int, int, int, str]) -> tuple[int, dict[str, int]]:
    """Play one chunk, the same for the same seed; return its start and counts."""
    start, size, seed, broken = task
    chance, counts = random.Random(f"{seed}-{start}"), Counter[str]()
    with faults.planted(broken):
        for _ in range(size):
            ended = sequences.play(sequences.make(chance), chance)
            counts["sequences"] += 1
            counts["refused"] += ended.refused
            counts["closed"] += ended.state is WorkOrderState.CLOSED
            counts["closed_without_evidence"] += ended.state in ENDS and not ended.is_proved
    return start, dict(counts)


if __name__ == "__main__":
    sys.exit(main())
