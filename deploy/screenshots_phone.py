"""Pictures of the phone: every screen in both themes and languages, over a real store filled by a played server."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from mobile import service
from mobile.platform import window
from mobile.service import Phone
from mobile.sync.transport import ENROL_PATH, PRODUCT_HEADER, Reply
from shared import wire
from shared.assignment import AssignmentState
from shared.work_order import WorkOrderState

NOW_MS: Final = 1_795_225_402_000  # 2026-11-21 09:43:22 in China
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_DENSITY: Final = 2
_ZONE: Final = "Asia/Shanghai"
_SIZES: Final = {"412x915": ((412, 915), 1.0), "360x800": ((360, 800), 1.3)}


class StillClock:
    """A clock that stands still, so that pictures are the same."""

    boot_id = "picture"

    def __init__(self) -> None:
        """Start at the pictures' moment."""
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        """Return the pictures' moment."""
        return self.at_ms

    def mono_ms(self) -> int:
        """Return the pictures' moment."""
        return self.at_ms


class PlayedServer:
    """Answers like the server: enrols, hands out the jobs once, takes every event."""

    def __init__(self, jobs: Iterable[wire.Job]) -> None:
        """`jobs` are what the technician has."""
        self.jobs = tuple(jobs)
        self.taken: list[Any] = []
        self.messages: tuple[wire.DeskMessage, ...] = ()
        self.wait_at = ""

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Answer one call."""
        del timeout_s
        body = _enrolled() if path == ENROL_PATH else self._exchange(msgspec.json.decode(payload))
        return Reply(200, {PRODUCT_HEADER: "1"}, msgspec.json.encode(body))

    def _exchange(self, request: Any) -> wire.SyncResponse:
        events = request.get("events", ())
        self.taken += events
        changes = [
            wire.Change(
                seq=i, event_id=f"e{i}", type="assignment_offered", at_ms=NOW_MS, priority=j.priority,
                work_order_id=j.work_order_id, job=j,
            )
            for i, j in enumerate(self.jobs, start=1)
            if i > request.get("cursor", 0)
        ]  # fmt: skip
        results = tuple(wire.EventResult(id=e["id"], outcome="applied") for e in events)
        day = ((NOW_MS - 2 * _HOUR_MS, NOW_MS + 6 * _HOUR_MS),)
        return wire.SyncResponse(
            gen="g", at_ms=NOW_MS, results=results, changes=tuple(changes), cursor=len(self.jobs), duty=day,
            messages=self.messages, wait_at=self.wait_at,
        )  # fmt: skip


def _enrolled() -> wire.EnrolResponse:
    return wire.EnrolResponse(
        token="t",  # noqa: S106 - of a played server
        device_id="device-1", technician_id="technician-01", technician_name="王建国", branch_id="b",
        branch_name="临泉燃气", gen="g",
    )  # fmt: skip


def sample_job(number: int, priority: int, fault: str, **change: Any) -> wire.Job:
    """Return a job as the server would send it."""
    is_leak = fault.startswith("gas")
    due_ms = NOW_MS + (12 * _MINUTE_MS + 33_000 if priority == 1 else number * 67 * _MINUTE_MS)
    protocols = {
        "gas_odour": ("leak-response@2026", "indoor-tightness@2009"),
        "stove_fault": ("appliance-repair@2026", "stove-test@2020"),
        "inspection": ("household-inspection@2026",),
    }
    job = wire.Job(
        work_order_id=f"wo-{number}", number=f"WO-20261121-0{146 + number}", ver=4, state=WorkOrderState.OFFERED,
        priority=priority, fault_kind=fault, is_leak=is_leak, location="kitchen",
        description="做饭时闻到异味,已自行关阀,家中有老人。" if is_leak else "灶具打不着火",
        address="桃北中街218号3单元502室", lat=37.86, lon=113.58,
        customer=wire.CustomerView(
            name="赵敏", phone="138****0001", account="LQ000001", is_vulnerable=is_leak,
            appliances=("家和 G2 嵌入式灶",),
            history=(
                wire.PastVisit(at_ms=NOW_MS - 40 * 24 * _HOUR_MS, number="WO-20261012-0031", fault_kind="inspection",
                               outcome="closed"),
                wire.PastVisit(at_ms=NOW_MS - 400 * 24 * _HOUR_MS, number="WO-20251017-0112", fault_kind="stove_fault",
                               outcome="closed"),
            ),
        ),
        hazards=("at_risk",) if is_leak else (),
        advice=("go_outside", "no_switches") if is_leak else (),
        window_start_ms=None if is_leak else NOW_MS + number * 30 * _MINUTE_MS,
        window_end_ms=None if is_leak else NOW_MS + number * 30 * _MINUTE_MS + 120 * _MINUTE_MS,
        clocks=(wire.ClockView(kind="arrive_by", due_ms=due_ms, started_ms=NOW_MS - 9 * _MINUTE_MS),),
        protocols=protocols[fault],
        assignment=wire.AssignmentView(id=f"a-{number}", epoch=1, state=AssignmentState.OFFERED, offered_ms=NOW_MS),
    )  # fmt: skip
    return msgspec.structs.replace(job, **change)


def sample_jobs() -> tuple[wire.Job, ...]:
    """Return a morning's work: a leak, a repair, an inspection."""
    return (
        sample_job(1, 1, "gas_odour"),
        sample_job(2, 3, "stove_fault", address="德胜街66号7单元301室", lat=37.866, lon=113.571),
        sample_job(3, 4, "inspection", address="义井街35号4单元201室", lat=37.853, lon=113.588),
    )


