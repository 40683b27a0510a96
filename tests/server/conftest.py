"""A company of its own for every test, on SQLite or, where the run's setting names it, on PostgreSQL."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from server import app as composition
from server.core.registry import Registry
from tests.conftest import DATABASE_SETTING, own_database
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


@pytest.fixture(scope="module")
def shared_house(
    request: pytest.FixtureRequest, company_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Yield one company for all tests of a file that do not disturb each other."""
    folder = tmp_path_factory.mktemp("shared")
    with contextlib.ExitStack() as stack:
        if os.environ.get(DATABASE_SETTING):
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(own_database(server, f"test_{os.getpid()}_{folder.name}"))
            houses.found_company(url, folder)
        else:
            url = houses.copy_company(company_file, folder)
        company = House(url, folder)
        yield company
        company.close()


def open_doors(house: House) -> House:
    """Let a company's doors count no callers: here the garbage itself is to be judged."""
    routes = Registry()
    routes.routes = [
        msgspec.structs.replace(route, limit="1000000/minute") for route in composition.make_registry().routes
    ]
    house.app = composition.make_app(house.services, routes)
    return house


@pytest.fixture
def open_house(house: House) -> House:
    """Return a company of the test's own whose doors count no callers."""
    return open_doors(house)


@pytest.fixture(scope="module")
def shared_open_house(shared_house: House) -> House:
    """Return the file's company; its doors count no callers."""
    return open_doors(shared_house)
