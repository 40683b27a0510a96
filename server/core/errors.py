"""Errors at the HTTP edge: one table from code to status; the text comes from the catalogs."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog
from flask import Flask, Response, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from server.core import texts
from shared.errors import DomainError

_log = structlog.get_logger(__name__)

_STATUS: Final = {
    "not_found": 404,
    "customer_not_found": 404,
    "forbidden": 403,
    "csrf_failed": 403,
    "signed_out": 401,
    "device_revoked": 401,
    "sign_in_failed": 401,
    "locked_out": 429,
    "rate_limited": 429,
    "version_conflict": 409,
    "customer_signing": 409,
    "transition_not_allowed": 409,
    "notice_over": 409,
    "promise_over": 409,
    "message_sent_already": 409,
    "recheck_open": 409,
    "remote_nothing_open": 409,
    "no_customer_channel": 409,
    "user_name_taken": 409,
    "wish_none": 409,
    "geocoder_none": 409,
    "not_demoted": 409,
    "not_planned": 409,
    "no_room_for_stop": 409,
    "too_many_views": 409,
    "absence_over": 409,
    "no_storm": 409,
    "leak_not_waiting": 409,
    "leak_not_postponed": 409,
    "opinion_given": 409,
    "opinion_not_open": 409,
    "device_wiped": 409,
    "device_not_enrolled": 409,
    "technician_absent": 409,
    "file_offset_wrong": 409,
    "packing_unknown": 415,
    "packing_unreadable": 415,
    "file_checksum_wrong": 460,
    "too_large": 413,
    "method_not_allowed": 405,
    "server_busy": 503,
}
_HTTP_CODES: Final = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    403: "forbidden",
    400: "invalid_request",
}
_BAD_REQUEST: Final = 400
_UNEXPECTED: Final = 500
_FOR_PROGRAMS: Final = ("/api/", "/run/", "/socket.io", "/healthz", "/readyz")


def status_of(error: DomainError) -> int:
    """Return the HTTP status of an error; what is not listed is a bad request."""
    return _STATUS.get(error.code, _BAD_REQUEST)


def payload_of(error: DomainError) -> dict[str, Any]:
    """Return the answer's body: code, text in both languages, data."""
    return {"code": error.code, "text": texts.catalog().both(f"error.{error.code}", **error.data), "data": error.data}


def json_response(value: Any, status: int = 200) -> Response:
    """Return a value as a JSON answer with the header that captive portals lack."""
    return Response(
        msgspec.json.encode(value), status=status, content_type="application/json", headers={"X-Leakfirst": "1"}
    )


def answer(error: DomainError, status: int) -> BaseResponse:
    """Return an error as the caller reads it: a page for a person's browser, JSON for programs."""
    if request.path.startswith(_FOR_PROGRAMS) or "text/html" not in request.headers.get("Accept", ""):
        return json_response(payload_of(error), status)
    if error.code == "signed_out" and request.method == "GET":
        return redirect("/sign-in")
    shown = make_response(render_template("error.html", code=error.code, data=error.data, status=status), status)
    shown.headers["X-Leakfirst"] = "1"
    return shown


def answer_program(error: Exception, path: str) -> Response:
    """Return any error as a program reads it; what nobody expected is logged whole."""
    refused, status = _judge(error, path)
    return json_response(payload_of(refused), status)


def _judge(error: Exception, path: str) -> tuple[DomainError, int]:
    """Return what a caller is told of an error, and the status of HTTP."""
    if isinstance(error, DomainError):
        _log.info("refused", code=error.code, path=path)
        return error, status_of(error)
    if isinstance(error, HTTPException):
        code = _HTTP_CODES.get(error.code or _BAD_REQUEST, "invalid_request")
        return DomainError(code, reason=error.name), error.code or _BAD_REQUEST
    if isinstance(error, (OverflowError, sa.exc.DataError)):
        # Numbers beyond 64 bits, NUL in a text: valid JSON, but nothing that a database takes.
        _log.warning("unstorable", path=path, error=type(error).__name__)
        return DomainError("invalid_request", reason="out of range"), _BAD_REQUEST
    _log.error("unexpected", path=path, exc_info=error)
    return DomainError("internal"), _UNEXPECTED


def register_error_handlers(app: Flask) -> None:
    """Map every error once: anticipated ones to their code, anything else is a bug and is logged whole."""

    @app.errorhandler(DomainError)
    @app.errorhandler(HTTPException)
    def _refused(error: DomainError | HTTPException) -> BaseResponse:
        return answer(*_judge(error, request.path))

    @app.errorhandler(OverflowError)
    @app.errorhandler(sa.exc.DataError)
    def _unstorable(error: Exception) -> Response:
        return answer_program(error, request.path)

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> BaseResponse:
        refused, status = _judge(error, request.path)
        try:
            return answer(refused, status)
        except Exception:  # noqa: BLE001 - what broke the request may break the page as well: the database is away
            _log.exception("no error page", path=request.path)
            return json_response(payload_of(refused), _UNEXPECTED)
