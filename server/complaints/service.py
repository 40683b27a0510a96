"""Opens complaints and moves them; both promised times are clocks over the complaint's own steps (CO-04 to CO-20)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Annotated, Any, Final

import msgspec
from sqlalchemy import orm

from server.accounts import repository as accounts
from server.complaints import repository
from server.complaints.models import Complaint
from server.complaints.rules import GENERAL, MAJOR, OPEN_STATES, TABLE, complaint_rules, suggest_severity
from server.core import deadlines, texts
from server.core.unit_of_work import Tx
from server.work_orders import repository as work_orders
from shared import events, machine, sla
from shared.errors import DomainError

CLOCK_DUE: Final = "complaint_clock"
_NEEDS_WORDS: Final = frozenset({"report", "reply", "refuse", "withdraw"})
Key = Annotated[str, msgspec.Meta(max_length=36)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]


class ComplaintRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A complaint as it was said (CO-10); an empty `severity` takes the one that the rule suggests."""

    kind: str
    content: Long
    severity: str = ""
    unit: str = "hotline"
    channel: str = "phone"
    caller_name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    caller_phone: Annotated[str, msgspec.Meta(max_length=32)] = ""
    customer_id: Key | None = None
    work_order_id: Key | None = None


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A move on a version of the complaint: findings for `report`, the answer for `reply`, a reason for others."""

    ver: int
    command: str
    words: Long = ""


class PassOnRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another unit answers for the complaint from now on, and why (CO-04: no passing the buck)."""

    ver: int
    unit: str
    words: Short = ""


def open_complaint(tx: Tx, request: ComplaintRequest, profile: str, time_zone: str) -> Complaint:
    """Open a complaint; whoever took it owns it until somebody takes it (CO-20). Raises `complaint_invalid`."""
    rules = complaint_rules()
    _check(tx, request)
    suggested = suggest_severity(rules, request.kind, request.channel, request.content)
    day = dt.datetime.fromtimestamp(tx.now_ms / 1000, zoneinfo.ZoneInfo(time_zone)).date()
    number = work_orders.next_number(tx.session, tx.branch_id, f"c{day:%y%m%d}")
    found = Complaint(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        ver=1,
        number=f"CP-{day:%Y%m%d}-{number:03d}",
        state="open",
        kind=request.kind,
        severity=request.severity or suggested,
        suggested=suggested,
        channel=request.channel,
        caller_name=request.caller_name,
        caller_phone=request.caller_phone,
        customer_id=request.customer_id,
        work_order_id=request.work_order_id,
        content=request.content.strip(),
        unit=request.unit,
        owner_id=tx.actor.id,
        passed_on=0,
        rounds=1,
        findings="",
        reply="",
        steps=[],
        breached=[],
        opened_ms=tx.now_ms,
    )
    tx.session.add(found)
    tx.session.flush()
    _tell(tx, events.COMPLAINT_OPENED, found, severity=found.severity, kind=found.kind)
    _watch(tx, found, profile)
    return found


def _check(tx: Tx, request: ComplaintRequest) -> None:
    rules = complaint_rules()
    if request.kind not in rules.kinds or request.unit not in rules.units or not request.content.strip():
        raise DomainError("complaint_invalid")
    if request.severity not in {"", GENERAL, MAJOR}:
        raise DomainError("complaint_invalid")
    if request.work_order_id is not None:
        work_orders.get_order(tx.session, tx.branch_id, request.work_order_id)


def move(tx: Tx, complaint_id: str, request: MoveRequest, profile: str) -> Complaint:
    """Move a complaint by the table. Raises `not_found`, `version_conflict`, `words_missing`, `transition_not_allowed`.

    Who takes it owns it; a refused answer begins another round with a new clock (CO-18).
    """
    found = get_complaint(tx.session, tx.branch_id, complaint_id, request.ver)
    target = machine.get_target(TABLE, found.state, request.command, tx.actor.role)
    words = request.words.strip()
    if request.command in _NEEDS_WORDS and not words:
        raise DomainError("words_missing")
    found.state, found.ver = target, found.ver + 1
    found.steps = [*found.steps, {"at_ms": tx.now_ms, "name": request.command, "by": tx.actor.id, "reason": words}]
    _take_effect(tx, found, request.command, words)
    _tell(tx, events.COMPLAINT_MOVED, found, command=request.command)
    _watch(tx, found, profile)
    return found


def _take_effect(tx: Tx, found: Complaint, command: str, words: str) -> None:
    if command == "take":
        found.owner_id = tx.actor.id
    elif command == "report":
        found.findings = words
    elif command == "reply":
        found.reply = words
    elif command == "refuse":
        found.rounds += 1
        found.breached = [kind for kind in found.breached if kind != "answer_by"]
    if found.state not in OPEN_STATES:
        found.closed_ms = tx.now_ms


