"""The live board on paper: every open order, leaks first, then by technician in the order of the plan (issue 6).

One self-contained page, for the printer and for the folder from which it is read when the server is off.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec
from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts.models import Technician
from server.board import words
from server.board.rows import Scene
from server.core import texts
from server.customers import repository as customers
from server.customers.models import Customer
from server.dispatch import repository as dispatch
from server.hazards import repository as hazards
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared.assignment import COMMITTED_STATES

SHAPES: Final = {1: "◆", 2: "▲", 3: "●", 4: "■"}
_PAGES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One order on paper, in codes; times are Unix ms, `at_ms` is when somebody is there by the plan."""

    number: str
    priority: int
    is_leak: bool
    fault_kind: str
    location: str
    description: str
    address: str
    customer: str
    phone: str
    state: str
    clock: str
    due_ms: int | None
    is_late: bool
    window: tuple[int, int] | None
    skills: tuple[str, ...]
    warnings: tuple[str, ...]
    holder: str
    assignment: str
    at_ms: int | None


class CrewSheet(msgspec.Struct, frozen=True, kw_only=True):
    """One technician with his stops in the order of the plan."""

    name: dict[str, str]
    shift: tuple[int, int] | None
    lines: tuple[Line, ...]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A branch's board at one moment."""

    branch: dict[str, str]
    at_ms: int
    leaks: tuple[Line, ...]
    crews: tuple[CrewSheet, ...]
    waiting: tuple[tuple[Line, str], ...]
    count: int


def take_sheet(session: orm.Session, branch_id: str, now_ms: int, profile: str) -> Sheet:
    """Return the branch's board as paper shows it; every open order stands on it at least once."""
    scene = Scene(session, branch_id, now_ms, profile)
    wanted = {order.customer_id for order in scene.orders.values() if order.customer_id}
    people = customers.map_customers(session, branch_id, wanted)
    stops = _stops(scene)
    lines = {i: _line(scene, order, people, stops) for i, order in scene.orders.items()}
    state = dispatch.find_plan_state(session, branch_id)
    unserved = state.unserved if state else {}
    held = {i for ids in stops.by_crew.values() for i in ids}
    return Sheet(
        branch=dict(accounts.get_branch(session, branch_id).name),
        at_ms=now_ms,
        leaks=tuple(line for line in lines.values() if line.is_leak),
        crews=tuple(_crew(scene, one, stops.by_crew[one.id], lines) for one in _by_name(scene)),
        waiting=tuple((line, unserved.get(i, "")) for i, line in lines.items() if i not in held),
        count=len(lines),
    )


class _Stops(msgspec.Struct):
    """Who has which orders, in their order; who holds an order, how, and from when on."""

    by_crew: dict[str, list[str]]
    holder: dict[str, tuple[str, str, int | None]]


def _stops(scene: Scene) -> _Stops:
    """Return held orders before planned ones; an order offered to two stands with the one who has said yes."""
    found = _Stops(by_crew=defaultdict(list), holder={})
    live = sorted(scene.live, key=lambda a: (a.state not in COMMITTED_STATES, a.planned_arrival_ms or a.offered_ms))
    steps = [(a.work_order_id, a.technician_id, a.state, a.arrived_ms or a.planned_arrival_ms) for a in live]
    steps += [(s.work_order_id, s.technician_id, "planned", s.arrival_ms) for s in scene.planned]
    for order_id, technician_id, state, at_ms in steps:
        if order_id in scene.orders and order_id not in found.holder:
            found.holder[order_id] = (technician_id, state, at_ms)
            found.by_crew[technician_id].append(order_id)
    return found


def _by_name(scene: Scene) -> list[Technician]:
    """Return the technicians who are on duty or have something to do, by name."""
    busy = {a.technician_id for a in scene.live} | {s.technician_id for s in scene.planned}
    here = [one for one in scene.technicians.values() if one.id in busy or one.id in scene.shifts]
    return sorted(here, key=lambda one: (one.name, one.id))


def _crew(scene: Scene, one: Technician, order_ids: Iterable[str], lines: Mapping[str, Line]) -> CrewSheet:
    shift = scene.shifts.get(one.id)
    return CrewSheet(
        name={"zh_CN": one.name, "en": one.name_en or one.name},
        shift=(shift.start_ms, shift.end_ms) if shift else None,
        lines=tuple(lines[i] for i in order_ids),
    )


def _line(scene: Scene, order: WorkOrder, people: Mapping[str, Customer], stops: _Stops) -> Line:
    customer = people.get(order.customer_id or "")
    clock = work_order_service.find_next_clock(order, scene.profile, scene.now_ms)
    technician_id, assignment, at_ms = stops.holder.get(order.id, ("", "", None))
    holder = scene.technicians.get(technician_id)
    keys = ("number", "priority", "is_leak", "fault_kind", "location", "description", "address", "state")
    has_window = order.window_start_ms is not None and order.window_end_ms is not None
    return Line(
        **{key: getattr(order, key) for key in keys},
        customer=customer.name if customer else order.caller_name,
        phone=order.caller_phone or (customer.phone if customer else ""),
        clock=clock.kind if clock else "",
        due_ms=clock.due_ms if clock else None,
        is_late=bool(clock and clock.breached),
        window=(order.window_start_ms or 0, order.window_end_ms or 0) if has_window else None,
        skills=tuple(order.skills),
        warnings=_warnings(scene, order, customer),
        holder=holder.name if holder else "",
        assignment=assignment,
        at_ms=at_ms,
    )


def _warnings(scene: Scene, order: WorkOrder, customer: Customer | None) -> tuple[str, ...]:
    """Return what somebody must know before the door, as keys of texts."""
    found = [f"emergency_class.{order.emergency_class}"] if order.emergency_class != "none" else []
    is_vulnerable = order.answers.get("vulnerable_present") is True or bool(customer and customer.is_vulnerable)
    if is_vulnerable and order.emergency_class != "vulnerable":
        found.append("emergency_class.vulnerable")
    if order.answers.get("fire_or_spark") is True and order.emergency_class != "fire":
        found.append("emergency_class.fire")
    known = hazards.list_of_order(scene.session, order.id) if order.arrived_ms is not None else []
    return (*found, *(f"hazard.{notice.level}" for notice in known if notice.state == hazards.OPEN))


def render(sheet: Sheet, language: str, time_zone: str, *, is_page: bool) -> str:
    """Return the sheet as HTML that needs nothing else; a page of the console also says how to save and print it."""
    zone, catalog = zoneinfo.ZoneInfo(time_zone), texts.catalog()
    at = dt.datetime.fromtimestamp(sheet.at_ms / 1000, zone)

    def when(at_ms: int | None) -> str:
        moment = dt.datetime.fromtimestamp(at_ms / 1000, zone) if at_ms else at
        return "–" if not at_ms else moment.strftime("%H:%M" if moment.date() == at.date() else "%m-%d %H:%M")

    def t(key: str, **data: Any) -> str:
        return catalog.text(language, key, **data)

    def word(key: str) -> str:
        return catalog.find(language, key) or key.split(".", 1)[-1]

    def told(waiting: Sequence[tuple[Line, str]]) -> list[tuple[Line, str]]:
        return [(line, (words.reason(code) or {}).get(language, "") if code else "") for line, code in waiting]

    def pairs(lines: Sequence[Line]) -> list[tuple[Line, str]]:
        return [(line, "") for line in lines]

    ways = {"t": t, "word": word, "when": when, "told": told, "pairs": pairs}
    page = _PAGES.get_template("paper.html")
    return page.render(sheet=sheet, at=at, language=language, shapes=SHAPES, is_page=is_page, **ways)
