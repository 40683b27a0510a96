"""HTTP of the photo lane by the rules of tus 1.0 (resumable uploads), files addressed by their SHA-256.

Announce with POST, ask with HEAD how much has come, send the rest with PATCH. Nothing here waits on text or a leak.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from flask import Response, request, send_file

from server.core.registry import OFFICE, Audience, Registry
from server.uploads import repository, service
from server.uploads.files import Shelf
from shared import facts
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.uploads.models import Upload

_VERSION: Final = "1.0.0"
_PIECE: Final = "application/offset+octet-stream"
_RULE: Final = "/api/v1/uploads"
_PER_MINUTE: Final = "3000/minute"
_RENDITION: Final = "image/jpeg"
_BYTES: Final = "application/octet-stream"


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("POST", _RULE, announce, Audience.DEVICE, limit=_PER_MINUTE)
    registry.add("HEAD", f"{_RULE}/<sha256>", ask, Audience.DEVICE, limit=_PER_MINUTE)
    registry.add("PATCH", f"{_RULE}/<sha256>", append, Audience.DEVICE, limit=_PER_MINUTE)
    registry.add("GET", "/files/<sha256>", show, Audience.CONSOLE, roles=OFFICE)


def announce(call: Call) -> Response:
    """Announce a file: `Upload-Length` in bytes, `Upload-Metadata` with base64 `sha256` and `filetype`."""
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    size_bytes = _whole_number(request.headers.get("Upload-Length", ""))
    sha256 = told.get("sha256", "")
    row = call.write(
        lambda tx: service.announce(tx, call.device_id, sha256, size_bytes, told.get("filetype", "image/jpeg"))
    )
    _end_if_whole(call, row)
    return _answer(call, row.sha256, 201, Location=f"{_RULE}/{row.sha256}")


def ask(call: Call, sha256: str) -> Response:
    """Tell how many bytes of a file have come. A file that nobody announced is `not_found`."""
    row = _get(call, sha256)
    return _answer(call, sha256, 200, **{"Upload-Length": str(row.size_bytes), "Cache-Control": "no-store"})


def append(call: Call, sha256: str) -> Response:
    """Take the next piece; the last one makes the file whole, or starts it again when it is another file."""
    row = _get(call, sha256)
    if request.content_type != _PIECE:
        raise DomainError("invalid_request", reason=f"content type is not {_PIECE}")
    shelf = _shelf(call)
    offset_bytes = _whole_number(request.headers.get("Upload-Offset", ""))
    have_bytes = shelf.append(sha256, offset_bytes, request.get_data(), row.size_bytes)
    if have_bytes == row.size_bytes:
        _end_if_whole(call, row)
    return _answer(call, sha256, 204)


def show(call: Call, sha256: str) -> Response:
    """Show a picture to the desk as it was redrawn; `original=1` hands the evidence out as a file to keep."""
    row = call.read(lambda s: repository.get_upload(s, call.actor.branch_id, sha256))
    if row.completed_ms is None:
        raise DomainError("not_found", what="file")
    shelf = Shelf(call.settings.data_dir, call.actor.branch_id)
    if shelf.rendition(sha256).exists() and not call.query.get("original"):
        return _sandboxed(send_file(shelf.rendition(sha256), mimetype=_RENDITION, download_name=f"{sha256}.jpg"))
    # As it came: evidence, but nothing that a browser of ours would open.
    return _sandboxed(send_file(shelf.whole(row.sha256), mimetype=_BYTES, as_attachment=True, download_name=sha256))


def _sandboxed(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _get(call: Call, sha256: str) -> Upload:
    row = call.read(lambda s: repository.get_upload(s, call.actor.branch_id, sha256))
    _end_if_whole(call, row)
    return row


def _end_if_whole(call: Call, row: Upload) -> None:
    """Settle and note a file whose last byte is here: the process may have ended between the byte and its note."""
    shelf = _shelf(call)
    if row.completed_ms is not None or shelf.size_bytes(row.sha256) != row.size_bytes:
        return
    if not shelf.settle(row.sha256):
        raise DomainError("file_checksum_wrong", sha256=row.sha256)
    call.write(lambda tx: service.complete(tx, row.sha256))


def _shelf(call: Call) -> Shelf:
    return Shelf(call.settings.data_dir, call.actor.branch_id)


def _answer(call: Call, sha256: str, status: int, **headers: str) -> Response:
    told = {
        "Tus-Resumable": _VERSION,
        "Tus-Max-Size": str(facts.LARGEST_FILE_BYTES),
        "X-Leakfirst": "1",
        "Upload-Offset": str(_shelf(call).size_bytes(sha256)),
        **headers,
    }
    return Response(status=status, headers=told)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise DomainError("invalid_request", reason="Upload-Length or Upload-Offset is no whole number")
    return int(text)


def _metadata(text: str) -> dict[str, str]:
    try:
        pairs = (item.strip().partition(" ") for item in text.split(",") if item.strip())
        return {key: base64.b64decode(value, validate=True).decode() for key, _, value in pairs}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise DomainError("invalid_request", reason="Upload-Metadata is not readable") from error
