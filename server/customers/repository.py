"""Queries of the customers slice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.customers.models import Customer
from shared.errors import DomainError

_IDS_AT_ONCE: Final = 400


def get_customer(session: orm.Session, branch_id: str, customer_id: str) -> Customer:
    """Return a customer of the branch. Raises DomainError `customer_not_found`."""
    customer = find_customer(session, branch_id, customer_id)
    if customer is None:
        raise DomainError("customer_not_found")
    return customer


def find_customer(session: orm.Session, branch_id: str, customer_id: str) -> Customer | None:
    """Return a customer of the branch."""
    customer = session.get(Customer, customer_id)
    return customer if customer is not None and customer.branch_id == branch_id else None


def map_customers(session: orm.Session, branch_id: str, ids: Collection[str]) -> dict[str, Customer]:
    """Return the branch's customers of some ids, by id; asked for in parts that every database takes."""
    wanted, found = sorted(ids), {}
    for at in range(0, len(wanted), _IDS_AT_ONCE):
        some = Customer.id.in_(wanted[at : at + _IDS_AT_ONCE])
        rows = session.scalars(sa.select(Customer).where(Customer.branch_id == branch_id, some))
        found.update({row.id: row for row in rows})
    return found


def list_vulnerable(session: orm.Session, branch_id: str, ids: Collection[str]) -> set[str]:
    """Return which of some customers of the branch are vulnerable; no whole rows are read."""
    wanted, found = sorted(ids), set[str]()
    for at in range(0, len(wanted), _IDS_AT_ONCE):
        some = Customer.id.in_(wanted[at : at + _IDS_AT_ONCE])
        marked = sa.select(Customer.id).where(Customer.branch_id == branch_id, Customer.is_vulnerable, some)
        found.update(session.scalars(marked))
    return found


def find_by_account(session: orm.Session, branch_id: str, account: str) -> Customer | None:
    """Return the customer with an account number."""
    return session.scalar(sa.select(Customer).where(Customer.branch_id == branch_id, Customer.account == account))


def search(session: orm.Session, branch_id: str, query: str, limit: int) -> list[Customer]:
    """Return customers whose phone, account, meter, name or address holds the words (IN-12)."""
    statement = sa.select(Customer).where(Customer.branch_id == branch_id)
    for word in query.split():
        pattern = "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        columns = (Customer.phone, Customer.account, Customer.meter_serial, Customer.name, Customer.address)
        statement = statement.where(sa.or_(*(column.like(pattern, escape="\\") for column in columns)))
    return list(session.scalars(statement.order_by(Customer.account).limit(limit)))


def list_addresses(session: orm.Session, branch_id: str) -> list[tuple[str, str, float | None, float | None]]:
    """Return id, address, latitude and longitude of every customer of the branch, by id."""
    columns = (Customer.id, Customer.address, Customer.lat, Customer.lon)
    statement = sa.select(*columns).where(Customer.branch_id == branch_id).order_by(Customer.id)
    return [(found[0], found[1], found[2], found[3]) for found in session.execute(statement)]


def list_places_within(
    session: orm.Session, branch_id: str, south: float, west: float, north: float, east: float
) -> list[tuple[float, float]]:
    """Return (latitude, longitude) of the branch's customers who live in a box of degrees."""
    inside = (Customer.lat.between(south, north), Customer.lon.between(west, east))
    query = sa.select(Customer.lat, Customer.lon).where(Customer.branch_id == branch_id, *inside)
    return [(lat, lon) for lat, lon in session.execute(query) if lat is not None and lon is not None]
