"""The sync call over HTTP. A call whose line has died is given up as soon as a fresh line is answered, by whomever."""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Mapping
from typing import Final

import msgspec
import requests
from requests.structures import CaseInsensitiveDict

from mobile.platform import chance, trust
from mobile.platform.clock import SystemClock
from mobile.sync.packed import Memory
from mobile.sync.transport import (
    PRODUCT_HEADER,
    SYNC_PATH,
    ForeignServerError,
    HungLineError,
    Reply,
    TransportError,
    is_portal,
)
from shared import wire

_PROBE_PATH: Final = "/readyz"  # asks the database: a server that is only slow answers this slowly too
_CONNECT_S: Final = 6.0
_DOUBT_S: Final = 4.0  # silence after which a fresh line is tried
_LOST_DOUBT_S: Final = 2.0  # the same while the line is known to be bad: its healing is to be seen within seconds
_MOST_DOUBT_S: Final = 64.0
_PROBE_S: Final = 2.0
_PROBE_PAUSE_S: Final = 1.0
_WATCHED_S: Final = 30.0  # of a call's patience the last part is watched: before it a long poll is silent by right
_SLOW_BYTES_S: Final = 2_000  # a slow uplink carries at least so much; a long message may be silent for longer,
_MOST_UPLINK_S: Final = 4.0  # but no more: an uplink that is full answers no fresh line either
_PIECE_BYTES: Final = 4096
_LONG_BYTES: Final = 1_000  # a call with so much to say is marked: our server may be working on it all the while
_LAST_WORD_S: Final = 0.5  # an answer that was on its way while the fresh line was asked
_CLOCK: Final = SystemClock()


