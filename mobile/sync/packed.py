"""The phone's side of packed messages: it names the newest answer it has, and both sides pack against that."""

from __future__ import annotations

from http import HTTPStatus

from mobile.sync.transport import Reply, TransportError
from shared import packing
from shared.errors import DomainError

_LONGEST_KEPT = 24_000


class Packed:
    """One packed call: its headers and body, and how to read its answer."""

    def __init__(self, payload: bytes, known: bytes, *, is_packed: bool) -> None:
        """Pack `payload` if the server is known to read that; `known` is the newest answer."""
        self._payload, self._known = payload, known
        self.headers = {"Accept-Encoding": packing.ENCODING}
        if known:
            self.headers[packing.KNOWN_HEADER] = packing.mark(known)
        self.body = payload
        if is_packed:
            self.headers["Content-Encoding"] = packing.ENCODING
            self.body = packing.pack(payload, known)

    def read(self, reply: Reply) -> Reply:
        """Return the answer unpacked. Raises TransportError when it cannot be read."""
        if reply.headers.get("content-encoding") != packing.ENCODING:
            return reply
        known = self._known if reply.headers.get(packing.KNOWN_HEADER) else b""
        try:
            body = packing.unpack(reply.body, known, self._payload)
        except DomainError as error:
            raise TransportError("an answer could not be unpacked") from error
        return Reply(reply.status, reply.headers, body)


class Memory:
    """What a phone remembers between its calls; every thread may use it."""

    def __init__(self) -> None:
        """Know no answer, and not whether the server reads packed messages."""
        self._known = b""
        self._can_pack = False

    def prepare(self, payload: bytes) -> Packed:
        """Return the next call's message."""
        return Packed(payload, self._known, is_packed=self._can_pack)

    def read(self, packed: Packed, reply: Reply) -> Reply:
        """Return the answer to a call unpacked. Raises TransportError; then the next call begins anew."""
        try:
            return packed.read(reply)
        except TransportError:
            self._can_pack, self._known = False, b""
            raise

    def learn(self, reply: Reply) -> bool:
        """Take an answer, unpacked; True when the call must be made again because the server has forgotten."""
        if reply.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            must_repeat, self._can_pack, self._known = self._can_pack, False, b""
            return must_repeat
        if reply.status == HTTPStatus.OK and reply.headers.get("content-encoding") == packing.ENCODING:
            self._can_pack = True
            self._known = reply.body if len(reply.body) <= _LONGEST_KEPT else b""
        return False
