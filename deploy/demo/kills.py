"""Kills server processes with SIGKILL while a run goes on, at random moments, and starts them again."""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from deploy.demo.children import Children

_PAUSE_S: Final = (0.2, 1.2)
_NAMES: Final = ("gateway", "worker")


class Killer:
    """A power cut for one process at a time, `times` times; the run must not lose anything."""

    def __init__(self, children: Children, times: int, seed: int) -> None:
        """Nothing happens before `start`."""
        self.count = 0
        self._children, self._times = children, times
        self._chance = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def start(self) -> None:
        """Begin, if there is anything to kill."""
        if self._times:
            self._thread.start()

    def finish(self) -> None:
        """Stop killing; both processes run."""
        self._over.set()
        if self._times:
            self._thread.join()

    def _run(self) -> None:
        while self.count < self._times and not self._over.wait(self._chance.uniform(*_PAUSE_S)):
            name = self._chance.choice(_NAMES)
            self._children.kill(name)
            self._children.start(name)
            self.count += 1
            if name == "gateway":
                self._wait()

    def _wait(self) -> None:
        """Let the gateway come up, and work a little, before the next cut."""
        self._children.wait_until_ready()
        time.sleep(self._chance.uniform(*_PAUSE_S))
