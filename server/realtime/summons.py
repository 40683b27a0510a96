"""Calls phones at once that must lock, open or erase themselves: not with their next look, half a minute later (C8).

Such a phone's feed stands still, and nothing of anybody is told to it; the ring asks it to call, and the call's answer
carries the order. One whose access has ended is hung up on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from server.accounts import repository as accounts
from server.core.calls import Services
from server.realtime.peers import Peer
from shared import wire
from shared.work_order import Priority


def summon(
    services: Services,
    found: Iterable[Peer],
    heads: Mapping[str, int],
    emit: Callable[..., None],
    hang_up: Callable[[Peer], None],
) -> None:
    """Ring those phones whose feed has come to stand still, or goes on, since they were last looked at.

    `heads` are the newest numbers of the feeds that go on; `emit` sends on a socket, `hang_up` ends a line.
    """
    called = [peer for peer in found if not peer.is_console and peer.is_summoned is (peer.device_id in heads)]
    if not called:
        return
    ids = {peer.device_id for peer in called}
    live = services.uow.read(lambda session: accounts.list_live_ids(session, ids))
    for peer in called:
        peer.is_summoned = not peer.is_summoned
        if peer.device_id in live:
            bell = wire.Doorbell(seq=peer.sent, priority=Priority.EMERGENCY, is_order=True)
            emit(wire.DOORBELL, msgspec.to_builtins(bell), to=peer.sid)
        else:
            hang_up(peer)
