"""What goes wrong on the phone is told in words, and the app goes on."""

import contextlib
import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kivy.base import ExceptionManager

from deploy.screenshots_phone import PlayedServer
from mobile import app
from mobile.actions import duty
from mobile.app import PhoneApp
from mobile.store import files, pocket
from shared import facts
from shared.errors import DomainError

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


def fill_up(hand: Any) -> None:
    """Leave no room for another message in the phone's file."""
    db = hand.phone.desk.store.connection
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
    with contextlib.suppress(sqlite3.OperationalError):
        for _ in range(1000):
            duty.send_message(hand.phone.desk, text="到了")


def make_room(hand: Any) -> None:
    """Let the phone's file grow again."""
    hand.phone.desk.store.connection.execute("PRAGMA max_page_count=1000000")


def stand_at_the_door(hand: Any, server: PlayedServer) -> str:
    """Arrive at the second job; return its id."""
    order = server.jobs[1].work_order_id
    for command in ("see_assignment", "accept_assignment", "depart", "arrive"):
        hand.phone.act(command, order)
    return order


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_full_storage_is_a_refusal_in_words_and_loses_nothing(hand: Any, server: PlayedServer, language: str) -> None:
    """A note that finds no room is not kept and says so; its words stand in the field, and go in once there is room."""
    hand.ui.choose_language(language)
    order = stand_at_the_door(hand, server)
    hand.ui.go("exceptions", job=order)
    hand.ui.page.fields[0].text = words = "灶前阀门锈死。" * 20
    fill_up(hand)
    waiting = len(hand.phone.pending())
    hand.tap(hand.t("phone.save"))
    assert hand.t("error.store_full") in hand.texts()
    assert "«" not in hand.t("error.store_full")
    assert (hand.ui.name, hand.ui.page.fields[0].text) == ("exceptions", words)
    assert len(hand.phone.pending()) == waiting
    make_room(hand)
    hand.tap(hand.t("phone.save"))
    assert len(hand.phone.pending()) == waiting + 1
    assert hand.t("error.store_full") not in hand.texts()


def test_photo_without_room_is_refused_and_leaves_no_half_file(hand: Any, server: PlayedServer, tmp_path: Path) -> None:
    """The disk is full while the picture is written: no fact, no draft, and the words say why."""
    order, waiting = stand_at_the_door(hand, server), len(hand.phone.pending())
    picture = tmp_path / "door.jpg"
    picture.write_bytes(PHOTO)
    folder = hand.phone.desk.store.folder / "files"
    folder.mkdir(exist_ok=True)
    (folder / f"{hashlib.sha256(PHOTO).hexdigest()}.new").symlink_to("/dev/full")
    hand.ui.go("photos", job=order)
    hand.ui.page.fields[0].text = str(picture)
    hand.tap(hand.t("phone.take_photo"))
    assert hand.t("error.store_full") in hand.texts()
    assert (len(hand.phone.pending()), list(folder.iterdir())) == (waiting, [])
    hand.tap(hand.t("phone.take_photo"))
    assert len(hand.phone.pending()) == waiting + 1


def test_failure_outside_a_command_is_shown_and_an_error_of_the_program_ends_the_app(hand: Any, tmp_path: Path) -> None:
    """A setting that finds no room and a screen that cannot be made: words, and the app goes on."""
    running = PhoneApp(tmp_path)
    running.ui = hand.ui
    barrier = app._Barrier(running)
    hand.ui.go("settings")
    fill_up(hand)
    with pytest.raises(sqlite3.OperationalError) as full:
        hand.phone.own.set_kit(
            pocket.Kit(stock=tuple(facts.StockLine(part=f"hose-{i}", quantity=1) for i in range(500)))
        )
    assert barrier.handle_exception(full.value) == ExceptionManager.PASS
    assert hand.t("error.store_full") in hand.texts()
    hand.ui.go("job_detail", job="order-of-nobody")
    with pytest.raises(DomainError) as unknown:
        hand.ui.go("navigate", job="order-of-nobody")
    assert barrier.handle_exception(unknown.value) == ExceptionManager.PASS
    assert hand.ui.name == "job_detail"
    assert hand.t("error.order_not_here") in hand.texts()
    for error in (KeyError("x"), sqlite3.OperationalError("no such table: x"), FileNotFoundError(2, "font")):
        assert barrier.handle_exception(error) == ExceptionManager.RAISE


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_job_with_a_newer_protocol_takes_free_evidence(hand: Any, server: PlayedServer, language: str) -> None:
    """The app is older than the job: what it knows can be done, photos, notes and a closed door are kept."""
    hand.ui.choose_language(language)
    stove = server.jobs[1]
    newer = msgspec.structs.replace(stove, ver=5, protocols=(stove.protocols[0], "stove-test@2099"))
    server.jobs = (*server.jobs, newer)
    hand.phone.sync_once()
    order = stand_at_the_door(hand, server)
    hand.ui.go("job_detail", job=order)
    assert hand.t("phone.app_too_old", refs="stove-test@2099") in hand.texts()
    known = hand.phone.desk.shelf.get_protocol(stove.protocols[0])
    hand.tap(hand.ui.words(known.title))
    assert hand.ui.name == "protocol"
    hand.ui.back()
    hand.tap(hand.t("phone.other"))
    hand.ui.page.fields[0].text = "阀门已关"
    hand.tap(hand.t("phone.save"))
    assert "note_added" in [facts.name_of(item.event.body) for item in hand.phone.pending()]
    for name in ("no_access", "escalate", "photos"):
        hand.ui.go(name, job=order)
        assert hand.ui.name == name
