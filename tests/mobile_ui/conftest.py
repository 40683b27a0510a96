"""A phone over a played server, in a real window; skips where no window can be opened."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.screenshots_phone import PlayedServer, StillClock, make_phone, sample_jobs
from mobile.platform import window

pytestmark = pytest.mark.kivy
# Before the test files are collected, which import Kivy: else it waits for the next sixtieth of a second each time.
os.environ["KCFG_GRAPHICS_MAXFPS"] = "0"
os.environ["KCFG_GRAPHICS_VSYNC"] = "0"


@pytest.fixture(scope="session", autouse=True)
def kivy_window(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Open the one window of this process, 412 by 892 dp."""
    window.prepare(tmp_path_factory.mktemp("kivy"))
    if not os.environ.get("DISPLAY"):
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    from kivy.core.window import Window  # noqa: PLC0415 - Kivy opens its window on import

    if Window is None:
        pytest.skip("no window can be opened here: no display and no software GL")
    from deploy import phone_camera  # noqa: PLC0415 - after the window
    from mobile.widgets.theme import register_fonts  # noqa: PLC0415 - after the window

    register_fonts()
    phone_camera.set_size((412, 892), 1)


@pytest.fixture
def server() -> PlayedServer:
    """Return the outside world: a server that hands out a leak, a repair and an inspection."""
    return PlayedServer(sample_jobs())


@pytest.fixture
def hand(tmp_path: Path, server: PlayedServer) -> Iterator[object]:
    """Yield technician Wang's hand on his phone."""
    from tests.mobile_ui.hand import Hand  # noqa: PLC0415 - after the window

    phone = make_phone(tmp_path / "phone", server, StillClock())
    yield Hand(phone)
    phone.close()
