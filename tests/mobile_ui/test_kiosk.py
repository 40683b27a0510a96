"""The phone in the customer's hand: whatever he presses, swipes or waits for, only the PIN leads elsewhere (C9)."""

import os
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from deploy import phone_tour
from deploy.screenshots_phone import StillClock, busy_server, make_phone
from mobile.service import Phone
from shared import facts

pytestmark = pytest.mark.kivy
STOVE, ALARM = "wo-2", "wo-4"
_BACK, _F1, _MENU = 27, 282, 319
_KEYS = (_BACK, _F1, _MENU, 8, 9, 13, 273, 274, 292, 293, 1001, 1073741942, *b"qwf,")
_GESTURES = 2000 if os.environ.get("FULL") == "1" else 40


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """Yield a phone with a stove to sign, while another leak is offered."""
    phone = make_phone(tmp_path_factory.mktemp("kiosk"), busy_server(), StillClock())
    phone_tour.fill(phone)
    yield phone
    phone.close()


@pytest.fixture
def hand(phone: Phone) -> Any:
    """Return customer Zhao's hand, with the phone just given to her."""
    from tests.mobile_ui.hand import PIN, Hand  # noqa: PLC0415 - after the window

    if not phone.kiosk.has_pin():
        phone.kiosk.choose_pin(PIN, PIN)
    hand = Hand(phone)
    if hand.ui.held is None:
        hand.ui.hand_over(STOVE, "zh_CN")
    return hand


@pytest.fixture
def app(hand: Any, tmp_path: Any) -> Iterator[Any]:
    """Yield the app around the phone, with its keys bound to the window."""
    from kivy.core.window import Window  # noqa: PLC0415 - after the window

    from mobile.app import PhoneApp  # noqa: PLC0415 - after the window

    app = PhoneApp(tmp_path)
    app.ui = app.root = hand.ui
    Window.bind(on_keyboard=app._on_key, on_request_close=app._on_close)
    app._install_settings_keys(Window)
    yield SimpleNamespace(app=app, window=Window)
    Window.unbind(on_keyboard=app._on_key, on_request_close=app._on_close)
    Window.unbind(on_keyboard=app._on_keyboard_settings)


def test_no_key_leads_out_of_the_customers_screens(hand: Any, app: Any) -> None:
    """Back, Escape, menu, settings, search keys, closing the window: the customer stays where he is."""
    from mobile.screens.ui import KIOSK_SCREENS  # noqa: PLC0415 - after the window

    for start in ("kiosk_refuse", "pin"):
        hand.ui.go(start, job=STOVE)
        for key in (*_KEYS, _BACK, _BACK, _BACK):
            handled = app.window.dispatch("on_keyboard", key, 0, None, [])
            assert hand.ui.name in KIOSK_SCREENS
            assert hand.ui in app.window.children
            assert handled or key not in {_BACK, _F1}
    assert app.window.dispatch("on_request_close") is True
    assert hand.ui.held is not None


def test_no_screen_of_the_technician_can_be_reached(hand: Any) -> None:
    """Whatever a button, a change or a timer asks for is refused while the customer holds the phone."""
    from mobile.app import SCREENS  # noqa: PLC0415 - after the window
    from mobile.screens.ui import KIOSK_SCREENS  # noqa: PLC0415 - after the window

    for name in set(SCREENS) - KIOSK_SCREENS:
        hand.ui.go(name, job=STOVE)
        hand.ui.replace(name, job=STOVE)
        assert hand.ui.name == "kiosk", name
    assert not [w for w in hand.walk() if getattr(w, "hint_text", "") == hand.t("phone.message_hint")]


def test_taps_and_swipes_all_over_stay_with_the_customer(hand: Any, app: Any) -> None:
    """Forty (FULL: 2,000) touches, swipes from every edge and keys, blindly: never another screen."""
    from kivy.tests.common import UnitTestTouch  # noqa: PLC0415 - after the window

    from deploy import phone_camera  # noqa: PLC0415 - after the window
    from mobile.screens.ui import KIOSK_SCREENS  # noqa: PLC0415 - after the window

    chance = random.Random(9)
    for number in range(_GESTURES):
        touch = UnitTestTouch(chance.randrange(412), chance.randrange(892))
        touch.touch_down()
        for _ in range(number % 4):
            touch.touch_move(chance.choice([0, 206, 411]), chance.choice([0, 446, 891]))
        touch.touch_up()
        if number % 7 == 0:
            app.window.dispatch("on_keyboard", chance.choice(_KEYS), 0, None, [])
        phone_camera.settle(1)
        assert hand.ui.name in KIOSK_SCREENS
        assert hand.ui.held is not None
    hand.ui.home()


