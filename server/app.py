"""The composition root: all slices' routes through one registry into a Flask app."""

from __future__ import annotations

import functools
import secrets
from pathlib import Path
from typing import Any, Final, cast

import flask_login
from flask import Flask, Response, g, redirect, render_template, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import device_calls
from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.accounts import views as account_views
from server.accounts.models import Account, Device
from server.addresses import views as address_views
from server.basemap import bases
from server.basemap import views as basemap_views
from server.billing import pages as money_pages
from server.billing import views as billing_views
from server.board import (
    absence_views,
    bulk_views,
    coverage_views,
    desk_views,
    paper_views,
    plan_views,
    saved_views,
    storm_views,
    watch_views,
    window_views,
)
from server.board import views as board_views
from server.call_backs import views as call_back_views
from server.complaints import views as complaint_views
from server.contacts import views as contact_views
from server.core import errors, registry, texts
from server.core.calls import Call, Services
from server.core.limiter import Limiter
from server.core.registry import Audience, Registry, Route
from server.core.unit_of_work import Actor
from server.customers import views as customer_views
from server.documents import views as document_views
from server.geocoding import views as geocoding_views
from server.hazards import pages as hazard_pages
from server.hazards import views as hazard_views
from server.intake import views as intake_views
from server.messages import views as message_views
from server.notices import views as notice_views
from server.odours import views as odour_views
from server.outages import views as outage_views
from server.outgoing import pages as message_pages
from server.people import pages as people_pages
from server.positions import views as position_views
from server.public import desk_views as link_views
from server.public import order_pages
from server.public import pages as public_pages
from server.public import remote_pages as signing_pages
from server.public import remote_views as signing_views
from server.stock import pages as stock_pages
from server.stock import views as stock_views
from server.sync import views as sync_views
from server.uploads import views as upload_views
from server.visits import views as visit_views
from shared import packing
from shared.errors import DomainError
from shared.machine import Role

_SIGN_IN_LIMIT: Final = "30/minute"
_SLICES: Final = (
    account_views,
    absence_views,
    storm_views,
    watch_views,
    customer_views,
    address_views,
    odour_views,
    outage_views,
    coverage_views,
    intake_views,
    window_views,
    contact_views,
    complaint_views,
    geocoding_views,
    link_views,
    people_pages,
    board_views,
    plan_views,
    paper_views,
    desk_views,
    bulk_views,
    saved_views,
    visit_views,
    document_views,
    call_back_views,
    message_views,
    notice_views,
    sync_views,
    basemap_views,
    upload_views,
    position_views,
    hazard_views,
    billing_views,
    stock_views,
    signing_views,
    order_pages,
    money_pages,
    stock_pages,
    hazard_pages,
    message_pages,
)


class ConsoleUser(flask_login.UserMixin):  # type: ignore[misc]  # the library has no types
    """Somebody signed in to the console; his id is the id of the session row (decision 13)."""

    def __init__(self, sign_in_id: str, account: Account) -> None:
        """Bind a session row to its account."""
        self.id = sign_in_id
        self.account = account


def make_registry() -> Registry:
    """Return every route of the product."""
    found = Registry()
    for views in _SLICES:
        views.register(found)
    return found


def make_app(services: Services, routes: Registry) -> Flask:
    """Return the app; what is not in the registry, but the pages of signing in, cannot be reached."""
    app = Flask("server", template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=services.settings.secret_key,
        MAX_CONTENT_LENGTH=device_calls.LARGEST_BODY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    csrf = CSRFProtect(app)
    errors.register_error_handlers(app)
    app.register_error_handler(
        CSRFError, lambda _e: errors.json_response(errors.payload_of(DomainError("csrf_failed")), 403)
    )
    limiter = Limiter()
    _set_up_sign_in(app, services)
    for route in routes.routes:
        view = functools.partial(_dispatch, services, route, limiter, csrf)
        app.add_url_rule(route.rule, route.endpoint, view, methods=[route.method])
    _add_pages(app, services, limiter, csrf)
    _add_health(app, services)
    _add_headers(app, services.settings.basemap_dir)
    app.wsgi_app = device_calls.shorten(app.wsgi_app, services, limiter, routes.routes)  # type: ignore[method-assign]  # as Flask says
    return app


def _dispatch(services: Services, route: Route, limiter: Limiter, csrf: CSRFProtect, **path: str) -> BaseResponse:
    """Prove who calls, check role, rate and body; then one view, one answer."""
    actor, device = _authenticate(services, route, csrf)
    device_id = device.id if device is not None else ""
    limiter.check(route.limit, route.endpoint, device_id or actor.id)
    sent = services.packer.open_body(request, device_id)
    body = registry.decode(route.schema, sent) if route.schema is not None else None
    session_id = str(flask_login.current_user.get_id() or "") if route.audience is Audience.CONSOLE else ""
    call = Call(
        services=services,
        actor=actor,
        body=body,
        query=request.args,
        device_id=device_id,
        device=device,
        session_id=session_id,
        language=_language(),
    )
    value = route.view(call, **path)
    if isinstance(value, BaseResponse):
        return value
    payload, status = value if isinstance(value, tuple) else (value, 200)
    return services.packer.pack_answer(errors.json_response(payload, status), request, device_id, sent)


def _authenticate(services: Services, route: Route, csrf: CSRFProtect) -> tuple[Actor, Device | None]:
    if route.audience is Audience.DEVICE:
        return device_calls.authenticate(services, request)
    if route.audience is Audience.PUBLIC:
        return Actor(id=request.remote_addr or "", role=Role.SYSTEM, branch_id=""), None
    user = flask_login.current_user
    if not user.is_authenticated:
        raise DomainError("signed_out")
    role = Role(user.account.role)
    if role not in route.roles:
        raise DomainError("forbidden")
    if route.method != "GET":
        csrf.protect()
    return Actor(id=user.account.id, role=role, branch_id=user.account.branch_id), None


def _set_up_sign_in(app: Flask, services: Services) -> None:
    manager = flask_login.LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]  # the library has no types
    def _load(sign_in_id: str) -> ConsoleUser | None:
        now_ms = services.uow.clock.now_ms()
        account = services.uow.read(lambda s: account_service.find_console_user(s, sign_in_id, now_ms))
        return ConsoleUser(sign_in_id, account) if account else None


