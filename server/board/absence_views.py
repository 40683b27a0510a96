"""HTTP of absences: who is not there, reporting it, taking somebody back, changed hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import orm

from server.absences import repository, service
from server.absences.models import Absence
from server.accounts import repository as accounts
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.dispatch import absence, hours

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    technician = "/api/v1/technicians/<technician_id>"
    add("GET", "/api/v1/absences", list_absences, Audience.CONSOLE, roles=OFFICE)
    add("POST", f"{technician}/absence", report, Audience.CONSOLE, roles=DESK, schema=service.AbsenceRequest)
    add("POST", f"{technician}/absence/preview", preview, Audience.CONSOLE, roles=DESK, schema=service.AbsenceRequest)
    add("POST", "/api/v1/absences/<absence_id>/end", end, Audience.CONSOLE, roles=DESK)
    add("POST", f"{technician}/shift", change_shift, Audience.CONSOLE, roles=DESK, schema=hours.ShiftRequest)


def list_absences(call: Call) -> dict[str, Any]:
    """Return who is not there or is going to be away."""

    def work(session: orm.Session) -> list[dict[str, Any]]:
        rows = repository.list_standing(session, call.actor.branch_id, call.now_ms)
        names = accounts.list_names(session, {row.technician_id for row in rows} | {row.reported_by for row in rows})
        return [_row(row, names) for row in rows]

    return {"items": call.read(work)}


def report(call: Call, technician_id: str) -> dict[str, Any]:
    """Take a technician out of the plan; his orders go to others and their customers are told where promises move."""
    profile = call.settings.sla_profile
    absence_id = call.write(lambda tx: absence.begin(tx, technician_id, call.body, profile))
    return {"absence_id": absence_id}


def preview(call: Call, technician_id: str) -> dict[str, Any]:
    """Return what would have to be done if the technician were away from now on, without doing any of it."""
    profile, branch_id = call.settings.sla_profile, call.actor.branch_id
    return call.read(lambda s: absence.preview(s, branch_id, technician_id, call.body, call.now_ms, profile))


def end(call: Call, absence_id: str) -> dict[str, Any]:
    """Take a technician back."""
    call.write(lambda tx: service.end_absence(tx, absence_id))
    return {"ok": True}


def change_shift(call: Call, technician_id: str) -> dict[str, Any]:
    """Change when a technician works; what no longer fits goes to others."""
    call.write(lambda tx: hours.change_shift(tx, technician_id, call.body))
    return {"ok": True}


def _row(row: Absence, names: dict[str, str]) -> dict[str, Any]:
    keys = ("id", "technician_id", "reason", "note", "from_ms", "until_ms", "lat", "lon", "reported_ms")
    return {
        **{key: getattr(row, key) for key in keys},
        "technician_name": names.get(row.technician_id, ""),
        "reported_by": names.get(row.reported_by, ""),
    }
