"""Figures of the phone's screen: ``python -m tests.benchmarks.phone_ui --json OUT`` (software GL, no display).

Cold start to a usable list and memory with a day of 40 jobs, the longest frame while 500 jobs scroll, and how long the
list takes to show a change. Each part runs in a process of its own; the best of several runs counts, for a machine
that does other work at the same time says nothing about the app. Figures are reported, not asserted (decision 20).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mobile.platform import lean, window

_DAY_JOBS: Final = 40
_MANY_JOBS: Final = 500
_SCROLL_FRAMES: Final = 150
_UPDATES: Final = 20
_NS_PER_S: Final = 1_000_000_000
_LIMITS: Final = {"start_s": 2.5, "rss_mb": 180.0, "longest_frame_ms": 100.0, "list_update_ms": 50.0}


def fill_phone(folder: Path, count: int) -> None:
    """Enrol a phone and give it `count` jobs."""
    from deploy.screenshots_phone import (  # noqa: PLC0415 - the measured process must not load it before its time
        PlayedServer,
        StillClock,
        make_phone,
        sample_job,
    )

    kinds = ("stove_fault", "inspection", "stove_fault")
    jobs = [sample_job(i, 3 + i % 2, kinds[i % 3], address=f"桃北中街{i}号3单元502室") for i in range(1, count + 1)]
    phone = make_phone(folder, PlayedServer(jobs), StillClock())
    while phone.sync_once().received:
        pass
    phone.close()


def child(part: str, folder: Path) -> dict[str, float]:
    """Measure one part in this process."""
    started_ns = int(os.environ["PHONE_UI_STARTED_NS"])
    lean.hide_server_libraries()
    window.prepare(Path(tempfile.mkdtemp()))
    from deploy import phone_camera  # noqa: PLC0415 - Kivy opens its window on import
    from deploy.screenshots_phone import PlayedServer, StillClock  # noqa: PLC0415 - after lean has hidden what only servers need
    from mobile.app import freeze_memory, make_ui  # noqa: PLC0415 - Kivy opens its window on import
    from mobile.service import Phone  # noqa: PLC0415 - after lean has hidden what only servers need
    from mobile.widgets.theme import register_fonts  # noqa: PLC0415 - Kivy opens its window on import

    register_fonts()
    phone_camera.set_size((412, 892), 1)
    phone = Phone(folder, "http://played", clock=StillClock(), transport=PlayedServer(()))
    ui = make_ui(phone)
    ui.apply_preferences()
    ui.home()
    phone_camera.show(ui)
    phone_camera.draw(2)
    freeze_memory()
    start_s = (time.monotonic_ns() - started_ns) / _NS_PER_S
    figures = {"start_s": start_s, "start_cpu_s": time.process_time(), "rss_mb": _rss_mb()}
    if part == "scroll":
        figures = {**_scroll(ui, phone_camera), **_update(ui, phone_camera), "rss_500_mb": _rss_mb()}
    phone.close()
    return figures


def _scroll(ui: Any, camera: Any) -> dict[str, float]:
    """Scroll the whole list down, a frame at a time, each drawn."""
    view, frames, cpu_ms = ui.page.view, list[float](), list[float]()
    for number in range(_SCROLL_FRAMES):
        view.scroll_y = 1 - number / (_SCROLL_FRAMES - 1)
        cpu_s = time.process_time()
        frames.append(_timed(lambda: camera.draw(1)))
        cpu_ms.append((time.process_time() - cpu_s) * 1000)
    widgets = sum(1 for _ in ui.walk(restrict=True))
    longest = {"longest_frame_ms": max(frames), "longest_frame_cpu_ms": max(cpu_ms)}
    return {**longest, "median_frame_ms": sorted(frames)[len(frames) // 2], "widgets": widgets}


def _update(ui: Any, camera: Any) -> dict[str, float]:
    """Change one job after another and let the list show it."""
    ui.page.scroll_y = 1.0
    camera.draw(2)
    jobs = ui.phone.jobs()
    taken, cpu_ms = list[float](), list[float]()
    for number in range(_UPDATES):
        ui.phone.act("see_assignment", jobs[number].work_order_id)
        cpu_s = time.process_time()
        taken.append(_timed(lambda: (ui.refresh(), camera.settle(1))))
        cpu_ms.append((time.process_time() - cpu_s) * 1000)
    longest = {"list_update_ms": max(taken), "list_update_cpu_ms": max(cpu_ms)}
    return {**longest, "median_update_ms": sorted(taken)[len(taken) // 2]}


def _timed(work: Callable[[], object]) -> float:
    begun_ns = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - begun_ns) / 1e6


def _rss_mb() -> float:
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def measure(part: str, folder: Path, repeats: int) -> dict[str, float]:
    """Run one part several times in fresh processes; keep the best of each figure."""
    runs = []
    for _ in range(repeats):
        environ = {**os.environ, "PHONE_UI_STARTED_NS": str(time.monotonic_ns())}
        environ |= {"KCFG_GRAPHICS_WIDTH": "412", "KCFG_GRAPHICS_HEIGHT": "892"}
        environ |= {"SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy", "KCFG_GRAPHICS_MAXFPS": "0"}
        command = [sys.executable, "-m", "tests.benchmarks.phone_ui", "--child", part, "--folder", str(folder)]
        done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: min(run[name] for run in runs) for name in runs[0]}


def main(arguments: list[str]) -> int:
    """Measure, say the figures with their limits, and write them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.phone_ui")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", choices=("start", "scroll"))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args(arguments)
    if asked.child:
        sys.stdout.write(json.dumps(child(asked.child, asked.folder)) + "\n")
        return 0
    figures: dict[str, float] = {}
    for part, count in (("start", _DAY_JOBS), ("scroll", _MANY_JOBS)):
        folder = Path(tempfile.mkdtemp())
        fill_phone(folder, count)
        figures |= measure(part, folder, asked.repeats)
    report = {"figures": figures, "limits": _LIMITS, "met": {n: figures[n] <= limit for n, limit in _LIMITS.items()}}
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
