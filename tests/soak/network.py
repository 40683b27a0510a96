"""A bad network between working technicians and their server, and what became of their work.

`python -m tests.soak.network --fault FAULT [--seconds 180] [--phones 20] --json OUT`. Twenty phones with the real core
write notes while leaks are offered to them; then the network heals. Ends with 0 when nothing was lost or doubled,
everybody had caught up within 15 s of healing, and, at 30 % loss, 95 of 100 leaks had arrived within 5 s.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from deploy.demo.children import Children
from mobile import service
from mobile.service import Phone
from mobile.store import meta
from shared import wire
from shared.assignment import PENDING_STATES, AssignmentState
from shared.errors import DomainError
from tests.soak import lossy_link, outcome
from tests.soak.hotline import Hotline
from tests.soak.kills import checker, company
from tests.soak.kills.checker import PhoneOnDisk
from tests.soak.lossy_link import LossyLink
from tests.soak.proxy import FAULTS, Proxy

MOST_CONVERGENCE_S: Final = 15.0
MOST_LEAK_P95_S: Final = 5.0
_LOSS: Final = 0.3
_READY_LIMIT_S: Final = 60.0
_HEALING_LIMIT_S: Final = 120.0
_LOOK_S: Final = 0.05
_STEPS_EVERY_S: Final = 0.25
_NOTE_EVERY_S: Final = (0.5, 2.0)
_LEAK_EVERY_S: Final = 2.0
_EMULATED: Final = "proxy"


class Technician:
    """One phone at work: takes what comes, writes notes."""

    def __init__(self, name: str, place: tuple[float, float], phone: Phone, folder: Path, device_id: str) -> None:
        """Begin."""
        self.name, self.place, self.phone = name, place, phone
        self.on_disk = PhoneOnDisk(folder, device_id)
        self.notes = 0
        self.portal_seen = False

    def take_steps(self) -> bool:
        """Take the next step to each door; tell whether he is on site somewhere."""
        steps = {AssignmentState.ACCEPTED: "depart", AssignmentState.EN_ROUTE: "arrive"}
        for job in self.phone.jobs():
            state = job.assignment.state
            step = "accept_assignment" if state in PENDING_STATES else "" if job.is_leak else steps.get(state, "")
            if step and self.phone.is_accept_confirmed(job.work_order_id):
                with contextlib.suppress(DomainError):  # taken back between looking and tapping
                    self.phone.act(step, job.work_order_id)
        self.portal_seen |= self.phone.line().code == "captive_portal"
        return self._site() is not None

    def write_note(self) -> None:
        """Write a remark about the job at hand."""
        job = self._site()
        if job is not None:
            self.notes += 1
            with contextlib.suppress(DomainError):  # the job has just left
                self.phone.act("add_note", job.work_order_id, text=f"第{self.notes}条")

    def work(self, is_over: threading.Event, seed: str) -> None:
        """Work until it is over."""
        chance = random.Random(seed)
        while not is_over.wait(chance.uniform(*_NOTE_EVERY_S)):
            self.take_steps()
            self.write_note()

    def cursor(self) -> int:
        """Return how far this phone has read its feed."""
        with self.phone._store.read() as db:
            return meta.get_number(db, meta.CURSOR)

    def _site(self) -> wire.Job | None:
        on_site = (AssignmentState.ARRIVED, AssignmentState.WORKING)
        return next((job for job in self.phone.jobs() if job.assignment.state in on_site), None)


class Field:
    """All technicians, and the orders that are given to them."""

    def __init__(self, technicians: list[Technician], hotline: Hotline, seed: int) -> None:
        """Bring them together."""
        self.technicians, self._hotline, self._seed = technicians, hotline, seed
        self.waits_s: list[float] = []
        self._out: dict[str, tuple[Technician, float, int]] = {}
        self.leaks = 0
        self._steps_due_s = 0.0

    def open_the_day(self) -> None:
        """Give everybody a job and wait until all are at work, and the office knows. Raises TimeoutError."""
        for technician in self.technicians:
            self._hotline.give(technician.name, technician.place)
        self._until(_READY_LIMIT_S, lambda: len([t for t in self.technicians if not t.take_steps()]) == 0)
        self._until(_READY_LIMIT_S, lambda: all(t.phone.line().unsent == 0 for t in self.technicians))

    def work(self, seconds: float) -> None:
        """Let all write notes, and leaks come in, for a while."""
        is_over = threading.Event()
        threads = [
            threading.Thread(target=t.work, args=(is_over, f"{self._seed}:{t.name}"), daemon=True)
            for t in self.technicians
        ]
        for thread in threads:
            thread.start()
        chance, until_s = random.Random(self._seed), time.monotonic() + seconds
        due_s = time.monotonic() + 1.0
        while time.monotonic() < until_s:
            if time.monotonic() > due_s and until_s - time.monotonic() > _LEAK_EVERY_S:
                self._give_leak(chance.choice(self.technicians))
                due_s += _LEAK_EVERY_S
            self.look()
            time.sleep(_LOOK_S)
        is_over.set()
        for thread in threads:
            thread.join()

    def look(self) -> None:
        """Note which leaks have arrived."""
        for order_id, (technician, given_s, seq) in list(self._out.items()):
            # One of several leaks is taken back as soon as he accepts another: its change has been read all the same.
            if technician.phone.find_job(order_id) is not None or technician.cursor() >= seq:
                self.waits_s.append(time.monotonic() - given_s)
                del self._out[order_id]

    def converge(self) -> tuple[float, float]:
        """Wait until every phone has sent and heard all; raises TimeoutError.

        Return after how many seconds the last phone had an answer again, and after how many all was done.
        """
        started_s = time.monotonic()
        seen_s: dict[str, float] = {}

        def has_converged() -> bool:
            now_s = time.monotonic()
            for technician in self.technicians:
                if technician.phone.engine.answered_ago_ms() / 1000 < now_s - started_s:
                    seen_s.setdefault(technician.name, now_s - started_s)
            return self._has_converged()

        self._until(_HEALING_LIMIT_S, has_converged)
        return max(seen_s.values(), default=0.0), time.monotonic() - started_s

    def come_to_rest(self, children: Children) -> None:
        """Stop the worker between two duties, so that nothing happens any more that a phone would have to hear of."""
        while True:
            self._until(_HEALING_LIMIT_S, lambda: self._has_converged() and self._hotline.count_waiting() == 0)
            children.kill("worker")
            if self._hotline.count_waiting() == 0:
                break
            children.start("worker")
        self.converge()

    def _give_leak(self, technician: Technician) -> None:
        order_id, given_s = self._hotline.give(technician.name, technician.place, is_leak=True)
        self._out[order_id] = (technician, given_s, self._hotline.heads()[technician.on_disk.device_id])
        self.leaks += 1

    def _has_converged(self) -> bool:
        self.look()
        if time.monotonic() < self._steps_due_s:
            return False  # people do not look twenty times a second, and this process is all their phones
        for technician in self.technicians:
            technician.take_steps()
        self._steps_due_s = time.monotonic() + _STEPS_EVERY_S
        heads = self._hotline.heads()
        is_level = all(t.cursor() >= heads.get(t.on_disk.device_id, 0) for t in self.technicians)
        is_sent = all(t.phone.line().unsent == 0 and t.phone.is_quiet() for t in self.technicians)
        return is_level and is_sent and not self._out

    def _until(self, limit_s: float, is_true: Callable[[], bool]) -> None:
        until_s = time.monotonic() + limit_s
        while not is_true():
            if time.monotonic() > until_s:
                lines = [(t.name, t.cursor(), t.phone.line()) for t in self.technicians if not t.phone.is_quiet()]
                raise TimeoutError(f"{len(self._out)} leaks out, {lines[:3]}")
            time.sleep(_LOOK_S)


class Line:
    """The network of a run: the proxy, or for real packet loss a link of its own."""

    def __init__(self, fault: str, port: int, seed: int) -> None:
        """Choose by fault, and by what this machine allows."""
        self.link: LossyLink | None = None
        self._fault, self._proxy = fault, None if self._is_link(fault) else Proxy(port, seed)
        if self._proxy is None:
            self.link = LossyLink(_LOSS, seed)
        self.mode = lossy_link.MODE if self.link else _EMULATED
        self.url = f"http://{self.link.server_host}:{port}" if self.link else self._proxy.url if self._proxy else ""

    @staticmethod
    def _is_link(fault: str) -> bool:
        return fault == "loss30" and not lossy_link.missing_part()

    def spoil(self, *, is_bad: bool) -> None:
        """Begin or end the fault."""
        if self.link is not None:
            self.link.is_lossy = is_bad
        elif self._proxy is not None:
            self._proxy.set_fault(self._fault if is_bad else "")

    def close(self) -> None:
        """Take it away."""
        if self.link is not None:
            self.link.close()
        if self._proxy is not None:
            self._proxy.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, judge and report; return the exit code."""
    options = _parse(arguments)
    folder = Path(tempfile.mkdtemp(prefix="leakfirst-network-"))
    figures = run(options.fault, options.seconds, options.phones, options.seed, folder)
    outcome.write_figures(options.json, figures)
    code = outcome.judge(figures, ("lost", "duplicated", "gaps", "half_records", "too_late"))
    if code == outcome.KEPT:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        outcome.say(f"the evidence stays in {folder}")
    return code


