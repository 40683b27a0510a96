"""Stands beside a phone and writes down what it said was saved and what came over the wire, before anybody judges."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import msgspec

from mobile.service import Phone
from mobile.sync.http import HttpTransport
from mobile.sync.transport import Reply, TransportError
from shared import wire

_FILE = "witness.jsonl"


class Witness:
    """Appends lines to a file in the phone's folder; a line is whole or not there, whatever is killed."""

    def __init__(self, folder: Path) -> None:
        """Go on with what was written before; `answers` counts the calls with events that were answered."""
        self.answers = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / _FILE, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(self, **line: Any) -> None:
        """Write one line down in a single call."""
        os.write(self._file, (json.dumps(line, ensure_ascii=False) + "\n").encode())

    def act(self, phone: Phone, command: str, work_order_id: str, **data: Any) -> wire.PhoneEvent | None:
        """Give a command; once it returns, the technician sees it as saved."""
        event = phone.act(command, work_order_id, **data)
        if event is not None:
            body = json.loads(msgspec.json.encode(event.body))
            # The phone never changes an event again; the evidence keeps its body to the letter.
            self.note(made=event.id, body=body)
        return event

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class WatchedWire(HttpTransport):
    """The phone's line, watched; loses some answers after the server has given them."""

    def __init__(self, server_url: str, token: str, witness: Witness, chance: random.Random, lost_share: float) -> None:
        """`lost_share` of the answers to calls with events never reach the phone."""
        super().__init__(server_url, token)
        self._witness, self._chance, self._lost_share = witness, chance, lost_share

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the answer, or lose it. Raises TransportError."""
        reply = super().post(path, payload, timeout_s)
        asked = json.loads(payload)
        if reply.status == 200:
            self._look_for_holes(asked, json.loads(reply.body))
            self._witness.answers += bool(asked.get("events"))
        if asked.get("events") and self._chance.random() < self._lost_share:
            raise TransportError("the answer is lost on the way")
        return reply

    def _look_for_holes(self, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        cursor, numbers = asked["cursor"], [change["seq"] for change in answer.get("changes", ())]
        is_other = answer.get("reset") or (asked.get("gen") and asked["gen"] != answer["gen"])
        expected = list(range(cursor + 1, cursor + 1 + len(numbers)))
        if not is_other and (numbers != expected or answer["cursor"] != cursor + len(numbers)):
            self._witness.note(gap=f"after {cursor} came {numbers[:3]} of {len(numbers)} up to {answer['cursor']}")
