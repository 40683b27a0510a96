"""One request as a view sees it: who calls, what he sent, and the two ways to the database."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import orm

from server.core.packed import Packer
from server.core.parking import Parking
from server.core.settings import Settings
from server.core.turns import Turns
from server.core.unit_of_work import Actor, Tx, UnitOfWork

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Services:
    """What one process stands on; made once in its composition root."""

    settings: Settings
    uow: UnitOfWork
    parking: Parking = dataclasses.field(default_factory=Parking)
    packer: Packer = dataclasses.field(default_factory=Packer)
    turns: Turns = dataclasses.field(default_factory=Turns)


@dataclasses.dataclass(frozen=True)
class Call:
    """A checked request: the actor is proved, the body decoded, the rate within its limit."""

    services: Services
    actor: Actor
    body: Any
    query: Mapping[str, str]
    device_id: str = ""
    device: Any = None
    session_id: str = ""
    language: str = "zh_CN"

    @property
    def settings(self) -> Settings:
        """Return the process's settings."""
        return self.services.settings

    @property
    def now_ms(self) -> int:
        """Return the run's time."""
        return self.services.uow.clock.now_ms()

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run the work as this caller in one transaction."""
        return self.services.uow.run(self.actor, work)

    def read(self, work: Callable[[orm.Session], T]) -> T:
        """Run a query."""
        return self.services.uow.read(work)
