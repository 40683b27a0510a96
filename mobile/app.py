"""The technician's app: one window over one phone. Kivy reads its environment on import: see mobile.platform.window."""

from __future__ import annotations

import gc
import logging
import os
from pathlib import Path
from typing import Any, Final

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.widget import Widget

from mobile import service
from mobile.platform.texts import load_texts
from mobile.screens import (
    alarm,
    camera,
    day,
    day_map,
    desk,
    door,
    evidence,
    jobs,
    kiosk,
    menu,
    messages,
    money,
    odour,
    parts,
    shift,
    signing,
    today,
    trouble,
    work,
)
from mobile.screens.ui import HOME, KIOSK_SCREENS, Builder, Ui
from mobile.service import Phone
from mobile.store import refusals, wiping
from mobile.widgets import device
from mobile.widgets.theme import register_fonts
from shared import wire
from shared.text import LANGUAGES

_LOG: Final = logging.getLogger(__name__)
SCREENS: Final[dict[str, Builder]] = {
    "enrol": desk.enrol,
    "job_list": today.job_list,
    "menu": menu.menu,
    "shift": shift.shift,
    "instruments": shift.instruments,
    "stock": shift.stock,
    "alarm": alarm.alarm,
    "decline": alarm.decline,
    "job_detail": jobs.job_detail,
    "navigate": jobs.navigate,
    "protocol": work.protocol_page,
    "step": work.step_page,
    "outcome": work.outcome_page,
    "exceptions": door.exceptions_page,
    "no_access": door.no_access_page,
    "escalate": messages.escalate,
    "messages": messages.messages,
    "odour": odour.odour,
    "photos": evidence.photos,
    "parts": evidence.parts_page,
    "signature": signing.signature_page,
    "set_pin": signing.set_pin_page,
    "waive": signing.waive_page,
    "remote": signing.remote_page,
    "customer_copy": signing.customer_copy,
    "correct": signing.correct_page,
    "kiosk": kiosk.read_page,
    "pad": kiosk.pad_page,
    "kiosk_refuse": kiosk.refuse_page,
    "kiosk_done": kiosk.done_page,
    "pin": kiosk.pin_page,
    "money": money.money_page,
    "warranty": money.warranty_page,
    "ask_price": money.ask_page,
    "receipt": money.receipt_page,
    "damage": money.damage_page,
    "my_day": day.my_day_page,
    "map": day_map.map_page,
    "locked": trouble.locked,
    "wiped": trouble.wiped,
    "position_log": day.position_log,
    "sync_status": desk.sync_status,
    "settings": desk.settings,
    "permissions": desk.permissions_page,
}
# Screens that a change of the store must not rebuild under the technician's or the customer's hand.
_UNDISTURBED: Final = frozenset(
    {"enrol", "step", "outcome", "signature", "waive", "set_pin", "settings", "instruments", "stock", "odour"}
    | {"warranty", "ask_price", "damage"}
    | KIOSK_SCREENS
)
# Screens with a field: they are left alone while somebody writes in it.
_WRITTEN: Final = frozenset({"exceptions", "no_access", "escalate", "messages", "photos", "shift", "parts"})
_STORE_ENDS: Final = frozenset({"store_damaged", "phone_wiped"})
_BACK_KEY: Final = 27
_FRESH_PUSH_MS: Final = 120_000
_WINDOW: Final = (412, 892)


