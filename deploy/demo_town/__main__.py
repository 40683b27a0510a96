"""`python -m deploy.demo_town --seed 7 --date 2026-11-21 --out DIR` writes the town down."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from deploy.demo_town import town


def main(arguments: list[str]) -> int:
    """Generate and write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo_town")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--date", type=dt.date.fromisoformat, default=dt.date(2026, 11, 21))
    parser.add_argument("--orders", type=int, default=180)
    parser.add_argument("--out", type=Path, required=True)
    parsed = parser.parse_args(arguments)
    town.write(town.generate(parsed.seed, parsed.date, parsed.orders), parsed.out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
