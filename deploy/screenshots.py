"""All pictures: the phone's screens from a played server, every other page from a demo day held in its morning."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from deploy import screenshots_console
from deploy.demo import command
from deploy.demo.runner import Runner
from deploy.tour import console_stops, page_stops, sheets, stage
from deploy.tour.looking import LOOKS, Findings, Looker
from deploy.tour.stops import Stop
from server.core.settings import Settings

_HELD_AT: Final = "10:20"
_FOUND: Final = "findings.json"
_TOURS: Final[dict[str, tuple[Stop, ...]]] = {
    "console": console_stops.STOPS,
    "office": page_stops.OFFICE,
    "public": page_stops.WIDE,
    "narrow": page_stops.NARROW,
}


def main(arguments: list[str]) -> int:
    """Take all pictures; return 1 when a page was not reached or had an error, else the phone's exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.screenshots")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="only pictures whose name fits this pattern; none of the phone")
    parser.add_argument("--looks", type=int, default=len(LOOKS), help="so many of the languages and themes")
    parser.add_argument("--without-phone", action="store_true")
    parsed = parser.parse_args(arguments)
    code = 0
    if not parsed.only and not parsed.without_phone:
        # Kivy opens its window on import: a process of its own.
        code = subprocess.call([sys.executable, "-m", "deploy.screenshots_phone", "--out", str(parsed.out)])
    if screenshots_console.find_chromium() is None:
        sys.stderr.write("没有 Chromium,只做了手机截图 / No Chromium: pictures of the phone only\n")
        return code
    return _look_at_a_held_day(parsed) or code


def _look_at_a_held_day(parsed: argparse.Namespace) -> int:
    """Play the demo day until the morning, hold it there, and go round."""
    run = command.parse(["--speed", "max", "--until", _HELD_AT])
    return command.play_run(run, command.choose_play(run), lambda runner, settings: _go(parsed, runner, settings))


def _go(parsed: argparse.Namespace, runner: Runner, settings: Settings) -> int:
    out: Path = parsed.out
    out.mkdir(parents=True, exist_ok=True)
    place, findings = stage.set_up(runner, settings), Findings()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=screenshots_console.find_chromium(), args=list(screenshots_console.CHROMIUM_OPTIONS)
        )
        for look in LOOKS[: parsed.looks]:
            for tour, stops in _TOURS.items():
                meant = [stop for stop in stops if re.search(parsed.only, stop.name)]
                _go_round(Looker(browser, place, look, out, findings), f"{tour}-{'-'.join(look)}", meant)
                findings.write(out / _FOUND)
        browser.close()
    if not parsed.only:
        findings.compare(place)
        findings.write(out / _FOUND)
    return _tell(findings, out)


def _go_round(looker: Looker, name: str, stops: Iterable[Stop]) -> None:
    """Go round one tour and lay its pictures out on sheets."""
    before = len(looker.findings.pictures)
    looker.go_round(stops)
    fresh, out = looker.findings.pictures[before:], looker.findings.pictures[0].parent / "sheets"
    if fresh:
        sheets.make_sheets(fresh, out, name, is_tall=name.startswith("narrow"))


def _tell(findings: Findings, out: Path) -> int:
    counts = Counter(one["kind"] for one in findings.items)
    sys.stdout.write(f"{len(findings.pictures)} pictures, {dict(counts)}: {out / _FOUND}\n")
    return 1 if findings.is_fatal else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
