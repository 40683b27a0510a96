"""Two thousand phones come back at once, and a leak is reported in the middle of it.

`python -m tests.soak.storm [--phones 2000] --json OUT`. The phones speak mobile.sync's protocol from a process of their
own (decision 22); each opens its socket, reads its feed and confirms what it got, all at the same moment. Ends with 0
when all were level within 20 s without one error and the leak was on its phone within 5 s.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from server import processes
from server.accounts import service as accounts
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from shared import wire
from tests.soak import outcome
from tests.soak.hotline import Hotline
from tests.soak.kills import company

MOST_SYNCED_S: Final = 20.0
MOST_LEAK_S: Final = 5.0
_LIMIT_S: Final = 180.0
_QUIET_LIMIT_S: Final = 600.0
_LEAK_AFTER_S: Final = 1.0
_CHUNK: Final = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, judge and report; return the exit code."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="leakfirst-storm-") as folder:
        figures = run(options.phones, Path(folder))
    outcome.write_figures(options.json, figures)
    return outcome.judge(figures, ("errors", "missing", "too_late"))


def run(phones: int, folder: Path) -> dict[str, Any]:
    """Return the figures of one storm."""
    with company.running_company(folder, phones, "server") as firm:
        hotline = Hotline(folder / "server", firm.database_url)
        names = sorted(firm.codes)
        outcome.say(f"  enrolling {phones} phones")
        tokens = _enrol(firm, names)
        for number, name in enumerate(names):
            hotline.give(name, company.place(number))
        _wait_until_quiet(hotline)
        before = _cpu_s(firm)
        report, leak_s = _storm(firm, hotline, folder, tokens, names)
        used = {name: round(_cpu_s(firm)[name] - before[name], 1) for name in before}
        hotline.close()
    return _judged(phones, report, leak_s) | used


def _enrol(firm: company.Company, names: list[str]) -> list[str]:
    """Redeem everybody's code, many in one transaction; return the tokens."""
    environ = {"LEAKFIRST_DATA_DIR": str(firm.folder / "server"), "LEAKFIRST_DATABASE_URL": firm.database_url}
    services = processes.make_services(Settings.from_env(environ))
    actor = Actor.system("branch-1")
    tokens: list[str] = []
    for start in range(0, len(names), _CHUNK):
        requests = [wire.EnrolRequest(code=firm.codes[n], public_key="ab" * 32) for n in names[start : start + _CHUNK]]

        def work(tx: Tx, requests: list[wire.EnrolRequest] = requests) -> list[str]:
            return [accounts.enrol_device(tx, request).token for request in requests]

        tokens += services.uow.run(actor, work)
    services.uow.database.close()
    return tokens


def _wait_until_quiet(hotline: Hotline) -> None:
    until_s = time.monotonic() + _QUIET_LIMIT_S
    while (waiting := hotline.count_waiting()) and time.monotonic() < until_s:
        outcome.say(f"  the worker still has {waiting} events to handle")
        time.sleep(2.0)


def _wait_for(hotline: Hotline, order_id: str) -> None:
    """Wait until a phone has the order: a late leak is a figure, not a missing one, but not for ever."""
    until_s = time.monotonic() + 3 * MOST_LEAK_S
    while not hotline.is_delivered(order_id) and time.monotonic() < until_s:
        time.sleep(0.1)


def _storm(
    firm: company.Company, hotline: Hotline, folder: Path, tokens: list[str], names: list[str]
) -> tuple[dict[str, Any], tuple[str, float]]:
    out, told = folder / "report.json", folder / "tokens.json"
    told.write_text(json.dumps(tokens))
    command = [sys.executable, "-m", "tests.soak.storm_phones", firm.url, str(told), str(out), str(_LIMIT_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as phones:
        if phones.stdin is None or phones.stdout is None:
            raise RuntimeError("no pipes")
        time.sleep(2.0)
        phones.stdin.write("go\n")
        phones.stdin.flush()
        time.sleep(_LEAK_AFTER_S)
        middle = len(names) // 2
        leak = hotline.give(names[middle], company.place(middle), is_leak=True)
        phones.stdout.readline()
        _wait_for(hotline, leak[0])
        phones.stdin.write("end\n")
        phones.stdin.flush()
        phones.wait(timeout=60)
    report: dict[str, Any] = json.loads(out.read_text())
    return report, leak


def _judged(phones: int, report: dict[str, Any], leak: tuple[str, float]) -> dict[str, Any]:
    synced, arrived_s = report["synced_s"], report["arrivals_s"].get(leak[0])
    leak_s = None if arrived_s is None else max(0.0, arrived_s - leak[1])
    all_synced_s = synced[-1] if synced else _LIMIT_S
    for error in report["errors"][:5]:
        outcome.say(f"  {error}")
    return {
        "phones": phones,
        "synced": len(synced),
        "missing": phones - len(synced),
        "errors": len(report["errors"]),
        "all_synced_s": round(all_synced_s, 2),
        "half_synced_s": round(synced[len(synced) // 2], 2) if synced else None,
        "leak_delivery_s": None if leak_s is None else round(leak_s, 2),
        "too_late": int(all_synced_s > MOST_SYNCED_S) + int(leak_s is None or leak_s > MOST_LEAK_S),
        "phones_cpu_s": round(report["cpu_s"], 1),
    }


def _cpu_s(firm: company.Company) -> dict[str, float]:
    """Return the CPU seconds that the server's processes have used, by their names."""
    used = {}
    for name, child in firm.children._running.items():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        used[f"{name}_cpu_s"] = (int(fields[11]) + int(fields[12])) / 100
    return used


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.storm", description=__doc__)
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
