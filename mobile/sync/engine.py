"""The sync engine: sends what is pending, files what comes, and says when to call again (decision 1)."""

from __future__ import annotations

import collections
import enum
import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from mobile.platform.clock import Clock
from mobile.store import guard, jobs, meta, origins, outbox, pins
from mobile.store.database import Store
from mobile.sync import backoff, news, push_tests
from mobile.sync.inbox import Call, Filed, Inbox
from mobile.sync.location import LocationGate
from mobile.sync.transport import (
    SYNC_PATH,
    ForeignServerError,
    HungLineError,
    Reply,
    Transport,
    TransportError,
    Verdict,
    is_portal,
    judge,
)
from shared import wire
from shared.errors import DomainError
from shared.work_order import Priority

_LOG: Final = logging.getLogger(__name__)
_TIMEOUT_S: Final = 30.0  # a line with ten seconds of delay still works; a dead one is given up sooner (http.py)
_MOST_ROUNDS: Final = 60
_MOST_POSITIONS: Final = 60
_OFFSET_SAMPLES: Final = 8
_STEP_MS: Final = 1_000  # a clock that is put right little by little stays below that
_CONTACT_EVERY_MS: Final = 60_000  # noted durably no more often: the limit of silence is days


class SyncState(enum.StrEnum):
    """How the last call ended: the server answered, nobody did, the token is not known, or the call was refused."""

    DONE = "done"
    OFFLINE = "offline"
    SIGNED_OUT = "signed_out"
    REFUSED = "refused"


class SyncOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did; `is_caught_up` when nothing is left to send or fetch, else call again after `retry_in_s`."""

    state: SyncState
    confirmed: int = 0
    set_aside: int = 0
    received: int = 0
    is_caught_up: bool = False
    retry_in_s: float = 0.0
    code: str = ""


class _Round(msgspec.Struct, frozen=True, kw_only=True):
    state: SyncState
    filed: Filed = Filed()
    code: str = ""
    event_ids: tuple[str, ...] = ()
    text: dict[str, str] = {}
    is_unanswered: bool = False
    is_hung: bool = False  # our server has just answered a fresh line


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    text: dict[str, str] = {}


class SyncEngine:
    """Calls the server step by step; every step may be repeated, killed or lost without harm."""

    def __init__(
        self,
        store: Store,
        transport: Transport,
        clock: Clock,
        *,
        new_id: Callable[[int], str],
        uniform: Callable[[], float],
        gate: LocationGate,
    ) -> None:
        """Work on `store` over `transport`.

        `gate` says what positions may leave, `uniform` gives numbers from 0 to 1 for the jitter of retries.
        """
        self._store = store
        self._transport = transport
        self._clock = clock
        self._uniform = uniform
        self._new_id = new_id
        self.gate = gate
        self._inbox = Inbox(store, clock, new_id)
        self._sending = threading.Lock()
        self._positions: collections.deque[wire.Position] = collections.deque(maxlen=_MOST_POSITIONS)
        self._offsets: collections.deque[tuple[int, int]] = collections.deque(maxlen=_OFFSET_SAMPLES)
        self._drift_ms = 0  # wall clock minus the clock that never jumps, when the first of these was measured
        self._failures = 0
        self._answered_ms = -math.inf
        self._heard_seq = 0
        self.last_outcome: SyncOutcome | None = None
        self.order = ""
        self._contact_ms: int | None = None

    def run_once(self, wait_s: float = 0.0) -> SyncOutcome:
        """Send all pending events and fetch all changes; with nothing to send, wait up to `wait_s` for a change."""
        with self._store.read() as db:
            is_listening = wait_s > 0 and not outbox.count(db, "queued")
        if is_listening:
            return self._conclude([self._exchange(0, wait_s)], 0)
        with self._sending:
            return self._run_rounds()

    def listen(self, wait_s: float) -> Filed | None:
        """Ask for changes and wait up to `wait_s` for one; None when our server did not answer.

        The long poll where sockets are blocked: it sends no event, and what it brings is filed like any answer. How
        the line is judged stays with `run_once`.
        """
        done = self._exchange(0, wait_s)
        return done.filed if done.state is SyncState.DONE else None

    def hear(self, bell: wire.Doorbell) -> bool:
        """Take a ring of the doorbell; True when its changes came along and no call is needed."""
        try:
            is_current = self._inbox.file_doorbell(bell)
        except (ValueError, OverflowError) as error:
            _LOG.warning("a ring of the doorbell could not be filed: %s", error)
            return False
        self._heard_seq = max(self._heard_seq, bell.seq)
        return is_current and not push_tests.is_push(bell)

    def position(self) -> tuple[str, int]:
        """Return generation and cursor: how far this phone has read its feed."""
        with self._store.read() as db:
            return meta.find_text(db, meta.GEN) or "", meta.get_number(db, meta.CURSOR)

    def answered_ago_ms(self) -> float:
        """Return how long ago the server last answered; endless before the first answer."""
        return self._clock.mono_ms() - self._answered_ms

    def add_position(self, position: wire.Position) -> None:
        """Keep a position for the next call; only the latest are kept, for a trace is no evidence."""
        self._positions.append(position)

    def drop_positions(self) -> None:
        """Forget the positions that wait: the technician has paused his location."""
        self._positions.clear()

    def take_positions(self) -> tuple[wire.Position, ...]:
        """Return the positions that wait and forget them: the caller sends them."""
        taken: list[wire.Position] = []
        while self._positions:
            taken.append(self._positions.popleft())
        return tuple(taken)

    def is_caught_up(self) -> bool:
        """Tell whether the last call succeeded and nothing is left to send or to fetch."""
        with self._store.read() as db:
            queued = outbox.count(db, "queued")
            cursor = meta.get_number(db, meta.CURSOR)
        is_done = self.last_outcome is not None and self.last_outcome.state is SyncState.DONE
        return is_done and queued == 0 and cursor >= self._heard_seq

    def _run_rounds(self) -> SyncOutcome:
        rounds: list[_Round] = []
        limit, is_probed, set_aside = wire.EVENTS_PER_SYNC, False, 0
        for _ in range(_MOST_ROUNDS):
            done = self._exchange(limit, 0.0)
            rounds.append(done)
            if done.state is SyncState.REFUSED and done.event_ids and not is_probed:
                limit, is_probed = 0, True  # an empty call tells whether the events are refused or the phone is
            elif done.state is SyncState.REFUSED and len(done.event_ids) == 1:
                set_aside += self._set_aside(done)
                limit = wire.EVENTS_PER_SYNC
            elif done.state is SyncState.REFUSED and done.event_ids:
                limit = len(done.event_ids) // 2
            elif done.state is SyncState.DONE and limit == 0:
                limit = max(1, len(rounds[-2].event_ids) // 2)
            elif not (done.state is SyncState.DONE and (done.filed.is_again or self._has_more(done))):
                break
        return self._conclude(rounds, set_aside)

    def _has_more(self, done: _Round) -> bool:
        with self._store.read() as db:
            return (done.filed.confirmed > 0 or done.filed.received > 0) and outbox.count(db, "queued") > 0

    def _exchange(self, limit: int, wait_s: float) -> _Round:
        with self._store.read() as db:
            batch = outbox.list_batch(db, limit) if limit else []
            own, earlier = _by_enrolment(batch, origins.find(db, [row[0] for row in batch]))
            gen = meta.find_text(db, meta.GEN) or ""
            customer = pins.find_held(db)
            state, given = guard.get_guard(db).state, meta.get_number(db, meta.NEXT_DSEQ, 1) - 1
            told = wire.Outbox(given=given, unsent=outbox.count_unsent(db)) if given else None
            call = Call(gen=gen, cursor=meta.get_number(db, meta.CURSOR), event_ids=tuple(row[0] for row in batch))
        sent_at_ms, sent_mono_ms = self._clock.now_ms(), self._clock.mono_ms()
        if not self.gate.shares_at(sent_at_ms):
            self.drop_positions()  # he has ended or paused since: what waits is nobody's business any more
        positions = self.take_positions()
        request = wire.SyncRequest(
            v=wire.PROTOCOL_VERSION,
            gen=call.gen,
            cursor=call.cursor,
            events=own,
            earlier=earlier,
            positions=tuple(msgspec.Raw(msgspec.json.encode(position)) for position in positions),
            wait_s=wait_s,
            sent_at_ms=sent_at_ms,
            location_paused=self.gate.is_paused,
            guard="" if state == "open" else state,
            outbox=told,
            signing=customer.work_order_id if customer is not None else "",
            boot_id=self._clock.boot_id,
            sent_mono_ms=sent_mono_ms,
        )
        payload = msgspec.json.encode(request)
        try:
            reply = self._transport.post(SYNC_PATH, payload, _TIMEOUT_S + wait_s)
        except TransportError as error:
            self._positions.extendleft(reversed(positions))
            _LOG.info("no answer: %s", error)
            code = "captive_portal" if isinstance(error, ForeignServerError) else "no_network"
            is_hung = isinstance(error, HungLineError)
            return _Round(state=SyncState.OFFLINE, code=code, is_unanswered=True, is_hung=is_hung)
        return self._read(call, reply, sent_mono_ms, is_prompt=wait_s == 0)

    def _read(self, call: Call, reply: Reply, sent_mono_ms: int, *, is_prompt: bool) -> _Round:
        match judge(reply):
            case Verdict.REPEAT:
                return _Round(state=SyncState.OFFLINE, code="captive_portal" if is_portal(reply) else "no_network")
            case Verdict.SIGN_IN:
                return _Round(state=SyncState.SIGNED_OUT, code="phone_signed_out")
            case Verdict.REFUSED:
                problem = _read_problem(reply)
                return _Round(state=SyncState.REFUSED, code=problem.code, text=problem.text, event_ids=call.event_ids)
            case Verdict.READ:
                return self._file(call, reply.body, sent_mono_ms, is_prompt=is_prompt)

    def _file(self, call: Call, body: bytes, sent_mono_ms: int, *, is_prompt: bool) -> _Round:
        try:
            response = msgspec.json.decode(body, type=wire.SyncResponse)
            offset_ms = self._estimate_offset(response.at_ms, sent_mono_ms) if is_prompt else None
            filed = self._inbox.file_answer(call, response, offset_ms)
            self.gate.set_duty(response.duty)
            self._hear_order(response)
            news.take(self._store, self._clock, self._new_id, response)
            if push_tests.take(self._store, self._clock, self._new_id, response):
                filed = msgspec.structs.replace(filed, is_again=True)
        except (msgspec.MsgspecError, DomainError, ValueError, OverflowError, RecursionError) as error:
            _LOG.warning("an answer of the server could not be filed: %s", error)
            return _Round(state=SyncState.OFFLINE, code="answer_unreadable")
        self._answered_ms = self._clock.mono_ms()
        if filed.is_restart:
            self._heard_seq = 0  # rings of the earlier generation count in other numbers
        return _Round(state=SyncState.DONE, filed=filed)

    def _hear_order(self, response: wire.SyncResponse) -> None:
        self.order = response.order  # carried out by the phone once this run is over
        mono_ms = self._clock.mono_ms()
        is_noted = self._contact_ms is not None and 0 <= mono_ms - self._contact_ms < _CONTACT_EVERY_MS
        if is_noted and not response.recovery_key:
            return
        with self._store.write() as db:
            guard.note_contact(db, self._clock)
            if response.recovery_key:
                meta.set_text(db, meta.RECOVERY_KEY, response.recovery_key)
        self._contact_ms = mono_ms

    def report_wiped(self) -> Callable[[], bool]:
        """Return a call that tells the server of the wipe; it works without the store, from what is known now."""
        with self._store.read() as db:
            gen, cursor = meta.find_text(db, meta.GEN) or "", meta.get_number(db, meta.CURSOR)
        request = wire.SyncRequest(v=wire.PROTOCOL_VERSION, gen=gen, cursor=cursor, guard="wiped")
        payload = msgspec.json.encode(request)

        def report() -> bool:
            try:
                return judge(self._transport.post(SYNC_PATH, payload, _TIMEOUT_S)) is not Verdict.REPEAT
            except TransportError as error:
                _LOG.info("the wipe could not be reported: %s", error)
                return False

        return report

    def _estimate_offset(self, server_ms: int, sent_mono_ms: int) -> int:
        """Return by how much the wall clock is behind the server's; nothing measured before a step of it counts."""
        now_ms, mono_ms = self._clock.now_ms(), self._clock.mono_ms()
        drift_ms, took_ms = now_ms - mono_ms, mono_ms - sent_mono_ms
        if abs(drift_ms - self._drift_ms) > _STEP_MS:
            self._offsets.clear()
            self._drift_ms = drift_ms
        self._offsets.append((took_ms, server_ms - (now_ms - took_ms // 2)))
        return min(self._offsets)[1]  # the fastest of the last calls knows best

    def _is_on_duty(self) -> bool:
        now_ms = self._clock.now_ms()
        return not self.gate.duty or any(start_ms <= now_ms < end_ms for start_ms, end_ms in self.gate.duty)

    def _set_aside(self, done: _Round) -> int:
        with self._store.write() as db:
            for event_id in done.event_ids:
                result = wire.EventResult(id=event_id, outcome="rejected", code=done.code, text=done.text)
                outbox.set_aside(db, result)
        return len(done.event_ids)

    def _conclude(self, rounds: Sequence[_Round], set_aside: int) -> SyncOutcome:
        last = rounds[-1]
        with self._store.read() as db:
            is_left = outbox.count(db, "queued") > 0 or last.filed.is_again
            holds_emergency = any(job.priority == Priority.EMERGENCY for job in jobs.list_jobs(db))
        is_fine = last.state is SyncState.DONE and not is_left
        has_moved = last.state is SyncState.DONE and any(item.filed.confirmed or item.filed.received for item in rounds)
        self._failures = 0 if is_fine or has_moved else self._failures + 1
        self.last_outcome = SyncOutcome(
            state=last.state,
            confirmed=sum(item.filed.confirmed for item in rounds),
            set_aside=set_aside,
            received=sum(item.filed.received for item in rounds),
            is_caught_up=is_fine,
            retry_in_s=backoff.delay_s(
                0 if last.is_hung else self._failures,
                self._uniform(),
                holds_emergency=holds_emergency,
                is_unanswered=(last.is_unanswered or last.code == "captive_portal") and self._is_on_duty(),
            ),
            code=last.code,
        )
        return self.last_outcome


def _by_enrolment(
    batch: Sequence[tuple[str, bytes]], known: Mapping[str, origins.Origin]
) -> tuple[tuple[msgspec.Raw, ...], tuple[wire.EarlierEvents, ...]]:
    """Return the events of this enrolment, and those of each earlier one under the names they were made with."""
    own = tuple(msgspec.Raw(raw) for event_id, raw in batch if event_id not in known)
    groups: dict[origins.Origin, list[msgspec.Raw]] = {}
    for event_id, raw in batch:
        if event_id in known:
            groups.setdefault(known[event_id], []).append(msgspec.Raw(raw))
    return own, tuple(
        wire.EarlierEvents(device_id=origin.device_id, technician_id=origin.technician_id, events=tuple(raws))
        for origin, raws in groups.items()
    )


def _read_problem(reply: Reply) -> _Problem:
    fallback = _Problem(f"http_{reply.status}")
    try:
        problem = msgspec.json.decode(reply.body, type=_Problem)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return fallback
    return problem if problem.code else fallback
