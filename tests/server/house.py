"""A gas company in one process: real app, real database, real relay, real phones, and a clock that stands still."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import argon2
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import orm
from werkzeug.routing import Rule

from mobile import service as phones
from mobile.service import Phone
from mobile.sync.transport import Reply
from server import app as composition
from server import handlers, processes, schema
from server.accounts import service as accounts
from server.accounts.models import Account, Branch
from server.core import journal
from server.core.relay import Relay
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from server.customers import service as customers
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared import ids
from shared.machine import Role
from tests.mobile.phones import HandClock

T = TypeVar("T")

MORNING_MS: Final = 1_790_042_400_000  # Tuesday 2026-09-22, 10:00 in Shanghai
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
HOME: Final = "branch-1"
ELSEWHERE: Final = "branch-2"
PASSWORD: Final = "correct horse"
# A hash names its own cost: one that is cheap to check spares every test that signs in a quarter of a second.
_QUICK_HASHER: Final = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LEAK: Final = {
    "fault_kind": "gas_leak",
    "location": "kitchen",
    "answers": {"smell_strength": "strong", "inside_building": True},
    "address": "桃北中街218号3单元502室",
    "lat": 37.861,
    "lon": 113.571,
    "caller": {"name": "赵敏", "phone": "13800000001"},
}
STOVE: Final = {**LEAK, "fault_kind": "stove_fault", "answers": {}, "description": "火焰发黄"}
_SKILLS: Final = ("gas_leak", "co", "meter", "appliance", "inspection", "commissioning")
_PEOPLE: Final = (
    (HOME, "lin", "林静", Role.DISPATCHER),
    (HOME, "chen", "陈立", Role.AGENT),
    (HOME, "admin", "管理员", Role.ADMIN),
    (ELSEWHERE, "qian", "钱某", Role.DISPATCHER),
)
_TECHNICIANS: Final = (("wang", "王建国", 37.860, 113.570), ("sun", "孙梅", 37.900, 113.600))
_SHARED: Final[list[sa.Dialect]] = []
_STATEMENTS: Final[dict[Any, Any]] = {}
_TOKEN: Final = re.compile(r'name="csrf[-_]token"[^>]*?(?:value|content)="([^"]+)"')
_MOST_ROUNDS: Final = 200


_compile_builder: Final = Rule._compile_builder
_BUILDERS: Final[dict[Any, Any]] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 - werkzeug's own signature
    """Return what builds a rule's paths; the same text gives the same function, and every test makes an app anew."""
    key = (tuple(rule._trace), str(rule.defaults), append_unknown)
    if key not in _BUILDERS:
        _BUILDERS[key] = _compile_builder(rule, append_unknown)
    return _BUILDERS[key]


Rule._compile_builder = _compile_once  # type: ignore[assignment]  # a sixth of what a test cost


class Console:
    """Somebody's browser at the console: cookies, and the CSRF token of his page."""

    def __init__(self, app: Flask) -> None:
        """Nobody is signed in yet."""
        self.client: FlaskClient = app.test_client()
        self.token = ""

    def sign_in(self, user_name: str, password: str = PASSWORD) -> int:
        """Sign in through the page's form; return the status of the answer."""
        form = {"user_name": user_name, "password": password, "csrf_token": self._read_token()}
        status = self.client.post("/sign-in", data=form).status_code
        self.token = self._read_token()
        return status

    def get(self, path: str) -> Any:
        """Read a path."""
        return self.client.get(path)

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON as the console's scripts do."""
        return self.client.post(path, json=body, headers={"X-CSRF-Token": self.token})

    def _read_token(self) -> str:
        found = _TOKEN.search(self.client.get("/sign-in").text)
        if found is None:
            raise LookupError("the page carries no CSRF token")
        return found[1]


