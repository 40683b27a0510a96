"""``make bench``: every measurement of the planner in one resumable run, and one table with versions and machine.

Each measurement is a command of its own that writes JSON; this runner starts them one after another, keeps what was
measured with the same settings, code, libraries and machine, and writes ``bench.md``, where each section says when and
where it was measured. Real instances lie beside the checkout (../shared/data); what is absent is said so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.files import ROOT, digest_of, list_versions, machine, read_kept, write_whole
from tests.benchmarks.programme import DATA, MEASUREMENTS, Measurement

_FIGURES: Final = 4
_BEGUN, _DONE, _FAILED = "begun", "done", "failed"


@dataclass(frozen=True)
class Place:
    """Where a measurement keeps its figures, the record of its run, and figures of a run before."""

    folder: Path
    name: str

    @property
    def out(self) -> Path:
        """What the command writes."""
        return self.folder / f"{self.name}.json"

    @property
    def record(self) -> Path:
        """When, where and of what code, and how it ended."""
        return self.folder / f"{self.name}.run.json"

    @property
    def before(self) -> Path:
        """What was measured under other conditions."""
        return self.folder / f"{self.name}.before.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for and not done yet; return 1 when a measurement failed."""
    options = _parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [m for m in MEASUREMENTS if not options.only or m.name in options.only]
    table, failed = options.out / "bench.md", []
    for measurement in chosen:
        if not _measure(measurement, options.out, is_quick=options.quick, is_fresh=options.fresh):
            failed.append(measurement.name)
        table.write_text("\n".join(_table(options.out, is_quick=options.quick)) + "\n", encoding="utf-8")
    sys.stdout.write(f"table: {table}\n" + (f"failed: {', '.join(failed)}\n" if failed else ""))
    return 1 if failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench", help="folder of results and table")
    parser.add_argument("--only", nargs="*", choices=[m.name for m in MEASUREMENTS], help="run these alone")
    parser.add_argument("--quick", action="store_true", help="a look at everything in minutes; figures mean little")
    parser.add_argument("--fresh", action="store_true", help="measure again what is done already")
    return parser.parse_args(arguments)


def stamp_of(measurement: Measurement, *, is_quick: bool) -> dict[str, Any]:
    """Return what figures hold for: the settings, the code's digest, the libraries, the machine."""
    words = [word.replace(str(DATA), "../shared/data") for word in measurement.words(is_quick=is_quick)]
    return {
        "settings": [*words, *(f"{key}={value}" for key, value in measurement.environment.items())],
        "code": measurement.code_digest(),
        "libraries": {name: version or "absent" for name, version in list_versions().items()},
        "machine": machine(),
        "data": _data_digest(measurement),
    }


def _data_digest(measurement: Measurement) -> str:
    """Return what tells the data from other data of that name, by names and sizes; empty without data."""
    place = DATA / measurement.needs
    if not measurement.needs or not place.exists():
        return ""
    paths = [place] if place.is_file() else sorted(place.rglob("*"))
    return digest_of((), [(path.name, path.stat().st_size) for path in paths if path.is_file()])


def _measure(measurement: Measurement, folder: Path, *, is_quick: bool, is_fresh: bool) -> bool:
    """Run one measurement unless it is done or its data is absent; tell whether nothing failed."""
    place, stamp = Place(folder, measurement.name), stamp_of(measurement, is_quick=is_quick)
    if measurement.needs and not (DATA / measurement.needs).exists():
        sys.stdout.write(f"==> {measurement.name}: left out, ../shared/data/{measurement.needs} is absent\n")
        return True
    earlier = read_kept(place.record)
    is_same = earlier.get("stamp") == stamp and not is_fresh
    if is_same and earlier.get("state") == _DONE and place.out.exists():
        sys.stdout.write(f"==> {measurement.name}: done {earlier['ended_at']}, kept (--fresh measures again)\n")
        return True
    if place.out.exists() and not is_same:
        place.out.replace(place.before)
    sys.stdout.write(f"==> {measurement.name}\n")
    sys.stdout.flush()
    return _run(measurement, place, stamp, is_quick=is_quick)


