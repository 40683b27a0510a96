"""A gloved hand: finds what is written on the screen and touches it."""

from typing import Any

from kivy.tests.common import UnitTestTouch
from kivy.uix.scrollview import ScrollView

from deploy import phone_camera
from mobile.app import make_ui
from mobile.screens.ui import Ui
from mobile.service import Phone
from mobile.widgets.basics import PushButton
from mobile.widgets.inputs import StepRow
from mobile.widgets.rows import ActionRow
from mobile.widgets.theme import THEME, register_fonts

PIN = "2580"


class Hand:
    """Touches the phone's screen the way a person does."""

    def __init__(self, phone: Phone, language: str = "zh_CN") -> None:
        """Open the app at its job list."""
        register_fonts()
        THEME.name, THEME.text_scale = "light", 1.0
        phone_camera.set_size((412, 892), 1)
        self.ui: Ui = make_ui(phone, language)
        self.ui.instrument = ("GT-201", "2027-03-14")
        self.ui.home()
        phone_camera.show(self.ui)

    @property
    def phone(self) -> Phone:
        """Return the phone that is held."""
        return self.ui.phone

    def t(self, key: str, **data: Any) -> str:
        """Return a text as the screen shows it."""
        return self.ui.t(key, **data)

    def walk(self) -> list[Any]:
        """Return every widget on the screen."""
        phone_camera.settle()
        return [w for w in self.ui.walk(restrict=True) if w is not self.ui]

    def texts(self) -> list[str]:
        """Return every text on the screen."""
        return [w.text for w in self.walk() if getattr(w, "text", "")]

    def find_button(self, text: str) -> Any:
        """Return the button that begins with a text, None when there is none."""
        return next((w for w in self.walk() if isinstance(w, PushButton) and w.text.startswith(text)), None)

    def find_row(self, text: str) -> Any:
        """Return the row of an action with these words."""
        rows = [w for w in self.walk() if isinstance(w, ActionRow)]
        return next(row for row in rows if any(getattr(c, "text", "") == text for c in row.walk(restrict=True)))

    def tap(self, text: str) -> None:
        """Touch the button with a text, scrolling to it first."""
        button = self.find_button(text)
        assert button is not None, (text, self.texts())
        self.touch(button)

    def touch(self, widget: Any) -> None:
        """Touch the middle of a widget with one finger."""
        self.bring_into_view(widget)
        touch = UnitTestTouch(*widget.to_window(*widget.center))
        touch.touch_down()
        touch.touch_up()
        # A scroll view hands the release on 0.2 s later, in case a second finger comes: here it does not wait.
        for view in [w for w in self.ui.walk() if isinstance(w, ScrollView)]:
            view._do_touch_up(touch)
        phone_camera.settle()

    def bring_into_view(self, widget: Any) -> None:
        """Scroll until a widget of the body can be reached."""
        view = getattr(self.ui.page, "_view", None)
        if view is not None and widget in list(view.walk()):
            view.scroll_to(widget, padding=40, animate=False)
            phone_camera.settle()

    def tap_step(self, text: str) -> None:
        """Touch the box of a step."""
        row = next(
            w
            for w in self.walk()
            if isinstance(w, StepRow) and any(getattr(c, "text", "") == text for c in w.walk(restrict=True))
        )
        self.touch(row.box)

    def sign(self) -> None:
        """Write a name on the pad with a finger."""
        pad = self.ui.page.pad
        phone_camera.settle()
        points = [(0.1, 0.5), (0.2, 0.8), (0.3, 0.3), (0.45, 0.7), (0.6, 0.4), (0.85, 0.6)]
        places = [(pad.x + x * pad.width, pad.y + y * pad.height) for x, y in points]
        touch = UnitTestTouch(*places[0])
        touch.touch_down()
        for place in places[1:]:
            touch.touch_move(*place)
        touch.touch_up()
        phone_camera.settle()

    def hand_over(self) -> None:
        """Give the phone to the customer; the first time with a PIN for the way back."""
        if not self.phone.kiosk.has_pin():
            self.phone.kiosk.choose_pin(PIN, PIN)
        self.tap(self.t("kiosk.hand_over"))
        assert self.ui.held is not None, self.texts()

    def type_pin(self, digits: str) -> None:
        """Type a PIN on the keys, and try it."""
        if self.ui.name != "pin":
            self.ui.go("pin")
        for digit in digits:
            self.touch(self.ui.page.keypad.keys[digit])
        self.tap(self.t("kiosk.unlock"))

    def take_back(self) -> None:
        """Take the phone back with the right PIN."""
        self.type_pin(PIN)
        assert self.ui.held is None, self.texts()
