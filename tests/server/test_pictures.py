"""Pictures from the field: redrawn for eyes, never altered as evidence, bombs refused, the same one found again."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from mobile.service import Phone
from server.uploads import pictures
from server.uploads import repository as uploads
from server.uploads.files import Shelf
from server.uploads.viewing import Viewing
from tests.mobile.phones import go_to_the_door
from tests.server.house import HOME, STOVE, House
from tests.server.test_late_rules import assign

SECRET: Final = b"Maker of the camera"


def draw(seed: int = 0, quality: int = 90, size: tuple[int, int] = (320, 240), *, tells: bool = False) -> bytes:
    """Return a JPEG with something to see on it; with `tells` it carries EXIF data with a place."""
    image = Image.radial_gradient("L").rotate(31 * seed).crop((seed * 9, 20, 256, 236)).resize(size).convert("RGB")
    exif = Image.Exif()
    if tells:
        exif[0x010F] = SECRET.decode()
        exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """Return the head of a PNG that claims a size, with hardly anything behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def show(house: House, phone: Phone, content: bytes) -> str:
    """Let a technician photograph something at a new order; return the order's id."""
    order_id = house.report({**STOVE, "address": f"桃北中街{len(content)}号"})
    assert assign(house, house.lin, order_id, "wang") == 200
    house.sync(phone)
    go_to_the_door(phone, order_id)
    phone.act("take_photo", order_id, content=content, purpose="after", lat=37.86, lon=113.57)
    house.sync(phone)
    phone.lane.run_once()
    house.drain()
    Viewing(house.services, in_process=True).run_once()
    house.drain()
    return order_id


def test_desk_sees_a_rendition_without_place_and_the_evidence_stays_as_it_came(house: House) -> None:
    """Lin's browser gets a redrawn picture; its file lies untouched, the declared place in the fact."""
    content = draw(tells=True)
    sha256 = hashlib.sha256(content).hexdigest()
    order_id = show(house, house.phone("wang"), content)
    shown = house.lin.get(f"/files/{sha256}")
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    assert SECRET in content
    assert SECRET not in shown.data
    assert not Image.open(io.BytesIO(shown.data)).getexif()
    assert Shelf(house.folder, HOME).whole(sha256).read_bytes() == content
    told = [str(e.data["body"]) for e in house.events(order_id) if e.data.get("fact") == "photo_taken"]
    assert ['"lat":37.86' in body for body in told] == [True]


def test_nearly_the_same_picture_at_two_orders_is_flagged_and_kept(house: House) -> None:
    """Wang shows one stove's picture again, saved anew, at another order: both orders are to be looked at."""
    wang = house.phone("wang")
    first = show(house, wang, draw(3))
    other = show(house, wang, draw(9))
    assert "picture_repeated" not in house.flags(first) + house.flags(other)
    again = show(house, wang, draw(3, quality=60))
    assert "picture_repeated" in house.flags(first)
    assert "picture_repeated" in house.flags(again)
    assert "picture_repeated" not in house.flags(other)
    assert house.read(lambda s: uploads.list_missing(s, again)) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png_of(60_000, 60_000), "too_many_pixels"),
        (draw()[:200], "not_a_picture"),
        (b"GIF89a" + b"\0" * 50, "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
        (b"\xff\xd8\xff" + b"\0" * (pictures.LARGEST_BYTES + 1), "too_large"),
    ],
    ids=["pixel_bomb", "torn", "gif", "svg", "huge"],
)
def test_what_is_no_honest_picture_gets_no_rendition(tmp_path: Path, content: bytes, reason: str) -> None:
    """Bombs and disguises are told by name and never unpacked; the file is another's business and stays."""
    path = tmp_path / "file"
    path.write_bytes(content)
    seen = pictures.look(path)
    assert (seen.reason, seen.rendition, seen.likeness) == (reason, b"", "")
    assert path.read_bytes() == content


def test_walls_are_not_taken_for_each_other() -> None:
    """Two pictures without anything on them are no twins."""
    flat = pictures.likeness_of(Image.new("RGB", (64, 64), "white"))
    assert not pictures.is_alike(flat, pictures.likeness_of(Image.new("RGB", (64, 64), "gray")))
