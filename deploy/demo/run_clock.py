"""The clock of a run: the runner owns it, server and worker ask for it over a local socket (decision 18)."""

from __future__ import annotations

import contextlib
import socket as socket_module
import threading
from pathlib import Path
from typing import Final

_BYTES: Final = 8


class RunnerClock:
    """Time that moves only when the runner says so; also the clock of the phones in the runner's process."""

    def __init__(self, path: Path, start_ms: int) -> None:
        """Listen on a local socket for whoever asks for the time."""
        self._now_ms = start_ms
        path.unlink(missing_ok=True)
        self.path = path
        self._line = socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_STREAM)
        self._line.bind(str(path))
        self._line.listen(64)
        threading.Thread(target=self._accept_forever, name="run-clock", daemon=True).start()

    @property
    def boot_id(self) -> str:
        """Return the one boot of a run."""
        return "run"

    def now_ms(self) -> int:
        """Return the run's time in Unix milliseconds."""
        return self._now_ms

    def mono_ms(self) -> int:
        """Return the run's time: it never jumps back."""
        return self._now_ms

    def step_to(self, at_ms: int) -> None:
        """Move the time forward; never back."""
        self._now_ms = max(self._now_ms, at_ms)

    def _accept_forever(self) -> None:
        while True:
            line, _ = self._line.accept()
            threading.Thread(target=self._answer_forever, args=(line,), daemon=True).start()

    def _answer_forever(self, line: socket_module.socket) -> None:
        with contextlib.suppress(OSError), line:  # a killed process hangs up; it asks again after its start
            while line.recv(1):
                line.sendall(self._now_ms.to_bytes(_BYTES, "big"))
