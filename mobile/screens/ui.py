"""What every screen works with: the phone, the language, and the way to other screens."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from kivy.uix.floatlayout import FloatLayout

from mobile.service import Phone
from mobile.store import pocket, refusals
from mobile.widgets import device
from mobile.widgets.basics import PushButton
from mobile.widgets.gallery import AndroidCamera, Camera
from mobile.widgets.siren import Siren
from mobile.widgets.theme import THEME, name_at
from shared import facts, wire
from shared.errors import DomainError
from shared.text import LANGUAGES

_LOG: Final = logging.getLogger(__name__)
Builder = Callable[["Ui", dict[str, Any]], Any]
HOME: Final = "job_list"
ALARM: Final = "alarm"
KIOSK: Final = "kiosk"
# All that can be shown while the customer holds the phone; "locked" is the desk's order and tells nothing of anybody.
KIOSK_SCREENS: Final = frozenset({KIOSK, "pad", "kiosk_refuse", "kiosk_done", "pin", "locked"})
_PLACE: Final = ("job", "protocol", "step")  # what makes two visits of a screen the same place


class Ui(FloatLayout):
    """The window's root: one screen at a time, rebuilt from the store at any moment."""

    def __init__(self, phone: Phone, builders: dict[str, Builder], language: str = LANGUAGES[0]) -> None:
        """`builders` makes a screen by its name."""
        super().__init__()
        self.phone, self.language = phone, language
        self._builders = builders
        self._trail: list[tuple[str, dict[str, Any]]] = []
        self.page: Any = None
        self._banner: PushButton | None = None
        self.problem = ""
        self.siren = Siren()
        self.camera: Camera | None = AndroidCamera() if device.is_phone() else None
        self.adopt(phone)
        self.rung: set[str] = set()  # assignments whose alarm has filled the screen
        self.calling: wire.Job | None = None  # a leak that rings beside what a busy hand does
        self.held = phone.kiosk.held()
        self.is_called = False  # an alarm waits while the customer holds the phone
        self.touched_ms = phone.clock.mono_ms()
        self.on_enrol: Callable[[str, str], None] = lambda _server, _code: None

    def adopt(self, phone: Phone) -> None:
        """Work with a phone: the camera's pictures are filed there."""
        self.phone = phone
        phone.shots.gallery = self.camera

    def has(self, name: str) -> bool:
        """Tell whether there is a screen of that name."""
        return name in self._builders

    @property
    def preferences(self) -> pocket.Preferences:
        """Return how the technician wants his screens."""
        return self.phone.own.preferences()

    @property
    def instrument(self) -> tuple[str, str]:
        """Return the instrument in use: its serial, and the last day of its calibration; empty when none is carried."""
        carried = self.phone.own.kit().instruments
        return (carried[0].serial, carried[0].valid_until) if carried else ("", "")

    @instrument.setter
    def instrument(self, value: tuple[str, str]) -> None:
        chosen = facts.Instrument(serial=value[0], valid_until=value[1])
        kit = self.phone.own.kit()
        others = tuple(i for i in kit.instruments if i.serial != chosen.serial)
        self.phone.own.set_kit(msgspec.structs.replace(kit, instruments=(chosen, *others)))

    @property
    def text_scale(self) -> float:
        """Return the text size in force."""
        return THEME.text_scale

    def enrol(self, server_url: str, code: str) -> None:
        """Sign the phone in. Raises DomainError."""
        self.on_enrol(server_url, code)

    def wake(self) -> None:
        """Exchange with the server soon."""
        self.phone.ring(None)

    # Words

    def t(self, key: str, **data: Any) -> str:
        """Return a text in the language in force."""
        return self.phone.desk.texts.text(self.spoken, key, **data)

    def words(self, both: dict[str, str]) -> str:
        """Return what a protocol says in the language in force."""
        return both.get(self.spoken) or next(iter(both.values()), "")

    @property
    def spoken(self) -> str:
        """Return the language on the screen: the customer's own choice while he holds the phone."""
        return self.held.language if self.held is not None else self.language

    # The way

    @property
    def name(self) -> str:
        """Return the name of the screen that is shown."""
        return self._trail[-1][0] if self._trail else ""

    def _admits(self, name: str) -> bool:
        return self.held is None or name in KIOSK_SCREENS

    def hand_over(self, work_order_id: str, language: str) -> None:
        """Give the phone to the customer: from here only the PIN leads back. Raises DomainError `pin_missing`."""
        self.held = self.phone.kiosk.enter(work_order_id, language)
        device.pin_screen(is_pinned=True)
        self.home()

    def take_back(self, digits: str) -> None:
        """Give the phone back to the technician. Raises DomainError `pin_wrong`, `pin_locked`."""
        self.phone.kiosk.leave(digits)
        self.look_who_holds()

    def look_who_holds(self) -> None:
        """Show what is meant for whoever holds the phone now, as the store says."""
        was, self.held = self.held, self.phone.kiosk.held()
        if was is None or self.held is not None:
            return
        self.is_called = False
        device.pin_screen(is_pinned=False)
        self.home()

    def on_touch_down(self, touch: Any) -> bool:
        """Note that somebody is there, then let the screen have the touch."""
        self.touched_ms = self.phone.clock.mono_ms()
        return bool(super().on_touch_down(touch))

    def go(self, name: str, **arguments: Any) -> None:
        """Show another screen; what is not the customer's is not shown while he holds the phone."""
        if not self._admits(name):
            return
        self._trail.append((name, arguments))
        self.problem = ""
        self.rebuild()

    def home(self) -> None:
        """Show the job list and forget the way; while the customer holds the phone, his first screen."""
        self._trail = [(HOME, {})] if self.held is None else [(KIOSK, {"job": self.held.work_order_id})]
        self.problem = ""
        self.rebuild()

    def back(self) -> bool:
        """Show the screen before; tell whether there was one (the Android back button)."""
        if getattr(self.page, "is_held", False):
            return True  # an alarm is answered, not left
        if len(self._trail) < 2:  # noqa: PLR2004 - the first screen has none before it
            if self.held is not None:
                self.go("pin")
            return self.held is not None
        self._trail.pop()
        self.problem = ""
        self.rebuild()
        return True

    def replace(self, name: str, **arguments: Any) -> None:
        """Show another screen in the place of this one."""
        if not self._admits(name):
            return
        self._trail[-1] = (name, arguments)
        self.rebuild()

    def rebuild(self) -> None:
        """Make the screen anew from the store."""
        name, arguments = self._trail[-1]
        key = (name, *(arguments.get(part) for part in _PLACE))
        scroll = getattr(self.page, "scroll_y", 1.0) if getattr(self.page, "key", None) == key else 1.0
        page = self._builders[name](self, arguments)  # first: what cannot be made leaves the earlier one standing
        if name != ALARM and self.calling is None:
            self.siren.stop()
        self.clear_widgets()
        self.page = page
        self.page.key = key
        self.page.scroll_y = scroll
        self.add_widget(self.page)
        self._hang_banner()

    def refresh(self) -> None:
        """Show what changed in the store; a screen that can fill itself anew is not rebuilt."""
        fill = getattr(self.page, "refresh", None)
        if fill is None:
            self.rebuild()
        else:
            fill()

    def tick(self) -> None:
        """Let running figures and a call go on."""
        if self.page is not None:
            self.page.tick()
        self._sound_call()

    # The call of a leak

    def show_alarm(self, job: wire.Job) -> None:
        """Fill the screen with a leak's alarm."""
        self.rung.add(job.assignment.id)
        self.call(None)
        self.go(ALARM, job=job.work_order_id)

    def call(self, job: wire.Job | None) -> None:
        """Ring for a leak with a banner over the page, which stays as it is; None ends the call."""
        was, self.calling = self.calling, job
        if was is None and job is not None:
            self._sound_call()
        elif was is not None and job is None:
            self.siren.stop()
        if was is None or job is None or was.assignment.id != job.assignment.id:
            self._hang_banner()

    def _sound_call(self) -> None:
        """Ring for one more second; while the customer holds the phone it is called for by other means."""
        if self.calling is not None and self.held is None:
            self.siren.ring(is_sound_on=self.preferences.is_sound_on)

    def _hang_banner(self) -> None:
        """Let the banner stand on top of the page while a leak calls, and not in the customer's hand."""
        if self._banner is not None and self._banner.parent is not None:
            self._banner.parent.remove_widget(self._banner)
        self._banner, job = None, self.calling
        if job is None or self.held is not None or self.page is None:
            return
        self._banner = PushButton(self.t("phone.leak_calls"), lambda: self.show_alarm(job), primary=True, role="p1")
        self.page.add_widget(self._banner, index=len(self.page.children))

    # Commands

    def act(self, command: str, work_order_id: str, **data: Any) -> bool:
        """Give a command; what is refused is shown in words. Tell whether it was taken."""
        return self.attempt(lambda: self.phone.act(command, work_order_id, **data))

    def attempt(self, work: Callable[[], object]) -> bool:
        """Do something that may be refused, or for which there is no room; that is shown in words.

        Tell whether it was done. An error of the program is raised.
        """
        try:
            work()
        except Exception as error:  # what is no refusal is raised again
            refused = refusals.find_refusal(error)
            if refused is None:
                raise
            _LOG.warning("refused: %s", error)
            self.show(refused)
            return False
        self.problem = ""
        return True

    def show(self, refused: DomainError) -> None:
        """Show an error's text on the screen; on the one before when the screen itself cannot be shown."""
        blockers = refused.data.get("blockers", ())
        reasons = [self.t(f"blocker.{b.code}", **b.data) for b in blockers]
        self.problem = "\n".join([self.t(f"error.{refused.code}", **refused.data), *reasons])
        while not self._can_rebuild():
            if len(self._trail) < 2:  # noqa: PLR2004 - the first screen has none before it
                return  # what is shown stays
            self._trail.pop()

    def _can_rebuild(self) -> bool:
        try:
            self.rebuild()
        except Exception as error:  # what is no refusal is raised again
            if refusals.find_refusal(error) is None:
                raise
            _LOG.warning("the screen %s cannot be shown: %s", self.name, error)
            return False
        return True

    def choose_language(self, language: str) -> None:
        """Switch the language at run time."""
        self.language = language
        self._prefer(language=language)

    def choose_theme(self, name: str) -> None:
        """Switch the theme at run time: auto, light or dark."""
        THEME.name = name_at(name, self.hour())
        self._prefer(theme=name)

    def choose_text_scale(self, scale: float) -> None:
        """Switch the text size at run time."""
        THEME.text_scale = scale
        self._prefer(text_scale=scale)

    def choose_rotation(self, *, is_locked: bool) -> None:
        """Keep the screen upright, or let it turn."""
        device.lock_rotation(is_locked=is_locked)
        self._prefer(is_rotation_locked=is_locked)

    def choose_sound(self, *, is_on: bool) -> None:
        """Let alarms sound loudly, or softly; a leak is never silent."""
        self._prefer(is_sound_on=is_on)

    def apply_preferences(self) -> None:
        """Look as the technician wants it, at the start and after a pause."""
        wanted = self.preferences
        self.language = wanted.language or self.language
        THEME.name, THEME.text_scale = name_at(wanted.theme, self.hour()), wanted.text_scale
        device.lock_rotation(is_locked=wanted.is_rotation_locked)

    def hour(self) -> int:
        """Return the hour of the day on the phone's own clock."""
        return dt.datetime.fromtimestamp(self.phone.clock.now_ms() / 1000).hour  # noqa: DTZ006 - the phone's own zone

    def _prefer(self, **changes: Any) -> None:
        self.phone.own.set_preferences(msgspec.structs.replace(self.preferences, **changes))
        self.rebuild()
