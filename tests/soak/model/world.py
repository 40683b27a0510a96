"""One company in one process, of real parts: server, worker, planner, three phones, two dispatchers, a clock."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Final
from unittest import mock

import msgspec

from mobile import service as phones
from mobile.service import Phone
from mobile.sync.transport import Reply, TransportError
from routing.stop import MaxIterations
from server import app as composition
from server import processes, restoring
from server.accounts import repository as account_rows
from server.accounts import service as accounts
from server.accounts.models import Device
from server.core import clock
from server.core.registry import Registry
from server.core.relay import Relay
from server.core.unit_of_work import Actor
from server.dispatch import service as dispatch
from server.dispatch import solving
from server.dispatch.problem import Snapshot, take_snapshot
from server.intake import service as intake
from server.sync import service as sync
from server.work_orders import repository as work_orders
from shared import ids, wire
from shared.assignment import PENDING_STATES, AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from tests.server import house as houses
from tests.server.house import HOME, House, Wire

CREWS: Final = ("wang", "sun", "zhou")
DISPATCHERS: Final = ("lin", "gao")
_CONFIRMED: Final = frozenset({"applied", "duplicate", "filed_late", "flagged"})
_KINDS: Final = ("gas_leak", "stove_fault")
_SEED: Final = 1


class Line(Wire):
    """A phone's line that may be cut, or lose one answer; knows what the server has confirmed over it."""

    def __init__(self, app: Any, token: str) -> None:
        """Speak with a device's token."""
        super().__init__(app, token)
        self.is_cut = False
        self.loses_answer = False
        self.confirmed: set[str] = set()

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the app's answer. Raises TransportError when the line is cut, or the answer is lost."""
        if self.is_cut:
            raise TransportError("cut")
        reply = super().post(path, payload, timeout_s)
        if self.loses_answer:
            self.loses_answer = False
            raise TransportError("the answer is lost")
        with contextlib.suppress(msgspec.MsgspecError):  # no answer to a call with events
            results = msgspec.json.decode(reply.body, type=wire.SyncResponse).results
            self.confirmed |= {result.id for result in results if result.outcome in _CONFIRMED}
        return reply


@dataclasses.dataclass
class Member:
    """A technician with his phone, and a shadow of it: what the server's changes alone make of an empty list."""

    name: str
    folder: Path
    device_id: str
    phone: Phone
    line: Line
    made: set[str] = dataclasses.field(default_factory=set)
    shadow: dict[str, wire.Job] = dataclasses.field(default_factory=dict)
    shadow_gen: str = ""
    shadow_cursor: int = 0