def run(fault: str, seconds: float, phones: int, seed: int, folder: Path) -> dict[str, Any]:
    """Return the figures of one fault."""
    with company.running_company(folder, phones, "server", extra={"LEAKFIRST_HOST": "0.0.0.0"}) as firm:  # noqa: S104 - the link's end has an address of its own
        hotline = Hotline(folder / "server", firm.database_url)
        line = Line(fault, int(firm.url.rpartition(":")[2]), seed)
        figures: dict[str, Any] = {}
        # A thread of its own: behind a lossy link it lives in a network namespace, and so do the phones it opens.
        thread = threading.Thread(target=lambda: figures.update(_play(firm, hotline, line, seconds, seed)))
        thread.start()
        thread.join()
        hotline.close()
        firm.children.stop()
        if not figures:
            raise RuntimeError("the run broke off")
        found = checker.check(firm.database_url, figures.pop("on_disk"), {}, folder / "server")
    for named in found.named:
        outcome.say(f"  {named}")
    return {"fault": fault, "seconds": seconds, "phones": phones, "mode": line.mode} | _judged(fault, figures, found)


def _judged(fault: str, figures: dict[str, Any], found: checker.Findings) -> dict[str, Any]:
    is_late = figures["convergence_s"] > MOST_CONVERGENCE_S
    is_slow = fault == "loss30" and (figures["leak_delivery_p95_s"] or 0) > MOST_LEAK_P95_S
    return {
        "lost": found.lost,
        "duplicated": found.duplicated,
        "gaps": found.gaps,
        "half_records": found.half_records,
        "acknowledged": found.acknowledged,
        "too_late": int(is_late) + int(is_slow),
        **figures,
    }


