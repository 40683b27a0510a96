"""A company of its own for every test, on SQLite or, where the run's setting names it, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.server import house as houses
from tests.server.house import House


@pytest.fixture(scope="session")
def company_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a seeded SQLite database that tests copy: hashing passwords and migrating once is enough."""
    folder = tmp_path_factory.mktemp("company")
    url = f"sqlite:///{folder / 'leakfirst.db'}"
    houses.found_company(url, folder)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "leakfirst.db"


@pytest.fixture
def house(database_url: str, company_file: Path, tmp_path: Path) -> Iterator[House]:
    """Yield a company with technicians Wang and Sun, dispatcher Lin, and a stranger's branch."""
    folder = tmp_path / "house"
    if database_url.startswith("sqlite"):
        database_url = houses.copy_company(company_file, folder)
    else:
        houses.found_company(database_url, folder)
    company = House(database_url, folder)
    yield company
    company.close()
