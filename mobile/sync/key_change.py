"""A phone changes the key of its seals: the old key vouches for the new one, and the chain goes on (decision 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from mobile.platform import keys
from mobile.platform.keys import DeviceKey
from mobile.sync.transport import DEVICE_KEY_PATH, Transport, TransportError, Verdict, judge
from shared import signature, wire
from shared.errors import DomainError

_TIMEOUT_S: Final = 15.0


def change_key(folder: Path, device_id: str, transport: Transport) -> DeviceKey:
    """Tell the server of the key that follows, then take it; the phone seals with it from its next opening on.

    A kill between the two leaves the old key, which stays good, and the next call tells the same new one again. Raises
    DomainError `no_network`, `key_change_refused`.
    """
    old, new = keys.load_or_create(folder), keys.load_or_create_next(folder)
    message = signature.new_key_bytes(device_id, keys.ALG, new.public_hex)
    request = wire.DeviceKeyRequest(
        alg=keys.ALG, public_key=new.public_hex, signed_by=old.key_id, signature=old.sign(message).hex()
    )
    try:
        reply = transport.post(DEVICE_KEY_PATH, msgspec.json.encode(request), _TIMEOUT_S)
    except TransportError as error:
        raise DomainError("no_network") from error
    verdict = judge(reply)
    if verdict is Verdict.REPEAT:
        raise DomainError("no_network")
    if verdict is not Verdict.READ:
        raise DomainError("key_change_refused")
    keys.adopt_next(folder)
    return new
