"""A leak that is offered while the technician's hand is busy calls at once, and leads to its alarm."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy import phone_camera
from deploy.screenshots_phone import PlayedServer
from mobile.app import PhoneApp
from mobile.widgets.theme import THEME
from shared.assignment import AssignmentState
from tests.mobile_ui.measure import find_flaws

pytestmark = pytest.mark.kivy


@pytest.mark.parametrize("name", ["settings", "instruments", "stock"])
def test_leak_is_heard_and_seen_at_once_while_a_hand_is_busy(hand: Any, tmp_path: Path, name: str) -> None:
    """The siren goes and a banner stands on top, the page below untouched; one tap leads to the alarm, shown once."""
    app = PhoneApp(tmp_path)
    app.ui = hand.ui
    hand.ui.go(name)
    page = hand.ui.page
    app.refresh()
    assert hand.ui.siren.is_ringing
    assert (hand.ui.name, hand.ui.page is page) == (name, True)
    before = hand.ui.siren.volume
    for _ in range(7):
        app.tick()
    assert hand.ui.siren.volume > before
    hand.ui.rebuild()
    assert hand.ui.siren.is_ringing
    hand.tap(hand.t("phone.leak_calls"))
    app.refresh()
    assert hand.ui.name == "alarm"
    hand.tap(hand.t("phone.accept"))
    assert hand.ui.name == "job_detail"
    assert hand.ui.back()
    assert hand.ui.name == name


@pytest.mark.parametrize("name", ["settings", "instruments"])
def test_banner_fits_the_smallest_screen_with_the_largest_words(hand: Any, tmp_path: Path, name: str) -> None:
    """360 by 800 dp, English at 130 percent: nothing is clipped or covered by it."""
    app = PhoneApp(tmp_path)
    app.ui = hand.ui
    hand.ui.language, THEME.text_scale = "en", 1.3
    phone_camera.set_size((360, 800), 1)
    hand.ui.go(name)
    app.refresh()
    phone_camera.settle(6)
    assert hand.find_button(hand.t("phone.leak_calls")) is not None
    assert find_flaws(hand.ui, 360) == []


def test_call_of_a_leak_ends_when_it_is_taken_back(hand: Any, tmp_path: Path, server: PlayedServer) -> None:
    """Another technician took it while Wang was busy: silence, and no banner."""
    app = PhoneApp(tmp_path)
    app.ui = hand.ui
    hand.ui.go("instruments")
    app.refresh()
    leak, *others = server.jobs
    is_his = msgspec.structs.replace(leak.assignment, state=AssignmentState.SUPERSEDED)
    server.jobs = (leak, *others, msgspec.structs.replace(leak, ver=5, assignment=is_his))
    hand.phone.sync_once()
    app.refresh()
    assert not hand.ui.siren.is_ringing
    assert hand.find_button(hand.t("phone.leak_calls")) is None
