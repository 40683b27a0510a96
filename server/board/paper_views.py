"""HTTP of the paper fallback: the live board as a page without script, to print or to save."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Response

from server.board import paper
from server.core.registry import DESK, Audience, Registry

if TYPE_CHECKING:
    from server.core.calls import Call

_HTML: Final = "text/html; charset=utf-8"


def register(registry: Registry) -> None:
    """Declare the slice's route."""
    registry.add("GET", "/paper", show_paper, Audience.CONSOLE, roles=DESK, limit="60/minute")


def show_paper(call: Call) -> Response:
    """Show the branch's board; with `save` it comes as a file that holds its moment in its name."""
    now_ms, settings = call.now_ms, call.settings
    sheet = call.read(lambda s: paper.take_sheet(s, call.actor.branch_id, now_ms, settings.sla_profile))
    is_saved = bool(call.query.get("save"))
    answer = Response(paper.render(sheet, call.language, settings.time_zone, is_page=not is_saved), content_type=_HTML)
    if is_saved:
        answer.headers["Content-Disposition"] = f'attachment; filename="board-{now_ms // 1000}.html"'
    return answer
