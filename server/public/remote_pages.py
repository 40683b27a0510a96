"""The customer's page: the record as it will be signed, the pad, who he is, what he thinks, and the one-time code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, make_response, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import orm
from werkzeug.wrappers import Response

from server.core import errors, texts
from server.core.calls import Services
from server.core.unit_of_work import Actor
from server.public import links
from server.public.rules import public_rules
from server.remote_signing import repository, service
from server.remote_signing.models import RemoteSigning
from shared import service_record
from shared.errors import DomainError

_SEEN: Final = "60/minute"
_SIGNED: Final = "20/hour"

Limit = Callable[..., None]


def add_pages(app: Flask, services: Services, limit: Limit, csrf: CSRFProtect) -> None:
    """Add the page to the app; ``limit`` counts calls as the app's routes do."""
    desk = _Desk(services, limit, csrf)
    rule = "/s/<work_order_id>/<shown>/sign"
    app.add_url_rule(rule, "remote signing", desk.show, methods=["GET"])
    app.add_url_rule(rule, "remote signing give", desk.take, methods=["POST"])


class _Desk:
    """The page over the server's services; every answer is a page."""

    def __init__(self, services: Services, limit: Limit, csrf: CSRFProtect) -> None:
        self._services, self._limit, self._csrf = services, limit, csrf

    def _page(self, template: str, status: int, **data: Any) -> Response:
        settings, rules = self._services.settings, public_rules()
        shown = {
            "rules": rules,
            "emergency": rules.emergency.get(settings.jurisdiction) or next(iter(rules.emergency.values())),
            "hotline": settings.hotline,
            **data,
        }
        return make_response(render_template(f"public/{template}.html", **shown), status)

    def show(self, work_order_id: str, shown: str) -> Response:
        """Show what can be signed, or that it is signed, or that the link is over."""
        self._limit(_SEEN, "public", request.remote_addr or "")
        if not links.opens(self._services.settings.secret_key, work_order_id, shown):
            return self._page("gone", 404)
        return self._form(work_order_id, "", 200)

    def _form(self, work_order_id: str, error: str, status: int, given: dict[str, str] | None = None) -> Response:
        now_ms = self._services.uow.clock.now_ms()
        row = self._services.uow.read(lambda s: _find(s, work_order_id, now_ms))
        link = links.path(self._services.settings.secret_key, work_order_id)
        if row is None or row.state not in {service.OPEN, service.GIVEN, service.SIGNED}:
            return self._page("gone", 404 if status == 200 else status)  # noqa: PLR2004 - HTTP's own number
        if row.state != service.OPEN:
            return self._page("sign_done", 200, link=link)
        return self._page(
            "sign",
            status,
            link=link,
            error=error,
            given=given or {},
            record=service_record.parse(row.record_json),
            view_code=service_record.view_code(row.record_json),
            total=service_record.money(service_record.parse(row.record_json).charge.total_cents),
            relations=service.signing_rules().relations,
        )

    def take(self, work_order_id: str, shown: str) -> Response:
        """Take the signature; what is wrong is said above the form, and nothing typed is lost but the strokes."""
        if not links.opens(self._services.settings.secret_key, work_order_id, shown):
            return self._page("gone", 404)
        form = request.form.to_dict()
        said = service.Said(
            strokes=form.get("strokes", ""),
            relation=form.get("relation", ""),
            opinion=form.get("opinion", "").strip(),
            code=form.get("code", ""),
        )
        try:
            self._limit(_SIGNED, "remote signing", work_order_id)
            self._give(work_order_id, said)
        except DomainError as refused:
            return self._form(work_order_id, _words(refused), errors.status_of(refused), form)
        return self._form(work_order_id, "", 200)

    def _give(self, work_order_id: str, said: service.Said) -> None:
        try:
            self._csrf.protect()
        except CSRFError as fault:
            raise DomainError("csrf_failed") from fault
        # What the page itself can put right costs no try of the code.
        service.check_words(said)
        service.read_strokes(said.strokes)
        uow = self._services.uow
        row = uow.read(lambda s: repository.find_newest(s, work_order_id))
        if row is None:
            raise DomainError("remote_link_over")
        actor = Actor.system(row.branch_id)
        refused = uow.run(actor, lambda tx: service.try_code(tx, work_order_id, said.code))
        if refused:
            raise DomainError(refused)
        uow.run(actor, lambda tx: service.give(tx, work_order_id, said))


def _find(session: orm.Session, work_order_id: str, now_ms: int) -> RemoteSigning | None:
    row = repository.find_newest(session, work_order_id)
    is_over = row is not None and row.state == service.OPEN and now_ms >= row.expires_ms
    return None if is_over else row


def _words(refused: DomainError) -> str:
    chosen = request.cookies.get("language", "")
    language = chosen if chosen in texts.LANGUAGES else texts.LANGUAGES[0]
    return texts.catalog().text(language, f"error.{refused.code}", **refused.data)
