"""Every screen in both languages: words fit, targets are large and apart, and a rebuild loses nothing."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import phone_camera, phone_tour
from deploy.screenshots_phone import PlayedServer, StillClock, busy_server, make_phone
from mobile.app import SCREENS, PhoneApp, make_ui
from mobile.platform import permissions
from mobile.service import Phone
from mobile.widgets.theme import PALETTES, THEME, Palette, readable
from shared.errors import DomainError
from tests.mobile_ui.measure import find_flaws

pytestmark = pytest.mark.kivy
_FRAMES = 6
_AA = 4.5
_SIZES = ((360, 800), (412, 915))
# The tightest look in Chinese, every size in English, whose words are long; under FULL=1 both themes and all sizes.
_SAMPLE = [
    ("zh_CN", "dark", (360, 800), 1.3),
    *(("en", "light", size, scale) for size, scale in itertools.product(_SIZES, (1.0, 1.3))),
]
_WHOLE = list(itertools.product(("zh_CN", "en"), ("light", "dark"), _SIZES, (1.0, 1.3)))
LOOKS = _WHOLE if os.environ.get("FULL") == "1" else _SAMPLE


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """Yield a phone in the middle of a working day."""
    phone = make_phone(tmp_path_factory.mktemp("busy"), busy_server(), StillClock())
    phone_tour.fill(phone)
    yield phone
    phone.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """Yield a phone without any work."""
    phone = make_phone(tmp_path_factory.mktemp("empty"), PlayedServer(()), StillClock())
    yield phone
    phone.close()


@pytest.mark.parametrize(("language", "theme", "size", "scale"), LOOKS)
def test_words_fit_and_targets_are_large_and_apart(
    busy: Phone, empty: Phone, language: str, theme: str, size: tuple[int, int], scale: float
) -> None:
    """On every screen no word is clipped, covered or broken in the middle, all is in the window, targets are 48 dp."""
    phone_camera.set_size(size, 1)
    THEME.name, THEME.text_scale = theme, scale
    flaws = []
    for phone, places in ((busy, phone_tour.list_places(busy)), (empty, phone_tour.list_empty_places())):
        ui = make_ui(phone, language)
        ui.home()
        phone_camera.show(ui)
        for name, screen, arguments in places:
            ui.go(screen, **arguments)
            phone_camera.settle(_FRAMES)
            flaws += [f"{name}: {flaw}" for flaw in find_flaws(ui, size[0])]
    assert flaws == []


def test_no_text_is_missing_and_a_rebuild_keeps_every_screen(busy: Phone, empty: Phone, tmp_path: Path) -> None:
    """A missing text would show as «key»; after a pause the root made anew from the store says the same words."""
    del tmp_path
    for phone, places in ((busy, phone_tour.list_places(busy)), (empty, phone_tour.list_empty_places())):
        ui = make_ui(phone, "en")
        ui.home()
        for name, screen, arguments in places:
            ui.go(screen, **arguments)
            before = _texts(ui)
            assert not [text for text in before if "«" in text], name
            ui.rebuild()
            assert _texts(ui) == before, name


def _texts(ui: Any) -> list[str]:
    return [widget.text for widget in ui.walk() if getattr(widget, "text", "")]


def test_every_screen_is_walked(busy: Phone) -> None:
    """A screen that the tour forgets would be measured and pictured by nobody."""
    walked = {screen for _, screen, _ in phone_tour.list_places(busy)}
    assert walked == set(SCREENS)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_words_reach_aa_contrast(palette: Palette) -> None:
    """Every pair of words and ground that the widgets use reaches 4.5 to 1, by day and by night (WCAG 2 AA)."""
    pairs = [(ink, ground) for ink in ("ink", "ink_2") for ground in ("surface", "bg")]
    pairs += [(role, f"{role}_bg") for role in ("p1", "p2", "p3", "p4", "ok")]
    pairs += [(role, "surface") for role in ("p1", "p2", "ok", "brand")]
    pairs += [("on_brand", "brand"), ("on_brand", "p1"), ("ink", "p1_bg"), ("ink", "p2_bg")]
    assert [pair for pair in pairs if contrast(palette, *pair) < _AA] == []


def contrast(palette: Palette, one: str, other: str) -> float:
    """Return the contrast of two roles of a palette, 1 to 21."""
    high, low = sorted((luminance(palette.rgba(one)), luminance(palette.rgba(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(rgba: tuple[float, ...]) -> float:
    """Return the relative luminance of a colour as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgba[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_hanzi_that_the_font_lacks_stand_as_code_points() -> None:
    """A customer's rare name is never an empty box; ordinary Chinese and Latin stay as they are."""
    assert readable("赵𠮷 · 13800000001") == "赵[U+20BB7] · 13800000001"
    assert readable("进门前：先测后进（A1）") == "进门前：先测后进（A1）"


def test_phone_signs_in_with_a_pasted_code(hand: Any) -> None:
    """What the QR code holds, or what was typed with spaces, becomes the code; a refusal is told in words."""
    asked: list[tuple[str, str]] = []

    def redeem(server: str, code: str) -> None:
        asked.append((server, code))
        raise DomainError("no_network")

    hand.ui.on_enrol = redeem
    hand.ui.go("enrol", server="http://gas")
    hand.ui.page.fields[1].text = " leakfirst:ab12 cd34 "
    hand.tap(hand.t("phone.enrol_now"))
    assert asked == [("http://gas", "AB12CD34")]
    assert hand.t("error.no_network") in hand.texts()


def test_language_switches_at_run_time(hand: Any) -> None:
    """The same screen speaks the other language at once."""
    hand.ui.go("settings")
    assert "设置" in hand.texts()
    hand.tap("English")
    assert "Settings" in hand.texts()
    assert "设置" not in hand.texts()


def test_preferences_outlive_the_app(hand: Any) -> None:
    """Language, theme and text size are kept in the phone's store, not in the window."""
    hand.ui.go("settings")
    hand.tap("English")
    hand.tap(hand.t("phone.theme_dark"))
    hand.tap("130%")
    THEME.name, THEME.text_scale = "light", 1.0
    again = make_ui(hand.phone)
    again.apply_preferences()
    assert (again.language, THEME.name, THEME.text_scale) == ("en", "dark", 1.3)


def test_back_leads_to_the_screen_before(hand: Any) -> None:
    """The back button walks the way back and stops at the list."""
    hand.ui.go("menu")
    hand.touch(hand.find_row(hand.t("phone.my_day")))
    assert hand.ui.back()
    assert hand.ui.name == "menu"
    assert hand.ui.back()
    assert hand.ui.name == "job_list"
    assert not hand.ui.back()


def test_alarm_is_answered_not_left(hand: Any) -> None:
    """The back button does not silence a leak; it rings louder until the technician answers."""
    hand.tap(hand.t("phone.next_job"))
    assert hand.ui.name == "alarm"
    assert hand.ui.siren.is_ringing
    first = hand.ui.siren.volume
    for _ in range(7):
        hand.ui.tick()
    assert hand.ui.siren.volume > first
    assert hand.ui.back()
    assert hand.ui.name == "alarm"
    hand.tap(hand.t("phone.accept"))
    assert not hand.ui.siren.is_ringing


def test_leak_waits_for_a_busy_hand_and_then_rings(hand: Any, tmp_path: Path) -> None:
    """A leak comes while a code is being typed: the page stays; the moment it is left, the alarm fills the screen."""
    app = PhoneApp(tmp_path)
    app.ui = hand.ui
    hand.ui.go("instruments")
    app.refresh()
    assert hand.ui.name == "instruments"
    hand.ui.back()
    app.tick()
    assert hand.ui.name == "alarm"
    hand.tap(hand.t("phone.accept"))
    app.refresh()
    assert hand.ui.name == "job_detail"


def test_paused_app_comes_back_to_the_same_screen(hand: Any, tmp_path: Path) -> None:
    """Android pauses the app and throws the picture away: after the pause the same words stand there."""
    app = PhoneApp(tmp_path)
    app.ui = hand.ui
    hand.ui.go("job_detail", job=hand.phone.jobs()[1].work_order_id)
    before = hand.texts()
    assert app.on_pause()
    app.on_resume()
    assert hand.texts() == before


def test_reason_of_every_permission_is_told_in_the_settings(hand: Any) -> None:
    """Wang reads why the app asks for his position, and goes back."""
    hand.ui.go("settings")
    hand.touch(hand.find_row(hand.t("phone.permissions")))
    told = "\n".join(hand.texts())
    for permission in permissions.list_permissions().values():
        assert permission[hand.ui.language] in told
        assert hand.t(f"phone.may_{permission['matter']}") in told
    hand.tap(hand.t("phone.back_to_settings"))
    assert hand.ui.name == "settings"