def pass_on(tx: Tx, complaint_id: str, request: PassOnRequest) -> Complaint:
    """Let another unit answer, with a reason; how often is counted (CO-04). Raises `words_missing` without one."""
    found = get_complaint(tx.session, tx.branch_id, complaint_id, request.ver)
    if found.state not in OPEN_STATES:
        raise DomainError("transition_not_allowed", state=found.state, command="pass_on")
    if request.unit not in complaint_rules().units:
        raise DomainError("complaint_invalid")
    if not request.words.strip():
        raise DomainError("words_missing")
    before, found.unit = found.unit, request.unit
    found.passed_on, found.ver = found.passed_on + 1, found.ver + 1
    step = {"at_ms": tx.now_ms, "name": "pass_on", "by": tx.actor.id, "reason": request.words.strip()}
    found.steps = [*found.steps, step]
    _tell(tx, events.COMPLAINT_MOVED, found, command="pass_on", before=before, unit=found.unit)
    return found


def get_complaint(session: orm.Session, branch_id: str, complaint_id: str, ver: int) -> Complaint:
    """Return a complaint of the branch that somebody saw at `ver`, locked. Raises `not_found`, `version_conflict`."""
    found = session.get(Complaint, complaint_id, with_for_update=True)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="complaint")
    if found.ver != ver:
        raise DomainError("version_conflict", ver=found.ver)
    return found


def find_number(session: orm.Session, complaint_id: str) -> str:
    """Return a complaint's number, empty when there is none."""
    found = session.get(Complaint, complaint_id) if complaint_id else None
    return found.number if found else ""


def list_clocks(found: Complaint, profile: str, now_ms: int) -> list[sla.ClockState]:
    """Return both clocks, computed from the complaint's steps; working days are those of the profile's calendars."""
    calendars = {one.id: one for one in texts.sla_profile(profile).calendar}
    told = [msgspec.convert(step, sla.ClockEvent) for step in found.steps]
    specs = [
        sla.ClockSpec(
            kind=rule.kind,
            limit_s=rule.limit_s,
            start_ms=found.opened_ms,
            rule=rule,
            calendar=calendars.get(rule.calendar),
        )
        for rule in complaint_rules().clock
    ]
    return [sla.clock(spec, told, now_ms) for spec in specs]


def look_at_clocks(tx: Tx, complaint_id: str, profile: str) -> None:
    """Write down that a promised time has lapsed; each once."""
    found = tx.session.get(Complaint, complaint_id, with_for_update=True)
    if found is None:
        return
    for clock in list_clocks(found, profile, tx.now_ms):
        if clock.breached and clock.kind not in found.breached:
            found.breached, found.ver = [*found.breached, clock.kind], found.ver + 1
            _tell(tx, events.COMPLAINT_OVERDUE, found, kind=clock.kind, due_ms=clock.due_ms)
    _watch(tx, found, profile)


def _watch(tx: Tx, found: Complaint, profile: str) -> None:
    running = [c for c in list_clocks(found, profile, tx.now_ms) if c.met_ms is None and c.ended_ms is None]
    due = [c.due_ms for c in running if c.due_ms is not None and c.kind not in found.breached]
    if found.state in OPEN_STATES and due:
        deadlines.schedule(tx, CLOCK_DUE, found.id, min(due) + 1, {"complaint_id": found.id})
    else:
        deadlines.cancel(tx, CLOCK_DUE, found.id)


def _tell(tx: Tx, event: str, found: Complaint, **data: Any) -> None:
    tx.record(event, {"complaint_id": found.id, "number": found.number, "state": found.state, **data})


def list_rows(session: orm.Session, branch_id: str, profile: str, now_ms: int) -> list[dict[str, Any]]:
    """Return the open complaints and the latest closed ones with their clocks, major ones first."""
    found = repository.list_ranked(session, branch_id, OPEN_STATES, MAJOR, _MOST)
    names = accounts.list_names(session, {one.owner_id for one in found})
    return [complaint_row(one, names, profile, now_ms) for one in found]


_MOST: Final = 100
_SHOWN: Final = (
    "id",
    "ver",
    "number",
    "state",
    "kind",
    "severity",
    "suggested",
    "channel",
    "caller_name",
    "caller_phone",
    "work_order_id",
    "content",
    "unit",
    "passed_on",
    "rounds",
    "findings",
    "reply",
    "breached",
    "opened_ms",
)


def complaint_row(found: Complaint, names: dict[str, str], profile: str, now_ms: int) -> dict[str, Any]:
    """Return a complaint as the desk shows it, with what can be done next."""
    clocks = [msgspec.to_builtins(clock) for clock in list_clocks(found, profile, now_ms)]
    commands = [one.command for one in TABLE if found.state in one.sources]
    owner = names.get(found.owner_id, "")
    return {**{key: getattr(found, key) for key in _SHOWN}, "owner": owner, "clocks": clocks, "commands": commands}
