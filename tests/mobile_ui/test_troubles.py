"""What goes wrong on the phone is told in words, and the app goes on."""

import hashlib
from typing import Any

import pytest

from deploy.screenshots_phone import PlayedServer
from mobile.store import files

pytestmark = pytest.mark.kivy

PHOTO = b"\xff\xd8\xff" + b"door" * 100


def test_picture_that_needs_attention_is_told_and_sent_again_by_a_tap(hand: Any, server: PlayedServer) -> None:
    """The centre refused a photo for good: the chip, the list and the photo's card say so; one tap tries it again."""
    order = server.jobs[1].work_order_id
    for command in ("see_assignment", "accept_assignment", "depart", "arrive"):
        hand.phone.act(command, order)
    hand.phone.act("take_photo", order, content=PHOTO, purpose="door")
    with hand.phone.desk.store.write() as db:
        files.note_trouble(db, hashlib.sha256(PHOTO).hexdigest(), "file_invalid", is_final=True)
    hand.ui.go("photos", job=order)
    told = hand.t("phone.photo_refused", code="file_invalid")
    assert told in hand.texts()
    hand.ui.go("sync_status")
    assert told in hand.texts()
    assert hand.t("phone.needs_attention", count=1) in hand.texts()
    hand.tap(hand.t("phone.send_again"))
    assert told not in hand.texts()
    assert hand.phone.lane.list_troubled() == ()
