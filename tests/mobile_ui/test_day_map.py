"""The map of the day and the screens of a phone that may not show its jobs, in a real window."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kivy.base import ExceptionManager
from kivy.core.window import Window
from kivy.metrics import dp
from kivy.tests.common import UnitTestTouch

from deploy import phone_camera
from deploy.screenshots_phone import PlayedServer, StillClock, make_phone
from mobile import app
from mobile.platform import android
from mobile.screens import trouble
from mobile.store import day_map as kept_maps
from mobile.store.database import FILE_NAME, Store
from mobile.store.day_map import KeptMap
from mobile.store.guard import Guard
from mobile.widgets.basics import PushButton
from mobile.widgets.day_map import DayMapView
from mobile.widgets.inputs import Field
from shared import day_map
from shared.day_map import DayMap, Label, Road
from shared.errors import DomainError

pytestmark = pytest.mark.kivy


def give_map(hand: Any) -> None:
    """Give the phone a small map of its jobs' surroundings."""
    places = [(job.lat, job.lon) for job in hand.phone.jobs() if job.lat is not None]
    area = day_map.area_of(places)
    assert area is not None
    across = day_map.encode_points([(area.west, places[0][0]), (area.east, places[0][0])], area)
    lake = day_map.encode_points([(area.west, area.south), (area.east, area.south), (area.east, area.north)], area)
    made = DayMap(
        area=area,
        areas={"water": (lake,), "building": (lake,)},
        roads=(Road(kind="primary", name="桃北中街", name_en="Taobei Street", points=across),) * 3,
        labels=(Label(name="城区", name_en="Old Town", x=3000, y=3000),),
    )
    packed = gzip.compress(msgspec.json.encode(made))
    kept_maps.keep(hand.phone.desk.store, KeptMap(etag="a", told_ms=0, packed=packed))


def open_map(hand: Any) -> DayMapView:
    """Open the map and return it."""
    hand.ui.go("map")
    phone_camera.settle()
    view = hand.ui.page.map
    assert isinstance(view, DayMapView)
    return view


