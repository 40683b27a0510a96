"""Packed bodies at the HTTP edge: what each device was last answered is kept in memory, for the next message."""

from __future__ import annotations

import collections
from typing import Final

from flask import Response
from werkzeug.wrappers import Request

from shared import packing
from shared.errors import DomainError

_MOST_DEVICES: Final = 5_000
_ANSWERS_KEPT: Final = 3
_LONGEST_KEPT: Final = 24_000


class Packer:
    """Opens and packs the messages of devices that ask for it; after a restart it begins with the words alone."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._answers: collections.OrderedDict[str, dict[str, bytes]] = collections.OrderedDict()

    def open_body(self, request: Request, device_id: str) -> bytes:
        """Return a request's body as it was meant. Raises DomainError `packing_unknown`, `packing_unreadable`."""
        body = request.get_data()
        if not device_id or request.headers.get("Content-Encoding") != packing.ENCODING:
            return body
        return packing.unpack(body, self._recall(request, device_id, is_needed=True))

    def pack_answer(self, response: Response, request: Request, device_id: str, body: bytes) -> Response:
        """Pack an answer against the newest that the device names and its own request, if it can read that."""
        if not device_id or packing.ENCODING not in request.headers.get("Accept-Encoding", ""):
            return response
        answer, known = response.get_data(), self._recall(request, device_id)
        response.content_type = ""
        del response.headers["Content-Type"]
        response.headers["Content-Encoding"] = packing.ENCODING
        response.headers[packing.KNOWN_HEADER] = packing.mark(known)
        response.set_data(packing.pack(answer, known, body))
        self._keep(device_id, answer)
        return response

    def _recall(self, request: Request, device_id: str, *, is_needed: bool = False) -> bytes:
        named = request.headers.get(packing.KNOWN_HEADER, "")
        found = self._answers.get(device_id, {}).get(named, b"")
        if named and not found and is_needed:
            raise DomainError("packing_unknown")
        return found

    def _keep(self, device_id: str, answer: bytes) -> None:
        if len(answer) > _LONGEST_KEPT:
            return
        kept = self._answers.setdefault(device_id, {})
        kept[packing.mark(answer)] = answer
        while len(kept) > _ANSWERS_KEPT:
            kept.pop(next(iter(kept)))
        self._answers.move_to_end(device_id)
        while len(self._answers) > _MOST_DEVICES:
            self._answers.popitem(last=False)
