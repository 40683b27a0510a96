"""The phone's camera is another app, and Android may end this one behind it: no picture is lost by that."""

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from deploy import phone_camera
from deploy.screenshots_phone import PlayedServer, StillClock
from mobile.app import PhoneApp
from mobile.screens import camera
from mobile.service import Phone
from mobile.store import guard, meta, pocket, wiping
from shared import facts
from tests.mobile_ui.test_troubles import PHOTO, fill_up, make_room, stand_at_the_door

pytestmark = pytest.mark.kivy


class FolderCamera:
    """The outside world: a gallery of files, and a camera that is used by hand."""

    def __init__(self, folder: Path) -> None:
        """Keep pictures in `folder`."""
        folder.mkdir(exist_ok=True)
        self.folder, self.taken, self.is_away = folder, 0, False
        self._on_back: Callable[[bool], None] = lambda _is_taken: None

    def new_place(self) -> str:
        """Make a row without a picture."""
        self.taken += 1
        place = self.folder / f"{self.taken:03}.jpg"
        place.touch()
        return str(place)

    def open(self, place: str, on_back: Callable[[bool], None]) -> bool:
        """Open over the app."""
        assert Path(place).exists()
        self._on_back = on_back
        return True

    def leave(self, *, is_taken: bool = True) -> None:
        """Go back to the app."""
        self._on_back(is_taken)

    def shoot(self, content: bytes) -> None:
        """Take the picture; the camera is still open."""
        newest = max(self.folder.iterdir(), key=lambda path: path.name)
        newest.write_bytes(content)

    def read(self, place: str) -> bytes | None:
        """Return the picture, None while the storage does not answer."""
        return None if self.is_away else Path(place).read_bytes()

    def drop(self, place: str) -> None:
        """Delete the row."""
        Path(place).unlink()

    def holds(self) -> int:
        """Return how many pictures lie in the gallery."""
        return len(list(self.folder.iterdir()))


@pytest.fixture
def gallery(tmp_path: Path, hand: Any) -> FolderCamera:
    """Return the gallery of Wang's phone."""
    hand.ui.camera = found = FolderCamera(tmp_path / "gallery")
    hand.ui.adopt(hand.phone)
    return found


def tap_camera(hand: Any) -> None:
    """Open the camera; a tap is another one after some seconds."""
    hand.phone.clock.at_ms += 5_000
    hand.tap(hand.t("phone.take_photo"))


def start_again(hand: Any, server: PlayedServer, tmp_path: Path) -> PhoneApp:
    """End the process and start the app anew on the same folder."""
    folder = hand.phone.desk.store.folder
    hand.phone.close()
    hand.ui.adopt(Phone(folder, "http://played", clock=StillClock(), transport=server))
    running = PhoneApp(tmp_path)
    running.ui = hand.ui
    running._join()
    phone_camera.settle()
    return running


