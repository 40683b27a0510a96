"""The photo lane: resumable, addressed by what is in it, never in the way, and no order closes without its pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import pytest

from mobile.service import Phone
from mobile.sync.transport import FileTransport, Reply, TransportError
from mobile.sync.uploads import PIECE_BYTES, FileLane
from server.uploads import repository as uploads
from server.uploads.files import Shelf
from shared import facts
from shared.errors import DomainError
from tests.mobile.phones import go_to_the_door
from tests.server.house import ELSEWHERE, HOME, STOVE, House, Wire
from tests.server.test_late_rules import assign, sign

pytestmark = pytest.mark.slow  # many phones, many broken lines

PICTURE: Final = b"\xff\xd8\xff" + bytes(range(256)) * 4 * 600  # three pieces, the last one short
SHA256: Final = hashlib.sha256(PICTURE).hexdigest()


class BadLine:
    """A line that breaks after so many calls, before or after the server has heard."""

    def __init__(self, line: FileTransport, breaks_at: int, *, hears: bool) -> None:
        """Break the call number `breaks_at`."""
        self._line, self._left, self._hears = line, breaks_at, hears

    def exchange(self, method: str, path: str, headers: Mapping[str, str], payload: bytes, timeout_s: float) -> Reply:
        """Pass a call on, or lose it."""
        self._left -= 1
        if self._left == 0 and not self._hears:
            raise TransportError("cut")
        answer = self._line.exchange(method, path, headers, payload, timeout_s)
        if self._left == 0:
            raise TransportError("cut")
        return answer


def wang_with_photo(house: House) -> tuple[Phone, str]:
    """Return Wang's phone at the stove with one picture taken, nothing of it sent."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    assert assign(house, house.lin, order_id, "wang") == 200
    house.sync(wang)
    go_to_the_door(wang, order_id)
    wang.act("take_photo", order_id, content=PICTURE, purpose="after")
    return wang, order_id


def call(house: House, method: str, path: str, body: bytes = b"", token: str = "", **headers: Any) -> Any:
    """Call the lane as a device."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    told["Authorization"] = f"Bearer {token}"
    return house.app.test_client().open(path, method=method, data=body, headers=told)


def token_of(house: House, technician_id: str = "sun") -> str:
    """Return the token of a fresh phone."""
    identity = house.phone(technician_id).find_identity()
    assert identity is not None
    return identity.token


def metadata(sha256: str = SHA256) -> str:
    """Return the announcement's metadata."""
    return f"sha256 {base64.b64encode(sha256.encode()).decode()}"


def test_order_stays_signed_until_its_picture_has_come_and_then_closes(house: House) -> None:
    """The text is there at once; the picture follows in its own lane, and only then the order is closed."""
    wang, order_id = wang_with_photo(house)
    sign(wang, order_id)
    house.sync(wang)
    assert (house.order(order_id).state, wang.line().unsent_photos) == ("signed", 1)
    assert wang.lane.run_once().delivered == 1
    house.drain()
    assert (house.order(order_id).state, wang.line().unsent_photos) == ("closed", 0)
    assert Shelf(house.folder, HOME).whole(SHA256).read_bytes() == PICTURE


@pytest.mark.parametrize("hears", [False, True], ids=["call_lost", "answer_lost"])
@pytest.mark.parametrize("breaks_at", [1, 2, 3, 4])
def test_broken_delivery_is_resumed_and_the_file_arrives_once(house: House, breaks_at: int, *, hears: bool) -> None:
    """The line breaks at any call: the next pass goes on where the server stands."""
    wang, _ = wang_with_photo(house)
    identity = wang.find_identity()
    assert identity is not None
    line = Wire(house.app, identity.token)
    FileLane(wang._store, BadLine(line, breaks_at, hears=hears), house.clock).run_once()
    assert FileLane(wang._store, line, house.clock).run_once().waiting == 0
    assert Shelf(house.folder, HOME).whole(SHA256).read_bytes() == PICTURE
    events = [e.type for e in house.events("") if e.type == "file_received"]
    assert len(events) == 1