class HttpTransport:
    """Posts JSON to one server with the device's token; certificates are always verified."""

    def __init__(self, server_url: str, token: str = "") -> None:
        """Speak to `server_url`, whose certificate is verified against `mobile.platform.trust`."""
        self._server_url = server_url.rstrip("/")
        self._token = token
        self._certificates = trust.find_certificates()
        self._idle: collections.deque[requests.Session] = collections.deque()
        self._attempts: set[_Attempt] = set()
        self._memory = Memory()
        self._doubt_s = _DOUBT_S
        self._is_closed = self._is_lost = False

    def close(self) -> None:
        """Give up every call under way; later ones fail at once."""
        self._is_closed = True
        for attempt in list(self._attempts):
            attempt.give_up()

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the answer, whatever its status. Raises TransportError when there is none."""
        if path != SYNC_PATH:
            return self._call("POST", path, {"Content-Type": "application/json"}, payload, timeout_s)
        packed, marked = self._memory.prepare(payload), {}
        if len(payload) >= _LONG_BYTES:
            marked = {wire.CALL_MARK_HEADER: chance.new_mark()}
        headers = packed.headers | marked
        reply = self._memory.read(packed, self._call("POST", path, headers, packed.body, timeout_s))
        return self.post(path, payload, timeout_s) if self._memory.learn(reply) else reply

    def exchange(self, method: str, path: str, headers: Mapping[str, str], payload: bytes, timeout_s: float) -> Reply:
        """Return the answer to a call of the file lane. Raises TransportError when there is none."""
        return self._call(method, path, headers, payload, timeout_s)

    def _call(self, method: str, path: str, headers: Mapping[str, str], payload: bytes, timeout_s: float) -> Reply:
        told = {**headers, "Authorization": f"Bearer {self._token}"} if self._token else dict(headers)
        request = requests.Request(method, self._server_url + path, headers=told, data=payload)
        if self._is_closed:
            raise TransportError("closed")
        attempt = _Attempt(self._idle.pop() if self._idle else self._new_session(), request, timeout_s)
        self._attempts.add(attempt)
        try:
            uplink_s = min(len(payload) / _SLOW_BYTES_S, _MOST_UPLINK_S)
            return self._watch(attempt, max(0.0, timeout_s - _WATCHED_S) + uplink_s)
        except TransportError:
            self._is_lost = True
            raise
        finally:
            self._attempts.discard(attempt)

    def _watch(self, attempt: _Attempt, silent_by_right_s: float) -> Reply:
        reply = attempt.wait(self._find_doubt_s() + silent_by_right_s)
        while reply is None:
            doubt_s = self._find_doubt_s()
            answer = self._doubt(attempt) if attempt.silence_s() > doubt_s else None
            reply = attempt.wait(_PROBE_PAUSE_S if answer is None else _LAST_WORD_S)
            if reply is None and answer is not None and attempt.silence_s() > doubt_s:
                self._leave_dead_lines(answer, doubt_s)
        self._idle.append(attempt.session)
        self._doubt_s, self._is_lost = _DOUBT_S, False
        return reply

    def _find_doubt_s(self) -> float:
        """Return the silence after which a fresh line is tried."""
        return min(self._doubt_s, _LOST_DOUBT_S) if self._is_lost and self._doubt_s == _DOUBT_S else self._doubt_s

    def _leave_dead_lines(self, answer: Reply, doubt_s: float) -> None:
        """Give up what hangs and say why, when a fresh line is answered: by our server, or by a sign-in page."""
        is_ours = PRODUCT_HEADER in answer.headers
        if not is_ours and not is_portal(answer):
            return
        self._doubt_s = min(2 * doubt_s, _MOST_DOUBT_S)  # patience grows: a slow server is not asked twice
        # The session stays with the dead call; sending again is harmless, for every event has its id.
        self.give_up_silent(doubt_s)
        if not is_ours:
            raise ForeignServerError("the line hangs while a fresh one is answered by somebody else")
        raise HungLineError("the line hangs while a fresh one is answered")

    def give_up_silent(self, silence_s: float) -> None:
        """Give up every call that has been silent for so long: a fresh line works, and the older ones are dead."""
        self._idle.clear()
        for attempt in list(self._attempts):
            if attempt.silence_s() > silence_s:
                attempt.give_up()

    def _doubt(self, attempt: _Attempt) -> Reply | None:
        """Return what a fresh line is answered; None when nothing, or that our server is working on the call."""
        answer = self._ask_afresh(attempt.mark)
        if answer is None or not _is_under_way(answer):
            return answer
        attempt.note_life()
        return None

    def _ask_afresh(self, mark: str) -> Reply | None:
        session = self._new_session()
        path = f"{_PROBE_PATH}?call={mark}" if mark else _PROBE_PATH
        try:
            answer = session.get(self._server_url + path, timeout=_PROBE_S, allow_redirects=False)
            return _reply_of(answer, answer.content[:_PIECE_BYTES])
        except (requests.RequestException, ValueError, OSError):
            return None
        finally:
            session.close()

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.headers = CaseInsensitiveDict({"Accept-Encoding": "gzip, deflate"})
        session.trust_env = False  # a phone's call never goes through a proxy that it was not given
        session.verify = self._certificates
        return session


class _Attempt:
    """One call in a thread of its own, so that it can be given up while it hangs."""

    def __init__(self, session: requests.Session, request: requests.Request, timeout_s: float) -> None:
        """Begin; `mark` is what the server knows a long call by."""
        self.session, self.mark = session, str(request.headers.get(wire.CALL_MARK_HEADER, ""))
        self._timeout_s = timeout_s
        self._moved_s = _CLOCK.mono_ms() / 1000
        self._outcomes: queue.SimpleQueue[Reply | TransportError] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(request,), name="call", daemon=True).start()

    def wait(self, seconds: float) -> Reply | None:
        """Return the answer, None when there is none yet. Raises TransportError when there will be none."""
        try:
            outcome = self._outcomes.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    def give_up(self) -> None:
        """Let the caller go; the call itself ends by its own time-out."""
        self._outcomes.put(TransportError("given up"))

    def note_life(self) -> None:
        """Note that our server is working on the call, as it has said elsewhere."""
        self._moved_s = _CLOCK.mono_ms() / 1000

    def silence_s(self) -> float:
        """Return for how many seconds nothing has come."""
        return _CLOCK.mono_ms() / 1000 - self._moved_s

    def _run(self, request: requests.Request) -> None:
        try:
            outcome: Reply | TransportError = self._exchange(request)
        except requests.exceptions.SSLError as error:
            outcome = ForeignServerError(str(error))
        except (requests.RequestException, ValueError, OSError) as error:  # urllib3 lets some of its own pass
            outcome = TransportError(str(error))
        self._outcomes.put(outcome)

    def _exchange(self, request: requests.Request) -> Reply:
        limits = (min(_CONNECT_S, self._timeout_s), self._timeout_s)
        prepared = self.session.prepare_request(request)
        with self.session.send(prepared, timeout=limits, allow_redirects=False, stream=True) as answer:
            body = bytearray()
            for piece in answer.iter_content(_PIECE_BYTES):
                body += piece
                self._moved_s = _CLOCK.mono_ms() / 1000
            return _reply_of(answer, bytes(body))


def _reply_of(answer: requests.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)


class _Health(msgspec.Struct, frozen=True):
    """What our server says on a fresh line: whether it is working on the call that was asked for."""

    is_under_way: bool = False


def _is_under_way(answer: Reply) -> bool:
    try:
        return PRODUCT_HEADER in answer.headers and msgspec.json.decode(answer.body, type=_Health).is_under_way
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
