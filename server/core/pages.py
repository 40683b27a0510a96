"""The office's pages: plain forms, one deed each; then back to the page, or the page again with what is wrong above."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import make_response, redirect, render_template
from werkzeug.wrappers import Response

from server.core import errors, texts
from server.core.calls import Call
from server.core.unit_of_work import Tx
from shared import service_record
from shared.errors import DomainError

Show = Callable[[str, int], Response]


def render(call: Call, template: str, error: str, status: int, **data: Any) -> Response:
    """Return a page; ``error`` is said above it, and after a deed that it is done."""
    shown = {
        "zone": call.settings.time_zone,
        "now_ms": call.now_ms,
        "money": service_record.money,
        "known": functools.partial(_known, call.language),
        "error": error,
        "is_done": not error and call.query.get("done") == "1",
        **data,
    }
    return make_response(render_template(template, **shown), status)


def _known(language: str, table: str, code: str) -> str:
    """Return the words of a code, or the code itself when a company has one of its own."""
    return texts.catalog().find(language, f"{table}.{code}") or code


def carry_out(call: Call, work: Callable[[Tx], object], back: str, show: Show) -> Response:
    """Do what a form asks and go back; a refusal is said above the page, with its status."""
    try:
        call.write(work)
    except DomainError as refused:
        said = texts.catalog().text(call.language, f"error.{refused.code}", **refused.data)
        return show(said, errors.status_of(refused))
    return redirect(f"{back}?done=1", 303)