def test_picture_with_other_content_is_kept_aside_and_asked_for_again(house: House) -> None:
    """What was announced is not what came: it is not taken for the file, nor thrown away."""
    token = token_of(house)
    call(house, "POST", "/api/v1/uploads", token=token, Upload_Length="4", Upload_Metadata=metadata())
    answer = call(
        house,
        "PATCH",
        f"/api/v1/uploads/{SHA256}",
        b"else",
        token,
        Upload_Offset="0",
        Content_Type="application/offset+octet-stream",
    )
    assert (answer.status_code, answer.json["code"]) == (460, "file_checksum_wrong")
    assert call(house, "HEAD", f"/api/v1/uploads/{SHA256}", token=token).headers["Upload-Offset"] == "0"
    kept = house.folder / "files" / HOME / "broken" / hashlib.sha256(b"else").hexdigest()
    assert kept.read_bytes() == b"else"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Upload_Length": "ten", "Upload_Metadata": metadata()}, "invalid_request"),
        ({"Upload_Length": "-1", "Upload_Metadata": metadata()}, "invalid_request"),
        ({"Upload_Length": "0", "Upload_Metadata": metadata()}, "file_invalid"),
        ({"Upload_Length": "99999999999", "Upload_Metadata": metadata()}, "file_invalid"),
        ({"Upload_Length": "10", "Upload_Metadata": metadata("../../etc/passwd")}, "file_invalid"),
        ({"Upload_Length": "10", "Upload_Metadata": "sha256 ***"}, "invalid_request"),
        ({"Upload_Length": "10"}, "file_invalid"),
        ({}, "invalid_request"),
    ],
)
def test_garbage_announcement_is_refused_in_both_languages(house: House, headers: dict[str, str], code: str) -> None:
    """Nothing that is no file gets a row or a path."""
    answer = call(house, "POST", "/api/v1/uploads", b"", token_of(house), **headers)
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert set(answer.json["text"]) == {"zh_CN", "en"}


def test_piece_beyond_the_announced_length_or_at_a_wrong_place_is_refused(house: House) -> None:
    """A confused phone hears where to go on; what is there stays."""
    token, path = token_of(house), f"/api/v1/uploads/{SHA256}"
    call(house, "POST", "/api/v1/uploads", token=token, Upload_Length="4", Upload_Metadata=metadata())
    kind = "application/offset+octet-stream"
    wrong = call(house, "PATCH", path, b"ab", token, Upload_Offset="3", Content_Type=kind)
    assert (wrong.status_code, wrong.json["data"]["offset_bytes"]) == (409, 0)
    long = call(house, "PATCH", path, b"abcdef", token, Upload_Offset="0", Content_Type=kind)
    assert (long.status_code, long.json["code"]) == (400, "file_invalid")
    assert call(house, "PATCH", path, b"ab", token, Upload_Offset="0").status_code == 400


def test_picture_is_shown_to_its_own_desk_only(house: House) -> None:
    """Lin sees it; stranger Qian of the other branch is told that there is none."""
    wang, order_id = wang_with_photo(house)
    house.sync(wang)
    wang.lane.run_once()
    answer = house.lin.get(f"/files/{SHA256}?original=1")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "application/octet-stream", PICTURE)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert house.sign_in("qian").get(f"/files/{SHA256}").status_code == 404
    assert house.app.test_client().get(f"/files/{SHA256}").status_code in {302, 401}
    assert house.read(lambda s: uploads.list_missing(s, order_id)) == []
    assert house.read(lambda s: uploads.find_upload(s, ELSEWHERE, SHA256)) is None


def test_what_is_no_picture_stays_off_the_phone(house: House) -> None:
    """A text file chosen by mistake is refused before anything is stored."""
    wang, order_id = wang_with_photo(house)
    with pytest.raises(DomainError) as refused:
        wang.act("take_photo", order_id, content=b"hello", purpose="after")
    assert refused.value.code == "file_invalid"
    assert [photo.sha256 for photo in wang.photos(order_id)] == [SHA256]


def test_photo_after_the_signature_voids_it(house: House) -> None:
    """What was signed did not show this picture: the customer signs again."""
    wang, order_id = wang_with_photo(house)
    sign(wang, order_id)
    wang.act("take_photo", order_id, content=PICTURE + b"2", purpose="hazard")
    assert wang.get_job(order_id).visit.signed_ms is None


def test_pieces_are_smaller_than_what_the_server_takes() -> None:
    """A piece never meets the limit of a body."""
    assert PIECE_BYTES < 4 * 1024 * 1024 < facts.LARGEST_FILE_BYTES


def test_file_whose_last_byte_came_just_before_a_crash_is_whole_with_the_next_word(house: House) -> None:
    """The bytes are all here, their note is not: announcing again ends it, and the order can close."""
    wang, order_id = wang_with_photo(house)
    house.sync(wang)
    identity = wang.find_identity()
    assert identity is not None
    told = {"Upload_Length": str(len(PICTURE)), "Upload_Metadata": metadata()}
    call(house, "POST", "/api/v1/uploads", b"", identity.token, **told)
    Shelf(house.folder, HOME).append(SHA256, 0, PICTURE, len(PICTURE))
    assert house.read(lambda s: uploads.list_missing(s, order_id)) == [SHA256]
    assert wang.lane.run_once().waiting == 0
    assert house.read(lambda s: uploads.list_missing(s, order_id)) == []
