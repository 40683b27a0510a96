"""All pictures: the phone's screens from a played server, the console from a demo day that is held in the morning."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy import screenshots_console

_HELD_AT: Final = "10:20"
_READY: Final = "Ctrl-C"
_RUN: Final = Path(".demo") / "run.json"


def main(arguments: list[str]) -> int:
    """Take all pictures; return the exit code of the first part that failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.screenshots")
    parser.add_argument("--out", type=Path, required=True)
    parsed = parser.parse_args(arguments)
    # Kivy opens its window on import: a process of its own.
    phone = [sys.executable, "-m", "deploy.screenshots_phone", "--out", str(parsed.out)]
    code = subprocess.call(phone)
    if screenshots_console.find_chromium() is None:
        sys.stderr.write("没有 Chromium,只做了手机截图 / No Chromium: pictures of the phone only\n")
        return code
    return code or _console(parsed.out)


def _console(out: Path) -> int:
    """Play the demo day until the morning, hold it there, and look at the console."""
    command = [sys.executable, "-m", "deploy.demo", "--speed", "max", "--until", _HELD_AT]
    with tempfile.TemporaryFile("w+") as errors:
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            _wait_until_held(run)
            url = json.loads(_RUN.read_text())["url"]
            return screenshots_console.main(["--url", url, "--out", str(out), "--alarm"])
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(timeout=60)


def _wait_until_held(run: subprocess.Popen[str]) -> None:
    """Read the run's output until it serves and waits. Raises RuntimeError when it ends before."""
    if run.stdout is None or not any(line.rstrip().endswith(_READY) for line in run.stdout):
        raise RuntimeError("the demo ended before its morning")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