class Wire:
    """Carries a phone's calls into the app."""

    def __init__(self, app: Flask, token: str = "") -> None:
        """Speak with a device's token, or none."""
        self._client, self.token = app.test_client(), token

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:  # noqa: ARG002 - the app answers at once
        """Return the app's answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        answer = self._client.post(path, data=payload, headers=headers)
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.data)

    def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        payload: bytes,
        timeout_s: float,  # noqa: ARG002 - the app answers at once
    ) -> Reply:
        """Return the app's answer to the file lane."""
        told = {**headers, "Authorization": f"Bearer {self.token}"}
        answer = self._client.open(path, method=method, data=payload, headers=told)
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.data)


class House:
    """The company of a test."""

    def __init__(self, database_url: str, folder: Path) -> None:
        """Stand on a database that is up to date and seeded by `found_company`."""
        self.folder, self.clock = folder, HandClock(MORNING_MS)
        folder.mkdir(parents=True, exist_ok=True)
        environ = {"LEAKFIRST_DATA_DIR": str(folder), "LEAKFIRST_DATABASE_URL": database_url}
        self.settings = Settings.from_env(environ)
        self.services = processes.make_services(self.settings)
        self.uow, self.database = self.services.uow, self.services.uow.database
        if self.settings.is_sqlite:
            _make_quick(self.database.engine)
        self.uow.clock = self.clock
        profile = self.settings.sla_profile
        self.reactions, self.duties = handlers.reactions(profile), handlers.duties(profile)
        self.relay = Relay(self.uow, self.reactions, self.duties, "worker-0")
        self.app = composition.make_app(self.services, composition.make_registry())
        self._opened: list[Phone] = []
        self._desk: Console | None = None

    def close(self) -> None:
        """Close phones and connections."""
        for phone in self._opened:
            phone.close()
        self.database.close()

    @property
    def lin(self) -> Console:
        """Return dispatcher Lin's console, signed in."""
        if self._desk is None:
            self._desk = self.sign_in("lin")
        return self._desk

    def sign_in(self, user_name: str) -> Console:
        """Return a console with somebody signed in."""
        console = Console(self.app)
        if console.sign_in(user_name) != 302:
            raise LookupError(user_name)
        return console

    def drain(self) -> None:
        """Let the relay carry out all that waits or is due. Raises RuntimeError when it never comes to rest."""
        for _ in range(_MOST_ROUNDS):
            if not self.relay.run_once():
                return
        raise RuntimeError("the relay does not come to rest")

    def pass_ms(self, elapsed_ms: int) -> None:
        """Let time pass, and everything happen that falls due."""
        self.clock.pass_ms(elapsed_ms)
        self.drain()

    def write(self, work: Callable[[Tx], T], branch_id: str = HOME) -> T:
        """Run work as the product itself."""
        return self.uow.run(Actor.system(branch_id), work)

    def read(self, work: Callable[[orm.Session], T]) -> T:
        """Run a query."""
        return self.uow.read(work)

    def report(self, body: dict[str, Any] | None = None) -> str:
        """Take a report in at Lin's desk, let the relay work, and return the order's id."""
        answer = self.lin.post("/api/v1/intake/reports", body or LEAK)
        if answer.status_code != 201:
            raise ValueError(answer.text)
        self.drain()
        return str(answer.json["work_order_id"])

    def order(self, work_order_id: str) -> WorkOrder:
        """Return an order's row."""
        return self.read(lambda s: work_orders.get_order(s, HOME, work_order_id))

    def flags(self, work_order_id: str) -> list[str]:
        """Return what a person should look at."""
        return list(self.order(work_order_id).flags)

    def events(self, work_order_id: str) -> list[journal.Event]:
        """Return an order's history."""
        return self.read(lambda s: journal.list_history(s, work_order_id))

    def enrol_code(self, technician_id: str) -> str:
        """Return a fresh one-time code for a technician's phone."""
        return self.write(lambda tx: accounts.issue_enrol_code(tx, technician_id))[0]

    def phone(self, technician_id: str = "wang", name: str = "") -> Phone:
        """Return an enrolled phone of a technician, over the app itself."""
        home = self.folder / "phones" / (name or technician_id)
        identity = phones.enrol("http://house", self.enrol_code(technician_id), home, transport=Wire(self.app))
        chance = random.Random(str(home.name))
        line = Wire(self.app, identity.token)
        phone = Phone(
            home,
            "http://house",
            self.clock,
            lambda now_ms: ids.uuid7(now_ms, chance.randbytes(10)),
            uniform=lambda: 1.0,
            transport=line,
            lane_transport=line,
        )
        self._opened.append(phone)
        self.drain()
        return phone

    def sync(self, *those: Phone) -> None:
        """Let phones and relay talk until nobody has news."""
        for _ in range(3):
            for phone in those:
                phone.sync_once()
            self.drain()


