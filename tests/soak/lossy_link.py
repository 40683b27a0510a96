"""A network namespace for the phones whose only link loses packets: real TCP over real loss, no kernel module needed.

Two tun devices, one on each side, and a relay between them that throws a share of the packets away.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import threading
from collections.abc import Iterator
from typing import Final

_TUN: Final = "/dev/net/tun"
_SET_INTERFACE: Final = 0x400454CA
_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000
_NEW_NETWORK: Final = 0x40000000
_PACKET: Final = 65_536
MODE: Final = "network namespace, packets dropped by a tun relay"


def missing_part() -> str:
    """Return why no lossy link can be made here; empty when it can."""
    if os.geteuid() != 0:
        return "not root"
    return "" if os.access(_TUN, os.R_OK | os.W_OK) else f"no {_TUN}"


class LossyLink:
    """Two ends of a link; the far end lives in the namespace of the thread that calls `enter`."""

    def __init__(self, loss: float, seed: int = 1) -> None:
        """Lose a share of the packets, in both directions."""
        self._loss, self._chance = loss, random.Random(seed)
        mark = os.getpid() % 10_000
        self._names = (f"lfa{mark}", f"lfb{mark}")
        net = f"10.{77 + mark % 100}.{mark // 100}"
        self.server_host, self._phone_host = f"{net}.1", f"{net}.2"
        self._near, self._far = -1, -1
        self._is_over = threading.Event()
        self._relaying: threading.Thread | None = None
        self.is_lossy = False

    def enter(self) -> None:
        """Put the calling thread, and all that it starts, behind the link."""
        self._near = _open_end(self._names[0], self.server_host)
        if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self._far = _open_end(self._names[1], self._phone_host)
        self._relaying = threading.Thread(target=self._relay, name="lossy link", daemon=True)
        self._relaying.start()

    def close(self) -> None:
        """Take the link away."""
        self._is_over.set()
        if self._relaying is not None:
            self._relaying.join()  # a number that is closed under it might be a database's file a moment later
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                os.close(end)

    def _relay(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(OSError):
                self._carry()

    def _carry(self) -> None:
        for source, packet in self._packets():
            if not (self.is_lossy and self._chance.random() < self._loss):
                os.write(self._far if source == self._near else self._near, packet)

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        ready, _, _ = select.select((self._near, self._far), (), (), 0.2)
        for end in ready:
            yield end, os.read(end, _PACKET)


def _open_end(name: str, host: str) -> int:
    end = os.open(_TUN, os.O_RDWR)
    fcntl.ioctl(end, _SET_INTERFACE, struct.pack("16sH", name.encode(), _TUN_WITHOUT_HEADER))
    for command in (f"addr add {host}/24 dev {name}", f"link set {name} up", "link set lo up"):
        subprocess.run(["ip", *command.split()], check=True)
    return end
