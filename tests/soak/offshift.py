"""An adversarial client sends where a technician was off duty, by every door there is; nothing of it may be kept.

`python -m tests.soak.offshift [--points 100000] --json OUT`. Points of every hour but those of the shift, of a paused
technician on duty, from the future, and in the name of nobody, go up through calls and through the socket of real
processes. Ends with 0 when not one of them is stored or shown, and those of the shift that were sent between them are.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import socketio

from mobile import service
from mobile.sync.http import HttpTransport
from shared import wire
from tests.soak import outcome
from tests.soak.kills import company
from tests.soak.kills.rows import Rows

_PER_MESSAGE: Final = 200
_YEAR_MS: Final = 365 * 86_400_000
_HONEST: Final = 20
_SETTLE_S: Final = 6.0
_TIMEOUT_S: Final = 60.0
_CALLS_PER_S: Final = 45


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, judge and report; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.offshift", description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leakfirst-offshift-") as folder:
        figures = run(options.points, options.seed, Path(folder))
    outcome.write_figures(options.json, figures)
    return outcome.judge(figures, ("stored", "shown", "honest_missing"))


def run(points: int, seed: int, folder: Path) -> dict[str, Any]:
    """Return the figures of one attack; half of the points go by calls, half by the socket."""
    with company.running_company(folder, 2, "server") as firm:
        clients = [_Client(firm, name) for name in sorted(firm.codes)]
        on_duty, paused = clients
        paused.pause()
        started_ms, chance = time.time_ns() // 1_000_000, random.Random(seed)
        honest = [_point(started_ms - 60_000 + 100 * number, chance) for number in range(_HONEST)]
        off = _off_duty(points, started_ms, chance)
        for batch in _batches(off):
            on_duty.send(batch, by_socket=chance.random() < 0.5)
        paused.send([_point(started_ms - 1000 * n, chance) for n in range(_PER_MESSAGE)], by_socket=False)
        paused.send([_point(started_ms - 1000 * n, chance) for n in range(_PER_MESSAGE)], by_socket=True)
        on_duty.send(honest, by_socket=False)
        time.sleep(_SETTLE_S)
        for client in clients:
            client.close()
        firm.children.stop()
        return {"points": points + 2 * _PER_MESSAGE} | _count(firm.database_url, {p.at_ms for p in honest})


class _Client:
    """A phone that obeys none of its own rules."""

    def __init__(self, firm: company.Company, name: str) -> None:
        """Enrol and open the socket."""
        self.identity = service.enrol(firm.url, firm.codes[name], firm.folder / "phones" / name)
        self._line = HttpTransport(firm.url, self.identity.token)
        self._socket = socketio.Client()
        self._socket.connect(firm.url, transports=["websocket"], auth={"token": self.identity.token}, wait_timeout=10)
        self._is_paused = False

    def pause(self) -> None:
        """Tell the server that the technician has paused his location."""
        self._is_paused = True
        self.send((), by_socket=False)

    def send(self, points: Sequence[wire.Position], *, by_socket: bool) -> None:
        """Send points, whatever they are."""
        if by_socket:
            self._socket.emit(wire.POSITIONS, msgspec.to_builtins(list(points)))
            time.sleep(1 / _CALLS_PER_S)
            return
        request = wire.SyncRequest(
            v=1,
            gen="",
            cursor=0,
            positions=tuple(msgspec.Raw(msgspec.json.encode(point)) for point in points),
            location_paused=self._is_paused,
        )
        reply = self._line.post("/api/v1/sync", msgspec.json.encode(request), _TIMEOUT_S)
        if reply.status != 200:
            raise RuntimeError(f"{reply.status} {reply.body[:200]!r}")

    def close(self) -> None:
        """Hang up."""
        self._socket.disconnect()


def _off_duty(points: int, now_ms: int, chance: random.Random) -> Iterator[wire.Position]:
    """Yield points before the first shift, after the last one, and of a clock that runs ahead."""
    for number in range(points):
        before_ms = company.START_MS - 1 - chance.randrange(_YEAR_MS)
        after_ms = company.END_MS + chance.randrange(_YEAR_MS)
        ahead_ms = now_ms + 3_600_000 + chance.randrange(_YEAR_MS)
        yield _point((before_ms, after_ms, ahead_ms, company.START_MS - 1, company.END_MS)[number % 5], chance)


def _point(at_ms: int, chance: random.Random) -> wire.Position:
    lat, lon = company.CENTER
    return wire.Position(at_ms=at_ms, lat=lat + chance.uniform(-0.1, 0.1), lon=lon, accuracy_m=5.0)


def _batches(points: Iterator[wire.Position]) -> Iterator[list[wire.Position]]:
    while batch := list(itertools.islice(points, _PER_MESSAGE)):
        yield batch


def _count(database_url: str, honest_ms: set[int]) -> dict[str, Any]:
    with Rows.open(database_url) as rows:
        kept = [int(row[0]) for row in rows.all("SELECT at_ms FROM position_point")]
        shown = rows.all("SELECT id, position_ms FROM technician WHERE position_ms IS NOT NULL")
    strange = [str(row) for row in shown if int(row[1]) not in honest_ms]
    return {
        "stored": len([at_ms for at_ms in kept if at_ms not in honest_ms]),
        "shown": len(strange),
        "honest_stored": len([at_ms for at_ms in kept if at_ms in honest_ms]),
        "honest_missing": len(honest_ms - set(kept)),
        "strange": json.dumps(strange[:3]),
    }


if __name__ == "__main__":
    sys.exit(main())
