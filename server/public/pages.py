"""The customers' pages: plain forms that need no script, for a phone's screen, in both languages."""

from __future__ import annotations

import datetime as dt
import secrets
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import orm
from werkzeug.wrappers import Response

from server.accounts import repository as accounts
from server.addresses import service as addresses
from server.contacts import knowledge
from server.core import errors, texts
from server.core.calls import Services
from server.core.unit_of_work import Actor
from server.intake import service as intake
from server.public import links, progress, service
from server.public.models import Opinion
from server.public.progress import Interval
from server.public.rules import Emergency, PublicRules, public_rules
from server.remote_signing import repository as remote_signing
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from server.work_orders.service import Desk
from shared.errors import DomainError

_CHANNEL: Final = "web"
_SEEN: Final = "60/minute"
_ANSWERS: Final[Mapping[str, str | bool]] = {"true": True, "false": False}
_YEAR_S: Final = 31_536_000

Limit = Callable[..., None]


def add_pages(app: Flask, services: Services, limit: Limit, csrf: CSRFProtect) -> None:
    """Add the pages to the app; ``limit`` counts calls as the app's routes do."""
    desk = _Desk(services, limit, csrf)
    app.add_template_filter(_clock_time, "clock_time")
    app.add_template_filter(_day_text, "day_text")
    app.add_template_filter(_iso_day, "iso_day")
    app.add_url_rule("/report", "public report", desk.show_form, methods=["GET"])
    app.add_url_rule("/report", "public report send", desk.take_report, methods=["POST"])
    app.add_url_rule("/s/<work_order_id>/<shown>", "public status", desk.show_status, methods=["GET"])
    for deed in ("agree", "wish", "opinion"):
        rule = f"/s/<work_order_id>/<shown>/{deed}"
        app.add_url_rule(rule, f"public {deed}", getattr(desk, deed), methods=["POST"])
    app.add_url_rule("/safety", "public safety", desk.show_safety, methods=["GET"])
    app.add_url_rule("/faq", "public faq", desk.show_faq, methods=["GET"])
    app.add_url_rule("/language/<language>", "public language", desk.choose_language, methods=["GET"])


