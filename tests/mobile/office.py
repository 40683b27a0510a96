"""The outside world of a phone: a small sync server over real HTTP that can be told to fail."""

from __future__ import annotations

import collections
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import msgspec

from shared import wire
from shared.assignment import AssignmentState
from shared.work_order import WorkOrderState

TOKEN: Final = "token-of-wang"
START_MS: Final = 1_790_000_000_000


def job(number: int = 1, **changes: Any) -> wire.Job:
    """Return a stove repair offered to technician Wang at customer Zhao's."""
    plain = wire.Job(
        work_order_id=f"order-{number}",
        number=f"LF-{number:04}",
        ver=1,
        state=WorkOrderState.OFFERED,
        priority=3,
        fault_kind="stove_fault",
        is_leak=False,
        location="kitchen",
        description="火焰发黄",
        address="桃北中街218号3单元502室",
        lat=37.86,
        lon=113.58,
        customer=wire.CustomerView(name="赵敏", phone="138****0001"),
        protocols=("appliance-repair@2026", "stove-test@2020"),
        charge_cents=3500,
        assignment=wire.AssignmentView(
            id=f"assignment-{number}", epoch=1, state=AssignmentState.OFFERED, offered_ms=START_MS
        ),
    )
    return msgspec.structs.replace(plain, **changes)


def change(seq: int, sent: wire.Job, **changes: Any) -> wire.Change:
    """Return the feed's entry number `seq` that carries a job."""
    plain = wire.Change(
        seq=seq,
        event_id=f"journal-{seq}",
        type="assignment_offered",
        at_ms=START_MS,
        priority=sent.priority,
        work_order_id=sent.work_order_id,
        job=sent,
    )
    return msgspec.structs.replace(plain, **changes)


class Office:
    """Keeps what phones send, by id, and a feed of changes; `faults` names what goes wrong with the next calls."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.gen = "first"
        self.device_id = "device-wang"
        self.feed: list[wire.Change] = []
        self.kept: dict[str, wire.PhoneEvent] = {}
        self.arrivals: list[str] = []
        self.positions = 0
        self.order, self.recovery_key = "", ""
        self.messages: tuple[wire.DeskMessage, ...] = ()
        self.evidence: list[bytes] = []
        self.takes_evidence = True
        self.is_cut_off = self.is_busy = False
        self.slow_s = 0.0
        self.duty: tuple[tuple[int, int], ...] = ((0, 1 << 50),)
        self.asked_after: tuple[str, ...] = ()
        self.waits = False
        self.foreign: tuple[int, dict[str, str], bytes] | None = None
        self.released = threading.Event()
        self.faults: collections.deque[str] = collections.deque()
        self.requests: list[wire.SyncRequest] = []
        self.answers: collections.deque[bytes] = collections.deque()
        self.judge: Callable[[wire.PhoneEvent], str] = lambda _event: "applied"
        self.refuses: Callable[[wire.PhoneEvent], bool] = lambda _event: False
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the address of this office."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def send(self, sent: wire.Job, **changes: Any) -> None:
        """Put a job into the feed."""
        self.feed.append(change(len(self.feed) + 1, sent, **changes))

    def kept_types(self) -> list[str]:
        """List the names of the kept events in the order of their numbers."""
        events = sorted(self.kept.values(), key=lambda event: event.dseq)
        return [str(event.body.__struct_config__.tag) for event in events]

    def answer(self, path: str, payload: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for one call."""
        if self.is_cut_off:
            raise ConnectionAbortedError
        if self.foreign is not None:
            return self.foreign
        ours = {"X-Leakfirst": "1", "Content-Type": "application/json"}
        if path.startswith("/readyz"):
            self.asked_after += path.partition("?call=")[2:] if self.is_busy else ()
            return 200, ours, json.dumps({"is_under_way": self.is_busy}).encode()
        if path == "/api/v1/enrol":
            return self._enrol(payload, ours)
        time.sleep(self.slow_s)
        fault = self.faults.popleft() if self.faults else ""
        spoilt = self._spoil(fault, ours)
        return spoilt or self._take(path, payload, ours, fault)

    def _spoil(self, fault: str, ours: dict[str, str]) -> tuple[int, dict[str, str], bytes] | None:
        if fault == "portal":
            return 200, {"Content-Type": "text/html"}, b"<html>Welcome to the station's Wi-Fi</html>"
        if fault == "hang":
            self.released.wait()
            raise ConnectionAbortedError
        return (int(fault), ours, json.dumps({"code": f"planted_{fault}"}).encode()) if fault.isdigit() else None

    def _take(self, path: str, payload: bytes, ours: dict[str, str], fault: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/api/v1/evidence":
            if not self.takes_evidence:
                return 413, ours, b"{}"
            self.evidence.append(payload)
            return 201, ours, b"{}"
        request = msgspec.json.decode(payload, type=wire.SyncRequest)
        told = [raw for group in request.earlier for raw in group.events] + list(request.events)
        events = [msgspec.json.decode(raw, type=wire.PhoneEvent) for raw in told]
        if any(self.refuses(event) for event in events):
            return 422, ours, json.dumps({"code": "planted_refusal"}).encode()
        self._wait_for_news(request)
        with self._lock:
            body = self._sync(request, events)
        if fault == "lose_answer":
            raise ConnectionAbortedError
        return 200, ours, self.answers.popleft() if self.answers else body

    def _wait_for_news(self, request: wire.SyncRequest) -> None:
        until_s = time.monotonic() + request.wait_s * self.waits
        while request.cursor == len(self.feed) and time.monotonic() < until_s:
            self.released.wait(0.01)

    def _sync(self, request: wire.SyncRequest, events: list[wire.PhoneEvent]) -> bytes:
        self.requests.append(request)
        self.positions += len(request.positions)
        results = tuple(self._keep(event) for event in events)
        is_other = bool(request.gen) and request.gen != self.gen
        changes = () if is_other else tuple(entry for entry in self.feed if entry.seq > request.cursor)
        response = wire.SyncResponse(
            gen=self.gen,
            at_ms=START_MS,
            results=results,
            changes=changes,
            cursor=len(self.feed),
            reset=is_other,
            duty=self.duty,
            order=self.order,
            recovery_key=self.recovery_key,
            messages=self.messages,
        )
        return msgspec.json.encode(response)

    def _keep(self, event: wire.PhoneEvent) -> wire.EventResult:
        self.arrivals.append(event.id)
        if event.id in self.kept:
            return wire.EventResult(id=event.id, outcome="duplicate")
        outcome = self.judge(event)
        if outcome in {"applied", "filed_late", "flagged"}:
            self.kept[event.id] = event
        return wire.EventResult(id=event.id, outcome=outcome, code="" if outcome == "applied" else f"planted_{outcome}")

    def _enrol(self, payload: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        request = msgspec.json.decode(payload, type=wire.EnrolRequest)
        if request.code != "GOOD-CODE":
            return 422, headers, json.dumps({"code": "code_invalid", "text": {}, "data": {}}).encode()
        answer = wire.EnrolResponse(
            token=TOKEN,
            device_id=self.device_id,
            technician_id="wang",
            technician_name="王建国",
            branch_id="branch",
            branch_name="临泉",
            gen=self.gen,
        )
        return 200, headers, msgspec.json.encode(answer)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        office = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                try:
                    status, headers, body = office.answer(self.path, payload)
                except ConnectionAbortedError:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
                """Keep quiet: the test's own assertions tell what happened."""

        return Handler
