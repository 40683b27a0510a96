"""Phones of technician Wang against an office that can be told to fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile import service
from tests.mobile.office import Office
from tests.mobile.phones import HandClock, open_phone


@pytest.fixture
def office() -> Iterator[Office]:
    """Yield an office with an empty feed."""
    running = Office()
    yield running
    running.close()


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that stands until a test moves it."""
    return HandClock()


@pytest.fixture
def phone(office: Office, clock: HandClock, tmp_path: Path) -> Iterator[service.Phone]:
    """Yield Wang's enrolled phone."""
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    opened = open_phone(tmp_path / "wang", clock)
    yield opened
    opened.close()