def _make_quick(engine: sa.Engine) -> None:
    """Let commits return before the disk has them, and let houses share what the statements were compiled to.

    Nothing of a test has to survive a power cut; statements are kept by dialect, of which every engine has its own.
    """
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()
    if not _SHARED:
        engine.connect().close()  # the first connection completes the dialect
        _SHARED.append(engine.dialect)
    engine.dialect = _SHARED[0]
    engine.update_execution_options(compiled_cache=_STATEMENTS)


def found_company(database_url: str, folder: Path) -> None:
    """Bring an empty database up to date and write two branches down."""
    schema.upgrade(database_url)
    house = House(database_url, folder)
    for branch_id in (HOME, ELSEWHERE):
        house.write(_found_branch, branch_id)
    house.write(_hire)
    house.close()


def _found_branch(tx: Tx) -> None:
    branch = Branch(
        id=tx.branch_id, name={"zh_CN": "阳泉", "en": "Yangquan"}, center_lat=37.86, center_lon=113.57, generation="g1"
    )
    tx.session.add(branch)
    tx.session.flush()
    reader_id = journal.console_reader(tx.branch_id)
    tx.session.add(journal.FeedReader(id=reader_id, branch_id=tx.branch_id, technician_id="", head=0, is_active=True))
    for branch_id, user_name, name, role in _PEOPLE:
        if branch_id == tx.branch_id:
            tx.session.add(_account(tx, user_name, name, role))


def _account(tx: Tx, user_name: str, name: str, role: Role) -> Account:
    return Account(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        user_name=user_name,
        name=name,
        role=role.value,
        password_hash=_QUICK_HASHER.hash(PASSWORD),
        language="zh_CN",
        failures=0,
        locked_until_ms=0,
    )


def _hire(tx: Tx) -> None:
    valid_ms = MORNING_MS + 400 * DAY_MS
    for technician_id, name, lat, lon in _TECHNICIANS:
        values = {
            "name": name,
            "name_en": technician_id.title(),
            "skills": [{"name": skill, "valid_until_ms": valid_ms} for skill in _SKILLS],
            "instruments": [{"serial": "XP-1", "valid_until": "2030-01-01"}],
            "home_lat": lat,
            "home_lon": lon,
        }
        accounts.add_technician(tx, technician_id, values, [(MORNING_MS - HOUR_MS, MORNING_MS + 20 * DAY_MS)])
    customers.register_customers(tx, [ZHAO])


ZHAO: Final = {
    "id": "zhao",
    "account": "A-1",
    "name": "赵敏",
    "phone": "13800000001",
    "address": "桃北中街218号3单元502室",
    "lat": 37.861,
    "lon": 113.571,
    "language": "zh_CN",
    "is_vulnerable": False,
    "meter_serial": "M-1",
    "appliances": [],
}


def copy_company(template: Path, folder: Path) -> str:
    """Return the URL of a copy of a seeded SQLite database."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "leakfirst.db")
    return f"sqlite:///{folder / 'leakfirst.db'}"
