"""Migrations: up, down and up again, on an empty database and with the tables the code expects."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from server import schema

pytestmark = pytest.mark.slow  # goes through every migration, up and down


def tables(database_url: str) -> set[str]:
    """Return the names of the product's tables."""
    engine = sa.create_engine(database_url)
    names = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return names


def test_database_goes_up_down_and_up_again(database_url: str) -> None:
    """Nothing is left behind, nothing is in the way."""
    schema.upgrade(database_url)
    assert tables(database_url) == set(schema.METADATA.tables)
    schema.downgrade(database_url, "base")
    assert tables(database_url) == set()
    schema.upgrade(database_url)
    schema.upgrade(database_url)
    assert tables(database_url) == set(schema.METADATA.tables)


def test_migrated_tables_are_those_of_the_code(database_url: str) -> None:
    """Nobody forgot a migration."""
    schema.upgrade(database_url)
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.METADATA)
    engine.dispose()
    assert found == []


def test_there_is_one_newest_revision() -> None:
    """Two branches of history would leave the operator with a choice that nobody can make."""
    config = schema.config_for("sqlite://")
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
