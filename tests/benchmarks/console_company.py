"""The company of the console's figures: technicians on duty with a phone each, open orders, gateway and worker."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from deploy.demo import seeding
from deploy.demo.cast import Crew, Play
from deploy.demo.children import Children
from deploy.demo.town_play import make_town_play
from server import processes, schema
from server.accounts import service as accounts
from server.core import relay
from server.core.calls import Services
from server.core.journal import OutboxRow
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from server.dispatch import service as dispatch
from server.intake import service as intake
from server.work_orders.service import Desk
from shared import wire
from shared.machine import Role

_SEED: Final = 11
_HOUR_MS: Final = 3_600_000
_LEAKS: Final = frozenset({"gas_odour", "gas_leak", "gas_alarm", "co_alarm"})
_REPORTS_PER_ORDER: Final = 1.3  # a town's day holds leaks too; they are left out here
_LEAK: Final[dict[str, Any]] = {
    "fault_kind": "gas_leak",
    "location": "kitchen",
    "answers": {"smell_strength": "strong", "hissing_sound": True, "inside_building": True},
    "read_back": True,
}
_SKILLS: Final = ("gas_leak", "co", "appliance", "meter", "inspection", "commissioning")
_NAMES: Final = ("王强", "李敏", "周洋", "赵磊", "钱伟", "孙涛", "吴军", "郑勇", "冯杰", "陈刚")
_CHUNK: Final = 100
_QUIET_LIMIT_S: Final = 300.0


@dataclasses.dataclass(frozen=True)
class Company:
    """What a measurement works with: the address, one token and one home (latitude, longitude) for each phone."""

    url: str
    tokens: tuple[str, ...]
    homes: tuple[tuple[float, float], ...]
    center: tuple[float, float]
    children: Children
    services: Services

    def wait_until_quiet(self) -> bool:
        """Return when the worker has nothing left to handle; False when it still works after five minutes."""
        until_s = time.monotonic() + _QUIET_LIMIT_S
        while time.monotonic() < until_s:
            if self._is_idle() and not self.services.uow.read(relay.count_waiting):
                return True
        return False

    def report_leak(self, number: int) -> tuple[str, int]:
        """Take a leak in at one of the homes; return the order's id and when its intake was committed (Unix ms)."""
        lat, lon = self.homes[number % len(self.homes)]
        request = intake.ReportRequest(**_LEAK, address=f"桃北中街{number + 1}号", lat=lat, lon=lon)
        agent = Actor(id="chen", role=Role.AGENT, branch_id=seeding.BRANCH_ID)
        desk = _desk(self.services.settings)
        order_id = self.services.uow.run(agent, lambda tx: intake.take_fault_report(tx, request, desk).id)
        return order_id, time.time_ns() // 1_000_000

    def _is_idle(self) -> bool:
        """Tell whether the worker used hardly any processor time in the last two seconds."""
        before = self.cpu_s()["worker"]
        time.sleep(2.0)
        return self.cpu_s()["worker"] - before < 0.2

    def cpu_s(self) -> dict[str, float]:
        """Return the processor seconds that gateway and worker have used."""
        used = {}
        for name, child in self.children._running.items():
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
            used[name] = (int(fields[11]) + int(fields[12])) / 100
        return used


@contextlib.contextmanager
def running_company(folder: Path, technicians: int, orders: int) -> Iterator[Company]:
    """Found a company in a new folder and run its gateway and worker; the clock is the machine's."""
    now_ms = time.time_ns() // 1_000_000
    play = _play(technicians, orders, now_ms)
    environ = _environ(folder, play)
    settings = Settings.from_env(environ)
    schema.upgrade(settings.database_url)
    codes = seeding.seed(settings, play)
    services = processes.make_services(settings)
    tokens = _enrol(services, [codes[crew.id] for crew in play.crews])
    _open_orders(services, play, orders, now_ms)
    _plan_in_one_go(services)
    children = Children(environ, folder)
    try:
        for name in ("gateway", "worker"):
            children.start(name)
        children.wait_until_ready()
        homes = tuple(crew.start for crew in play.crews)
        yield Company(children.url, tokens, homes, play.center, children, services)
    finally:
        children.stop()
        services.uow.database.close()


