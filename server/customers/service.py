"""The customer archive's writes, and what other slices may ask it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from server.core.unit_of_work import Tx
from server.customers import repository
from server.customers.models import Customer


def register_customers(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Add customers in bulk; each row has the columns of the archive but the branch."""
    tx.session.execute(sa.insert(Customer), [{**row, "branch_id": tx.branch_id} for row in rows])


def find_phone(session: orm.Session, branch_id: str, customer_id: str | None) -> str:
    """Return a customer's telephone number, or nothing."""
    found = repository.find_customer(session, branch_id, customer_id) if customer_id else None
    return found.phone if found else ""
