"""The morning, played once for all tests that only look at it."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import DATABASE_SETTING, own_database
from tests.journeys.plays import play


@pytest.fixture(scope="session")
def morning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Yield the report of the morning: three crews with ringing phones, ten calls, nobody hurt."""
    with contextlib.ExitStack() as stack:
        url = ""
        if os.environ.get(DATABASE_SETTING):
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(own_database(server, f"test_{os.getpid()}_morning"))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        yield play(tmp_path_factory.mktemp("morning"), patch, url)
