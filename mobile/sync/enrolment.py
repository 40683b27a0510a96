"""A phone redeems its one-time code and learns who it is."""

from __future__ import annotations

from typing import Final

import msgspec

from mobile.platform.keys import DeviceKey
from mobile.store import guard, meta, origins, pins
from mobile.store.database import Store
from mobile.sync.inbox import begin_refetch
from mobile.sync.transport import ENROL_PATH, Reply, Transport, TransportError, Verdict, judge
from shared import wire
from shared.errors import DomainError

_TIMEOUT_S: Final = 15.0


class _Problem(msgspec.Struct, frozen=True):
    code: str


def enrol(store: Store, transport: Transport, server_url: str, code: str, key: DeviceKey, label: str) -> meta.Identity:
    """Redeem `code` at the server and store the identity.

    Raises DomainError `no_network`, or the server's code (code_invalid, code_expired, rate_limited, ...).
    """
    request = wire.EnrolRequest(code=code.strip(), public_key=key.public_hex, label=label)
    try:
        reply = transport.post(ENROL_PATH, msgspec.json.encode(request), _TIMEOUT_S)
    except TransportError as error:
        raise DomainError("no_network") from error
    answer = _read(reply)
    identity = meta.Identity(
        server_url=server_url,
        token=answer.token,
        device_id=answer.device_id,
        technician_id=answer.technician_id,
        technician_name=answer.technician_name,
        branch_id=answer.branch_id,
        branch_name=answer.branch_name,
    )
    _keep(store, identity, answer)
    return identity


def _keep(store: Store, identity: meta.Identity, answer: wire.EnrolResponse) -> None:
    with store.write() as db:
        earlier = meta.find_identity(db)
        meta.set_identity(db, identity)
        if meta.find_text(db, meta.GEN) is None:  # a later generation is noticed by the first call, which then resends
            meta.set_text(db, meta.GEN, answer.gen)
        if answer.recovery_key:
            meta.set_text(db, meta.RECOVERY_KEY, answer.recovery_key)
        guard.reset(db)
        pins.forget(db)  # the PIN was another person's, or this one's before
        if earlier is not None and earlier.device_id != identity.device_id:
            origins.keep(db, earlier)  # events that wait are kept as what they are: another device's, sealed as such
            begin_refetch(db)  # the new device has a feed and a chain of its own
            meta.set_chain_head(db, meta.ChainHead())


def _read(reply: Reply) -> wire.EnrolResponse:
    verdict = judge(reply)
    if verdict is Verdict.REPEAT:
        raise DomainError("no_network")
    try:
        if verdict is not Verdict.READ:
            raise DomainError(msgspec.json.decode(reply.body, type=_Problem).code)
        return msgspec.json.decode(reply.body, type=wire.EnrolResponse)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DomainError("answer_unreadable") from error