def busy_server() -> PlayedServer:
    """Return a server that also offers a second leak, has written to the technician, and advises where to wait."""
    fourth = sample_job(4, 1, "gas_odour", address="晋东大道109号鸿泰苑小区12号楼2单元1801室", location="stairwell")
    server = PlayedServer((*sample_jobs(), fourth))
    server.messages = (
        wire.DeskMessage(id="m1", at_ms=NOW_MS - 50 * _MINUTE_MS, sender="林静", text="今天北区有施工，走桃北中街。"),
        wire.DeskMessage(
            id="m2",
            at_ms=NOW_MS - 4 * _MINUTE_MS,
            sender="林静",
            text="先关户外总阀，再查二楼立管。",
            work_order_id="wo-1",
        ),
    )
    server.wait_at = "德胜街加油站"
    return server


def make_phone(folder: Path, server: PlayedServer, clock: Any) -> Phone:
    """Return an enrolled phone that has fetched its jobs."""
    service.enrol("http://played", "CODE", folder, transport=server)
    phone = Phone(folder, "http://played", clock=clock, transport=server)
    phone.sync_once()
    return phone


def main(arguments: list[str]) -> int:
    """Take the pictures that are asked for, all of them without an option; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.screenshots_phone")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of pictures, with commas; parts of names do")
    parser.add_argument("--language", choices=("zh_CN", "en"), default=None)
    parser.add_argument("--theme", choices=("light", "dark"), default=None)
    parser.add_argument("--size", choices=tuple(_SIZES), default=None, help="360x800 is taken at 1.3 text size")
    parsed = parser.parse_args(arguments)
    parsed.out.mkdir(parents=True, exist_ok=True)
    _prepare_window()
    _take_all(parsed)
    return 0


def _prepare_window() -> None:
    os.environ["TZ"] = _ZONE
    time.tzset()
    os.environ.setdefault("KIVY_METRICS_DENSITY", str(_DENSITY))
    os.environ.setdefault("KCFG_GRAPHICS_MAXFPS", "0")
    os.environ.setdefault("KCFG_GRAPHICS_VSYNC", "0")
    # SDL's offscreen driver never enlarges its surface: it is made as large as the largest picture.
    largest = [max(size[axis] for size, _ in _SIZES.values()) * _DENSITY for axis in (0, 1)]
    os.environ["KCFG_GRAPHICS_WIDTH"], os.environ["KCFG_GRAPHICS_HEIGHT"] = map(str, largest)
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
        os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    window.prepare(Path(tempfile.mkdtemp()))


def _take_all(asked: argparse.Namespace) -> None:
    from deploy import phone_camera, phone_tour  # noqa: PLC0415 - Kivy opens its window on import

    busy = make_phone(Path(tempfile.mkdtemp()), busy_server(), StillClock())
    phone_tour.fill(busy)
    empty = make_phone(Path(tempfile.mkdtemp()), PlayedServer(()), StillClock())
    for size, theme, language in itertools.product(_SIZES, ("light", "dark"), ("zh_CN", "en")):
        if any(
            wanted not in {None, has}
            for wanted, has in zip((asked.size, asked.theme, asked.language), (size, theme, language), strict=True)
        ):
            continue
        look = phone_camera.Look(language, theme, *_SIZES[size], _DENSITY)
        for phone, places in ((busy, phone_tour.list_places(busy)), (empty, phone_tour.list_empty_places())):
            chosen = [p for p in places if not asked.only or any(name in p[0] for name in asked.only.split(","))]
            phone_camera.take_pictures(phone, chosen, look, asked.out)
    busy.close()
    empty.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
