"""A small company for the browser: three technicians, two customers, one visit that is over; the clock stands."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import functools
import json
import socket as socket_module
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from deploy.demo import seeding
from deploy.demo.cast import Call, Crew, Play, Truth
from deploy.demo.children import Children
from deploy.demo.desk import HotlineDesk
from deploy.demo.run_clock import RunnerClock
from deploy.demo.runner import Runner
from deploy.demo.town_play import make_town_play
from server import processes, schema
from server.core.settings import Settings
from server.work_orders import repository as work_orders

START_MS: Final = round(dt.datetime(2026, 11, 21, 1, 0, tzinfo=dt.UTC).timestamp() * 1000)
DAY_MS: Final = 86_400_000
STEP_MS: Final = 300_000
LONGEST_STEPS: Final = 144
VALID_UNTIL: Final = "2027-11-21"
SKILLS: Final = ("gas_leak", "co", "appliance", "meter", "inspection", "commissioning")
CREWS: Final = (("crew-1", "王强"), ("crew-2", "李敏"), ("crew-3", "周洋"))


@dataclasses.dataclass(frozen=True)
class Company:
    """What a test needs: the address, who signs in, the finished order, a desk that reports more.

    `serve` lets the company's phones and its clock go on until an order is closed.
    """

    url: str
    user: str
    password: str
    finished_id: str
    desk: HotlineDesk
    serve: Callable[[str], None]


@contextmanager
def running_company(folder: Path) -> Iterator[Company]:
    """Run gateway and worker for a company whose first order has been served and signed."""
    play = _play()
    clock = RunnerClock(folder / "clock.sock", play.start_ms)
    environ = _environ(folder, clock, play)
    settings = Settings.from_env(environ)
    schema.upgrade(settings.database_url)
    codes = seeding.seed(settings, play)
    children = Children(environ, folder)
    runner = Runner(play, children, clock, folder, seed=1, speed=0)
    # The phones also serve what other tests reported, leaks among it; elsewhere a leak's outcome counts as done.
    runner.truths = collections.defaultdict(lambda: Truth(duration_s=1200, outcome="all_clear", opinion="满意"))
    try:
        for name in ("gateway", "worker"):
            children.start(name)
        children.wait_until_ready()
        runner.enrol(codes)
        runner.schedule_calls(HotlineDesk(children.url, "chen"))
        runner.run(lambda: _is_closed(settings))
        desk = HotlineDesk(children.url, "lin")
        serve = functools.partial(_serve, settings, runner)
        yield Company(children.url, "lin", seeding.PASSWORD, next(iter(runner.calls)), desk, serve)
    finally:
        runner.close()
        children.stop()


def _serve(settings: Settings, runner: Runner, work_order_id: str) -> None:
    """Let time go on in steps until an order is closed. Raises TimeoutError when half a day was not enough."""
    services, until_ms = processes.make_services(settings), runner.clock.now_ms()
    for _ in range(LONGEST_STEPS):
        order = services.uow.read(lambda s: work_orders.get_order(s, seeding.BRANCH_ID, work_order_id))
        if order.state == "closed":
            break
        until_ms += STEP_MS
        runner.run(lambda: False, until_ms)
    else:
        raise TimeoutError(work_order_id)
    services.uow.database.close()


def _is_closed(settings: Settings) -> bool:
    """Tell whether all orders are closed."""
    services = processes.make_services(settings)
    states = services.uow.read(lambda s: work_orders.count_by_state(s, seeding.BRANCH_ID))
    services.uow.database.close()
    return set(states) == {"closed"}


def _play() -> Play:
    town = make_town_play(7, dt.date(2026, 11, 21), 12)
    zhao, qian = ({**town.customers[i], "name": name} for i, name in ((0, "赵敏"), (1, "钱云")))
    report = {
        "fault_kind": "stove_fault",
        "location": "kitchen",
        "description": "灶具打不着火",
        "customer_id": zhao["id"],
        "address": zhao["address"],
    }
    call = Call(START_MS + 60_000, "first", report, Truth(duration_s=1500, outcome="done", opinion="满意"))
    end_ms = START_MS + 4 * 3_600_000
    changes: dict[str, Any] = {"crews": _crews(zhao), "customers": (zhao, qian), "calls": (call,)}
    return dataclasses.replace(town, start_ms=START_MS, end_ms=end_ms, **changes)


def _crews(near: dict[str, Any]) -> tuple[Crew, ...]:
    found = []
    for number, (crew_id, name) in enumerate(CREWS):
        place = (near["lat"] + 0.004 * (number + 1), near["lon"] + 0.005 * number)
        row = {
            "name": name,
            "name_en": name,
            "skills": [{"name": skill, "valid_until_ms": START_MS + 300 * DAY_MS} for skill in SKILLS],
            "instruments": [{"serial": f"GT-{number}", "valid_until": VALID_UNTIL}],
            "home_lat": place[0],
            "home_lon": place[1],
        }
        shift = (START_MS - DAY_MS, START_MS + 3 * DAY_MS)
        found.append(Crew(crew_id, name, row, (shift,), place, f"GT-{number}", VALID_UNTIL))
    return tuple(found)


def _environ(folder: Path, clock: RunnerClock, play: Play) -> dict[str, str]:
    basemap, overrides = folder / "basemap", folder / "catalog"
    basemap.mkdir()
    overrides.mkdir()
    for name, layer in play.basemap.items():
        (basemap / f"{name}.geojson").write_text(json.dumps(layer, ensure_ascii=False), encoding="utf-8")
    for name, content in play.overrides.items():
        (overrides / name).write_text(content, encoding="utf-8")
    with socket_module.socket() as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    return {
        "LEAKFIRST_DATA_DIR": str(folder),
        "LEAKFIRST_CLOCK": str(clock.path),
        "LEAKFIRST_PORT": str(port),
        "LEAKFIRST_BASEMAP_DIR": str(basemap),
        "LEAKFIRST_CATALOG_DIR": str(overrides),
        "LEAKFIRST_TIME_ZONE": play.time_zone,
        "LEAKFIRST_PLAN_ITERATIONS": "10",
    }
