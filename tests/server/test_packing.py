"""Packed calls: the same meaning in a fraction of the bytes, and nothing lost when one side has forgotten."""

from __future__ import annotations

import os
import zlib
from typing import Final

import pytest

from mobile.sync.packed import Memory
from server.core.packed import Packer
from shared import packing
from shared.errors import DomainError
from tests.benchmarks import phone_bytes
from tests.server.house import House

pytestmark = pytest.mark.slow  # packs the content of whole days

ORDERS: Final = 40 if os.environ.get("FULL") else 4


def test_a_days_content_stays_within_its_budget(house: House) -> None:
    """Forty orders from offer to signature, every answer and every reading told: 5 kB for each at the most."""
    figures = phone_bytes.measure(house, ORDERS)
    assert figures["events"] >= 20 * ORDERS
    assert figures["content"] <= phone_bytes.MOST_BYTES * ORDERS / 40


def test_phone_goes_on_when_the_server_has_forgotten_what_they_shared(house: House) -> None:
    """The gateway was started anew between two calls: the second is sent again whole, once."""
    wire, phone = phone_bytes._phone(house)
    assert phone.sync_once().is_caught_up
    calls = wire.counted["calls"]
    house.services.packer._answers.clear()
    assert phone.sync_once().is_caught_up
    assert wire.counted["calls"] == calls + 2
    assert phone.sync_once().is_caught_up
    assert wire.counted["calls"] == calls + 3
    phone.close()


def test_packer_remembers_a_bounded_number_of_phones(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone that was silent longest is forgotten first, and only costs one call more."""
    monkeypatch.setattr("server.core.packed._MOST_DEVICES", 1)
    packer = Packer()
    packer._keep("wang", b"one")
    packer._keep("sun", b"two")
    assert list(packer._answers) == ["sun"]


@pytest.mark.parametrize("packed", [b"", b"garbage", zlib.compress(b"x"), packing.pack(b"0" * (packing.LARGEST + 1))])
def test_garbage_and_bombs_are_refused(packed: bytes) -> None:
    """What is no message, cut off or would burst the memory is named so."""
    with pytest.raises(DomainError, match="packing_unreadable"):
        packing.unpack(packed)


def test_message_comes_out_as_it_went_in() -> None:
    """Against the same knowledge, and only that."""
    known, message = b'{"gen":"g1"}', '{"address":"桃北中街218号"}'.encode()
    assert packing.unpack(packing.pack(message, known), known) == message
    assert Memory().prepare(message).body == message