def _run(measurement: Measurement, place: Place, stamp: dict[str, Any], *, is_quick: bool) -> bool:
    """Run the command; the record says that it has begun until it says how it ended."""
    record: dict[str, Any] = {"state": _BEGUN, "began_at": _now(), "stamp": stamp}
    write_whole(place.record, record)
    began = time.monotonic()
    command, environment = measurement.command(place.out, is_quick=is_quick), {**os.environ, **measurement.environment}
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    is_done = code == 0 and place.out.exists()
    record |= {"state": _DONE if is_done else _FAILED, "exit_code": code, "ended_at": _now()}
    write_whole(place.record, record | {"seconds": round(time.monotonic() - began)})
    return is_done


def _now() -> str:
    return f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d %H:%M} UTC"


def _table(folder: Path, *, is_quick: bool) -> Iterator[str]:
    yield "# Measurements of the planner"
    yield ""
    yield f"Written {_now()}; when and where each section was measured stands with it."
    yield "CPU seconds of one process unless a line says otherwise; loading compiled code is not counted."
    for measurement in MEASUREMENTS:
        yield from ("", f"## {measurement.name}", "")
        yield from _section(measurement, Place(folder, measurement.name), is_quick=is_quick)


def _section(measurement: Measurement, place: Place, *, is_quick: bool) -> Iterator[str]:
    """Yield one measurement: its figures when it is done, and of what; else what is missing."""
    record, stamp = read_kept(place.record), stamp_of(measurement, is_quick=is_quick)
    if "stamp" not in record:
        yield "Not measured."
        return
    if measurement.remark:
        yield from (measurement.remark, "")
    yield from _how_it_ended(record, stamp)
    result = read_kept(place.out) if place.out.exists() else {}
    if record["state"] == _DONE or result.get("is_complete"):  # whole, though a limit of its own was not kept
        yield from ("", *_lines(result))
    elif result:
        yield f"{len(result.get('rows', []))} rows are in {place.out.name}; figures of a part are not shown."


def _how_it_ended(record: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    stamp = record["stamp"]
    libraries = ", ".join(f"{name} {version}" for name, version in stamp["libraries"].items())
    if record["state"] == _DONE:
        yield f"Measured {record['began_at']} to {record['ended_at']} on {stamp['machine']}; {libraries}."
    elif record["state"] == _FAILED:
        code = record["exit_code"]
        yield f"**Failed**, ended with code {code} {record['ended_at']} on {stamp['machine']}; {libraries}."
    else:
        yield f"**Not complete**: begun {record['began_at']} on {stamp['machine']}, running or cut off; {libraries}."
    yield f"`{' '.join(stamp['settings'])}`, code {stamp['code']}."
    changed = [name for name, value in stamp.items() if now.get(name) != value]
    if changed:
        yield f"**Other {', '.join(changed)} than now**: these figures are not of the present state."


def _lines(result: dict[str, Any]) -> Iterator[str]:
    """Yield a measurement's summary, one line a figure, and one table for each group of figures within it."""
    summary = result.get("summary", result)
    plain = {key: value for key, value in summary.items() if not isinstance(value, dict | list)}
    for key, group in summary.items():
        if isinstance(group, dict):
            plain |= {f"{key} {name}": value for name, value in group.items() if not isinstance(value, dict)}
    if plain:
        yield from ("| figure | value |", "|---|---|")
    yield from (f"| {key} | {_text(value)} |" for key, value in plain.items())
    for key, group in summary.items():
        if isinstance(group, dict):
            yield from _group(key, group)


def _group(key: str, group: dict[str, Any]) -> Iterator[str]:
    rows = {name: row for name, row in group.items() if isinstance(row, dict)}
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    if columns:
        yield from ("", f"| {key} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|")
    for name, row in rows.items():
        yield f"| {name} | {' | '.join(_text(row.get(column)) for column in columns)} |"


def _text(value: object) -> str:
    return "–" if value is None else f"{value:.{_FIGURES}g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