def _language() -> str:
    chosen = request.cookies.get("language") or session.get("language") or "zh_CN"
    return chosen if chosen in texts.LANGUAGES else "zh_CN"


def _add_pages(app: Flask, services: Services, limiter: Limiter, csrf: CSRFProtect) -> None:
    """The few pages a browser opens by itself."""
    _add_words(app)
    _add_sign_in(app, services, limiter, csrf)
    public_pages.add_pages(app, services, limiter.check, csrf)
    signing_pages.add_pages(app, services, limiter.check, csrf)

    @app.get("/")
    def console() -> BaseResponse | str:
        if not flask_login.current_user.is_authenticated:
            return redirect("/sign-in")
        return render_template("console.html")

    @app.get("/favicon.ico")
    def mark() -> BaseResponse:
        return redirect("/static/img/mark.svg", 301)  # pages that stand alone in a file name no icon

    @app.get("/api/v1/texts/<language>.json")
    def list_texts(language: str) -> Response:
        if language not in texts.LANGUAGES:
            raise DomainError("not_found", what="language")
        return errors.json_response(texts.catalog().table(language))


def _add_words(app: Flask) -> None:
    """Give every template the texts of the caller's language, and who he is."""

    @app.context_processor
    def _globals() -> dict[str, Any]:
        language = _language()

        def t(key: str, **data: Any) -> str:
            return texts.catalog().text(language, key, **data)

        return {"t": t, "language": language, "csrf_token": generate_csrf, "user": _account_or_none()}


def _add_sign_in(app: Flask, services: Services, limiter: Limiter, csrf: CSRFProtect) -> None:
    @app.get("/sign-in")
    def sign_in_page() -> str:
        return render_template("sign_in.html", error=None, user_name="")

    @app.post("/sign-in")
    def sign_in() -> BaseResponse | tuple[str, int]:
        limiter.check(_SIGN_IN_LIMIT, "sign-in", request.remote_addr or "")
        csrf.protect()
        name, password = request.form.get("user_name", ""), request.form.get("password", "")
        try:
            sign_in_id, account = _open_session(services, name, password)
        except DomainError as refused:
            text = texts.catalog().text(_language(), f"error.{refused.code}", **refused.data)
            return render_template("sign_in.html", error=text, user_name=name), errors.status_of(refused)
        session.clear()
        session["language"] = account.language
        flask_login.login_user(ConsoleUser(sign_in_id, account))
        return redirect("/")

    @app.post("/sign-out")
    def sign_out() -> BaseResponse:
        csrf.protect()
        sign_in_id = str(flask_login.current_user.get_id() or "")
        services.uow.database.write(lambda s: account_service.sign_out(s, sign_in_id))
        flask_login.logout_user()
        return redirect("/sign-in")


def _account_or_none() -> Account | None:
    user = flask_login.current_user
    return cast("Account", user.account) if user.is_authenticated else None


def _open_session(services: Services, name: str, password: str) -> tuple[str, Account]:
    """Open a session, or count the failure; both are committed. Raises DomainError `sign_in_failed`, `locked_out`."""
    now_ms = services.uow.clock.now_ms()
    try:
        sign_in_id = services.uow.database.write(lambda s: account_service.sign_in(s, name, password, now_ms))
    except DomainError as refused:
        if refused.code == "sign_in_failed":
            services.uow.database.write(lambda s: account_service.count_failure(s, name, now_ms))
        raise
    account = services.uow.read(lambda s: account_service.find_console_user(s, sign_in_id, now_ms))
    if account is None:
        raise DomainError("sign_in_failed")
    return sign_in_id, account


def _add_health(app: Flask, services: Services) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return errors.json_response({"ok": True})

    @app.get("/readyz")
    def readyz() -> Response:
        if services.parking.is_under_way(request.args.get("call", "")):
            return errors.json_response({"ok": True, "is_under_way": True})
        with services.turns.taking(""):  # a phone that doubts its short call must not be answered sooner than the call
            branches = services.uow.read(lambda s: len(accounts.list_branches(s)))
        return errors.json_response({"ok": True, "branches": branches, "is_under_way": False})


def _add_headers(app: Flask, basemap_dir: Path | None) -> None:
    """Security headers on every answer (threat C5); the one host outside is a tile server of the operator's choice."""
    hosts = " ".join(sorted({base.origin for base in bases.list_bases(basemap_dir)} - {""}))

    @app.before_request
    def _nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    @app.after_request
    def _secure(response: Response) -> Response:
        policy = (
            f"default-src 'self'; script-src 'self' 'nonce-{g.nonce}'; "
            f"img-src 'self' data: blob: {hosts}; worker-src 'self' blob:; "
            f"style-src 'self' 'unsafe-inline'; connect-src 'self' {hosts}; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )
        if response.headers.get("Content-Encoding") == packing.ENCODING:
            response.vary.clear()
            return response  # no browser can read it, and every byte of its head is paid for by phones
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Frame-Options"] = "DENY"
        if request.path.startswith("/static/vendor/"):
            response.headers["Cache-Control"] = "public, max-age=86400"
        elif not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response
