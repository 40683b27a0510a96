"""The demo's command line: demo (default), replay, phone."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import socket as socket_module
import sys
import tempfile
import time
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.demo import figures, phone, progress, replay, seeding
from deploy.demo.cast import Play
from deploy.demo.children import Children
from deploy.demo.desk import HotlineDesk
from deploy.demo.kills import Killer
from deploy.demo.run_clock import RunnerClock
from deploy.demo.runner import Runner
from deploy.demo.town_play import make_town_play
from server import processes, schema
from server.core import texts
from server.core.calls import Services
from server.core.settings import Settings
from server.intake import importing
from server.work_orders import repository as work_orders
from shared.errors import DomainError
from shared.work_order import WorkOrderState

_FAILED: Final = 2
_HOTLINE: Final = "96777"  # of the generated town
_RESTING: Final = frozenset(
    {
        WorkOrderState.CLOSED,
        WorkOrderState.CANCELLED,
        WorkOrderState.DUPLICATE,
        WorkOrderState.NO_ACCESS,
        WorkOrderState.ON_HOLD,
        WorkOrderState.NEEDS_ENGINEERING,
    }
)
LAST_RUN: Final = Path(".demo")


def main(arguments: list[str]) -> int:
    """Run one command; return the exit code: 1 when a promise is broken, 2 for a bad request."""
    parsed = parse(arguments)
    try:
        if parsed.command == "phone":
            return phone.open_window(LAST_RUN)
        play = choose_play(parsed)
        return play_run(parsed, play)
    except DomainError as refused:
        for lang in texts.LANGUAGES:
            sys.stderr.write(texts.catalog().text(lang, f"error.{refused.code}", **refused.data) + "\n")
        return _FAILED


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options of a run."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="Play a gas company's day")
    parser.add_argument("command", nargs="?", choices=["demo", "replay", "phone"], default="demo")
    parser.add_argument("--check", action="store_true", help="stop after the report; exit 1 when a promise is broken")
    parser.add_argument("--report", default="", help="write the report here as one flat JSON object")
    parser.add_argument("--speed", default="", help="how many times faster than life; max for as fast as possible")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--orders", type=int, default=180)
    parser.add_argument("--date", default="2026-11-21", help="the day that is played (demo)")
    parser.add_argument("--kill", type=int, default=0, help="kill a server process so many times with SIGKILL")
    parser.add_argument("--until", default="", help="hold the clock at this time of the day (HH:MM) and keep serving")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder for a look afterwards")
    parser.add_argument("--module", default="server", help="the server program; a broken build for tests of the tests")
    parser.add_argument("--cut-sockets", action="store_true", help="phones open no sockets")
    parser.add_argument("--file", default="")
    parser.add_argument("--preset", default="")
    parser.add_argument("--day", default="")
    parser.add_argument("--crews", type=int, default=14)
    return parser


def choose_play(parsed: argparse.Namespace) -> Play:
    """Return what is played: the town's day, or imported orders. Raises DomainError `replay_incomplete`."""
    if parsed.command != "replay":
        return make_town_play(parsed.seed, dt.date.fromisoformat(parsed.date), parsed.orders)
    if not parsed.file or not parsed.preset:
        raise DomainError("replay_incomplete")
    preset = importing.load_preset(parsed.preset)
    return replay.make_play(Path(parsed.file), preset, parsed.day, parsed.crews)


Look = Callable[[Runner, Settings], int]


def play_run(parsed: argparse.Namespace, play: Play, look: Look | None = None) -> int:
    """Play a run in a folder of its own, report, and keep serving unless it is a check.

    With `look` nothing is reported: it is called while everything stands and serves, and its value is returned.
    """
    folder = Path(tempfile.mkdtemp(prefix="leakfirst-"))
    clock = RunnerClock(folder / "clock.sock", play.start_ms)
    environ = _environ(parsed, play, folder, clock)
    settings = Settings.from_env(environ)
    schema.upgrade(settings.database_url)
    codes = seeding.seed(settings, play)
    children = Children(environ, folder, parsed.module)
    has_doorbells = not parsed.cut_sockets
    runner = Runner(play, children, clock, folder, seed=parsed.seed, speed=_speed(parsed), has_doorbells=has_doorbells)
    try:
        for name in ("gateway", "worker"):
            children.start(name)
        children.wait_until_ready()
        runner.enrol(codes)
        _announce(parsed, children.url, folder, codes)
        report = _play(parsed, runner, settings, children)
        return look(runner, settings) if look is not None else _end(parsed, report, children.url)
    finally:
        runner.close()
        children.stop()
        if not parsed.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _play(parsed: argparse.Namespace, runner: Runner, settings: Settings, children: Children) -> figures.Figures:
    services = processes.make_services(settings)
    runner.schedule_calls(HotlineDesk(children.url, "chen"))
    bar = progress.Bar(runner.play.start_ms, len(runner.play.calls), runner.play.time_zone)
    runner.on_step = lambda now_ms: bar.show(now_ms, len(runner.calls))
    killer = Killer(children, parsed.kill, parsed.seed)
    started_s = time.monotonic()
    killer.start()
    runner.run(lambda: _is_over(services), _until_ms(parsed, runner.play))
    killer.finish()
    runner.rest()
    if parsed.until:
        runner.keep_contact()
    bar.end()
    report = figures.measure(services, {k: t.phone for k, t in runner.technicians.items()})
    services.uow.database.close()
    calls = len({call.ref for call in runner.play.calls if call.at_ms <= runner.clock.now_ms()})
    wanted = {"calls": calls, "kills": killer.count, "kills_wanted": parsed.kill}
    return {**wanted, "run_seconds": round(time.monotonic() - started_s, 1), **report}


