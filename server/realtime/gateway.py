"""The gateway process: Flask over HTTP and Socket.IO in one gevent loop; it never solves, renders or waits.

Hot events go past Flask's request context. Delivery is the feed's, not the socket's: every message may be lost.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import gevent
import msgspec
import socketio as socketio_module
import structlog
from flask import Flask
from flask_socketio import SocketIO
from gevent import pywsgi

from server.accounts import repository as accounts
from server.board import changes as board_changes
from server.core import clock, journal, nudge, texts
from server.core.calls import Services
from server.positions import service as positions
from server.realtime import lines, packets, peers, summons
from server.realtime.peers import Peer
from server.sync import changes as device_changes
from shared import wire
from shared.errors import DomainError

_log = structlog.get_logger(__name__)

_LARGEST_MESSAGE: Final = 256 * 1024
_PING_S: Final = (8, 5)  # a dead line is noticed on both ends within 13 s
_TICK_S: Final = 1.0
_REST_S: Final = 0.01
_REST_PER_PEER_S: Final = 0.0001  # every round looks at all of them
_FLUSH_S: Final = 2.0
_SLOW_QUEUE: Final = 8
_RECHECK_S: Final = 1.0
_RINGS: Final = 16  # phones whose news are read at once
_POSITIONS_PER_MESSAGE: Final = 200
_KEPT_TOGETHER: Final = 250  # technicians whose positions are written down in one transaction
_FAR_S: Final = 10.0  # how often a browser hears of those who move outside its map's view
_HURRY_S: Final = 0.2
_DUTY_S: Final = 5.0  # how old the knowledge of shifts and pauses may be in this process


class Gateway:
    """All sockets of one process: who they are, what they were told, where the phones are."""

    def __init__(self, app: Flask, services: Services) -> None:
        """Make the Socket.IO server on the app; websocket only, own event handlers without Flask's context."""
        self.app, self.services = app, services
        self.socketio = SocketIO(
            app,
            async_mode="gevent",
            transports=["websocket"],
            async_handlers=False,
            json=packets.Json,
            max_http_buffer_size=_LARGEST_MESSAGE,
            ping_interval=_PING_S[0],
            ping_timeout=_PING_S[1],
        )
        self.peers: dict[str, Peer] = {}
        self.latest: dict[str, tuple[str, wire.Position]] = {}
        self._moved: set[str] = set()
        self._unsaved: dict[str, list[wire.Position]] = {}
        self._duty: dict[str, list[tuple[int, int]]] = {}
        self._duty_read_s = -_DUTY_S * 2
        self._ringing_s = 0.0
        self._nudge = nudge.ear_for(services.settings, nudge.GATEWAY)
        server = self.socketio.server
        server.on("connect", self.on_connect)
        server.on("disconnect", self.on_disconnect)
        server.on(wire.POSITIONS, self.on_positions)
        server.on(wire.VIEW, self.on_view)
        server.on(wire.PING, self.on_ping)
        server.on("*", self.on_unknown)

    def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Admit a peer, or refuse with the reason's code."""
        try:
            peer = peers.admit(self.app, self.services, sid, environ, auth)
        except DomainError as refused:
            raise socketio_module.exceptions.ConnectionRefusedError(refused.code) from refused
        if peer.is_console:
            # What moved while its line was down: the board it reads comes from rows that are seconds old.
            peer.unseen = {t for t, (branch_id, _) in self.latest.items() if branch_id == peer.branch_id}
        self.peers[sid] = peer

    def on_disconnect(self, sid: str, *_reason: Any) -> None:
        """Forget a peer."""
        self.peers.pop(sid, None)

    def on_ping(self, sid: str, *_arguments: Any) -> None:
        """Answer a peer that asks whether the line is alive."""
        self.socketio.server.emit(wire.PONG, {"at_ms": self.services.uow.clock.now_ms()}, to=sid)

    def on_positions(self, sid: str, *arguments: Any) -> None:
        """Take a phone's positions into memory; they reach the database within seconds and the maps within one."""
        peer = self._get_device(sid)
        if peer is None:
            return
        try:
            points = msgspec.convert(arguments[0] if arguments else None, tuple[wire.Position, ...])
        except (msgspec.ValidationError, DomainError) as error:
            self._refuse(sid, wire.POSITIONS, "invalid_request", reason=str(error))
            return
        if len(points) > _POSITIONS_PER_MESSAGE:
            return
        on_duty = [p for p in points if self._is_on_duty(peer.technician_id, p.at_ms)]
        self._unsaved.setdefault(peer.technician_id, []).extend(on_duty)
        believed = [p for p in on_duty if not p.is_mocked]
        if believed:
            self.latest[peer.technician_id] = (peer.branch_id, max(believed, key=lambda p: p.at_ms))
            self._moved.add(peer.technician_id)

    def on_view(self, sid: str, *arguments: Any) -> None:
        """Take what a browser's map shows, and send the places there that it was not told yet."""
        peer = self.peers.get(sid)
        if peer is None or not peer.is_console:
            self._refuse(sid, wire.VIEW, "forbidden")
            return
        try:
            peer.view = msgspec.convert(arguments[0] if arguments else None, wire.View)
        except (msgspec.ValidationError, DomainError) as error:
            self._refuse(sid, wire.VIEW, "invalid_request", reason=str(error))
            return
        self._show_places(peer)

    def _is_on_duty(self, technician_id: str, at_ms: int) -> bool:
        """Tell whether a position may be taken: off shift or paused it does not even enter this process's memory."""
        if clock.mono_s() - self._duty_read_s > _DUTY_S:
            # Who comes while it is read goes by what was known before: else every phone would read it anew.
            self._duty_read_s = clock.mono_s()
            self._read_duty()
        return any(start <= at_ms < end for start, end in self._duty.get(technician_id, ()))

    def _read_duty(self) -> None:
        now_ms = self.services.uow.clock.now_ms()
        self._duty = self.services.uow.read(lambda s: positions.list_duty(s, now_ms))

    def on_unknown(self, event: str, sid: str, *_arguments: Any) -> None:
        """Answer what is not registered: never silence."""
        self._refuse(sid, str(event)[:80], "event_unknown", name=str(event)[:80])

    def _get_device(self, sid: str) -> Peer | None:
        """Return the device behind a socket if its token still stands; else nack and hang up."""
        peer = self.peers.get(sid)
        if peer is None or peer.is_console:
            self._refuse(sid, wire.POSITIONS, "forbidden")
            return None
        return peer if self._is_welcome(peer) else None

    def _is_welcome(self, peer: Peer) -> bool:
        """Ask again, at most once a second, whether a peer may stay; who may not is told so and hung up on."""
        if clock.mono_s() - peer.checked_s <= _RECHECK_S:
            return True
        due = [peer] if peer.is_console else self._list_unchecked()
        for one in due:
            one.checked_s = clock.mono_s()
        gone = peers.list_unwelcome(self.services, due)
        for one in gone:
            self._hang_up(one)
        return peer not in gone

    def _list_unchecked(self) -> list[Peer]:
        """Return the phones that were not asked about for a second: one reading answers for all of them."""
        until_s = clock.mono_s() - _RECHECK_S
        return [p for p in self.peers.values() if not p.is_console and p.checked_s < until_s]

    def _hang_up(self, peer: Peer) -> None:
        self._refuse(peer.sid, wire.POSITIONS, "signed_out" if peer.is_console else "device_revoked")
        self.socketio.server.disconnect(peer.sid)

    def _refuse(self, sid: str, event: str, code: str, **data: Any) -> None:
        text = texts.catalog().both(f"error.{code}", **data)
        nack = wire.Nack(event=event, code=code, text=text)
        self.socketio.server.emit(wire.NACK, msgspec.to_builtins(nack), to=sid)

    # The loops

    def run(self) -> None:
        """Serve until the process ends."""
        self._read_duty()
        gevent.spawn(self._tail_forever)
        gevent.spawn(_forever, self.send_positions, _TICK_S)
        gevent.spawn(_forever, self.flush, _FLUSH_S)
        gevent.spawn(_forever, functools.partial(peers.hurry, self.services), _HURRY_S)
        settings = self.services.settings
        line = lines.listen(settings.host, settings.port)
        server = pywsgi.WSGIServer(line, self.app, handler_class=lines.Handler, log=None, error_log=None)
        _log.info("gateway listens", host=settings.host, port=settings.port)
        server.serve_forever()

    def _tail_forever(self) -> None:
        self.services.parking.is_watched = True
        is_behind = False
        while True:
            if not is_behind:
                self._nudge.wait()
            started_s = clock.mono_s()
            try:
                self.push()
            except Exception:  # noqa: BLE001 - the loop must outlive one failed push; the next round reads the feed again
                _log.exception("push failed")
                gevent.sleep(1.0)
            # Many commits make one round: ringing phones takes at most a fifth of the loop's time, boards half of it,
            # for a leak must not wait behind a whole plan that a board was told just before.
            all_s = max(_REST_S, _REST_PER_PEER_S * len(self.peers))
            is_behind = self._rest(max(all_s, clock.mono_s() - started_s, 4 * self._ringing_s))

    def _rest(self, for_s: float) -> bool:
        """Let the process do other work for a time, but tell of leaks meanwhile; return whether there was news."""
        readers = {journal.console_reader(peer.branch_id) for peer in self.peers.values() if peer.is_console}
        gevent.sleep(min(for_s, _REST_S) if readers else for_s)
        until_s, is_behind = clock.mono_s() + for_s - _REST_S, False
        while readers and clock.mono_s() < until_s:
            self._nudge.wait()
            self.warn(self.services.uow.read(lambda s: {reader: journal.get_head(s, reader) for reader in readers}))
            is_behind = True
        return is_behind

    def push(self) -> None:
        """Tell every peer, and every long poll, what the feed holds for it that it was not told."""
        parking, self._ringing_s = self.services.parking, 0.0
        if not self.peers and not len(parking):
            return
        heads = self.services.uow.read(journal.list_heads)
        parking.wake(heads)
        self.warn(heads)
        summons.summon(self.services, list(self.peers.values()), heads, self.socketio.server.emit, self._hang_up)
        boards: dict[tuple[str, int], Any] = {}
        rung: list[Peer] = []
        for peer in list(self.peers.values()):
            head = heads.get(peer.device_id or journal.console_reader(peer.branch_id), 0)
            peer.sent = max(peer.sent, parking.told(peer.device_id))
            if head <= peer.sent:
                continue
            if not peer.is_console:
                # An answer that is being made tells as much as a ring; what comes after it is rung in the next round.
                rung += [] if parking.is_calling(peer.device_id) else [peer]
            elif self._is_welcome(peer) and self._has_room(peer.sid):
                # A browser that does not read is told later, in one message: the cursor stands where it was told.
                self._push_board(peer, boards)
        started_s = clock.mono_s()
        for start in range(0, len(rung), _RINGS):
            self._ring(rung[start : start + _RINGS], heads)
        self._ringing_s = clock.mono_s() - started_s

    def warn(self, heads: Mapping[str, int]) -> None:
        """Tell consoles of leaks that were reported, in a small message of their own ahead of everything else."""
        found: dict[tuple[str, int], Any] = {}
        for peer in [p for p in self.peers.values() if p.is_console]:
            key = peer.branch_id, max(peer.sent, peer.warned)
            head = heads.get(journal.console_reader(peer.branch_id), 0)
            if head <= key[1]:
                continue
            if key not in found:
                profile, now_ms = self.services.settings.sla_profile, self.services.uow.clock.now_ms()
                read = functools.partial(_list_new_leaks, *key, now_ms, profile)
                found[key] = self.services.uow.read(read)
            peer.warned = head
            if found[key] and self._is_welcome(peer):
                self.socketio.server.emit(wire.BOARD, found[key], to=peer.sid)

    def _push_board(self, peer: Peer, boards: dict[tuple[str, int], Any]) -> None:
        key = (peer.branch_id, peer.sent)
        if key not in boards:
            profile, now_ms = self.services.settings.sla_profile, self.services.uow.clock.now_ms()
            boards[key] = self.services.uow.read(
                lambda s: board_changes.list_changes(s, peer.branch_id, peer.sent, now_ms, profile)
            )
        peer.sent = boards[key]["cursor"]
        self.socketio.server.emit(wire.BOARD, boards[key], to=peer.sid)

    def _ring(self, rung: list[Peer], heads: Mapping[str, int]) -> None:
        """Tell phones their news, all read at once; who may not stay is hung up on."""
        profile, now_ms = self.services.settings.sla_profile, self.services.uow.clock.now_ms()

        def work(session: Any) -> dict[str, tuple[wire.Change, ...]]:
            live = accounts.list_live_ids(session, {peer.device_id for peer in rung})
            told = [peer for peer in rung if peer.device_id in live]
            asked = [(peer.device_id, peer.sent, heads.get(peer.device_id, 0)) for peer in told]
            feeds = zip(told, journal.list_feeds(session, asked, wire.CHANGES_PER_SYNC), strict=True)
            readings = [device_changes.Reading(peer.branch_id, peer.technician_id, feed) for peer, feed in feeds]
            found = device_changes.list_changes(session, readings, now_ms, profile)
            return {peer.sid: changes for peer, changes in zip(told, found, strict=True)}

        news = self.services.uow.read(work)
        for peer in rung:
            if peer.sid in news:
                self._tell(peer, news[peer.sid])
            else:
                self._hang_up(peer)

    def _tell(self, peer: Peer, found: tuple[wire.Change, ...]) -> None:
        if not found or found[-1].seq <= peer.sent:
            return
        peer.sent, peer.checked_s = found[-1].seq, clock.mono_s()
        bell = wire.Doorbell(seq=found[-1].seq, priority=min(c.priority for c in found), changes=found)
        self.socketio.server.emit(wire.DOORBELL, msgspec.to_builtins(bell), to=peer.sid)

    def send_positions(self) -> None:
        """Send every console of a branch the newest place of whoever has moved since the last frame that it took."""
        moved, self._moved = self._moved, set()
        for peer in [p for p in self.peers.values() if p.is_console]:
            peer.unseen |= {t for t in moved if self.latest[t][0] == peer.branch_id}
            self._show_places(peer)

    def _show_places(self, peer: Peer) -> None:
        due = self._list_due(peer)
        if due and self._has_room(peer.sid) and self._is_welcome(peer):
            items = [_item(t, self.latest[t]) for t in sorted(due)]
            if due == peer.unseen:
                peer.far_s = clock.mono_s()
            peer.unseen -= due
            now_ms = self.services.uow.clock.now_ms()
            self.socketio.server.emit(wire.POSITIONS, {"at_ms": now_ms, "items": items}, to=peer.sid)

    def _list_due(self, peer: Peer) -> set[str]:
        """Return whose places a browser is to be told now: those in view at once, the others now and then."""
        if peer.view is None or clock.mono_s() - peer.far_s >= _FAR_S:
            return set(peer.unseen)
        places = ((t, self.latest[t][1]) for t in peer.unseen)
        return {t for t, place in places if peer.view.has_near(place.lat, place.lon)}

    def _has_room(self, sid: str) -> bool:
        """Skip a frame for a browser that does not read: the library's queue has no bound of its own."""
        eio_sid = self.socketio.server.manager.eio_sid_from_sid(sid, "/")
        line = self.socketio.server.eio.sockets.get(eio_sid)
        return line is None or line.queue.qsize() <= _SLOW_QUEUE

    def flush(self) -> None:
        """Write down which phones were heard of, and the positions that came: so many at a time that none waits long.

        While this process writes, nobody else takes an order in or offers one.
        """
        unsaved, self._unsaved = list(self._unsaved.items()), {}
        contacts = self.services.parking.take_contacts()
        write = self.services.uow.database.write
        if any(contacts):
            write(lambda session: accounts.note_contacts(session, *contacts))
        for start in range(0, len(unsaved), _KEPT_TOGETHER):
            some = dict(unsaved[start : start + _KEPT_TOGETHER])
            write(functools.partial(_keep, some, self.services.uow.clock.now_ms()))


def _forever(step: Callable[[], None], pause_s: float) -> None:
    while True:
        gevent.sleep(pause_s)
        try:
            step()
        except Exception:  # noqa: BLE001 - the loop must outlive one failed step; the next one has newer figures
            _log.exception("step failed", step=repr(step))


def _list_new_leaks(branch_id: str, after: int, now_ms: int, profile: str, session: Any) -> Any:
    return board_changes.list_new_leaks(session, branch_id, after, now_ms, profile)


def _keep(told: dict[str, list[wire.Position]], now_ms: int, session: Any) -> None:
    positions.keep(session, told, now_ms)


def _item(technician_id: str, known: tuple[str, wire.Position]) -> list[Any]:
    """Return a place as maps need it: to a tenth of a metre and a degree of heading."""
    position = known[1]
    heading = None if position.heading_deg is None else round(position.heading_deg)
    return [technician_id, round(position.lat, 6), round(position.lon, 6), heading, position.at_ms]