def test_picture_of_the_camera_is_kept_with_its_job_and_leaves_the_gallery(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """One tap, one picture."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    gallery.shoot(PHOTO)
    gallery.leave()
    assert [photo.size_bytes for photo in hand.phone.photos(order)] == [len(PHOTO)]
    assert (gallery.holds(), hand.phone.shots.waiting()) == (0, ())
    assert hand.t("phone.photo_waits") in hand.texts()


def test_camera_left_without_a_picture_leaves_nothing_behind(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """Wang changed his mind."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    gallery.leave(is_taken=False)
    assert (hand.phone.photos(order), gallery.holds(), hand.phone.shots.waiting()) == ((), 0, ())


def test_app_ended_behind_the_camera_keeps_the_picture_when_it_starts_again(
    hand: Any, server: PlayedServer, gallery: FolderCamera, tmp_path: Path
) -> None:
    """The process is gone, nobody hears of the camera's answer: the picture is in the job all the same."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    gallery.shoot(PHOTO)
    start_again(hand, server, tmp_path)
    assert [photo.size_bytes for photo in hand.phone.photos(order)] == [len(PHOTO)]
    assert (gallery.holds(), hand.phone.shots.waiting()) == (0, ())


def test_picture_that_finds_no_room_stays_in_the_gallery_until_there_is_some(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """The store is full while the camera is open: told in words, and taken the next time."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    gallery.shoot(PHOTO)
    fill_up(hand)
    gallery.leave()
    assert hand.t("error.store_full") in hand.texts()
    assert (hand.phone.photos(order), gallery.holds()) == ((), 1)
    make_room(hand)
    tap_camera(hand)
    gallery.shoot(PHOTO + b"2")
    gallery.leave()
    assert len(hand.phone.photos(order)) == 2
    assert gallery.holds() == 0


def open_camera(hand: Any, server: PlayedServer, gallery: FolderCamera) -> str:
    """Take a picture of the second job with the camera that is still open; return the job."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    gallery.shoot(PHOTO)
    return order


def test_picture_that_cannot_be_read_now_is_neither_dropped_nor_in_the_way(
    hand: Any, server: PlayedServer, gallery: FolderCamera, tmp_path: Path
) -> None:
    """The storage does not answer when the camera is left, nor at the next start; at the one after it does."""
    order = open_camera(hand, server, gallery)
    gallery.is_away = True
    gallery.leave()
    start_again(hand, server, tmp_path)
    assert (hand.phone.photos(order), gallery.holds(), len(hand.phone.shots.waiting())) == ((), 1, 1)
    gallery.is_away = False
    start_again(hand, server, tmp_path)
    assert len(hand.phone.photos(order)) == 1
    assert gallery.holds() == 0


def test_picture_filed_later_is_of_the_moment_when_the_camera_was_opened(
    hand: Any, server: PlayedServer, gallery: FolderCamera, tmp_path: Path
) -> None:
    """Taken before the repair, filed after it: the fact says when it was taken."""
    order = open_camera(hand, server, gallery)
    taken_ms = hand.phone.clock.at_ms
    hand.phone.close()
    later = StillClock()
    later.at_ms = taken_ms + 3_600_000
    folder = hand.phone.desk.store.folder
    hand.ui.adopt(Phone(folder, "http://played", clock=later, transport=server))
    camera.collect(hand.ui)
    told = [item.event for item in hand.phone.pending(order) if facts.name_of(item.event.body) == "photo_taken"]
    assert [event.occurred.wall_ms for event in told] == [taken_ms]


def test_locked_phone_keeps_the_picture_of_the_camera_that_was_open(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """The centre locks it behind the camera: no command is taken, and no evidence is left in the open."""
    order = open_camera(hand, server, gallery)
    with hand.phone.desk.store.write() as db:
        guard.set_guard(db, guard.Guard(state="locked", since_ms=1, reason="desk"))
    gallery.leave()
    assert len(hand.phone.photos(order)) == 1
    assert gallery.holds() == 0


def test_wiped_phone_seals_the_picture_that_waited_in_the_gallery(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """It found no room before: it is handed to the server sealed, and no longer lies in the gallery."""
    open_camera(hand, server, gallery)
    with hand.phone.desk.store.write() as db:
        meta.set_text(db, meta.RECOVERY_KEY, X25519PrivateKey.generate().public_key().public_bytes_raw().hex())
    fill_up(hand)
    gallery.leave()
    make_room(hand)
    folder = hand.phone.desk.store.folder
    assert hand.phone.warden.wipe("desk")
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    assert f"photo-{sha256}.sealed" in [path.name for path in wiping.list_evidence(folder)]
    assert gallery.holds() == 0


def test_picture_of_another_enrolment_or_of_no_known_kind_stays_in_the_gallery_and_is_forgotten(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """It is filed as nobody else's; what the wire does not take is told once, and the picture is not thrown away."""
    open_camera(hand, server, gallery)
    gallery.shoot(b"HEIC")
    gallery.leave()
    assert hand.t("error.file_invalid", sha256="", size_bytes=4) in hand.texts()
    assert (gallery.holds(), hand.phone.shots.waiting()) == (1, ())
    tap_camera(hand)
    gallery.shoot(PHOTO)
    other = msgspec.structs.replace(hand.phone.find_identity(), device_id="device-2")
    with hand.phone.desk.store.write() as db:
        meta.set_identity(db, other)
    gallery.leave()
    assert (gallery.holds(), hand.phone.shots.waiting()) == (2, ())
    assert [item for item in hand.phone.pending() if facts.name_of(item.event.body) == "photo_taken"] == []


def test_tap_without_room_or_two_at_once_leave_no_empty_row(
    hand: Any, server: PlayedServer, gallery: FolderCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second tap at once opens no second camera; one that cannot be remembered opens none at all."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    hand.tap(hand.t("phone.take_photo"))
    assert gallery.holds() == 1
    gallery.leave(is_taken=False)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(pocket, "set_shots", refuse)
    tap_camera(hand)
    assert hand.t("error.store_full") in hand.texts()
    assert gallery.holds() == 0


def test_camera_that_writes_late_loses_nothing(hand: Any, server: PlayedServer, gallery: FolderCamera) -> None:
    """It says that it took a picture before the bytes are there: the place is kept, and the picture with the next."""
    order = stand_at_the_door(hand, server)
    hand.ui.go("photos", job=order)
    tap_camera(hand)
    gallery.leave()
    assert gallery.holds() == 1
    gallery.shoot(PHOTO)
    camera.collect(hand.ui)
    assert len(hand.phone.photos(order)) == 1
    assert gallery.holds() == 0


def test_picture_is_not_filed_on_a_phone_that_the_other_process_has_wiped(
    hand: Any, server: PlayedServer, gallery: FolderCamera
) -> None:
    """What is written there goes nowhere: the picture stays where it is."""
    open_camera(hand, server, gallery)
    marker = guard.Guard(state="wiped", since_ms=1, reason="desk")
    (hand.phone.desk.store.folder / "wiped.json").write_bytes(msgspec.json.encode(marker))
    gallery.leave()
    assert gallery.holds() == 1


def test_two_who_collect_at_once_file_a_picture_once(hand: Any, server: PlayedServer, gallery: FolderCamera) -> None:
    """The list was read before the other had filed it."""
    order = open_camera(hand, server, gallery)
    (shot,) = hand.phone.shots.waiting()
    gallery.leave()
    assert not hand.phone.shots._file(shot, PHOTO, is_left=False)
    told = [item for item in hand.phone.pending(order) if facts.name_of(item.event.body) == "photo_taken"]
    assert len(told) == 1
