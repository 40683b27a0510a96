"""Figures of the console: ``python -m tests.benchmarks.console --technicians 200 --orders 1500 --json OUT``.

A company of its own with real gateway, worker and moving phones; the console in headless Chromium on software GL.
Measured are the first usable screen, the script that one batch of positions costs, how soon a leak stands on the screen
after its intake, and the longest frame while everybody moves, with as many technicians as named and with `--many`; and
the same batches on a page of Leaflet's DOM markers in the same run. Figures are reported, not asserted (decision 20).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from deploy import screenshots_console
from deploy.demo.seeding import PASSWORD
from tests.benchmarks.console_company import Company, running_company

_ROOT: Final = Path(__file__).resolve().parents[2]
_PAGES: Final = Path(__file__).parent / "console_pages"
_LEAFLET: Final = _ROOT / ".build" / "assets" / "node_modules" / "leaflet" / "dist"
_SIZE: Final = {"width": 1440, "height": 900}
_SHOWN: Final = ("queue-shown", "board-shown", "map-shown")
_STREETS: Final = "map-drawn"
_COMPLETE: Final = "(names) => names.every((m) => performance.getEntriesByName(m).length)"
_MARKS: Final = "() => Object.fromEntries(performance.getEntriesByType('mark').map((m) => [m.name, m.startTime]))"
_LIMITS: Final = {"usable_ms": 2500, "batch_ms": 10, "leak_ms": 500, "longest_frame_many_ms": 350}
_BASELINE_OPTION: Final = "--disable-features=LocalNetworkAccessChecks"  # a page out of a file may use the local socket
_WAIT_MS: Final = 60_000
_SETTLE_S: Final = 6.0
_BETWEEN_LEAKS_S: Final = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; return 2 when browser or libraries are absent."""
    options = _parse(arguments)
    program = screenshots_console.find_chromium()
    if program is None or not _LEAFLET.is_dir():
        sys.stderr.write("Chromium or the browser libraries are not installed (deploy/setup.sh)\n")
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*screenshots_console.CHROMIUM_OPTIONS, _BASELINE_OPTION]
        )
        rows = [_measure(browser, options, options.technicians, is_first=True)]
        if options.many:
            rows.append(_measure(browser, options, options.many, is_first=False))
        browser.close()
    written = {"rows": rows, "summary": _summary(rows)}
    sys.stdout.write(json.dumps(written["summary"], indent=2) + "\n")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(written, indent=2), encoding="utf-8")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console", description=__doc__)
    parser.add_argument("--technicians", type=int, default=200)
    parser.add_argument("--many", type=int, default=2000, help="technicians of the second company; 0: none")
    parser.add_argument("--orders", type=int, default=1500)
    parser.add_argument("--seconds", type=int, default=30, help="how long everybody moves for each figure")
    parser.add_argument("--leaks", type=int, default=10)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    return parser.parse_args(arguments)


def _measure(browser: Browser, options: argparse.Namespace, technicians: int, *, is_first: bool) -> dict[str, Any]:
    """Return the figures of one company: the first usable screen, leaks, and both pages while everybody moves."""
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:
        _say(f"founding a company of {technicians} technicians and {options.orders} orders")
        with running_company(Path(folder), technicians, options.orders) as company:
            _say("the worker plans")
            row: dict[str, Any] = {"technicians": technicians, "orders": options.orders}
            row["was_quiet"] = company.wait_until_quiet()
            row["loads"] = [_load(browser, company) for _ in range(options.loads)]
            with _phones(company, Path(folder)) as tell:
                row["console"] = _watch(browser, company, _open_console, tell, options.seconds)
                row["leaflet"] = _watch(browser, company, _open_leaflet, tell, options.seconds)
                row["leaks"] = _leaks(browser, company, tell, options.leaks) if is_first else []
    return row


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