def _until_ms(parsed: argparse.Namespace, play: Play) -> int | None:
    """Return the moment at which the clock is held: the next one after the start that shows this time of day."""
    if not parsed.until:
        return None
    zone = zoneinfo.ZoneInfo(play.time_zone)
    start = dt.datetime.fromtimestamp(play.start_ms / 1000, zone)
    held = dt.datetime.combine(start.date(), dt.time.fromisoformat(parsed.until), zone)
    return round((held if held > start else held + dt.timedelta(days=1)).timestamp() * 1000)


def _is_over(services: Services) -> bool:
    counts = services.uow.read(lambda s: work_orders.count_by_state(s, seeding.BRANCH_ID))
    return all(WorkOrderState(state) in _RESTING for state in counts)


def _environ(parsed: argparse.Namespace, play: Play, folder: Path, clock: RunnerClock) -> dict[str, str]:
    overrides, basemap = folder / "catalog", folder / "basemap"
    overrides.mkdir()
    basemap.mkdir()
    for name, content in play.overrides.items():
        (overrides / name).write_text(content)
    for name, layer in play.basemap.items():
        (basemap / f"{name}.geojson").write_text(json.dumps(layer, ensure_ascii=False))
    return {
        **{k: v for k, v in os.environ.items() if k.startswith("LEAKFIRST_DATABASE")},
        "LEAKFIRST_DATA_DIR": str(folder),
        "LEAKFIRST_CLOCK": str(clock.path),
        "LEAKFIRST_PORT": str(parsed.port or _free_port()),
        "LEAKFIRST_CATALOG_DIR": str(overrides),
        "LEAKFIRST_BASEMAP_DIR": str(basemap),
        "LEAKFIRST_TIME_ZONE": play.time_zone,
        "LEAKFIRST_HOTLINE": _HOTLINE,
        "LEAKFIRST_PLAN_ITERATIONS": "30",
    }


def _free_port() -> int:
    with socket_module.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port


def _speed(parsed: argparse.Namespace) -> float:
    text = parsed.speed or ("max" if parsed.check else "60")
    if text == "max":
        return 0.0
    try:
        return max(0.1, float(text))
    except ValueError as error:
        raise DomainError("setting_invalid", name="SPEED", value=text) from error


def _announce(parsed: argparse.Namespace, url: str, folder: Path, codes: dict[str, str]) -> None:
    LAST_RUN.mkdir(exist_ok=True)
    (LAST_RUN / "run.json").write_text(json.dumps({"url": url, "folder": str(folder), "technicians": sorted(codes)}))
    if not parsed.check:
        lines = (f"调度台 console  {url}", f"登录 sign in    lin / {seeding.PASSWORD}", "手机 phone      make phone")
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _end(parsed: argparse.Namespace, report: figures.Figures, url: str) -> int:
    broken = figures.list_broken_promises(report)
    sys.stdout.writelines(f"{name:32} {value}\n" for name, value in report.items())
    sys.stdout.writelines(f"BROKEN {name}\n" for name in broken)
    sys.stdout.flush()
    if parsed.report:
        Path(parsed.report).write_text(json.dumps(report, indent=1))
    if not parsed.check:
        _serve_until_interrupted(url)
    return 1 if broken else 0


def _serve_until_interrupted(url: str) -> None:
    sys.stdout.write(f"{url}  Ctrl-C\n")
    sys.stdout.flush()
    wait: Callable[[float], None] = time.sleep
    try:
        while True:
            wait(1)
    except KeyboardInterrupt:
        return