class _Desk:
    """The pages over the server's services; each deed answers with a page, never with JSON."""

    def __init__(self, services: Services, limit: Limit, csrf: CSRFProtect) -> None:
        self._services, self._limit, self._csrf = services, limit, csrf

    @property
    def _rules(self) -> PublicRules:
        return public_rules()

    def _emergency(self) -> Emergency:
        known = self._rules.emergency
        return known.get(self._services.settings.jurisdiction) or next(iter(known.values()))

    def _page(self, template: str, status: int = 200, **data: Any) -> Response:
        shown = {
            "rules": self._rules,
            "emergency": self._emergency(),
            "hotline": self._services.settings.hotline,
            "zone": self._services.settings.time_zone,
            **data,
        }
        return make_response(render_template(f"public/{template}.html", **shown), status)

    def show_form(self) -> Response:
        """Show the form, the emergency number first."""
        self._limit(_SEEN, "public", request.remote_addr or "")
        return self._form({}, "", 200)

    def _form(self, given: Mapping[str, str], error: str, status: int) -> Response:
        branches = self._services.uow.read(accounts.list_branches)
        ref = given.get("ref") or secrets.token_hex(12)
        return self._page("report", status, branches=branches, given=given, error=error, ref=ref)

    def take_report(self) -> Response:
        """Take a report; what is wrong with it is said above the form, and nothing typed is lost."""
        given = request.form.to_dict()
        try:
            self._limit(f"{self._rules.reports_an_hour}/hour", "public report", request.remote_addr or "")
            self._protect()
            order = self._open(given)
        except DomainError as refused:
            return self._form(given, _words(refused), errors.status_of(refused))
        return redirect(links.path(self._services.settings.secret_key, order.id), 303)

    def _protect(self) -> None:
        try:
            self._csrf.protect()
        except CSRFError as fault:
            raise DomainError("csrf_failed") from fault

    def _open(self, given: Mapping[str, str]) -> WorkOrder:
        settings, rules = self._services.settings, self._rules
        if given.get("fault_kind") not in rules.fault_kinds:
            raise DomainError("public_fault_missing")
        if not given.get("address", "").strip():
            raise DomainError("address_missing")
        if not given.get("phone", "").strip() and given["fault_kind"] not in _NAMELESS:
            raise DomainError("public_phone_missing")
        branch = self._services.uow.read(lambda s: _branch_id(s, given.get("branch", "")))
        lat, lon = self._place(branch, given["address"].strip())
        asked = intake.ReportRequest(
            lat=lat,
            lon=lon,
            fault_kind=given["fault_kind"],
            location=given.get("location") or "unknown",
            answers=_answers(given, rules),
            description=given.get("description", "").strip(),
            caller=intake.Caller(name=given.get("name", "").strip(), phone=given.get("phone", "").strip()),
            address=given["address"].strip(),
            channel=_CHANNEL,
        )
        desk = Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)
        ref = f"web:{given.get('ref', '')[:48] or secrets.token_hex(12)}"
        actor = Actor.system(branch)
        return self._services.uow.run(actor, lambda tx: intake.take_fault_report(tx, asked, desk, ref))

    def _place(self, branch_id: str, address: str) -> tuple[float, float] | tuple[None, None]:
        """Return the address's place where it is known exactly; a guess is left to a human, with the pin on the map."""
        services = self._services
        hits = services.uow.read(lambda _session: addresses.search(services.settings, branch_id, address, 1))
        return (hits[0].lat, hits[0].lon) if hits and addresses.is_sure(hits[0]) else (None, None)

    def show_status(self, work_order_id: str, shown: str) -> Response:
        """Show how far the order is."""
        self._limit(_SEEN, "public", request.remote_addr or "")
        return self._status(work_order_id, shown, "", 200)

    def _status(self, work_order_id: str, shown: str, error: str, status: int) -> Response:
        services = self._services
        if not links.opens(services.settings.secret_key, work_order_id, shown):
            return self._page("gone", 404)
        now_ms = services.uow.clock.now_ms()

        def read(session: orm.Session) -> dict[str, Any] | None:
            order = session.get(WorkOrder, work_order_id)
            if order is None:
                return None
            return {
                "order": order,
                "progress": progress.of_order(session, order, self._rules, now_ms),
                "opinion": session.get(Opinion, order.id),
                "may_give_opinion": service.may_give_opinion(order, self._rules, now_ms),
                "may_sign": remote_signing.find_open(session, order.id, now_ms) is not None,
                "may_wish": progress.is_open(order) and not order.is_leak,
            }

        found = services.uow.read(read)
        if found is None:
            return self._page("gone", 404)
        slots = progress.wish_slots(self._rules, services.settings.time_zone, now_ms)
        link = links.path(services.settings.secret_key, work_order_id)
        return self._page("status", status, **found, slots=slots, link=link, error=error, now_ms=now_ms)

    def agree(self, work_order_id: str, shown: str) -> Response:
        """Agree to the time proposed."""
        notice_id = request.form.get("notice_id", "")
        return self._do(work_order_id, shown, lambda tx: service.agree(tx, work_order_id, notice_id))

    def wish(self, work_order_id: str, shown: str) -> Response:
        """Wish another time."""
        settings = self._services.settings
        slots = progress.wish_slots(self._rules, settings.time_zone, self._services.uow.clock.now_ms())
        wish = _slot(request.form.get("slot", ""))
        words = request.form.get("words", "").strip()
        return self._do(work_order_id, shown, lambda tx: service.wish_other_time(tx, work_order_id, wish, slots, words))

    def opinion(self, work_order_id: str, shown: str) -> Response:
        """Give an opinion."""
        form, rules = request.form, self._rules
        points = int(form["points"]) if form.get("points", "").isdecimal() else 0
        tested = {"yes": True, "no": False}.get(form.get("was_tested", ""))
        words = form.get("words", "").strip()
        return self._do(
            work_order_id,
            shown,
            lambda tx: service.give_opinion(tx, work_order_id, points, words, rules, was_tested=tested),
        )

    def _do(self, work_order_id: str, shown: str, work: Callable[[Any], None]) -> Response:
        """Do what the link's owner asks, and show the page again."""
        services = self._services
        if not links.opens(services.settings.secret_key, work_order_id, shown):
            return self._page("gone", 404)
        try:
            self._limit("30/hour", "public deed", work_order_id)
            self._protect()
            branch_id = services.uow.read(lambda s: _order(s, work_order_id).branch_id)
            services.uow.run(Actor.system(branch_id), work)
        except DomainError as refused:
            return self._status(work_order_id, shown, _words(refused), errors.status_of(refused))
        return redirect(links.path(services.settings.secret_key, work_order_id), 303)

    def show_safety(self) -> Response:
        """Show what everybody should know about gas."""
        return self._page("safety")

    def show_faq(self) -> Response:
        """Show the answers to what is often asked, or to the words looked for (IN-25)."""
        self._limit(_SEEN, "public", request.remote_addr or "")
        query = request.args.get("query", "").strip()
        return self._page("faq", query=query, entries=knowledge.search(query))

    def choose_language(self, language: str) -> Response:
        """Keep the chosen language and go back; only to a page of ours."""
        back = request.args.get("back", "/report")
        answer = redirect(back if back.startswith("/") and not back.startswith("//") else "/report", 303)
        if language in texts.LANGUAGES:
            answer.set_cookie("language", language, max_age=_YEAR_S, samesite="Lax", path="/")
        return answer


