"""The administrator's two pages, rendered here: plain forms, one deed each, no script."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import make_response, redirect, render_template, request
from sqlalchemy import orm
from werkzeug.wrappers import Response

from server.accounts import duty
from server.accounts import repository as accounts
from server.core import errors, texts
from server.core.registry import ADMINS, Audience, Registry
from server.dispatch import hours
from server.people import service
from server.sync import repository as sync
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx

_DAY_MS: Final = 86_400_000
_NIGHT: Final = 4  # a shift that holds four in the morning is a night shift


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/people", show_people, Audience.CONSOLE, roles=ADMINS)
    add("POST", "/people/<deed>", change_people, Audience.CONSOLE, roles=ADMINS)
    add("GET", "/quarantine", show_quarantine, Audience.CONSOLE, roles=ADMINS)
    add("POST", "/quarantine/<quarantine_id>/seen", mark_seen, Audience.CONSOLE, roles=ADMINS)


def show_people(call: Call) -> Response:
    """Show who works here, with what, when, and the hours without anybody."""
    return _people(call, "", 200)


def change_people(call: Call, deed: str) -> Response:
    """Do what a form asks; what is wrong is said above the page."""
    zone = zoneinfo.ZoneInfo(call.settings.time_zone)
    work = _DEEDS.get(deed)
    if work is None:
        raise DomainError("not_found", what="deed")
    form = request.form.to_dict()
    try:
        call.write(lambda tx: work(tx, form, zone))
    except DomainError as refused:
        said = texts.catalog().text(call.language, f"error.{refused.code}", **refused.data)
        return _people(call, said, errors.status_of(refused))
    return redirect("/people", 303)


def show_quarantine(call: Call) -> Response:
    """Show what could not be read, word for word."""
    rows = call.read(lambda s: service.list_quarantine(s, call.actor.branch_id))
    zone = call.settings.time_zone
    return make_response(render_template("quarantine.html", rows=rows, zone=zone))


def mark_seen(call: Call, quarantine_id: str) -> Response:
    """Note that the administrator has looked."""
    call.write(lambda tx: service.mark_seen(tx, quarantine_id))
    return redirect("/quarantine", 303)


def _people(call: Call, error: str, status: int) -> Response:
    now_ms, zone = call.now_ms, call.settings.time_zone

    def read(session: orm.Session) -> dict[str, Any]:
        branch_id = call.actor.branch_id
        until_ms = now_ms + duty.DAYS_AHEAD * _DAY_MS
        return {
            "accounts": accounts.list_accounts(session, branch_id),
            "technicians": accounts.list_technicians(session, branch_id),
            "shifts": [_shift(one, zone) for one in accounts.list_shifts(session, branch_id, now_ms, until_ms)],
            "gaps": duty.list_gaps(session, branch_id, now_ms),
            "unreadable": len(sync.list_quarantine(session, branch_id)),
        }

    data = call.read(read)
    return make_response(
        render_template(
            "people.html",
            **data,
            error=error,
            zone=zone,
            now_ms=now_ms,
            today=_day(now_ms, zone),
            soon=_day(now_ms + service.SOON_MS, zone),
            soon_ms=now_ms + service.SOON_MS,
            skills=service.list_skills(),
            roles=[role.value for role in service.ROLES],
            days=duty.DAYS_AHEAD,
        ),
        status,
    )


def _shift(row: Any, zone: str) -> dict[str, Any]:
    here = zoneinfo.ZoneInfo(zone)
    begin, end = (dt.datetime.fromtimestamp(ms / 1000, here) for ms in (row.start_ms, row.end_ms))
    four = begin.replace(hour=_NIGHT, minute=0, second=0, microsecond=0)
    is_night = begin <= four < end or begin <= four + dt.timedelta(days=1) < end
    keys = ("technician_id", "start_ms", "end_ms")
    return {**{key: getattr(row, key) for key in keys}, "is_night": is_night}


def _day(at_ms: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(at_ms / 1000, zoneinfo.ZoneInfo(zone)).date().isoformat()


def _set_skill(tx: Tx, form: Mapping[str, str], zone: zoneinfo.ZoneInfo) -> None:
    until = form.get("until", "")
    end_ms = 0
    if until:
        after = service.read_day(until) + dt.timedelta(days=1)
        end_ms = round(dt.datetime.combine(after, dt.time(), zone).timestamp() * 1000) - 1
    service.set_skill(tx, form, end_ms)


def _add_shift(tx: Tx, form: Mapping[str, str], zone: zoneinfo.ZoneInfo) -> None:
    start_ms, end_ms = (_moment(form.get(field, ""), field, zone) for field in ("from", "to"))
    request_ = hours.ShiftRequest(start_ms=start_ms, end_ms=end_ms)
    hours.change_shift(tx, form.get("technician_id", ""), request_)


def _moment(text: str, field: str, zone: zoneinfo.ZoneInfo) -> int:
    try:
        return round(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError) as fault:
        raise DomainError("staff_invalid", field=field) from fault


_DEEDS: Final[dict[str, Callable[[Tx, Mapping[str, str], zoneinfo.ZoneInfo], None]]] = {
    "account": lambda tx, form, _zone: service.add_account(tx, form),
    "password": lambda tx, form, _zone: service.reset_password(tx, form),
    "technician": lambda tx, form, _zone: service.add_technician(tx, form),
    "skill": _set_skill,
    "instrument": lambda tx, form, _zone: service.set_instrument(tx, form),
    "shift": _add_shift,
    "telephone": lambda tx, form, _zone: service.set_telephone(tx, form),
}
