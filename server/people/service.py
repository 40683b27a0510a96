"""What the administrator changes: accounts, technicians, skills and instruments with their last days (TR-01, PA-04)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.accounts.models import Technician
from server.core import texts
from server.core.unit_of_work import Tx
from server.people import repository
from server.people.models import QuarantineLook
from server.sync import repository as sync
from server.sync.models import Quarantine
from shared import events
from shared.errors import DomainError
from shared.machine import Role

ROLES: Final = (Role.AGENT, Role.DISPATCHER, Role.ADMIN)
SOON_MS: Final = 30 * 86_400_000
_LEAST_PASSWORD, _LONGEST, _LONGEST_PASSWORD = 10, 64, 200
_LONGEST_SERIAL: Final = 40
_TELEPHONE: Final = re.compile(r"[+0-9][0-9 ()-]{2,22}")


def list_skills() -> list[str]:
    """Return the names of the skills that orders may ask for."""
    table = texts.catalog().table(texts.LANGUAGES[0])
    return [key.removeprefix("skill.") for key in table if key.startswith("skill.")]


def add_account(tx: Tx, form: Mapping[str, str]) -> None:
    """Add somebody who may sign in. Raises `staff_invalid` with the field, `user_name_taken`."""
    user_name, name = _line(form, "user_name"), _line(form, "name")
    role = next((one for one in ROLES if one.value == form.get("role")), None)
    if role is None or form.get("language") not in texts.LANGUAGES:
        raise DomainError("staff_invalid", field="role")
    if accounts.find_account(tx.session, user_name) is not None:
        raise DomainError("user_name_taken")
    made = account_service.create_account(tx, user_name, name, role, _password(form), form["language"])
    tx.record(events.STAFF_CHANGED, {"what": "account", "id": made.id, "role": role.value})


def reset_password(tx: Tx, form: Mapping[str, str]) -> None:
    """Give an account of the branch a new password. Raises `not_found`, `staff_invalid`."""
    known = {one.id: one for one in accounts.list_accounts(tx.session, tx.branch_id)}
    account = known.get(form.get("account_id", ""))
    if account is None:
        raise DomainError("not_found", what="account")
    account.password_hash, account.failures = account_service.hash_password(_password(form)), 0
    account.locked_until_ms = 0
    tx.record(events.STAFF_CHANGED, {"what": "password", "id": account.id})


def add_technician(tx: Tx, form: Mapping[str, str]) -> None:
    """Hire a technician, without skills or shifts yet. Raises `staff_invalid`."""
    values: dict[str, Any] = {
        "name": _line(form, "name"),
        "name_en": form.get("name_en", "").strip()[:_LONGEST],
        "skills": [],
        "instruments": [],
        "home_lat": _degrees(form, "home_lat", 90.0),
        "home_lon": _degrees(form, "home_lon", 180.0),
    }
    made = account_service.add_technician(tx, tx.new_id(), values, [])
    _tell(tx, made, "technician")


def set_skill(tx: Tx, form: Mapping[str, str], until_ms: int) -> None:
    """Let a technician have a skill until a moment (Unix ms), or no longer at all with an empty `until`."""
    technician = accounts.get_technician(tx.session, tx.branch_id, form.get("technician_id", ""))
    name = form.get("skill", "")
    if name not in list_skills():
        raise DomainError("staff_invalid", field="skill")
    kept = [one for one in technician.skills if one["name"] != name]
    technician.skills = [*kept, {"name": name, "valid_until_ms": until_ms}] if until_ms else kept
    _tell(tx, technician, "skill", name=name, until_ms=until_ms)


def set_instrument(tx: Tx, form: Mapping[str, str]) -> None:
    """Let an instrument be a technician's, calibrated until a day; without a day it is his no longer (PA-04)."""
    technician = accounts.get_technician(tx.session, tx.branch_id, form.get("technician_id", ""))
    serial, until = _line(form, "serial")[:_LONGEST_SERIAL], form.get("until", "")
    if until:
        read_day(until)
    kept = [one for one in technician.instruments if one["serial"] != serial]
    technician.instruments = [*kept, {"serial": serial, "valid_until": until}] if until else kept
    _tell(tx, technician, "instrument", serial=serial, until=until)


def set_telephone(tx: Tx, form: Mapping[str, str]) -> None:
    """Note by which number a technician is called by voice; empty: by none. Raises `staff_invalid`, `not_found`."""
    technician = accounts.get_technician(tx.session, tx.branch_id, form.get("technician_id", ""))
    number = form.get("telephone", "").strip()
    if number and not _TELEPHONE.fullmatch(number):
        raise DomainError("staff_invalid", field="telephone")
    technician.telephone = number
    _tell(tx, technician, "telephone")


def read_day(text: str) -> dt.date:
    """Return a day as a form sends it. Raises `staff_invalid`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as fault:
        raise DomainError("staff_invalid", field="until") from fault


def list_quarantine(session: orm.Session, branch_id: str) -> list[dict[str, Any]]:
    """Return the facts that nobody could read, as they came, with who has looked at them."""
    rows = sync.list_quarantine(session, branch_id)
    looks = repository.map_looks(session, branch_id)
    names = accounts.list_names(session, {one.seen_by for one in looks.values()})
    keys = ("id", "device_id", "raw", "reason", "at_ms")
    return [
        {**{key: getattr(row, key) for key in keys}, "seen_by": names.get(looks[row.id].seen_by, "")}
        if row.id in looks
        else {**{key: getattr(row, key) for key in keys}, "seen_by": None}
        for row in rows
    ]


def mark_seen(tx: Tx, quarantine_id: str) -> None:
    """Note that somebody has looked; the fact stays as it came. Raises `not_found`."""
    row = tx.session.get(Quarantine, quarantine_id)
    if row is None or row.branch_id != tx.branch_id:
        raise DomainError("not_found", what="quarantine")
    if tx.session.get(QuarantineLook, row.id) is None:
        look = QuarantineLook(quarantine_id=row.id, branch_id=tx.branch_id, seen_by=tx.actor.id, seen_ms=tx.now_ms)
        tx.session.add(look)
        tx.record(events.FACT_LOOKED_AT, {"quarantine_id": row.id})


def _line(form: Mapping[str, str], field: str) -> str:
    text = form.get(field, "").strip()
    if not text or len(text) > _LONGEST:
        raise DomainError("staff_invalid", field=field)
    return text


def _password(form: Mapping[str, str]) -> str:
    text = form.get("password", "")
    if not _LEAST_PASSWORD <= len(text) <= _LONGEST_PASSWORD:
        raise DomainError("staff_invalid", field="password")
    return text


def _degrees(form: Mapping[str, str], field: str, most: float) -> float:
    try:
        value = float(form.get(field, ""))
    except ValueError as fault:
        raise DomainError("staff_invalid", field=field) from fault
    if not -most <= value <= most:
        raise DomainError("staff_invalid", field=field)
    return value


def _tell(tx: Tx, technician: Technician, what: str, **data: Any) -> None:
    told = {"what": what, "technician_id": technician.id, **data}
    tx.record(events.STAFF_CHANGED, told, technicians=(technician.id,))