def _play(technicians: int, orders: int, now_ms: int) -> Play:
    town = make_town_play(_SEED, dt.datetime.now(tz=dt.UTC).date(), round(orders * _REPORTS_PER_ORDER))
    chance = random.Random(_SEED)
    homes = [chance.choice(town.customers) for _ in range(technicians)]
    crews = tuple(_crew(i, (home["lat"], home["lon"]), now_ms) for i, home in enumerate(homes))
    return dataclasses.replace(town, crews=crews)


def _crew(number: int, home: tuple[float, float], now_ms: int) -> Crew:
    name = f"{_NAMES[number % len(_NAMES)]}{number}"
    until = (dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=300)).date().isoformat()
    row: dict[str, Any] = {
        "name": name,
        "name_en": f"Crew {number}",
        "skills": [{"name": skill, "valid_until_ms": now_ms + 300 * 24 * _HOUR_MS} for skill in _SKILLS],
        "instruments": [{"serial": f"GT-{number}", "valid_until": until}],
        "home_lat": home[0],
        "home_lon": home[1],
    }
    shift = (now_ms - 2 * _HOUR_MS, now_ms + 10 * _HOUR_MS)
    return Crew(f"crew-{number:04d}", name, row, (shift,), home, f"GT-{number}", until)


def _enrol(services: Services, codes: list[str]) -> tuple[str, ...]:
    """Redeem everybody's code, many in one transaction; return the tokens."""
    tokens: list[str] = []
    for start in range(0, len(codes), _CHUNK):
        some = codes[start : start + _CHUNK]

        def work(tx: Tx, some: list[str] = some) -> list[str]:
            asked = [wire.EnrolRequest(code=code, public_key="ab" * 32) for code in some]
            return [accounts.enrol_device(tx, request).token for request in asked]

        tokens += services.uow.run(Actor.system(seeding.BRANCH_ID), work)
    return tuple(tokens)


def _open_orders(services: Services, play: Play, orders: int, now_ms: int) -> None:
    """Take the town's ordinary reports in, many in one transaction; windows lie in the hours to come."""
    calls = [call.report for call in play.calls if call.report["fault_kind"] not in _LEAKS][:orders]
    if len(calls) < orders:
        raise ValueError(f"the town's day has only {len(calls)} ordinary reports")
    shift_ms = now_ms - play.start_ms
    for start in range(0, orders, _CHUNK):
        some = [_moved(report, shift_ms) for report in calls[start : start + _CHUNK]]

        def work(tx: Tx, some: list[intake.ReportRequest] = some) -> None:
            for request in some:
                intake.take_fault_report(tx, request, _desk(services.settings))

        services.uow.run(Actor.system(seeding.BRANCH_ID), work)


def _plan_in_one_go(services: Services) -> None:
    """Let one planning run place what was taken in: the figures are not about the worker's placing one by one."""

    def work(tx: Tx) -> None:
        tx.session.execute(sa.delete(OutboxRow))
        dispatch.request_replan(tx, "imported")

    services.uow.run(Actor.system(seeding.BRANCH_ID), work)


def _moved(report: dict[str, Any], shift_ms: int) -> intake.ReportRequest:
    windows = {key: value + shift_ms for key, value in report.items() if key.startswith("window_")}
    caller = intake.Caller(**report.get("caller", {}))
    return intake.ReportRequest(**{**report, **windows, "caller": caller})


def _desk(settings: Settings) -> Desk:
    return Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)


def _environ(folder: Path, play: Play) -> dict[str, str]:
    basemap, overrides = folder / "basemap", folder / "catalog"
    basemap.mkdir()
    overrides.mkdir()
    for name, layer in play.basemap.items():
        (basemap / f"{name}.geojson").write_text(json.dumps(layer, ensure_ascii=False), encoding="utf-8")
    for name, content in play.overrides.items():
        (overrides / name).write_text(content, encoding="utf-8")
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    return {
        "LEAKFIRST_DATA_DIR": str(folder),
        "LEAKFIRST_PORT": str(port),
        "LEAKFIRST_BASEMAP_DIR": str(basemap),
        "LEAKFIRST_CATALOG_DIR": str(overrides),
        "LEAKFIRST_TIME_ZONE": play.time_zone,
        "LEAKFIRST_PLAN_ITERATIONS": "1",
    }
