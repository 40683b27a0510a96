"""``make soak``: every endurance measurement of programme.toml in one resumable run, and one table of their figures."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.soak import outcome

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMME: Final = Path(__file__).with_name("programme.toml")


@dataclass(frozen=True)
class Run:
    """One command of the programme."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()

    def command(self, out: Path, *, is_quick: bool) -> list[str]:
        """Return the whole command line; a later option stands over an earlier one of its name."""
        chosen = (*self.arguments, *(self.quick if is_quick else ()))
        return [sys.executable, "-m", self.module, *chosen, "--json", str(out)]


def read_programme(path: Path = PROGRAMME) -> list[Run]:
    """Return the runs of a programme in their order. Raises TypeError for an unknown key."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Run(**{key: _frozen(value) for key, value in entry.items()}) for entry in table["run"]]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for and not done yet; return 1 when a run broke a promise."""
    runs = read_programme()
    options = _parse(arguments, [run.name for run in runs])
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [run for run in runs if not options.only or run.name in options.only]
    codes = {run.name: _run(run, options) for run in chosen}
    table = options.out / "soak.md"
    table.write_text("\n".join(_table(runs, options.out)) + "\n", encoding="utf-8")
    failed = [name for name, code in codes.items() if code not in {outcome.KEPT, outcome.SKIPPED}]
    outcome.say(f"table: {table}" + (f"\nfailed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _parse(arguments: Sequence[str] | None, names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "soak", help="folder of figures and table")
    parser.add_argument("--only", nargs="*", choices=names, help="run these alone")
    parser.add_argument("--quick", action="store_true", help="a look at everything in minutes; figures mean little")
    parser.add_argument("--fresh", action="store_true", help="measure again what is done already")
    return parser.parse_args(arguments)


def _run(run: Run, options: argparse.Namespace) -> int:
    """Run one measurement unless it is done; a skipped or broken one is run again next time."""
    out, mark = options.out / f"{run.name}.json", options.out / f"{run.name}.done"
    command = run.command(out, is_quick=options.quick)
    stamp = hashlib.sha256(" ".join(command).encode()).hexdigest()
    if not options.fresh and out.exists() and mark.exists() and mark.read_text(encoding="utf-8") == stamp:
        outcome.say(f"==> {run.name}: done before, kept (--fresh measures again)")
        return outcome.KEPT
    mark.unlink(missing_ok=True)
    outcome.say(f"==> {run.name}: {' '.join(command[1:])}")
    started_s = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    outcome.say(f"    ended with {code} after {time.monotonic() - started_s:.0f} s")
    if code == outcome.KEPT:
        mark.write_text(stamp, encoding="utf-8")
    return code


def _table(runs: Sequence[Run], folder: Path) -> Iterator[str]:
    yield from ("# Endurance measurements", "", "| run | figures |", "|---|---|")
    for run in runs:
        out = folder / f"{run.name}.json"
        if out.exists():
            figures = json.loads(out.read_text(encoding="utf-8"))
            plain = {k: v for k, v in figures.items() if not isinstance(v, dict | list)}
            yield f"| {run.name} | {', '.join(f'{key} {value}' for key, value in plain.items())} |"


if __name__ == "__main__":
    sys.exit(main())
