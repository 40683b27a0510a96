"""Starts the technician's app: `python -m mobile`, or `python -m mobile --headless` without a screen."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import threading
from pathlib import Path

from mobile.platform import lean, window


def main() -> None:
    """Start the app with its screens, or the phone alone."""
    options = _parse()
    lean.hide_server_libraries()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if options.headless:
        _run_headless(options)
    else:
        window.prepare()
        importlib.import_module("mobile.app").main()  # Kivy opens its window on import: only when it is wanted


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mobile", description="The technician's phone.")
    parser.add_argument("--headless", action="store_true", help="sync without a screen until interrupted")
    default = os.environ.get("LEAKFIRST_PHONE_DIR") or str(Path.home() / ".leakfirst-phone")
    parser.add_argument("--folder", type=Path, default=Path(default), help="where the phone keeps its data")
    parser.add_argument("--server", default=os.environ.get("LEAKFIRST_SERVER_URL", ""), help="address of the server")
    parser.add_argument("--code", default="", help="one-time code: enrol first")
    return parser.parse_args()


def _run_headless(options: argparse.Namespace) -> None:
    service = importlib.import_module("mobile.service")  # after the servers' libraries are hidden
    if options.code:
        service.enrol(options.server, options.code, options.folder)
    phone = service.Phone(options.folder, options.server)
    phone.start_background()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    phone.close()


if __name__ == "__main__":
    main()
