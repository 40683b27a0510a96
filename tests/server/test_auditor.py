"""The auditor trusts rows alone: whoever else is hung, dead or wrong, a neglected leak sounds the siren."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server import auditor
from server.core import clock, deadlines, heartbeats
from server.core.heartbeats import Pulse
from server.core.unit_of_work import Tx
from server.escalation import repository
from server.escalation import service as escalation
from server.escalation.models import Escalation
from server.escalation.rules import escalation_rules
from shared import events
from tests.server.house import LEAK, House

MINUTE_MS = 60_000


def alarms(house: House, order_id: str) -> list[str]:
    """Return the reasons of the alarms that the auditor raised for a leak."""
    told = [e.data for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED]
    return [data["reason"] for data in told if "reason" in data]


def audit(house: House) -> int:
    """Let the auditor look once, at the house's time."""
    uow = auditor.make_uow(house.settings)
    uow.clock = house.clock
    raised = auditor.audit_once(uow, house.folder)
    uow.database.close()
    return raised


def test_dead_worker_is_noticed_and_the_siren_sounds(house: House) -> None:
    """The worker died after the offer: the auditor sounds the siren itself, and again every minute, not every look."""
    order_id = house.report(LEAK)
    house.clock.pass_ms(17_000)
    assert audit(house) == 0
    house.clock.pass_ms(2_000)
    assert [audit(house), audit(house)] == [1, 0]
    assert alarms(house, order_id) == ["auditor"]
    board = house.lin.get("/api/v1/board").json
    assert next(o for o in board["orders"] if o["id"] == order_id)["alarm"]["siren_ms"] is not None
    house.clock.pass_ms(MINUTE_MS)
    assert audit(house) == 1


def test_lost_duty_is_noticed_while_the_worker_runs(house: House) -> None:
    """A bug dropped the duty of the next rung: the relay is quiet, the auditor is not."""
    order_id = house.report(LEAK)
    house.write(lambda tx: deadlines.cancel(tx, escalation.CLIMB, order_id))
    house.pass_ms(MINUTE_MS)
    assert alarms(house, order_id) == []
    assert audit(house) == 1


def test_leak_that_was_never_placed_climbs_all_the_same(house: House) -> None:
    """The worker died before it placed the leak: its ladder began with the report, the auditor finds it overdue."""
    order_id = str(house.lin.post("/api/v1/intake/reports", LEAK).json["work_order_id"])
    house.clock.pass_ms(19_000)
    assert audit(house) == 1
    assert alarms(house, order_id) == ["auditor"]


def test_leak_without_a_ladder_gets_one(house: House) -> None:
    """A bug lost the ladder's row itself: after a minute the auditor gives the leak a new one."""
    order_id = house.report(LEAK)
    house.write(lambda tx: tx.session.delete(find_row(tx, order_id)))
    house.write(lambda tx: deadlines.cancel(tx, escalation.CLIMB, order_id))
    house.pass_ms(MINUTE_MS - 1)
    assert audit(house) == 0
    house.pass_ms(2)
    assert audit(house) == 1
    house.pass_ms(MINUTE_MS)
    assert len([e for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED]) > 2


def find_row(tx: Tx, order_id: str) -> Escalation:
    """Return a leak's row, which must be there."""
    row = repository.find_escalation(tx.session, order_id)
    if row is None:
        raise LookupError(order_id)
    return row


def test_taken_accepted_and_climbing_leaks_are_left_in_peace(house: House) -> None:
    """Lin has taken one, the other climbs on time: nothing to raise."""
    taken, climbing = house.report(LEAK), house.report({**LEAK, "address": "建设路1号"})
    house.pass_ms(20_000)
    assert house.lin.post(f"/api/v1/work-orders/{taken}/take", {}).status_code == 200
    house.pass_ms(5 * MINUTE_MS)
    assert audit(house) == 0
    assert alarms(house, climbing) == []


def test_console_hears_who_is_silent(house: House) -> None:
    """Nobody beats at first; a beating worker is fine, and silent again when its last sign is old."""
    assert {p["kind"]: p["is_silent"] for p in watch(house)["processes"]} == {"worker": True, "auditor": True}
    Pulse(house.database, heartbeats.WORKER, "worker-0").beat()
    assert {p["kind"]: p["is_silent"] for p in watch(house)["processes"]} == {"worker": False, "auditor": True}
    old_ms = clock.real_ms() - 16_000
    house.database.write(
        lambda s: s.merge(
            heartbeats.Heartbeat(name="worker:worker-0", kind="worker", beat_real_ms=old_ms, started_real_ms=0)
        )
    )
    signs = {p["kind"]: p for p in watch(house)["processes"]}
    assert signs["worker"]["is_silent"]
    assert signs["worker"]["beat_ms"] == old_ms


def test_auditor_that_never_beat_is_missing_once_the_server_has_had_its_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is missed while the server starts; after its grace whoever never gave a sign is, and one who beats is not.

    A sign of the run before counts for nothing, neither at the start nor later.
    """
    house.database.write(
        lambda s: s.merge(heartbeats.Heartbeat(name="worker:w", kind="worker", beat_real_ms=0, started_real_ms=0))
    )
    assert {p["kind"]: p["is_missing"] for p in watch(house)["processes"]} == {"worker": False, "auditor": False}
    later_ms = clock.real_ms() + round(escalation_rules(house.clock.now_ms()).start_grace_s * 1000) + 1_000
    monkeypatch.setattr(clock, "real_ms", lambda: later_ms)
    assert {p["kind"]: p["is_missing"] for p in watch(house)["processes"]} == {"worker": True, "auditor": True}
    Pulse(house.database, heartbeats.AUDITOR, "a").beat()
    assert {p["kind"]: p["is_missing"] for p in watch(house)["processes"]} == {"worker": True, "auditor": False}


def watch(house: House) -> dict[str, list[dict[str, object]]]:
    """Return what every console asks for."""
    answer: dict[str, list[dict[str, object]]] = house.lin.get("/api/v1/watch").json
    return answer


def test_auditor_is_a_process_that_loads_no_planner_and_leaves_its_sign(house: House) -> None:
    """It beats in the database and in a file; solver and web server are not in its memory."""
    program = (
        "import sys, server.auditor; print([m for m in ('ortools', 'numba', 'flask', 'routing') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    environ = {
        **os.environ,
        "LEAKFIRST_DATA_DIR": str(house.folder),
        "LEAKFIRST_DATABASE_URL": house.settings.database_url,
    }
    child = subprocess.Popen([sys.executable, "-m", "server", "auditor"], env=environ)
    try:
        assert wait_for(house.folder / auditor.SIGN_FILE)
        signs = house.read(lambda s: heartbeats.list_signs(s, 60))
        assert json.dumps([s["kind"] for s in signs if not s["is_silent"]]) == '["auditor"]'
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def wait_for(path: Path) -> bool:
    """Wait until a file is there; tell whether it came."""
    until_s = time.monotonic() + 60
    while not path.exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    return path.exists()
