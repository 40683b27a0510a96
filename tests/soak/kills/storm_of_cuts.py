"""Fifty technicians at work while one of the server's parts dies again and again."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.soak import outcome
from tests.soak.kills import checker, cuts
from tests.soak.kills.checker import PhoneOnDisk
from tests.soak.kills.company import Company, running_company
from tests.soak.kills.crew import Member, Reporter
from tests.soak.kills.cuts import Ground
from tests.soak.kills.rows import Rows

_PAUSE_S: Final = (0.05, 1.2)
_WARM_UP_S: Final = 1.5
_ANSWER_S: Final = 20.0
_DOORBELLS: Final = 5
_STUCK_S: Final = 45.0
_WORKER_UP_S: Final = 120.0
_OPEN: Final = "SELECT count(*) FROM work_order WHERE state IN ('new', 'triaged', 'offered', 'assigned', 'on_site')"
_EVERY: Final = 10
_MANY: Final = 1 << 30


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Carry out the cycles that are still to do, let everything come to rest, and judge."""
    module = f"tests.faults.{options.broken}" if options.broken else "server"
    done = _read_state(folder)
    with cuts.prepared(options.target, folder) as ground:
        url, extra = ground.database_url, ground.extra
        with running_company(folder, options.phones, module, url, extra) as company:
            with _crew(company, folder, options) as members:
                done = _cut_again_and_again(company, ground, members, options, done)
                is_quiet = _rest(company, members)
            company.children.stop()
        found = judge(folder, company.database_url, [member.on_disk for member in members])
    return {
        "target": options.target,
        "broken": options.broken,
        "cycles": done["cycles"],
        "phones": options.phones,
        "seconds": round(done["seconds"], 1),
        "acknowledged": found.acknowledged,
        "lost": found.lost,
        "duplicated": found.duplicated,
        "gaps": found.gaps,
        "half_records": found.half_records,
        "came_to_rest": is_quiet,
        "named": found.named,
    }


def judge(folder: Path, database_url: str, phones: list[PhoneOnDisk]) -> checker.Findings:
    """Judge a run from its folder; which phones took part stays there, so that it can be judged again."""
    told = [[str(phone.folder), phone.device_id] for phone in phones]
    (folder / "phones.json").write_text(json.dumps(told))
    return checker.check(database_url, phones, read_reports(folder / "hotline"), folder / "server")


@contextlib.contextmanager
def _crew(company: Company, folder: Path, options: argparse.Namespace) -> Iterator[list[Member]]:
    members = [
        Member(name, folder / "phones" / name, company.url, code, options.seed, has_doorbell=number < _DOORBELLS)
        for number, (name, code) in enumerate(sorted(company.codes.items()))
    ]
    try:
        yield members
    finally:
        for member in members:
            member.close()


def _cut_again_and_again(
    company: Company, ground: Ground, members: list[Member], options: argparse.Namespace, done: dict[str, Any]
) -> dict[str, Any]:
    chance, is_over = random.Random(f"{options.seed}:{done['cycles']}"), threading.Event()
    reporter = Reporter(company.url, company.folder / "hotline", max(2, options.phones))
    threads = [threading.Thread(target=member.work, args=(is_over,), daemon=True) for member in members]
    count = lambda: _count_open(company.database_url)  # noqa: E731 - a name for one expression
    threads.append(threading.Thread(target=reporter.work, args=(is_over, count), daemon=True))
    _wait_for_worker(company.database_url)
    for thread in threads:
        thread.start()
    time.sleep(_WARM_UP_S)
    started_s, before_s = time.monotonic(), done["seconds"]
    while done["cycles"] < options.cycles:
        _wait_for_an_answer(members)
        time.sleep(chance.uniform(*_PAUSE_S))
        ground.cut(company.children)
        done = {"cycles": done["cycles"] + 1, "seconds": before_s + time.monotonic() - started_s}
        (company.folder / "state.json").write_text(json.dumps(done))
        if done["cycles"] % _EVERY == 0 or done["cycles"] == options.cycles:
            outcome.say(f"  {done['cycles']} of {options.cycles} kills, {done['seconds']:.0f} s")
    time.sleep(_PAUSE_S[1])
    is_over.set()
    for thread in threads:
        thread.join()
    reporter.close()
    return done


def _wait_for_an_answer(members: list[Member]) -> None:
    """Return when the server has answered somebody again: parts that are cut before they stand prove nothing."""
    until_s, before = time.monotonic() + _ANSWER_S, sum(member.answers for member in members)
    while time.monotonic() < until_s and sum(member.answers for member in members) == before:
        time.sleep(0.02)


def _wait_for_worker(database_url: str) -> None:
    """Return when the worker has reacted to the enrolments: it starts more slowly than the gateway."""
    until_s = time.monotonic() + _WORKER_UP_S
    while time.monotonic() < until_s:
        with Rows.open(database_url) as rows:
            if not rows.all("SELECT count(*) FROM outbox")[0][0]:
                return
        time.sleep(0.1)


def _count_open(database_url: str) -> int:
    try:
        with Rows.open(database_url) as rows:
            return int(rows.all(_OPEN)[0][0])
    except (sqlite3.Error, psycopg.Error):
        # Dead on purpose just now: then nothing is reported.
        return _MANY


def _rest(company: Company, members: list[Member]) -> bool:
    """Let everybody finish; tell whether nothing was left to do anywhere. Ends when nothing has moved for a while."""
    moved_s, at = time.monotonic(), -1
    while time.monotonic() - moved_s < _STUCK_S:
        threads = [threading.Thread(target=member.come_to_rest) for member in members]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not _is_busy(company.database_url) and _are_done(members) and not _is_busy(company.database_url):
            return True
        if at != (at := _find_head(company.database_url)):
            moved_s = time.monotonic()
    return False


def _find_head(database_url: str) -> int:
    with Rows.open(database_url) as rows:
        return int(rows.all("SELECT max(id) FROM journal")[0][0])


def _are_done(members: list[Member]) -> bool:
    return all(member.come_to_rest() for member in members) and not any(m.phone.sync_once().received for m in members)


def _is_busy(database_url: str) -> bool:
    with Rows.open(database_url) as rows:
        waiting = int(rows.all("SELECT count(*) FROM outbox")[0][0])
        return bool(waiting or rows.all(_OPEN)[0][0])


def _read_state(folder: Path) -> dict[str, Any]:
    state = folder / "state.json"
    found: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {"cycles": 0, "seconds": 0.0}
    if found["cycles"]:
        outcome.say(f"  going on after {found['cycles']} kills in {folder}")
    return found


def read_reports(folder: Path) -> dict[str, str]:
    """Return the confirmed reports that a hotline wrote down: reference → id of the order."""
    told = folder / "witness.jsonl"
    lines = [json.loads(line) for line in told.read_text("utf-8").splitlines()] if told.exists() else []
    return {line["ref"]: line["work_order_id"] for line in lines}
