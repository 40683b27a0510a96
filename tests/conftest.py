"""Fixtures that every suite may ask for: the shared data, a database on either engine, the system's browser."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

from tests import throwaway_postgres

ROOT = Path(__file__).resolve().parents[1]
DATABASE_SETTING = "LEAKFIRST_TEST_DATABASE_URL"
THROWAWAY = "throwaway"
# No test asserts a time (decision 20), so none may fail by one; a change is judged on the same examples every time, and
# FULL=1 looks for new ones.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    derandomize=not os.environ.get("FULL"),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real orders and instances beside the checkout; skips where it is absent."""
    folder = ROOT / "../shared/data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not beside this checkout")
    return folder.resolve()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server: the one of the setting, else a throw-away one; skips without either."""
    given = os.environ.get(DATABASE_SETTING, "")
    if given.startswith("postgresql"):
        yield given
        return
    if reason := throwaway_postgres.missing_part():
        pytest.skip(reason)
    with throwaway_postgres.running_server() as url:
        yield url


@contextmanager
def own_database(postgres_server: str, name: str) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database of that name, and drop it afterwards."""
    server = sa.make_url(postgres_server)
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_server: str, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database of the test's own."""
    with own_database(postgres_server, f"test_{os.getpid()}_{abs(hash(tmp_path)):x}") as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database of the test's own: SQLite, or PostgreSQL when the run's setting names it."""
    if os.environ.get(DATABASE_SETTING):
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'leakfirst.db'}"


@pytest.fixture(scope="session")
def browser_program() -> str:
    """Return the path of the system's Chromium, which the browser tests drive; skips where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found
