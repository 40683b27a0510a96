"""Orders out of nothing: written straight into the company's database, so that only their delivery is measured."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, Final

from deploy.demo import seeding
from server import processes
from server.core import journal, relay
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from server.dispatch import repository as assignments
from server.dispatch import service as dispatch
from server.intake import service as intake
from server.work_orders.service import Desk
from shared.assignment import AssignmentState
from shared.machine import Role

_LEAK: Final[dict[str, Any]] = {
    "fault_kind": "gas_leak",
    "location": "kitchen",
    "answers": {"smell_strength": "strong", "inside_building": True},
}
_REPAIR: Final[dict[str, Any]] = {"fault_kind": "no_gas", "location": "kitchen"}


class Hotline:
    """Opens orders and gives them to one technician each."""

    def __init__(self, data_dir: Path, database_url: str) -> None:
        """Write to a running company's database as its dispatcher."""
        environ = {"LEAKFIRST_DATA_DIR": str(data_dir), "LEAKFIRST_DATABASE_URL": database_url}
        self._services = processes.make_services(Settings.from_env(environ))
        settings = self._services.settings
        self._desk = Desk(
            sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction
        )
        self._actor = Actor(id="lin", role=Role.DISPATCHER, branch_id=seeding.BRANCH_ID)
        self._numbers = itertools.count(1)

    def give(self, technician_id: str, place: tuple[float, float], *, is_leak: bool = False) -> tuple[str, float]:
        """Open an order and offer it to a technician; return its id and when it was committed (monotonic s)."""
        number = next(self._numbers)
        request = intake.ReportRequest(
            **(_LEAK if is_leak else _REPAIR),
            caller=intake.Caller(name="赵敏", phone="13800000001"),
            address=f"桃北中街{number}号",
            lat=place[0],
            lon=place[1],
        )

        def work(tx: Tx) -> str:
            order = intake.take_fault_report(tx, request, self._desk)
            dispatch.assign(tx, order.id, order.ver, technician_id, self._desk.sla_profile)
            return order.id

        order_id = self._services.uow.run(self._actor, work)
        return order_id, time.monotonic()

    def heads(self) -> dict[str, int]:
        """Return the newest number of every phone's feed."""
        return self._services.uow.read(journal.list_heads)

    def count_waiting(self) -> int:
        """Return how many events wait for the worker."""
        return self._services.uow.read(relay.count_waiting)

    def is_delivered(self, order_id: str) -> bool:
        """Tell whether a phone has confirmed that it holds the order."""
        live = self._services.uow.read(lambda s: assignments.list_live_of_order(s, order_id))
        return any(each.state != AssignmentState.OFFERED for each in live)

    def close(self) -> None:
        """Give the database back."""
        self._services.uow.database.close()