@contextmanager
def _phones(company: Company, folder: Path) -> Iterator[Callable[[str], None]]:
    """Run everybody's phones; yield how to tell them `go` and `stop`."""
    told = folder / "phones.json"
    told.write_text(json.dumps([[t, *home] for t, home in zip(company.tokens, company.homes, strict=True)]))
    command = [sys.executable, "-m", "tests.benchmarks.console_phones", company.url, str(told)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as phones:
        if phones.stdin is None or phones.stdout is None or phones.stdout.readline() != "ready\n":
            raise RuntimeError("the phones did not come on the line")
        line = phones.stdin

        def tell(order: str) -> None:
            line.write(f"{order}\n")
            line.flush()

        yield tell
        phones.stdin.close()


def _context(browser: Browser, company: Company) -> BrowserContext:
    """Return a fresh browser profile, dispatcher Lin signed in without a page, so that nothing of ours is cached."""
    context = browser.new_context(viewport=_SIZE)  # type: ignore[arg-type]  # a plain dict is what it takes
    page = context.request.get(f"{company.url}/sign-in").text()
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    form: dict[str, str | float | bool] = {"user_name": "lin", "password": PASSWORD, "csrf_token": token}
    context.request.post(f"{company.url}/sign-in", form=form)
    context.add_init_script(path=_PAGES / "probe.js")
    return context


def _load(browser: Browser, company: Company) -> dict[str, float]:
    """Return milliseconds from the navigation to queue, board and everybody's place: with nothing cached, and again.

    The streets under the places come later and are told beside it.
    """
    context = _context(browser, company)
    page = context.new_page()
    found: dict[str, float] = {}
    for name in ("cold", "again"):
        page.goto(company.url)
        page.wait_for_function(_COMPLETE, arg=[*_SHOWN, _STREETS], timeout=_WAIT_MS)
        marks = page.evaluate(_MARKS)
        found |= {f"{name}_{mark.removesuffix('-shown')}_ms": marks[mark] for mark in _SHOWN}
        found |= {f"{name}_streets_ms": marks[_STREETS], f"{name}_ms": max(marks[mark] for mark in _SHOWN)}
    context.close()
    return found


def _open_console(browser: Browser, company: Company) -> Page:
    page = _context(browser, company).new_page()
    page.goto(company.url)
    page.wait_for_function(_COMPLETE, arg=[*_SHOWN, _STREETS], timeout=_WAIT_MS)
    return page


def _open_leaflet(browser: Browser, company: Company) -> Page:
    """Open the baseline under the gateway's own address, so that it hears the same socket with the same session."""
    context = _context(browser, company)
    for name in ("leaflet.js", "leaflet.css", "leaflet.html"):
        context.route(f"{company.url}/bench/{name}", _served(name))
    page = context.new_page()
    page.on("pageerror", lambda error: _say(str(error)))
    page.goto(f"{company.url}/bench/leaflet.html")
    page.wait_for_selector("body[data-ready]", timeout=_WAIT_MS)
    return page


def _served(name: str) -> Callable[[Route], None]:
    folder = _PAGES if name.endswith(".html") else _LEAFLET
    return lambda route: route.fulfill(path=folder / name)


def _watch(
    browser: Browser,
    company: Company,
    open_page: Callable[[Browser, Company], Page],
    tell: Callable[[str], None],
    seconds: int,
) -> dict[str, float]:
    """Return what a page does while nobody moves, and then while everybody does."""
    _say(open_page.__name__.removeprefix("_open_"))
    page = open_page(browser, company)
    time.sleep(_SETTLE_S)
    still = _sample(page, seconds)
    before = company.cpu_s()
    tell("go")
    time.sleep(_SETTLE_S)
    moving, frames = _sample(page, seconds), _frames(page, seconds)
    spent_s = 2 * seconds + _SETTLE_S
    used = {f"{name}_cpu_share": (cpu - before[name]) / spent_s for name, cpu in company.cpu_s().items()}
    tell("stop")
    nodes = page.evaluate("() => document.getElementsByTagName('*').length")
    page.context.close()
    return _figures(still, moving) | frames | used | {"nodes": nodes}


def _sample(page: Page, seconds: int) -> list[dict[str, float]]:
    """Return after every second how many batches have come, and the main thread's seconds of script and of all tasks.

    Processor seconds of the thread, so that a machine that does other work at the same time tells the same.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate("() => window.consoleProbe.begin(false)")
    steps = [_metrics(session, page)]
    for _ in range(seconds):
        time.sleep(1.0)
        steps.append(_metrics(session, page))
    session.detach()
    return steps


def _frames(page: Page, seconds: int) -> dict[str, float]:
    """Return the longest time between two frames, the longest frame by the browser (ms), and frames a second."""
    page.evaluate("() => window.consoleProbe.begin(true)")
    time.sleep(seconds)
    probe = page.evaluate("() => ({ ...window.consoleProbe, watch: null, begin: null })")
    return {
        "longest_gap_ms": max(probe["gaps"], default=0.0),
        "longest_frame_ms": max(probe["frames"], default=0.0),
        "frames_per_s": len(probe["gaps"]) / seconds,
        "batch_bytes": statistics.median(probe["batches"] or [0]),
    }


def _metrics(session: Any, page: Page) -> dict[str, float]:
    batches = page.evaluate("() => window.consoleProbe.batches.length")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return {"batches": batches, "script": metrics["ScriptDuration"], "task": metrics["TaskDuration"]}


def _figures(still: list[dict[str, float]], moving: list[dict[str, float]]) -> dict[str, float]:
    """Return milliseconds a batch: what a second with one batch costs more than one in which nobody moves."""
    found = {"batches": moving[-1]["batches"] - moving[0]["batches"]}
    for name, key in (("script", "batch"), ("task", "batch_task")):
        idle = statistics.mean(_grown(a, b, name) for a, b in pairwise(still))
        one = [(a, b) for a, b in pairwise(moving) if b["batches"] - a["batches"] == 1]
        costs = sorted(max(0.0, _grown(a, b, name) - idle) for a, b in one) or [0.0]
        seconds = len(moving) - 1
        found[f"idle_{name}_ms_per_s"] = idle
        found[f"{key}_ms"] = (_grown(moving[0], moving[-1], name) - idle * seconds) / max(1, found["batches"])
        found[f"{key}_median_ms"] = statistics.median(costs)
        found[f"{key}_p95_ms"] = costs[int(0.95 * (len(costs) - 1))]
    return found


def _grown(before: dict[str, float], after: dict[str, float], name: str) -> float:
    return (after[name] - before[name]) * 1000


def _leaks(browser: Browser, company: Company, tell: Callable[[str], None], count: int) -> list[float]:
    """Return for each leak the milliseconds from its commit until queue and alarm were painted, while all move."""
    _say("leaks")
    page = _open_console(browser, company)
    page.evaluate("() => window.consoleProbe.watch()")
    tell("go")
    time.sleep(_SETTLE_S)
    found = [_leak(page, company, number) for number in range(count)]
    tell("stop")
    page.context.close()
    return found


def _leak(page: Page, company: Company, number: int) -> float:
    """Report a leak and wait until it stands on the screen; both clocks are this machine's."""
    order_id, committed_ms = company.report_leak(number)
    page.wait_for_function(f"() => window.consoleProbe.rows['{order_id}'] > 0", timeout=_WAIT_MS)
    shown_ms = page.evaluate("(id) => window.consoleProbe.rows[id]", order_id)
    time.sleep(_BETWEEN_LEAKS_S)
    return float(shown_ms - committed_ms)


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = rows[0]
    loads = [load["cold_ms"] for load in first["loads"]]
    summary: dict[str, Any] = {
        "usable_ms": statistics.median(loads),
        "usable_again_ms": statistics.median(load["again_ms"] for load in first["loads"]),
        "streets_ms": statistics.median(load["cold_streets_ms"] for load in first["loads"]),
        "streets_again_ms": statistics.median(load["again_streets_ms"] for load in first["loads"]),
        "batch_ms": first["console"]["batch_median_ms"],
        "batch_mean_ms": first["console"]["batch_ms"],
        "batch_p95_ms": first["console"]["batch_p95_ms"],
        "leak_ms": statistics.median(first["leaks"]),
        "leak_slowest_ms": max(first["leaks"]),
        "limits": {name: {"ms": limit} for name, limit in _LIMITS.items()},
    }
    if len(rows) > 1:
        summary["longest_frame_many_ms"] = rows[1]["console"]["longest_gap_ms"]
    keys = ("batch_ms", "batch_p95_ms", "batch_task_ms", "longest_gap_ms", "longest_frame_ms", "frames_per_s", "nodes")
    return summary | {"pages": {k: v for row in rows for k, v in _beside(row, keys).items()}}


def _beside(row: dict[str, Any], keys: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the console's and the baseline's figures, and the one by the other."""
    told = {f"{name} {row['technicians']}": {k: row[name][k] for k in keys} for name in ("console", "leaflet")}
    ratios = {k: row["console"][k] / row["leaflet"][k] for k in keys if row["leaflet"][k]}
    return told | {f"console/leaflet {row['technicians']}": ratios}


if __name__ == "__main__":
    sys.exit(main())
