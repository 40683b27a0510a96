"""Opens one real phone window, joined to the running demo as technician Wang."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import requests

from deploy.demo.desk import HotlineDesk
from shared.errors import DomainError

_TECHNICIAN: Final = 0


def open_window(last_run: Path) -> int:
    """Enrol a phone of its own for the first technician and open it. Raises DomainError `demo_not_running`."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        sys.stderr.write("没有显示器,请用 make screenshots / There is no display: use make screenshots\n")
        return 2
    try:
        run = json.loads((last_run / "run.json").read_text())
        desk = HotlineDesk(run["url"], "lin")
    except (OSError, ValueError, requests.RequestException) as error:
        raise DomainError("demo_not_running") from error
    code = desk.issue_code(run["technicians"][_TECHNICIAN])
    environ = {
        **os.environ,
        "LEAKFIRST_PHONE_DIR": str(Path(run["folder"]) / "phone-by-hand"),
        "LEAKFIRST_SERVER_URL": run["url"],
        "LEAKFIRST_ENROL_CODE": code,
    }
    return subprocess.call([sys.executable, "-m", "mobile"], env=environ)
