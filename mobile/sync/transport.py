"""The wire to the server, and what an answer means before its content is read (reliability.md 3.4)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Protocol

import msgspec

SYNC_PATH: Final = "/api/v1/sync"
ENROL_PATH: Final = "/api/v1/enrol"
DEVICE_KEY_PATH: Final = "/api/v1/device/key"
PRODUCT_HEADER: Final = "x-leakfirst"
_WORTH_REPEATING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class TransportError(Exception):
    """No answer of our server: no network, a time-out, a broken connection, or somebody else's page."""


class HungLineError(TransportError):
    """The call hung while our server answered a fresh line: the next call may begin at once."""


class ForeignServerError(TransportError):
    """Somebody else answered in our server's place: his certificate is not one of ours."""


class Reply(msgspec.Struct, frozen=True):
    """An HTTP answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Posts one message and waits for its answer."""

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the answer, whatever its status. Raises TransportError when there is none."""
        ...


class FileTransport(Protocol):
    """Speaks the rules of tus 1.0 to the file lane."""

    def exchange(self, method: str, path: str, headers: Mapping[str, str], payload: bytes, timeout_s: float) -> Reply:
        """Return the answer, whatever its status. Raises TransportError when there is none."""
        ...


class Verdict(enum.Enum):
    """What to do with an answer."""

    READ = "read"
    REPEAT = "repeat"
    SIGN_IN = "sign_in"
    REFUSED = "refused"


def judge(reply: Reply) -> Verdict:
    """Classify an answer by its header and status; a captive portal's page counts as no network."""
    if PRODUCT_HEADER not in reply.headers:
        return Verdict.REPEAT
    if reply.status == HTTPStatus.OK:
        return Verdict.READ
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Verdict.SIGN_IN
    is_final = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Verdict.REFUSED if is_final and reply.status not in _WORTH_REPEATING else Verdict.REPEAT


def is_portal(reply: Reply) -> bool:
    """Tell whether an answer is a network's sign-in page: somebody answers well, but it is not our server."""
    is_ill = reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR  # a proxy before our server says so when it is away
    is_page = not is_ill or reply.status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED
    return PRODUCT_HEADER not in reply.headers and is_page


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


def read_code(reply: Reply) -> str:
    """Return the code of a refusal, the status where the body names none."""
    try:
        found = msgspec.json.decode(reply.body, type=_Problem).code
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = ""
    return found or f"http_{reply.status}"