class World:
    """Everything that may happen, as methods; each leaves the company in a state in which every law must hold."""

    def __init__(self, folder: Path) -> None:
        """Found the company once; `reset` brings it back to its first morning."""
        self.folder, self.template = folder, folder / "template"
        self._found()
        self.house = House(f"sqlite:///{folder / 'now' / 'leakfirst.db'}", folder / "now")
        self.house.app = composition.make_app(self.house.services, _unlimited())
        self.chance = random.Random(0)
        # The same story must end the same way every time: no chance and no time but the world's own.
        self._patches: list[Any] = [
            mock.patch.object(clock, "random_bytes", self.chance.randbytes),
            mock.patch.object(clock, "real_ms", self.house.clock.now_ms),
        ]
        for patch in self._patches:
            patch.start()
        # One thread does everything here: nothing is gained by handing work over to others.
        self.house.database._read_in = self.house.database._write_in = lambda work: work()
        self.members: list[Member] = []
        self.orders: list[str] = []
        self._number = 0
        self._watch_anew()

    def _found(self) -> None:
        self.template.mkdir(parents=True)
        url = f"sqlite:///{self.template / 'leakfirst.db'}"
        houses.found_company(url, self.template)
        house = House(url, self.template)
        values = {"name": "周明", "name_en": "Zhou", "home_lat": 37.88, "home_lon": 113.59, "instruments": []}
        skills = [{"name": name, "valid_until_ms": houses.MORNING_MS + 400 * houses.DAY_MS} for name in houses._SKILLS]
        shift = (houses.MORNING_MS - houses.HOUR_MS, houses.MORNING_MS + 20 * houses.DAY_MS)
        house.write(lambda tx: accounts.add_technician(tx, "zhou", {**values, "skills": skills}, [shift]))
        for name in CREWS:
            home = self.template / "phones" / name
            phones.enrol("http://house", house.enrol_code(name), home, transport=Wire(house.app))
        house.drain()
        house.close()
        shutil.copytree(self.template, self.folder / "now")

    # Setting up

    def reset(self, seed: int) -> None:
        """Begin the first morning anew."""
        self.close()
        house = self.house
        house.clock._now_ms = houses.MORNING_MS
        _copy_database(self.template / "leakfirst.db", house.folder / "leakfirst.db")
        house.relay = Relay(house.uow, house.reactions, house.duties, "worker-0")
        self.chance.seed(seed)
        self.orders, self._number = [], 0
        self.backup: Path | None = None
        self.plan_under_way: Snapshot | None = None
        self.restores = 0
        self.members = [self._open(name) for name in CREWS]
        self._watch_anew()

    def _watch_anew(self) -> None:
        self._devices: dict[str, Device] = {}
        self._seen = -1
        self._watched = sqlite3.connect(self.house.folder / "leakfirst.db")

    def has_changed(self) -> bool:
        """Tell whether anything was written since this was last asked."""
        (now,) = self._watched.execute("PRAGMA data_version").fetchone()
        before, self._seen = self._seen, now
        return bool(now != before)

    def end(self) -> None:
        """Close all, and give the process its chance and its time back."""
        self.close()
        for patch in self._patches:
            patch.stop()

    def close(self) -> None:
        """Close phones and connections."""
        for member in self.members:
            member.phone.close()
        self.members = []
        self._watched.close()
        self.house.database.close()

    def _open(self, name: str) -> Member:
        home = self.house.folder / "phones" / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.template / "phones" / name, home)
        line = Line(self.house.app, "")
        phone = self._phone(home, line)
        identity = phone.find_identity()
        if identity is None:
            raise LookupError(name)
        line.token = identity.token
        return Member(name, home, identity.device_id, phone, line)

    def _phone(self, home: Path, line: Line) -> Phone:
        def new_id(now_ms: int) -> str:
            return ids.uuid7(now_ms, self.chance.randbytes(10))

        return Phone(
            home, "http://house", self.house.clock, new_id, uniform=lambda: 1.0, transport=line, lane_transport=line
        )

    # What the desk does

    def report(self, kind: int, place: int) -> None:
        """Take a report in."""
        self._number += 1
        body = {
            **(houses.LEAK if _KINDS[kind] == "gas_leak" else houses.STOVE),
            "lat": 37.85 + 0.01 * place,
            "lon": 113.56 + 0.01 * place,
        }
        request = msgspec.convert(body, intake.ReportRequest)
        desk = sync.desk_of(self.house.services)
        ref = f"r{self._number}"
        order = self.house.uow.run(_desk_actor(0), lambda tx: intake.take_fault_report(tx, request, desk, ref))
        self.orders.append(order.id)

    def assign(self, dispatcher: int, order: str, crew: int, stale: int) -> None:
        """Offer an order to a chosen technician, perhaps on an older version of it."""
        profile = self.house.settings.sla_profile
        self._command(dispatcher, order, lambda tx, ver: dispatch.assign(tx, order, ver - stale, CREWS[crew], profile))

    def recall(self, dispatcher: int, order: str) -> None:
        """Take an order back."""
        profile = self.house.settings.sla_profile
        self._command(dispatcher, order, lambda tx, ver: dispatch.recall(tx, order, ver, "other plans", profile))

    def _command(self, dispatcher: int, order: str, work: Any) -> None:
        row = self.house.read(lambda s: work_orders.find_order(s, HOME, order))
        if row is None:
            return  # forgotten by a restore
        with contextlib.suppress(DomainError):  # a command may be refused, and then nothing of it is done
            self.house.uow.run(_desk_actor(dispatcher), lambda tx: work(tx, row.ver))

    # What the technician does

    def accept(self, member: Member, order: str) -> None:
        """See and accept an offer."""
        job = member.phone.find_job(order)
        if job is not None and job.assignment.state in PENDING_STATES:
            self._act(member, "see_assignment", order)
            self._act(member, "accept_assignment", order)

    def decline(self, member: Member, order: str) -> None:
        """Refuse an offer."""
        job = member.phone.find_job(order)
        if job is not None and job.assignment.state in PENDING_STATES:
            self._act(member, "decline_assignment", order, reason="van broken")

    def tell(self, member: Member, order: str) -> None:
        """Send evidence: the next step of the visit, or a note."""
        job = member.phone.find_job(order)
        if job is None:
            return
        command = {AssignmentState.ACCEPTED: "depart", AssignmentState.EN_ROUTE: "arrive"}.get(job.assignment.state)
        if command is not None:
            self._act(member, command, order)
        else:
            self._act(member, "add_note", order, text=self.chance.randbytes(6).hex())

    def _act(self, member: Member, command: str, order: str, **data: Any) -> None:
        with contextlib.suppress(DomainError):  # the phone itself refuses what makes no sense
            event = member.phone.act(command, order, **data)
            if event is not None:
                member.made.add(event.id)

    def sync(self, member: Member) -> bool:
        """Let a phone call; tell whether it is caught up now."""
        return member.phone.sync_once().is_caught_up

    # What goes wrong

    def cut(self, member: Member, *, is_cut: bool) -> None:
        """Cut a phone's line, or mend it."""
        member.line.is_cut = is_cut

    def lose_answer(self, member: Member) -> None:
        """Let a phone call, and lose the server's answer on the way."""
        member.line.loses_answer = True
        member.phone.sync_once()
        member.line.loses_answer = False

    def crash_phone(self, member: Member, *, in_call: bool) -> None:
        """Kill a phone, perhaps after the server has handled its call and before it could read the answer."""
        if in_call:
            self.lose_answer(member)
        member.phone.close()
        member.phone = self._phone(member.folder, member.line)

    def crash_server(self, *, is_worker: bool) -> None:
        """Kill the gateway's connections, or the worker after it has claimed its work; both start again."""
        house = self.house
        if is_worker:
            house.database.write(house.relay._claim)
        house.database.close()
        house.relay = Relay(house.uow, house.reactions, house.duties, "worker-0")
        house.relay.release_own_claims()

    def back_up(self) -> None:
        """Take a backup."""
        self.backup = self.house.folder / "backup.db"
        self.backup.unlink(missing_ok=True)
        restoring.back_up(self.house.settings, self.backup)

    def restore(self) -> None:
        """Replace the database by the last backup; a new generation begins."""
        if self.backup is None:
            return
        self.house.database.close()
        self._watched.close()
        restoring.restore(self.house.settings, self.backup)
        self._watch_anew()
        self.restores += 1
        self.plan_under_way = None
        for name in self.house.folder.glob("leakfirst.db.replaced-*"):
            name.unlink()

    # What goes on by itself

    def work(self) -> None:
        """Let the worker carry out two batches of reactions and duties, which may well leave some."""
        if self.house.relay.run_once():
            self.house.relay.run_once()

    def pass_s(self, seconds: int) -> None:
        """Let time pass."""
        self.house.clock.pass_ms(seconds * 1000)

    def begin_plan(self) -> None:
        """Let the planner look at the company."""
        profile, now_ms = self.house.settings.sla_profile, self.house.clock.now_ms()
        self.plan_under_way = self.house.read(lambda s: take_snapshot(s, HOME, now_ms, profile))

    def end_plan(self) -> None:
        """Let the planner hand in its plan, however old what it looked at is by now."""
        asked, self.plan_under_way = self.plan_under_way, None
        if asked is None:
            return
        travel = processes.travel_to_hand_over(asked)
        wanted: dict[str, Any] = {"seed": _SEED, "stop": MaxIterations(1), "max_moved": asked.max_moved}
        result = solving.in_solving_process(asked.problem, asked.plan, travel=travel, **wanted)
        profile = self.house.settings.sla_profile
        self.house.write(lambda tx: dispatch.apply_plan(tx, result, asked, profile))

    def heal(self) -> bool:
        """Mend everything and let all come to rest; tell whether it did."""
        for member in self.members:
            member.line.is_cut = member.line.loses_answer = False
        for _ in range(20):
            self.house.drain()
            are_done = [self.sync(member) for member in self.members]
            self.house.drain()
            if all(are_done) and not any(m.phone.sync_once().received or m.phone.line().unsent for m in self.members):
                return True
        return False

    def look(self, member: Member, gen: str, cursor: int) -> wire.SyncResponse:
        """Return what the server would tell a device at a cursor; nothing is handled or noted."""
        device = self._devices.get(member.device_id) or self._find_device(member.device_id)
        request = wire.SyncRequest(v=wire.PROTOCOL_VERSION, gen=gen, cursor=cursor)
        return sync.look(self.house.services, device, request)

    def _find_device(self, device_id: str) -> Device:
        found = self.house.read(lambda s: account_rows.find_device(s, device_id))
        if found is None:
            raise LookupError(device_id)
        self._devices[device_id] = found
        return found


def _desk_actor(dispatcher: int) -> Actor:
    return Actor(id=DISPATCHERS[dispatcher], role=Role.DISPATCHER, branch_id=HOME)


def _unlimited() -> Registry:
    """Return the routes without their limits by the minute of the real clock: here hours pass in a second."""
    routes = Registry()
    routes.routes = [msgspec.structs.replace(r, limit="1000000/minute") for r in composition.make_registry().routes]
    return routes


def _copy_database(source: Path, target: Path) -> None:
    for part in ("", "-wal", "-shm"):
        Path(f"{target}{part}").unlink(missing_ok=True)
        if Path(f"{source}{part}").exists():
            shutil.copy(f"{source}{part}", f"{target}{part}")
