"""Where the phone's camera app leaves its pictures. Through pyjnius, and not tried on a device."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, Protocol

from mobile.widgets import device

_CAMERA: Final = 7302


class Gallery(Protocol):
    """Takes a picture into a place of its own, which outlives this app's process."""

    def new_place(self) -> str:
        """Return a fresh place for one picture, empty when there is no camera."""

    def open_camera(self, place: str, on_back: Callable[[], None]) -> bool:
        """Open the camera app over this one, `on_back` when it is left; tell whether it opened."""

    def read(self, place: str) -> bytes:
        """Return the picture in a place, empty when none was taken."""

    def drop(self, place: str) -> None:
        """Take the picture out of the phone's gallery."""


class AndroidGallery:
    """The media store: a place is the address of one of its rows."""

    def new_place(self) -> str:
        """Return a fresh place for one picture, empty when there is no camera."""
        made: list[str] = []

        def insert(java: Any) -> None:
            media = java("android.provider.MediaStore$Images$Media")
            row = _resolver(java).insert(media.EXTERNAL_CONTENT_URI, java("android.content.ContentValues")())
            made.append(row.toString())

        return made[0] if device.attempt(insert) else ""

    def open_camera(self, place: str, on_back: Callable[[], None]) -> bool:
        """Open the camera app over this one, `on_back` when it is left; tell whether it opened."""

        def start(java: Any) -> None:
            intent = java("android.content.Intent")("android.media.action.IMAGE_CAPTURE")
            intent.putExtra("output", _row(java, place))
            device.start_for_result(java, intent, _CAMERA, lambda _answer: on_back())

        return device.attempt(start)

    def read(self, place: str) -> bytes:
        """Return the picture in a place, empty when none was taken."""
        found: list[bytes] = []

        def read(java: Any) -> None:
            opened = _resolver(java).openFileDescriptor(_row(java, place), "r")
            with os.fdopen(opened.detachFd(), "rb") as file:
                found.append(file.read())

        return found[0] if device.attempt(read) else b""

    def drop(self, place: str) -> None:
        """Take the picture out of the phone's gallery."""
        device.attempt(lambda java: _resolver(java).delete(_row(java, place), None, None))


def _resolver(java: Any) -> Any:
    return device.activity(java).getContentResolver()


def _row(java: Any, place: str) -> Any:
    return java("android.net.Uri").parse(place)
