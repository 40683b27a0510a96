"""The photo lane on the phone: what is wrong with one picture holds up no other, and the technician hears of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mobile.service import Phone
from mobile.store import cipher, pictures
from mobile.sync.transport import PRODUCT_HEADER, Reply
from mobile.sync.uploads import PIECE_BYTES, FileLane
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, go_to_the_door

FIRST = b"\xff\xd8\xff" + bytes(range(256)) * 4 * 600  # three pieces, the last one short
SECOND = b"\xff\xd8\xff" + b"after" * 100
SHA_1, SHA_2 = hashlib.sha256(FIRST).hexdigest(), hashlib.sha256(SECOND).hexdigest()


class Shelf:
    """A server that takes pictures by the rules of tus 1.0, and answers some of them with a fault."""

    def __init__(self) -> None:
        """Hold nothing, refuse nothing."""
        self.announced: dict[str, int] = {}
        self.held: dict[str, bytes] = {}
        self.calls: list[tuple[str, str]] = []
        self.faults: dict[str, tuple[int, str]] = {}
        self.on_piece: Callable[[str], object] = lambda _sha256: None

    def exchange(self, method: str, path: str, headers: Mapping[str, str], payload: bytes, timeout_s: float) -> Reply:
        """Answer one call."""
        del timeout_s
        sha256 = path.rpartition("/")[2] if method != "POST" else _announced_sha256(headers)
        self.calls.append((method, sha256))
        if sha256 in self.faults:
            status, code = self.faults[sha256]
            return Reply(status, {PRODUCT_HEADER: "1"}, json.dumps({"code": code}).encode())
        if method == "PATCH":
            assert int(headers["Upload-Offset"]) == len(self.held[sha256])
            self.held[sha256] += payload
            self.on_piece(sha256)
        self.held.setdefault(sha256, b"")
        status = {"POST": 201, "PATCH": 204, "HEAD": 200}[method]
        return Reply(status, {PRODUCT_HEADER: "1", "upload-offset": str(len(self.held[sha256]))}, b"")

    def count(self, sha256: str) -> int:
        """Return how often a file was announced."""
        return self.calls.count(("POST", sha256))


def _announced_sha256(headers: Mapping[str, str]) -> str:
    told = dict(item.split(" ") for item in headers["Upload-Metadata"].split(","))
    return base64.b64decode(told["sha256"]).decode()


@pytest.fixture
def shelf() -> Shelf:
    """Return a server without pictures."""
    return Shelf()


@pytest.fixture
def wang(phone: Phone, office: Office, clock: HandClock, shelf: Shelf) -> Phone:
    """Return Wang's phone with two pictures taken, the long one first, and a lane to the shelf."""
    office.send(job())
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    for content in (FIRST, SECOND):
        clock.pass_ms(1000)
        phone.act("take_photo", "order-1", content=content, purpose="after")
    phone.lane = FileLane(phone.desk.store, shelf, clock)
    return phone


def damage_second_piece(phone: Phone) -> None:
    """Change one byte on the disk that the second piece is read from."""
    path = pictures.path_of(phone.desk.store.folder, SHA_1)
    start, length = cipher.span_of(PIECE_BYTES // cipher.CHUNK_BYTES)
    content = bytearray(path.read_bytes())
    content[start + length // 2] ^= 1
    path.write_bytes(content)


def lose(phone: Phone) -> None:
    """Take the first picture off the disk."""
    pictures.path_of(phone.desk.store.folder, SHA_1).unlink(missing_ok=True)


def problem_of(phone: Phone, sha256: str) -> str:
    """Return what is wrong with a picture."""
    return next(photo.problem for photo in phone.photos("order-1") if photo.sha256 == sha256)


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_picture_that_breaks_after_its_first_piece_holds_up_no_other(wang: Phone, shelf: Shelf, how: str) -> None:
    """The disk fails in the middle of the first picture: the second arrives, and the first needs attention."""
    if how == "damaged":
        damage_second_piece(wang)
    else:
        shelf.on_piece = lambda _sha256: lose(wang)
    assert wang.lane.run_once().delivered == 1
    assert shelf.held[SHA_2] == SECOND
    assert shelf.held[SHA_1] == FIRST[:PIECE_BYTES]
    assert (wang.line().needs_attention, wang.line().unsent_photos) == (1, 1)
    assert problem_of(wang, SHA_1) == "picture_unreadable"
    assert problem_of(wang, SHA_2) == ""


def test_picture_refused_for_good_is_not_sent_again_until_the_technician_says_so(wang: Phone, shelf: Shelf) -> None:
    """The server will never take it: one call, then Wang sees it, and his tap sends it once more."""
    shelf.faults[SHA_1] = (422, "file_invalid")
    for _ in range(5):
        wang.lane.run_once()
    assert (shelf.count(SHA_1), shelf.held[SHA_2]) == (1, SECOND)
    assert (wang.line().needs_attention, problem_of(wang, SHA_1)) == (1, "file_invalid")
    del shelf.faults[SHA_1]
    wang.lane.send_again(SHA_1)
    assert (wang.line().needs_attention, problem_of(wang, SHA_1)) == (0, "")
    assert wang.lane.run_once().waiting == 0
    assert shelf.held[SHA_1] == FIRST


def test_picture_that_arrives_wrong_is_sent_again_with_growing_pauses(
    wang: Phone, shelf: Shelf, clock: HandClock
) -> None:
    """Bytes were changed on the way: that is worth repeating, but not every five seconds for a whole shift."""
    shelf.faults[SHA_1] = (460, "file_checksum_wrong")
    for _ in range(8 * 720):
        wang.lane.run_once()
        clock.pass_ms(5_000)
    assert 8 * 6 <= shelf.count(SHA_1) <= 8 * 6 + 10
    assert wang.line().needs_attention == 0
    del shelf.faults[SHA_1]
    clock.pass_ms(600_000)
    assert wang.lane.run_once().waiting == 0


def test_disk_that_is_full_when_a_delivery_is_noted_holds_up_no_other(wang: Phone, shelf: Shelf) -> None:
    """What was delivered cannot be written down: the next picture goes out all the same, and nothing is lost."""
    db = wang.desk.store.connection
    db.execute("CREATE TRIGGER full BEFORE UPDATE ON files BEGIN SELECT raise(FAIL, 'database or disk is full'); END")
    assert wang.lane.run_once().delivered == 0
    assert (shelf.held[SHA_1], shelf.held[SHA_2]) == (FIRST, SECOND)
    db.execute("DROP TRIGGER full")
    assert wang.lane.run_once().waiting == 0


def test_sealed_evidence_that_cannot_be_read_holds_up_no_other(wang: Phone, office: Office, tmp_path: Path) -> None:
    """After a wipe one sealed file is broken: the others reach the server."""
    folder = wang.desk.store.folder / "evidence"
    folder.mkdir()
    (folder / "a.sealed").mkdir()
    (folder / "b.sealed").write_bytes(b"sealed")
    wang.lane = FileLane(wang.desk.store, wang._http(), wang.clock)
    wang.lane.deliver_evidence()
    assert office.evidence == [b"sealed"]