@pytest.mark.parametrize("has_ground", [False, True])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_map_shows_every_job_within_its_frame_and_buttons_fit(hand: Any, language: str, has_ground: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """With and without a base map, by day and by night, small and large type."""
    if has_ground:
        give_map(hand)
    hand.ui.language = language
    for theme, scale in (("light", 1.0), ("dark", 1.3)):
        hand.ui.choose_theme(theme)
        hand.ui.choose_text_scale(scale)
        view = open_map(hand)
        assert len(view.pin_places()) == len(hand.phone.jobs())
        assert all(view.collide_point(*place) for place in view.pin_places().values())
        places = list(view.pin_places().values())
        assert max(math.dist(a, b) for a in places for b in places) > view.width / 2
        assert (hand.t("day_map.no_ground") in hand.texts()) != has_ground
        for button in (w for w in hand.walk() if isinstance(w, PushButton)):
            assert button.texture_size[0] <= button.width
            assert min(button.width, button.height) >= dp(48) - 2


def test_touched_job_opens_and_the_way_back_shows_the_same_part(hand: Any) -> None:
    """A tap on a pin opens its job; a drag moves the ground; back on the map the part is still there."""
    give_map(hand)
    view = open_map(hand)
    leak, place = next(iter(view.pin_places().items()))
    touch = UnitTestTouch(*place)
    touch.touch_down()
    touch.touch_move(place[0] + 60, place[1] - 40)
    touch.touch_up()
    moved = view.pin_places()[leak]
    assert (round(moved[0] - place[0]), round(moved[1] - place[1])) == (60, -40)
    tap = UnitTestTouch(*moved)
    tap.touch_down()
    tap.touch_up()
    phone_camera.settle()
    assert hand.ui.name == "job_detail"
    hand.ui.back()
    phone_camera.settle()
    kept = hand.ui.page.map.pin_places()[leak]
    assert (round(kept[0]), round(kept[1])) == (round(moved[0]), round(moved[1]))


def test_two_fingers_enlarge_what_lies_between_them(hand: Any) -> None:
    """Twice as far apart, twice as large; the ground in the middle stays."""
    view = open_map(hand)
    x, y = view.center
    left, right = UnitTestTouch(x - 50, y), UnitTestTouch(x + 50, y)
    before, middle = view.viewport.scale, view.viewport.to_ground((x - view.x, y - view.y))
    for finger in (left, right):
        finger.touch_down()
    right.touch_move(x + 150, y)
    now = view.viewport.to_screen(middle)
    for finger in (left, right):
        finger.touch_up()
    assert view.viewport.scale == pytest.approx(before * 2, rel=0.01)
    assert now[0] + view.x == pytest.approx(x + 50, abs=60)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_locked_and_erased_phone_show_why_and_nothing_else(hand: Any, language: str) -> None:
    """No job, no customer's name, no way back to them; the words fit."""
    hand.ui.language = language
    for name, state in (
        ("locked", Guard(state="locked", since_ms=1)),
        ("wiped", Guard(state="wiped", reason="silence")),
    ):
        hand.phone.warden.guard = lambda found=state: found
        hand.ui.go(name)
        words = "\n".join(hand.texts())
        assert hand.t(f"guard.{name}") in words
        assert not any(job.customer.name in words or job.address in words for job in hand.phone.jobs())
    endings: list[tuple[str, Guard | None]] = [("store_key_wrong", None), ("phone_wiped", Guard(state="wiped"))]
    begun: list[bool] = []
    for code, ending in endings:
        view = trouble.TroubleView(hand.phone.desk.texts, language, code, ending, lambda: begun.append(True))
        phone_camera.show(view)
        assert view.button.texture_size[0] <= view.button.width
        view.button.on_release()
    assert begun == [True, True]
    phone_camera.show(hand.ui)


def test_app_over_data_it_cannot_open_says_so_and_begins_again_without_deleting(tmp_path: Path) -> None:
    """A lost key: words and one way on; taken, the old data lies aside, whole, and the phone asks for a code."""
    Store(tmp_path).close()
    (tmp_path / "store.key").unlink()
    running = app.PhoneApp(tmp_path, "http://127.0.0.1:1")
    view = running.build()
    assert isinstance(view, trouble.TroubleView)
    assert view.code == "store_key_missing"
    running.root = view
    view.button.on_release()
    assert running.ui is not None
    assert running.ui.name == "enrol"
    (aside,) = tmp_path.glob("unreadable-*")
    assert (aside / FILE_NAME).exists()
    running.on_stop()
    Window.remove_widget(running.root)


def test_record_that_turns_out_damaged_ends_the_screens_with_its_reason(tmp_path: Path, server: PlayedServer) -> None:
    """The list reads a damaged job: the app says so and goes on living; other errors end it as before."""
    make_phone(tmp_path, server, StillClock()).close()
    running = app.PhoneApp(tmp_path, "http://127.0.0.1:1")
    running.root = running.build()
    assert running.ui is not None
    with running.ui.phone.desk.store.write() as db:
        db.execute("UPDATE jobs SET job = zeroblob(60)")
    with pytest.raises(DomainError) as damaged:
        running.ui.home()
    assert ExceptionManager.handle_exception(damaged.value) == ExceptionManager.PASS
    assert isinstance(running.root, trouble.TroubleView)
    assert running.root.code == "store_damaged"
    assert ExceptionManager.handle_exception(KeyError("other")) == ExceptionManager.RAISE
    Window.remove_widget(running.root)


def test_field_lets_the_phones_own_dialog_take_chinese_words(hand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Android a touch opens the system's dialog with what is there already; its answer comes back into the field."""
    asked: list[tuple[str, str]] = []

    def ask(title: str, text: str, on_text: Any) -> None:
        asked.append((title, text))
        on_text("阀门已更换")

    monkeypatch.setattr(android, "is_android", lambda: True)
    monkeypatch.setattr(android, "ask_text", ask)
    field = Field("旧", "做了什么")
    hand.ui.add_widget(field)
    hand.touch(field)
    assert asked == [("做了什么", "旧")]
    assert field.text == "阀门已更换"
    hand.ui.remove_widget(field)
