"""The technician's app: one window over one phone. Kivy reads its environment on import: see mobile.platform.window."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window

from mobile import service
from mobile.screens import desk, jobs, parts, signing, work
from mobile.screens.ui import HOME, Builder, Ui
from mobile.service import Phone
from mobile.widgets.theme import register_fonts
from shared import wire
from shared.assignment import PENDING_STATES

SCREENS: Final[dict[str, Builder]] = {
    "enrol": desk.enrol,
    "job_list": jobs.job_list,
    "alarm": jobs.alarm,
    "decline": jobs.decline,
    "job_detail": jobs.job_detail,
    "protocol": work.protocol_page,
    "step": work.step_page,
    "outcome": work.outcome_page,
    "exceptions": work.exceptions_page,
    "signature": signing.signature_page,
    "pad": signing.pad_page,
    "waive": signing.waive_page,
    "customer_copy": signing.customer_copy,
    "sync_status": desk.sync_status,
    "settings": desk.settings,
}
# Screens that a change of the store must not rebuild under the technician's or the customer's hand.
_UNDISTURBED: Final = frozenset({"enrol", "step", "outcome", "exceptions", "signature", "pad", "waive", "settings"})
_BACK_KEY: Final = 27
_WINDOW: Final = (412, 892)


class PhoneApp(App):
    """One window; everything of value is in the store before anything is shown."""

    def __init__(self, folder: Path, server_url: str = "", code: str = "") -> None:
        """`folder` is the phone's, `code` a one-time code to enrol with at the start."""
        super().__init__()
        self.title = "Leakfirst"
        self._folder, self._server_url, self._code = folder, server_url, code
        self._rung: set[str] = set()
        self.ui: Ui | None = None

    def build(self) -> Ui:
        """Return the window's root."""
        register_fonts()
        if self._code and self._server_url and Phone(self._folder, self._server_url).find_identity() is None:
            service.enrol(self._server_url, self._code, self._folder)
        self.ui = make_ui(Phone(self._folder, self._server_url))
        self.ui.on_enrol = self._enrol
        Window.bind(on_keyboard=self._on_key)
        Clock.schedule_interval(lambda _dt: self._tick(), 1.0)
        self._join()
        return self.ui

    def on_pause(self) -> bool:
        """Let Android pause the app: nothing is lost, the store has it all."""
        return True

    def on_stop(self) -> None:
        """Close the phone."""
        if self.ui is not None:
            self.ui.phone.close()

    def _tick(self) -> None:
        if self.ui is not None:
            self.ui.tick()
            self._ring()

    def _join(self) -> None:
        """Show the work and listen to the server once the phone is enrolled; else ask for a code."""
        if self.ui is None:
            return
        if self.ui.phone.find_identity() is None:
            self.ui.go("enrol", server=self._server_url)
            return
        self.ui.phone.subscribe(lambda: Clock.schedule_once(lambda _dt: self._refresh()))
        self.ui.phone.start_background()
        self.ui.home()

    def _enrol(self, server_url: str, code: str) -> None:
        service.enrol(server_url, code, self._folder)
        if self.ui is not None:
            self.ui.phone.close()
            self.ui.phone = Phone(self._folder, server_url)
            self._join()

    def _refresh(self) -> None:
        """Show what changed, and ring for a leak that is newly offered."""
        if not self._ring() and self.ui is not None and self.ui.name not in _UNDISTURBED:
            self.ui.rebuild()

    def _ring(self) -> bool:
        """Show the alarm of a leak that is newly offered; tell whether there was one."""
        for job in self.ui.phone.jobs() if self.ui is not None else ():
            if (
                parts.is_alarming(job)
                and job.assignment.state in PENDING_STATES
                and self._is_new(job)
                and self.ui is not None
            ):
                self.ui.go("alarm", job=job.work_order_id)
                return True
        return False

    def _is_new(self, job: wire.Job) -> bool:
        """Tell whether a leak still has to ring; one that comes while a hand is busy rings when the hand is free."""
        if job.assignment.id in self._rung or self.ui is None or self.ui.name in _UNDISTURBED:
            return False
        self._rung.add(job.assignment.id)
        return True

    def _on_key(self, _window: Any, key: int, *_rest: Any) -> bool:
        return bool(key == _BACK_KEY and self.ui is not None and self.ui.back())


def make_ui(phone: Phone, language: str = "zh_CN") -> Ui:
    """Return the window's root over a phone."""
    return Ui(phone, SCREENS, language)


def main() -> None:
    """Open the window."""
    if "ANDROID_ARGUMENT" not in os.environ:
        Window.size = _WINDOW
    folder = Path(os.environ.get("LEAKFIRST_PHONE_DIR") or Path.home() / ".leakfirst-phone")
    app = PhoneApp(folder, os.environ.get("LEAKFIRST_SERVER_URL", ""), os.environ.get("LEAKFIRST_ENROL_CODE", ""))
    app.run()


__all__ = ["HOME", "SCREENS", "PhoneApp", "main", "make_ui"]