def _play(firm: company.Company, hotline: Hotline, line: Line, seconds: float, seed: int) -> dict[str, Any]:
    if line.link is not None:
        line.link.enter()
    with _opened(firm, line.url) as technicians:
        field = Field(technicians, hotline, seed)
        field.open_the_day()
        line.spoil(is_bad=True)
        field.work(seconds)
        in_time = len(field.waits_s)
        line.spoil(is_bad=False)
        load = os.getloadavg()[0]
        line_seen_s, convergence_s = field.converge()
        field.come_to_rest(firm.children)
        figures = {
            "convergence_s": round(convergence_s, 2),
            "line_seen_s": round(line_seen_s, 2),
            "load_when_healed": round(load, 1),
            "leaks": field.leaks,
            "leaks_during_fault": in_time,
            "leak_delivery_p50_s": _share(field.waits_s, 0.5),
            "leak_delivery_p95_s": _share(field.waits_s, 0.95),
            "notes": sum(t.notes for t in technicians),
            "phones_that_named_a_portal": sum(t.portal_seen for t in technicians),
            "phones_cpu_s": round(_cpu_s(resource.RUSAGE_SELF), 1),
            "on_disk": [t.on_disk for t in technicians],
        }
    line.close()
    return figures


@contextlib.contextmanager
def _opened(firm: company.Company, url: str) -> Iterator[list[Technician]]:
    technicians = []
    for number, (name, code) in enumerate(sorted(firm.codes.items())):
        folder = firm.folder / "phones" / name
        identity = service.enrol(url, code, folder)
        phone = Phone(folder)
        phone.start_background()
        technicians.append(Technician(name, company.place(number), phone, folder, identity.device_id))
    try:
        yield technicians
    finally:
        for technician in technicians:
            technician.phone.close()


def _share(values: list[float], share: float) -> float | None:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 3) if values else None


def _cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.network", description=__doc__)
    parser.add_argument("--fault", choices=FAULTS, required=True)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long the network is bad")
    parser.add_argument("--phones", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
