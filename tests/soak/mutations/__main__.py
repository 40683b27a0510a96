"""Change sealed evidence in every way and count who saw it.

`python -m tests.soak.mutations --count 10000 --json OUT`. Figures: `tried`, `detected_server`, `detected_cli`,
`detected_page`, and by kind what was missed. Resumable: what is done stands in OUT.part; each change depends on the
seed and its number alone, over a company that is founded anew.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.soak import outcome
from tests.soak.mutations import changes
from tests.soak.mutations.judges import Judges, judges_of
from tests.soak.mutations.town import Town

_BATCH: Final = 100
_WHO: Final = ("server", "cli", "page")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement; return 0 when every change was seen by all three."""
    options = _parse(arguments)
    part = options.json.with_suffix(".part")
    done: Counter[str] = Counter(json.loads(part.read_text()) if part.exists() and not options.fresh else {})
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:
        town = Town(Path(folder) / "town", options.visits)
        try:
            with judges_of(town, Path(folder)) as judges:
                measure(town, judges, done, options.count, options.seed, part)
        except LookupError as missing:
            return outcome.skip(options.json, str(missing))
        finally:
            town.close()
    figures = figures_of(done)
    outcome.write_figures(options.json, figures)
    part.unlink(missing_ok=True)
    return outcome.judge(figures, [f"missed_{who}" for who in _WHO])


def measure(town: Town, judges: Judges, done: Counter[str], count: int, seed: int, part: Path | None = None) -> None:
    """Try changes from where `done` stands up to `count`, in batches; write each batch down when `part` is given."""
    while done["tried"] < count:
        numbers = range(done["tried"], min(count, done["tried"] + _BATCH))
        cases = [changes.make(random.Random(f"{seed}:{number}"), town) for number in numbers]
        for who in _WHO:
            seen = getattr(judges, who)(cases)
            done[f"detected_{who}"] += sum(seen)
            for case, is_seen in zip(cases, seen, strict=True):
                done[f"missed_{who}:{case.kind}"] += not is_seen
        done["tried"] += len(cases)
        if part is not None:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(done))
            outcome.say(f"{done['tried']}/{count} " + " ".join(f"{w} {done[f'detected_{w}']}" for w in _WHO))


def figures_of(done: Counter[str]) -> dict[str, Any]:
    """Return the figures, with the kinds that somebody missed."""
    tried = done["tried"]
    figures: dict[str, Any] = {"tried": tried}
    for who in _WHO:
        figures[f"detected_{who}"] = done[f"detected_{who}"]
        figures[f"missed_{who}"] = tried - done[f"detected_{who}"]
    return {**figures, "missed": {key: value for key, value in sorted(done.items()) if ":" in key and value}}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--json", type=Path, default=Path("out/soak/mutations.json"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--visits", type=int, default=8, help="records that are sealed first")
    parser.add_argument("--fresh", action="store_true", help="begin again")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
