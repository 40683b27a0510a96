"""What a screen asks of the machine itself: vibrate, lock the rotation, hand an address over, scan. Desktop: says no.

The Android calls go through pyjnius and were not tried on a device.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable
from typing import Any, Final

from kivy.clock import Clock
from kivy.utils import platform

_LOG: Final = logging.getLogger(__name__)
_PORTRAIT: Final = 1  # ActivityInfo.SCREEN_ORIENTATION_PORTRAIT
_SCAN: Final = 7301
_CAMERA: Final = 7302
_OK: Final = -1  # Activity.RESULT_OK
_FREE: Final = -1  # ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED


def is_phone() -> bool:
    """Tell whether this runs on Android."""
    return bool(platform == "android")


def vibrate(length_ms: int) -> bool:
    """Vibrate; tell whether the machine can."""
    return _try(lambda java: _activity(java).getSystemService("vibrator").vibrate(length_ms))


def lock_rotation(*, is_locked: bool) -> bool:
    """Keep the screen upright, or let it turn; tell whether the machine can."""
    wanted = _PORTRAIT if is_locked else _FREE
    return _try(lambda java: _activity(java).setRequestedOrientation(wanted))


def pin_screen(*, is_pinned: bool) -> bool:
    """Keep the app in front of all others (Android's lock task), or end that; tell whether the machine can."""
    return _try(lambda java: _activity(java).startLockTask() if is_pinned else _activity(java).stopLockTask())


def open_uri(uri: str) -> bool:
    """Hand a `geo:` or `tel:` address to another app; tell whether one took it."""

    def start(java: Any) -> None:
        intent = java("android.content.Intent")
        view = intent(intent.ACTION_VIEW, java("android.net.Uri").parse(uri))
        _activity(java).startActivity(view)

    return _try(start)


def to_background() -> bool:
    """Show the phone's home screen; the app and its service go on. Tell whether the machine can."""
    return _try(lambda java: _activity(java).moveTaskToBack(True))  # noqa: FBT003 - Java has no names for arguments


def scan_code(on_text: Callable[[str], None]) -> bool:
    """Open a code scanner of the phone, when there is one; `on_text` gets what it read."""

    def start(java: Any) -> None:
        intent = java("android.content.Intent")("com.google.zxing.client.android.SCAN")
        _start_for_result(java, intent, _SCAN, lambda answer: on_text(answer.getStringExtra("SCAN_RESULT") or ""))

    return _try(start)


def take_picture(on_bytes: Callable[[bytes], None]) -> bool:
    """Open the phone's camera app; `on_bytes` gets the picture, and nothing of it stays in the gallery."""

    def start(java: Any) -> None:
        resolver = _activity(java).getContentResolver()
        media = java("android.provider.MediaStore$Images$Media")
        place = resolver.insert(media.EXTERNAL_CONTENT_URI, java("android.content.ContentValues")())
        intent = java("android.content.Intent")("android.media.action.IMAGE_CAPTURE")
        intent.putExtra("output", place)

        def read(_answer: Any) -> None:
            with os.fdopen(resolver.openFileDescriptor(place, "r").detachFd(), "rb") as file:
                content = file.read()
            resolver.delete(place, None, None)
            on_bytes(content)

        _start_for_result(java, intent, _CAMERA, read)

    return _try(start)


def _activity(java: Any) -> Any:
    return java("org.kivy.android.PythonActivity").mActivity


def _start_for_result(java: Any, intent: Any, number: int, take: Callable[[Any], None]) -> None:
    """Start another app; what it answers is taken in Kivy's own thread, once."""
    events = importlib.import_module("android.activity")

    def on_result(request: int, result: int, answer: Any) -> None:
        if request == number:
            events.unbind(on_activity_result=on_result)
            if result == _OK:
                Clock.schedule_once(lambda _dt: take(answer))

    events.bind(on_activity_result=on_result)
    _activity(java).startActivityForResult(intent, number)


def _try(use: Any) -> bool:
    if not is_phone():
        return False
    jnius = importlib.import_module("jnius")
    try:
        use(jnius.autoclass)
    except jnius.JavaException as refused:
        _LOG.warning("the phone refused: %s", refused)
        return False
    return True