class PhoneApp(App):
    """One window; everything of value is in the store before anything is shown."""

    root: Widget | None

    def __init__(self, folder: Path, server_url: str = "", code: str = "") -> None:
        """`folder` is the phone's, `code` a one-time code to enrol with at the start."""
        super().__init__()
        self.title = "Leakfirst"
        self._folder, self._server_url, self._code = folder, server_url, code
        self._push_id = ""  # the newest test alarm that was sounded
        self.ui: Ui | None = None

    def build(self) -> Widget:
        """Return the window's root: the screens, or why this phone's data cannot be shown."""
        register_fonts()
        Window.bind(on_keyboard=self._on_key, on_request_close=self._on_close)
        Clock.schedule_interval(lambda _dt: self.tick(), 1.0)
        Clock.schedule_once(lambda _dt: freeze_memory(), 1.0)
        ExceptionManager.add_handler(_Barrier(self))
        return self._open()

    def _open(self) -> Widget:
        try:
            return self._open_phone()
        except Exception as error:  # what is no refusal is raised again
            refused = refusals.find_refusal(error)
            if refused is None:
                raise
            _LOG.warning("the phone cannot be opened: %s", error)
            return self._show_trouble(refused.code)

    def _open_phone(self) -> Widget:
        self.ui = make_ui(self._make_phone())
        self.ui.on_enrol = self._enrol
        self.ui.apply_preferences()
        self._join()
        return self.ui

    def _make_phone(self) -> Phone:
        phone = Phone(self._folder, self._server_url)
        if self._code and self._server_url and phone.find_identity() is None:
            phone.close()
            service.enrol(self._server_url, self._code, self._folder)
            phone = Phone(self._folder, self._server_url)
        return phone

    def _show_trouble(self, code: str) -> Widget:
        """Return what stands in the window when there is no phone to show: nothing is deleted without being asked."""
        language = self.ui.language if self.ui is not None else LANGUAGES[0]
        if self.ui is not None:
            self.ui.phone.close()
        self.ui = None
        return trouble.TroubleView(load_texts(), language, code, wiping.find_wiped(self._folder), self._begin_again)

    def end(self, code: str) -> None:
        """Close the phone and show why."""
        self._swap(self._show_trouble(code))

    def _begin_again(self) -> None:
        wiping.start_over(self._folder)
        self._swap(self._open())

    def _swap(self, root: Widget) -> None:
        if self.root is not None:
            Window.remove_widget(self.root)
        self.root = root
        Window.add_widget(root)

    def _is_barred(self) -> bool:
        """Tell whether the phone is locked or erased, and show that instead of anything else."""
        state = self.ui.phone.guard().state if self.ui is not None else "open"
        if state == "wiped" and self.ui is not None:
            self.end("phone_wiped")
        elif state == "locked" and self.ui is not None and self.ui.name != "locked":
            self.ui.home()
            self.ui.replace("locked")
        elif state == "open" and self.ui is not None and self.ui.name == "locked":
            self.ui.look_who_holds()
            self.ui.home()
            self._collect()
        return state != "open"

    def on_pause(self) -> bool:
        """Let Android pause the app: nothing is lost, the store has it all; the siren goes on."""
        return True

    def on_resume(self) -> None:
        """Build the root anew from the store: Android may have thrown the picture away (mobile.md section 4)."""
        if self.ui is not None and self.ui.name:
            self.ui.apply_preferences()
            self.ui.rebuild()
            self._collect()

    def on_stop(self) -> None:
        """Close the phone."""
        if self.ui is not None:
            self.ui.phone.close()

    def tick(self) -> None:
        """Let figures go on, once a second; a leak that calls a busy hand fills the screen as soon as it is free."""
        if self.ui is not None and not self._is_barred():
            self.ui.tick()
            self._watch_customer()
            if self.ui.calling is not None and self.ui.name not in _UNDISTURBED:
                self._ring()

    def _watch_customer(self) -> None:
        """Call the technician when an alarm waits, and when nobody has touched the customer's screen for long."""
        ui = self.ui
        if ui is None or ui.held is None:
            return
        if ui.calling is not None and not ui.is_called:
            ui.is_called = True
            ui.siren.test()
            ui.refresh()
        idle_ms = ui.phone.clock.mono_ms() - ui.touched_ms
        if ui.name in KIOSK_SCREENS - {"pin", "locked"} and idle_ms > ui.phone.kiosk.rules.idle_s * 1000:
            ui.home()
            ui.go("pin")

    def open_settings(self, *_: Any) -> bool:
        """Keep Kivy's own settings closed: a key opens them over any screen, also the customer's."""
        return True

    def _on_close(self, *_: Any, **__: Any) -> bool:
        """Keep the window open while the customer holds the phone."""
        return self.ui is not None and self.ui.held is not None

    def _join(self) -> None:
        """Show the work and listen to the server once the phone is enrolled; else ask for a code."""
        if self.ui is None:
            return
        if self.ui.phone.find_identity() is None:
            self.ui.go("enrol", server=self._server_url)
            return
        soon = Clock.create_trigger(lambda _dt: self.refresh())  # many commits, one look
        self.ui.phone.subscribe(soon)
        self.ui.phone.start_background(hears_others=device.is_phone())
        self.ui.home()
        self._ring()
        self._collect()

    def _collect(self) -> None:
        """Keep what the camera has left, soon: whatever becomes of it, the screens are there first."""
        ui = self.ui
        if ui is not None and ui.camera is not None:
            Clock.schedule_once(lambda _dt: ui.attempt(lambda: camera.collect(ui)))

    def _enrol(self, server_url: str, code: str) -> None:
        if self.ui is not None and self.ui.phone.find_identity() is not None:
            self.ui.phone.shots.keep()  # as whose they were taken
        service.enrol(server_url, code, self._folder)
        if self.ui is not None:
            self.ui.phone.close()
            self.ui.adopt(Phone(self._folder, server_url))
            self._join()

    def _sound_push(self) -> None:
        """Sound a test alarm once when it arrives: the technician hears that this phone can wake him."""
        push = self.ui.phone.own.test_push() if self.ui is not None else None
        if push is not None and push.id != self._push_id and self.ui is not None:
            self._push_id = push.id
            if self.ui.phone.clock.now_ms() - push.sent_ms < _FRESH_PUSH_MS:
                self.ui.siren.test()

    def refresh(self) -> None:
        """Show what changed, and ring for a leak that is newly offered."""
        self._sound_push()
        if self._is_barred() or self._ring() or self.ui is None or self.ui.name in _UNDISTURBED:
            return
        if self.ui.name in _WRITTEN and any(field.focus for field in getattr(self.ui.page, "fields", ())):
            return
        self.ui.refresh()

    def _ring(self) -> bool:
        """Show the alarm of a leak that is newly offered, or call a busy hand to it; tell whether it is shown."""
        if self.ui is None:
            return False
        waiting = next((job for job in self.ui.phone.jobs() if self._is_new(job)), None)
        if waiting is None or self.ui.name in _UNDISTURBED:
            self.ui.call(waiting)
            return False
        self.ui.show_alarm(waiting)
        return True

    def _is_new(self, job: wire.Job) -> bool:
        """Tell whether a leak waits for an answer and its alarm has not filled the screen yet."""
        has_rung = self.ui is not None and job.assignment.id in self.ui.rung
        return parts.is_alarming(job) and parts.is_pending(job) and not has_rung

    def _on_key(self, _window: Any, key: int, *_rest: Any) -> bool:
        """Let Android's back button, Escape on a desktop, lead one screen back; from the list to the home screen."""
        if key != _BACK_KEY or self.ui is None:
            return False
        return self.ui.back() or device.to_background()