# Who smells gas or hears an alarm is helped without a name and without a telephone number.
_NAMELESS: Final = frozenset({"gas_odour", "co_alarm", "gas_alarm"})


def _answers(given: Mapping[str, str], rules: PublicRules) -> dict[str, str | bool]:
    said = {code: given.get(f"q_{code}", "") for code in rules.questions}
    return {code: _ANSWERS.get(text, text) for code, text in said.items() if text}


def _branch_id(session: orm.Session, wanted: str) -> str:
    known = [branch.id for branch in accounts.list_branches(session)]
    if not known:
        raise DomainError("branch_missing")
    return wanted if wanted in known else known[0]


def _order(session: orm.Session, work_order_id: str) -> WorkOrder:
    order = session.get(WorkOrder, work_order_id)
    if order is None:
        raise DomainError("not_found", what="work_order")
    return work_orders.get_order(session, order.branch_id, work_order_id)


def _at(ms: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone))


def _clock_time(ms: int, zone: str) -> str:
    return f"{_at(ms, zone):%H:%M}"


def _iso_day(ms: int, zone: str) -> str:
    return f"{_at(ms, zone):%Y-%m-%d}"


def _day_text(ms: int, zone: str, language: str) -> str:
    """Return the day as people say it: 11月22日 周日, Sun 22 Nov."""
    at, word = _at(ms, zone), texts.catalog().text
    day = word(language, f"public.day.{at.isoweekday()}")
    return word(language, "public.day.text", weekday=day, day=at.day, month=word(language, f"public.month.{at.month}"))


def _slot(text: str) -> Interval:
    begin, _, end = text.partition("-")
    if not (begin.isdecimal() and end.isdecimal()):
        return Interval(0, 0)
    return Interval(int(begin), int(end))


def _words(refused: DomainError) -> str:
    chosen = request.cookies.get("language", "")
    language = chosen if chosen in texts.LANGUAGES else texts.LANGUAGES[0]
    return texts.catalog().text(language, f"error.{refused.code}", **refused.data)
