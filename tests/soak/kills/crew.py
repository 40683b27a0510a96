"""Technicians with the real mobile core, each in a thread of his own: real stores, real HTTP, no screens."""

from __future__ import annotations

import contextlib
import functools
import io
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests
from PIL import Image

from deploy.demo.desk import HotlineDesk
from mobile import service
from mobile.platform.catalog import load_shelf
from mobile.platform.texts import load_texts
from mobile.service import Phone
from mobile.store.meta import Identity
from shared import wire
from shared.assignment import PENDING_STATES, AssignmentState
from shared.errors import DomainError
from tests.mobile.phones import sign_name
from tests.soak.kills import company
from tests.soak.kills.checker import PhoneOnDisk
from tests.soak.kills.witness import WatchedWire, Witness

_PAUSE_S: Final = (0.05, 0.6)
_LOST_SHARE: Final = 0.05
_PHOTO_SHARE: Final = 0.15
_NOTES: Final = 2
_TRIES: Final = 600
_REPORT: Final[dict[str, Any]] = {
    "fault_kind": "no_gas",
    "location": "kitchen",
    "answers": {},
    "caller": {"name": "赵敏", "phone": "13800000001"},
}


class Member:
    """One technician with his phone; works until he is told that the day is over."""

    def __init__(self, name: str, folder: Path, url: str, code: str, seed: int, *, has_doorbell: bool) -> None:
        """Open the phone in `folder`, enrolled there if it is new."""
        self.name, self.folder = name, folder
        self._chance = random.Random(f"{seed}:{name}:{time.time_ns()}")
        self._witness = Witness(folder)
        self.identity = enrolled(folder, url, code)
        self.phone = open_phone(folder, url, self._witness, self._chance, _LOST_SHARE)
        if has_doorbell:
            self.phone.start_doorbell()

    @property
    def on_disk(self) -> PhoneOnDisk:
        """Return where a judge finds this phone."""
        return PhoneOnDisk(self.folder, self.identity.device_id)

    @property
    def answers(self) -> int:
        """Return how many calls with events the server has answered."""
        return self._witness.answers

    def work(self, is_over: threading.Event) -> None:
        """Sync and take the next step of each job, again and again."""
        while not is_over.wait(self._chance.uniform(*_PAUSE_S)):
            self.take_turn()

    def take_turn(self) -> None:
        """Sync once, do one thing at each job, and deliver photos."""
        self.phone.sync_once()
        for job in self.phone.jobs():
            with contextlib.suppress(DomainError):  # taken back between looking and tapping
                take_next_step(self.phone, job, functools.partial(self._witness.act, self.phone), self._chance)
        self.phone.lane.run_once()

    def come_to_rest(self) -> bool:
        """Finish and confirm all; tell whether nothing is left to do here."""
        self.take_turn()
        line = self.phone.line()
        is_done = all(job.assignment.state is AssignmentState.FINISHED for job in self.phone.jobs())
        return self.phone.sync_once().is_caught_up and is_done and not line.unsent and not line.unsent_photos

    def close(self) -> None:
        """Close the phone."""
        self.phone.close()
        self._witness.close()


def enrolled(folder: Path, url: str, code: str) -> Identity:
    """Return who the phone in `folder` is, enrolled now if it was nobody."""
    phone = Phone(folder, url)
    identity = phone.find_identity()
    phone.close()
    return identity or _enrol(folder, url, code)


def _enrol(folder: Path, url: str, code: str) -> Identity:
    """Enrol, with patience: the door lets in so many phones a minute. Raises DomainError when it is no use."""
    for _ in range(_TRIES):
        try:
            return service.enrol(url, code, folder)
        except DomainError as refused:
            if refused.code.startswith("code_"):
                raise
            time.sleep(0.2)
    raise TimeoutError(url)


def open_phone(folder: Path, url: str, witness: Witness, chance: random.Random, lost_share: float) -> Phone:
    """Return an enrolled phone that speaks over a watched line; the shelf and the texts are read once."""
    phone = Phone(folder, url, shelf=_shelf(), texts=load_texts())
    identity = phone.find_identity()
    phone.close()
    token = identity.token if identity else ""
    line = WatchedWire(url, token, witness, chance, lost_share)
    return Phone(folder, url, transport=line, lane_transport=line, shelf=_shelf(), texts=load_texts())


@functools.cache
def _shelf() -> Any:
    return load_shelf()


