"""The database fixtures hand out empty databases on both engines."""

import pytest
import sqlalchemy as sa

ENGINES = [pytest.param("database_url"), pytest.param("postgres_url", marks=pytest.mark.postgres)]


@pytest.mark.parametrize("fixture", ENGINES)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_database_is_empty_when_a_test_asks_for_it(request: pytest.FixtureRequest, fixture: str, turn: str) -> None:
    """A table made in one test is not there in the next."""
    engine = sa.create_engine(str(request.getfixturevalue(fixture)))
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text(f"CREATE TABLE {turn} (id INTEGER)"))
    engine.dispose()