class _Barrier(ExceptionHandler):
    """Shows in words what is wrong in place of ending the app: no room, a refusal, data that is damaged or erased."""

    def __init__(self, app: PhoneApp) -> None:
        super().__init__()
        self._app = app

    def handle_exception(self, inst: BaseException) -> int:
        """Take ordinary failures; errors of the program end the app, with their trace."""
        refused = refusals.find_refusal(inst)
        if refused is None:
            return int(ExceptionManager.RAISE)
        _LOG.warning("a screen met a failure: %s", inst)
        if refused.code in _STORE_ENDS:
            self._app.end(refused.code)
        elif self._app.ui is not None:
            self._app.ui.show(refused)
        return int(ExceptionManager.PASS)


def make_ui(phone: Phone, language: str = "zh_CN") -> Ui:
    """Return the window's root over a phone."""
    return Ui(phone, SCREENS, language)


def freeze_memory() -> None:
    """Leave what was loaded at the start out of every later collection: a full one took longer than a frame."""
    gc.collect()
    gc.freeze()


def main() -> None:
    """Open the window."""
    if "ANDROID_ARGUMENT" not in os.environ:
        Window.size = _WINDOW
    folder = Path(os.environ.get("LEAKFIRST_PHONE_DIR") or Path.home() / ".leakfirst-phone")
    app = PhoneApp(folder, os.environ.get("LEAKFIRST_SERVER_URL", ""), os.environ.get("LEAKFIRST_ENROL_CODE", ""))
    app.run()


__all__ = ["HOME", "SCREENS", "PhoneApp", "main", "make_ui"]
