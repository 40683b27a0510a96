"""The phone's own camera and gallery. Through pyjnius, and not tried on a device."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any, Final, Protocol

from mobile.actions.shots import Gallery
from mobile.widgets import device

_LOG: Final = logging.getLogger(__name__)
_CAMERA: Final = 7302


class Camera(Gallery, Protocol):
    """A gallery with a camera app in front of it."""

    def open(self, place: str, on_back: Callable[[bool], None]) -> bool:
        """Open the camera app over this one; `on_back` hears whether it took a picture. Tell whether it opened."""


class AndroidCamera:
    """The media store: a place is the address of one of its rows."""

    def new_place(self) -> str:
        """Return a fresh place for one picture, empty when there is no camera."""
        made: list[str] = []

        def insert(java: Any) -> None:
            media = java("android.provider.MediaStore$Images$Media")
            row = _resolver(java).insert(media.EXTERNAL_CONTENT_URI, java("android.content.ContentValues")())
            made.extend([] if row is None else [row.toString()])

        return "".join(made) if device.attempt(insert) else ""

    def open(self, place: str, on_back: Callable[[bool], None]) -> bool:
        """Open the camera app over this one; `on_back` hears whether it took a picture. Tell whether it opened."""

        def start(java: Any) -> None:
            intent = java("android.content.Intent")("android.media.action.IMAGE_CAPTURE")
            intent.putExtra("output", _row(java, place))
            device.start_for_result(java, intent, _CAMERA, lambda is_ok, _answer: on_back(is_ok))

        return device.attempt(start)

    def read(self, place: str) -> bytes | None:
        """Return the picture in a place, empty when none was taken, None when that cannot be told now."""
        found: list[bytes] = []

        def read(java: Any) -> None:
            opened = _resolver(java).openFileDescriptor(_row(java, place), "r")
            if opened is not None:
                with os.fdopen(opened.detachFd(), "rb") as file:
                    found.append(file.read())

        try:
            device.attempt(read)
        except OSError as error:
            _LOG.warning("a picture in the gallery cannot be read now: %s", error)
        return found[0] if found else None

    def drop(self, place: str) -> None:
        """Take the picture out of the phone's gallery."""
        device.attempt(lambda java: _resolver(java).delete(_row(java, place), None, None))


def _resolver(java: Any) -> Any:
    return device.activity(java).getContentResolver()


def _row(java: Any, place: str) -> Any:
    return java("android.net.Uri").parse(place)
