"""A TCP proxy between phones and server that can be told to be a bad network; it also counts the bytes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import socket
import struct
import threading
import time
from typing import Final

_CHUNK: Final = 65_536
_LINGER_OFF: Final = struct.pack("ii", 1, 0)
_LOSS: Final = 0.3
_FIRST_RETRY_S: Final = 0.2
_DELAY_S: Final = 10.0
_HALF_OPEN_EVERY_S: Final = 15.0
_RESET_AFTER_BYTES: Final = (200, 12_000)
_PAGES: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 28\r\n\r\n<html>Please sign in.</html>",
    b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n",
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"cursor":99}',
)
UP: Final = "up"
DOWN: Final = "down"
FAULTS: Final = ("partition", "partition_one_way", "loss30", "latency10", "reset", "half_open", "captive_portal")


@dataclasses.dataclass(eq=False)
class Line:
    """One connection: which of its directions have lost bytes and are dead for good."""

    born_s: float
    dead: set[str] = dataclasses.field(default_factory=set)
    reset_after: int = 0
    carried: int = 0


class Proxy:
    """Listens on a free port of this machine and carries bytes to one server, as badly as `fault` says."""

    def __init__(self, port: int, seed: int = 1) -> None:
        """Carry to `port` of this machine, in a thread of its own."""
        self._server_port, self._chance = port, random.Random(seed)
        self.fault = ""
        self.bytes = {UP: 0, DOWN: 0}
        self.connections = 0
        self._lines: set[Line] = set()
        self._over = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = started.result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def set_fault(self, fault: str) -> None:
        """Be a bad network from now on; empty for a good one. What was lost stays lost."""
        if self.fault == "half_open":
            for line in list(self._lines):
                line.dead |= {UP, DOWN}
        self.fault = fault

    def close(self) -> None:
        """Stop at once."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        lines = asyncio.all_tasks() - {asyncio.current_task()}
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            if self.fault == "captive_portal":
                await self._answer_for_others(reader, writer)
            else:
                await self._carry(reader, writer)
        writer.close()

    async def _answer_for_others(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.fault == "captive_portal":
            head = await reader.readuntil(b"\r\n\r\n")
            told = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(told or 0))
            writer.write(self._chance.choice(_PAGES))
            await writer.drain()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(time.monotonic(), reset_after=self._chance.randint(*_RESET_AFTER_BYTES))
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._lines.add(line)
        up = asyncio.create_task(self._pump(line, UP, reader, far_writer))
        down = asyncio.create_task(self._pump(line, DOWN, far_reader, writer))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if self._blocks(line, UP) or self._blocks(line, DOWN):
                await self._over.wait()  # the end of a dead line is not told either
        finally:
            self._lines.discard(line)
            for task in (up, down):
                task.cancel()
            far_writer.close()

    async def _pump(self, line: Line, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pipe: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.create_task(self._deliver(pipe, writer))
        try:
            with contextlib.suppress(OSError):
                while piece := await reader.read(_CHUNK):
                    self.bytes[way] += len(piece)
                    self._spoil(line, piece, writer)
                    if not self._blocks(line, way):
                        pipe.put_nowait((time.monotonic() + self._delay_s(), piece))
            await pipe.join()
        finally:
            sender.cancel()

    async def _deliver(self, pipe: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due_s, piece = await pipe.get()
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            with contextlib.suppress(OSError):
                writer.write(piece)
                await writer.drain()
            pipe.task_done()

    def _spoil(self, line: Line, piece: bytes, writer: asyncio.StreamWriter) -> None:
        line.carried += len(piece)
        if self.fault == "reset" and line.carried > line.reset_after:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
            writer.write(piece[: len(piece) // 2])  # in mid-body
            writer.transport.abort()
            raise ConnectionResetError

    def _blocks(self, line: Line, way: str) -> bool:
        """Tell whether bytes are lost without a word; a direction that has lost some stays dead."""
        is_cut = self.fault in {"partition", "captive_portal"} or (self.fault == "partition_one_way" and way == DOWN)
        turn_s = time.monotonic() // _HALF_OPEN_EVERY_S * _HALF_OPEN_EVERY_S
        if is_cut or (self.fault == "half_open" and line.born_s < turn_s):
            line.dead.add(way)
        return way in line.dead

    def _delay_s(self) -> float:
        if self.fault == "latency10":
            return _DELAY_S
        delay_s, retry_s = 0.0, _FIRST_RETRY_S
        while self.fault == "loss30" and self._chance.random() < _LOSS:
            delay_s, retry_s = delay_s + retry_s, retry_s * 2
        return delay_s
