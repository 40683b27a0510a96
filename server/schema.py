"""Brings a database up to date: alembic from code, no file of its own to edit."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

# Every slice's tables register themselves on Base.metadata when imported.
from server.absences import models as absences
from server.accounts import models as accounts
from server.billing import models as billing
from server.board import models as board
from server.call_backs import models as call_backs
from server.complaints import models as complaints
from server.contacts import models as contacts
from server.core import deadlines, heartbeats, journal
from server.core.db import Base
from server.customers import models as customers
from server.devices import models as devices
from server.dispatch import models as dispatch
from server.dispatch.durations import models as durations
from server.dispatch.travel import models as travel
from server.documents import models as documents
from server.escalation import models as escalation
from server.geocoding import models as geocoding
from server.hazards import models as hazards
from server.messages import models as messages
from server.notices import models as notices
from server.outages import models as outages
from server.outgoing import models as outgoing
from server.people import models as people
from server.positions import models as positions
from server.promises import models as promises
from server.public import models as public
from server.remote_signing import models as remote_signing
from server.seals import models as seals
from server.stock import models as stock
from server.storms import models as storms
from server.sync import models as sync
from server.uploads import models as uploads
from server.visits import models as visits
from server.work_orders import models as work_orders

TABLES = (
    absences,
    accounts,
    billing,
    board,
    call_backs,
    complaints,
    contacts,
    customers,
    deadlines,
    devices,
    dispatch,
    durations,
    escalation,
    geocoding,
    hazards,
    heartbeats,
    documents,
    journal,
    messages,
    notices,
    outages,
    outgoing,
    people,
    positions,
    promises,
    public,
    remote_signing,
    seals,
    stock,
    storms,
    sync,
    travel,
    uploads,
    visits,
    work_orders,
)
METADATA = Base.metadata


def config_for(database_url: str) -> Config:
    """Return alembic's settings for a database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Apply all migrations up to a revision."""
    command.upgrade(config_for(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Take migrations back to a revision."""
    command.downgrade(config_for(database_url), revision)
