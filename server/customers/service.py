"""The customer archive's writes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from server.core.unit_of_work import Tx
from server.customers.models import Customer


def register_customers(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Add customers in bulk; each row has the columns of the archive but the branch."""
    tx.session.execute(sa.insert(Customer), [{**row, "branch_id": tx.branch_id} for row in rows])
