"""The phone's camera is another app, and Android may end this one behind it: no picture is lost by that."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.screenshots_phone import PlayedServer, StillClock
from mobile.app import PhoneApp
from mobile.service import Phone
from tests.mobile_ui.test_troubles import PHOTO, fill_up, make_room, stand_at_the_door

pytestmark = pytest.mark.kivy


class FolderGallery:
    """The outside world: a gallery of files, and a camera that is used by hand."""

    def __init__(self, folder: Path) -> None:
        """Keep pictures in `folder`."""
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.leave: Callable[[], None] = lambda: None

    def new_place(self) -> str:
        """Return a fresh place."""
        return str(self.folder / f"{len(list(self.folder.iterdir()))}.jpg")

    def open_camera(self, place: str, on_back: Callable[[], None]) -> bool:
        """Open over the app: a row without a picture."""
        Path(place).touch()
        self.leave = on_back
        return True

    def shoot(self, content: bytes) -> None:
        """Take the picture; the camera is still open."""
        newest = max(self.folder.iterdir(), key=lambda path: path.name)
        newest.write_bytes(content)

    def read(self, place: str) -> bytes:
        """Return the picture."""
        return Path(place).read_bytes()

    def drop(self, place: str) -> None:
        """Delete the row."""
        Path(place).unlink()

    def holds(self) -> int:
        """Return how many pictures lie in the gallery."""
        return len(list(self.folder.iterdir()))


@pytest.fixture
def gallery(tmp_path: Path, hand: Any) -> FolderGallery:
    """Return the gallery of Wang's phone."""
    hand.ui.gallery = found = FolderGallery(tmp_path / "gallery")
    return found


def test_picture_of_the_camera_is_kept_with_its_job_and_leaves_the_gallery(
    hand: Any, server: PlayedServer, gallery: FolderGallery
) -> None:
    """One tap, one picture."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    hand.tap(hand.t("phone.take_photo"))
    gallery.shoot(PHOTO)
    gallery.leave()
    assert [photo.size_bytes for photo in hand.phone.photos(order)] == [len(PHOTO)]
    assert (gallery.holds(), hand.phone.own.shots()) == (0, ())
    assert hand.t("phone.photo_waits") in hand.texts()


def test_camera_left_without_a_picture_leaves_nothing_behind(
    hand: Any, server: PlayedServer, gallery: FolderGallery
) -> None:
    """Wang changed his mind."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    hand.tap(hand.t("phone.take_photo"))
    gallery.leave()
    assert (hand.phone.photos(order), gallery.holds(), hand.phone.own.shots()) == ((), 0, ())


def test_app_ended_behind_the_camera_keeps_the_picture_when_it_starts_again(
    hand: Any, server: PlayedServer, gallery: FolderGallery, tmp_path: Path
) -> None:
    """The process is gone, nobody hears of the camera's answer: the picture is in the job all the same."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    hand.tap(hand.t("phone.take_photo"))
    gallery.shoot(PHOTO)
    folder = hand.phone.desk.store.folder
    hand.phone.close()
    hand.ui.phone = Phone(folder, "http://played", clock=StillClock(), transport=server)
    running = PhoneApp(tmp_path)
    running.ui = hand.ui
    running._join()
    assert [photo.size_bytes for photo in hand.phone.photos(order)] == [len(PHOTO)]
    assert (gallery.holds(), hand.phone.own.shots()) == (0, ())


def test_picture_that_finds_no_room_stays_in_the_gallery_until_there_is_some(
    hand: Any, server: PlayedServer, gallery: FolderGallery
) -> None:
    """The store is full while the camera is open: told in words, and taken the next time."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    hand.tap(hand.t("phone.take_photo"))
    gallery.shoot(PHOTO)
    fill_up(hand)
    gallery.leave()
    assert hand.t("error.store_full") in hand.texts()
    assert (hand.phone.photos(order), gallery.holds()) == ((), 1)
    make_room(hand)
    hand.tap(hand.t("phone.take_photo"))
    gallery.shoot(PHOTO + b"2")
    gallery.leave()
    assert len(hand.phone.photos(order)) == 2
    assert gallery.holds() == 0
