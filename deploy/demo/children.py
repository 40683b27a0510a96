"""The run's server processes: started, watched, killed with SIGKILL when a run is about that."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import requests

_START_LIMIT_S: Final = 60.0
_PAUSE_S: Final = 0.05


class Children:
    """Gateway and worker as real processes of their own."""

    def __init__(self, environ: dict[str, str], log_dir: Path, module: str = "server") -> None:
        """`module` is the program; a deliberately broken build is another module."""
        self._environ = {**os.environ, **environ}
        self._log_dir = log_dir
        self._module = module
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"http://127.0.0.1:{environ['LEAKFIRST_PORT']}"

    def start(self, name: str) -> None:
        """Start one process; its output goes to a log of its own."""
        with (self._log_dir / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", self._module, name], env=self._environ, stdout=log, stderr=log
            )

    def wait_until_ready(self) -> None:
        """Return when the gateway answers. Raises TimeoutError with the log's end when it does not."""
        until = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                self._check_alive()
            time.sleep(_PAUSE_S)
        raise TimeoutError(self._tail("gateway"))

    def kill(self, name: str) -> None:
        """End one process at once, as a power cut would."""
        self._running[name].kill()
        self._running[name].wait()

    def stop(self) -> None:
        """End all processes in good order."""
        for child in self._running.values():
            child.terminate()
        for child in self._running.values():
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _check_alive(self) -> None:
        for name, child in self._running.items():
            if child.poll() is not None:
                raise RuntimeError(f"{name} ended with {child.returncode}\n{self._tail(name)}")

    def _tail(self, name: str) -> str:
        return "\n".join((self._log_dir / f"{name}.log").read_text("utf-8", "replace").splitlines()[-30:])
