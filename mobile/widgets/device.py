"""What a screen asks of the machine itself: vibrate, lock the rotation, hand an address over, scan. Desktop: says no.

The Android calls go through pyjnius and were not tried on a device.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any, Final

from kivy.clock import Clock
from kivy.utils import platform

_LOG: Final = logging.getLogger(__name__)
_PORTRAIT: Final = 1  # ActivityInfo.SCREEN_ORIENTATION_PORTRAIT
_SCAN: Final = 7301
_OK: Final = -1  # Activity.RESULT_OK
_FREE: Final = -1  # ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED


def is_phone() -> bool:
    """Tell whether this runs on Android."""
    return bool(platform == "android")


def vibrate(length_ms: int) -> bool:
    """Vibrate; tell whether the machine can."""
    return attempt(lambda java: activity(java).getSystemService("vibrator").vibrate(length_ms))


def lock_rotation(*, is_locked: bool) -> bool:
    """Keep the screen upright, or let it turn; tell whether the machine can."""
    wanted = _PORTRAIT if is_locked else _FREE
    return attempt(lambda java: activity(java).setRequestedOrientation(wanted))


def pin_screen(*, is_pinned: bool) -> bool:
    """Keep the app in front of all others (Android's lock task), or end that; tell whether the machine can."""
    return attempt(lambda java: activity(java).startLockTask() if is_pinned else activity(java).stopLockTask())


def open_uri(uri: str) -> bool:
    """Hand a `geo:` or `tel:` address to another app; tell whether one took it."""

    def start(java: Any) -> None:
        intent = java("android.content.Intent")
        view = intent(intent.ACTION_VIEW, java("android.net.Uri").parse(uri))
        activity(java).startActivity(view)

    return attempt(start)


def to_background() -> bool:
    """Show the phone's home screen; the app and its service go on. Tell whether the machine can."""
    return attempt(lambda java: activity(java).moveTaskToBack(True))  # noqa: FBT003 - Java has no names for arguments


def scan_code(on_text: Callable[[str], None]) -> bool:
    """Open a code scanner of the phone, when there is one; `on_text` gets what it read."""

    def start(java: Any) -> None:
        intent = java("android.content.Intent")("com.google.zxing.client.android.SCAN")

        def read(is_ok: bool, answer: Any) -> None:  # noqa: FBT001 - as Android tells it
            if is_ok:
                on_text(answer.getStringExtra("SCAN_RESULT") or "")

        start_for_result(java, intent, _SCAN, read)

    return attempt(start)


def activity(java: Any) -> Any:
    """Return the app's own activity."""
    return java("org.kivy.android.PythonActivity").mActivity


def start_for_result(java: Any, intent: Any, number: int, take: Callable[[bool, Any], None]) -> None:
    """Start another app; whether it was well, and what it answers, is taken in Kivy's own thread, once."""
    events = importlib.import_module("android.activity")

    def on_result(request: int, result: int, answer: Any) -> None:
        if request == number:
            events.unbind(on_activity_result=on_result)
            Clock.schedule_once(lambda _dt: take(result == _OK, answer))

    events.bind(on_activity_result=on_result)
    try:
        activity(java).startActivityForResult(intent, number)
    except Exception:  # whatever it was, nobody waits for an answer, and it is raised again
        events.unbind(on_activity_result=on_result)
        raise


def attempt(use: Callable[[Any], object]) -> bool:
    """Use Android through pyjnius; tell whether that went well, which on a desktop it never does."""
    if not is_phone():
        return False
    jnius = importlib.import_module("jnius")
    try:
        use(jnius.autoclass)
    except jnius.JavaException as refused:
        _LOG.warning("the phone refused: %s", refused)
        return False
    return True