def test_alarm_calls_the_technician_and_tells_the_customer_nothing(hand: Any, app: Any) -> None:
    """A leak that arrives meanwhile is a line that says only whom to give the phone to; after the PIN it rings."""
    hand.ui.is_called = False
    hand.ui.rebuild()
    app.app.refresh()
    app.app.tick()
    shown = hand.texts()
    assert hand.t("kiosk.call_technician") in shown
    assert not [text for text in shown if "鸿泰苑" in text or hand.t("phone.accept") in text]
    hand.type_pin("2580")
    app.app.tick()
    assert (hand.ui.name, hand.ui.held) == ("alarm", None)


def test_pause_rotation_restart_and_language_keep_the_customers_screen(hand: Any, app: Any, phone: Phone) -> None:
    """What was typed and written outlives a pause and a turn; after a restart the customer's screen stands again."""
    from deploy import phone_camera  # noqa: PLC0415 - after the window
    from mobile.app import make_ui  # noqa: PLC0415 - after the window

    hand.tap("English")
    assert hand.ui.spoken == "en"
    assert hand.find_button(hand.t("kiosk.go_sign")).text == "Sign"
    hand.tap("中文")
    hand.ui._trail[-1][1]["opinion"] = "服务很好"
    hand.tap(hand.t("relation.tenant"))
    hand.tap(hand.t("kiosk.go_sign"))
    hand.sign()
    written = hand.ui.page.pad.strokes
    app.app.on_pause()
    app.app.on_resume()
    phone_camera.set_size((892, 412), 1)
    phone_camera.settle()
    phone_camera.set_size((412, 892), 1)
    assert (hand.ui.name, hand.ui.page.pad.strokes) == ("pad", written)
    restarted = make_ui(phone)
    restarted.home()
    assert restarted.name == "kiosk"


def test_untouched_screen_asks_for_the_technician(hand: Any, app: Any, phone: Phone) -> None:
    """Three minutes without a touch: what was typed is gone, and the PIN is asked for."""
    hand.ui.page.ui._trail[-1][1]["opinion"] = "half a sentence"
    phone.clock.at_ms += 181_000  # type: ignore[attr-defined]  # the test's own clock
    app.app.tick()
    assert hand.ui.name == "pin"
    hand.tap(hand.t("kiosk.stay"))
    assert (hand.ui.name, hand.ui._trail[-1][1].get("opinion")) == ("kiosk", "")


def test_five_wrong_pins_lock_and_the_evidence_stays(hand: Any, phone: Phone) -> None:
    """Qian guesses: the keys go dead, the visit is as it was, and the office will hear of it."""
    before = phone.get_job(STOVE).visit
    for _ in range(5):
        hand.type_pin("9999")
    hand.ui.tick()
    assert hand.ui.page.keypad.disabled
    assert hand.t("kiosk.pin_wait", seconds=60) in hand.texts()
    hand.type_pin("2580")
    assert hand.ui.held is not None
    assert phone.get_job(STOVE).visit == before
    assert [e for e in phone.pending(STOVE) if facts.name_of(e.event.body) == "pin_locked"]
    phone.clock.at_ms += 60_000  # type: ignore[attr-defined]  # the test's own clock


def test_customer_signs_and_a_later_change_makes_it_void(hand: Any, phone: Phone) -> None:
    """Zhao sees sum, code and warranty, signs; the technician changes an answer; the screen says: sign again."""
    from shared.service_record import view_code  # noqa: PLC0415 - beside its use

    draft = hand.ui._trail[-1][1]["draft"]
    shown = "\n".join(hand.texts())
    assert all(line in shown for line in draft.lines)
    assert all(word in shown for word in (draft.view_code, "¥0.00", hand.t("warranty.charged"), "JZT-3B"))
    hand.tap(hand.t("relation.self"))
    hand.tap(hand.t("phone.opinion_satisfied"))
    hand.tap(hand.t("kiosk.go_sign"))
    hand.sign()
    hand.tap(hand.t("phone.submit"))
    body = phone.pending(STOVE)[-1].event.body
    assert isinstance(body, facts.RecordSigned)
    assert (body.signer_relation, view_code(body.record_json)) == ("self", draft.view_code)
    assert all(len(point) in {3, 4} for stroke in body.strokes for point in stroke.points)
    hand.take_back()
    assert hand.ui.name == "customer_copy"
    phone.act("declare_outcome", STOVE, outcome="follow_up")
    hand.ui.rebuild()
    assert hand.t("kiosk.voided") in hand.texts()
    hand.tap(hand.t("kiosk.sign_again"))
    assert hand.ui.name == "signature"


def test_refusal_is_sealed_with_its_reason_and_words(hand: Any, phone: Phone) -> None:
    """Zhao does not sign and says why: that is in the record that the phone seals."""
    hand.tap(hand.t("kiosk.refuse"))
    hand.tap(hand.t("waive.refused_price"))
    hand.ui._trail[-1][1]["words"] = "太贵"
    hand.tap(hand.t("kiosk.refuse_send"))
    body = phone.pending(STOVE)[-1].event.body
    assert isinstance(body, facts.SignatureWaived)
    assert (body.reason, "太贵" in body.record_json) == ("refused_price", True)
    hand.take_back()