def take_next_step(
    phone: Phone, job: wire.Job, act: Callable[..., Any], chance: random.Random, notes: int = _NOTES
) -> None:
    """Do what comes next at a job: answer the offer, drive, write notes, take a photo, end it one way or another."""
    state, order = job.assignment.state, job.work_order_id
    if state in PENDING_STATES:
        act("see_assignment", order)
        act("accept_assignment", order)
    elif state is AssignmentState.ACCEPTED:
        if phone.is_accept_confirmed(order):
            act("depart", order)
    elif state is AssignmentState.EN_ROUTE:
        act("arrive", order)
    elif state is AssignmentState.FINISHED:
        return
    elif len(job.visit.notes) < notes:
        act("add_note", order, text=f"第{len(job.visit.notes) + 1}条 {chance.randbytes(6).hex()}")
        if chance.random() < _PHOTO_SHARE:
            act("take_photo", order, content=make_photo(chance), purpose="repair")
    elif not answer_next(phone, job, act):
        end_visit(job, act, chance)


def answer_next(phone: Phone, job: wire.Job, act: Callable[..., Any]) -> bool:
    """Answer the next open step of the job's protocols; False when there is none."""
    from shared import checklist, function_test  # noqa: PLC0415 - only what ends by protocol needs them

    for protocol in phone.protocols(job.work_order_id):
        if protocol.kind == "function_test" and not function_test.is_needed(protocol, "done"):
            continue
        step = checklist.find_next_step(protocol, job.visit)
        if step is not None:
            answer(step, act, job.work_order_id, protocol.ref)
            return True
    return False


def answer(step: Any, act: Callable[..., Any], order: str, ref: str) -> None:
    """Answer one step so that it passes."""
    where = {"protocol": ref, "step": step.id}
    if step.kind == "timer":
        act("stop_timer", order, elapsed_ms=step.min_ms or step.max_ms or 1000, **where)
    elif step.kind == "reading":
        known = {"instrument_serial": "GT-1", "instrument_valid_until": "2030-01-01"}
        act("record_reading", order, value=step.minimum or step.maximum or "0", unit=step.unit, **known, **where)
    else:
        code = next((choice.code for choice in step.choices if choice.passes), "pass")
        act("answer_step", order, outcome=code, **where)


def end_visit(job: wire.Job, act: Callable[..., Any], chance: random.Random) -> None:
    """Nobody is at home, or the work is done and signed, or its signature waived."""
    order = job.work_order_id
    if job.visit.outcome:
        if chance.random() < 0.5:
            act("sign_record", order, strokes=sign_name(), signer_relation="self", opinion="满意")
        else:
            act("waive_signature", order, reason="absent", witness="陈立")
    elif chance.random() < 0.1:
        act("record_no_access", order, reason="nobody_home")
    else:
        act("declare_outcome", order, outcome="done")


def make_photo(chance: random.Random) -> bytes:
    """Return a small picture that nobody has taken before."""
    picture = Image.frombytes("RGB", (24, 16), chance.randbytes(24 * 16 * 3))
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


class Reporter:
    """The hotline: reports faults, each until it is confirmed, and keeps as many open as there are technicians."""

    def __init__(self, url: str, folder: Path, most_open: int) -> None:
        """Write every confirmed report down in `folder`."""
        self._url, self._most_open = url, most_open
        self._witness = Witness(folder)
        self._number = time.time_ns()
        self._desk: HotlineDesk | None = None

    def work(self, is_over: threading.Event, count_open: Callable[[], int]) -> None:
        """Report one fault after another."""
        while not is_over.wait(0.05):
            if count_open() < self._most_open:
                self.report()

    def report(self, technician: int | None = None) -> str:
        """Report one fault near a technician, sent again until the answer has come; return the order's id.

        Raises TimeoutError.
        """
        self._number += 1
        lat, lon = company.place(self._number % self._most_open if technician is None else technician)
        body = {**_REPORT, "ref": f"r{self._number}", "address": f"桃北中街{self._number}号", "lat": lat, "lon": lon}
        for _ in range(_TRIES):
            with contextlib.suppress(requests.RequestException, RuntimeError):  # killed just now: sent again
                self._desk = self._desk or HotlineDesk(self._url, "chen")
                order = str(self._desk.post("/api/v1/intake/reports", body)["work_order_id"])
                self._witness.note(ref=body["ref"], work_order_id=order)
                return order
            time.sleep(0.1)
        raise TimeoutError(self._url)

    def close(self) -> None:
        """Close the list."""
        self._witness.close()
