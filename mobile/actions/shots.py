"""Pictures by the phone's camera app. What it was opened for is on the disk first: Android may end this app behind it.

A picture that could not be kept at once, as the app was ended, locked, or had no room, waits in the phone's gallery and
is kept with its job later, as of the moment when the camera was opened.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Any, Final, Protocol

from mobile.actions import photos
from mobile.actions.desk import Desk
from mobile.store import meta, pocket, refusals, wiping
from mobile.store.pocket import Shot
from mobile.sync.inbox import occurred_now
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_LONGEST_MS: Final = 3_600_000  # nobody holds a camera open for longer
_TWICE_MS: Final = 2_000  # two taps within this time are one
_GIVEN_UP_MS: Final = 7 * 86_400_000  # what could not be read for so long is looked for no more, and stays where it is
_FINAL: Final = frozenset({"file_invalid", "order_not_here"})


class _TakenError(Exception):
    """Somebody else has filed the picture meanwhile."""


class Gallery(Protocol):
    """Takes pictures into places of their own, which outlive this app's process."""

    def new_place(self) -> str:
        """Return a fresh place for one picture, empty when there is no camera."""

    def read(self, place: str) -> bytes | None:
        """Return the picture in a place, empty when none was taken, None when that cannot be told now."""

    def drop(self, place: str) -> None:
        """Take the picture out of the phone's gallery."""


class Shots:
    """The pictures that wait in the gallery of one phone; a machine without a camera has no `gallery`."""

    def __init__(self, desk: Desk) -> None:
        """File pictures at `desk`."""
        self._desk = desk
        self.gallery: Gallery | None = None
        self._open: set[str] = set()  # places whose camera may still be writing

    def begin(self, work_order_id: str, purpose: str) -> str:
        """Remember a picture that the camera is about to take; return its place, empty when none is to be taken now.

        Raises DomainError, sqlite3.Error, OSError when it cannot be remembered.
        """
        is_twice = any(self._age_ms(shot) < _TWICE_MS for shot in self.waiting())
        place = "" if is_twice or self.gallery is None else self.gallery.new_place()
        if not place:
            return ""
        try:
            self._note(place, work_order_id, purpose)
        except Exception:  # whatever it was, the empty row goes, and it is raised again
            self._drop(place)
            raise
        self._open.add(place)
        return place

    def cancel(self, place: str) -> None:
        """Forget a picture whose camera did not open."""
        self._open.discard(place)
        self._forget(place)
        self._drop(place)

    def waiting(self) -> tuple[Shot, ...]:
        """Return the pictures that wait in the gallery, or are being taken."""
        with self._desk.store.read() as db:
            return pocket.list_shots(db)

    def keep(self, left: str = "", *, is_taken: bool = True) -> tuple[int, DomainError | None]:
        """File every picture that can be; return how many were, and why the last one was not.

        `left` is the place of a camera that was just left, `is_taken` whether it says that it took a picture. What is
        refused for good, or belongs to another enrolment of this phone, stays in the gallery and is forgotten here; all
        else is tried again. A locked phone files too. One picture that fails holds up no other.
        """
        self._open.discard(left)
        kept, refused = 0, None
        for shot in self._list_closed():
            try:
                kept += self._keep_one(shot, is_left=shot.place == left, is_taken=is_taken)
            except Exception as error:  # noqa: BLE001 - of the store, of Java, of memory: logged, told, tried again
                _LOG.warning("a picture stays in the gallery: %r", error)
                refused = refusals.find_refusal(error) or DomainError("store_unwritable")
                if refused.code in _FINAL:
                    self._forget(shot.place)
        return kept, refused

    def _list_closed(self) -> list[Shot]:
        return [shot for shot in self.waiting() if shot.place not in self._open] if self.gallery is not None else []

    def _keep_one(self, shot: Shot, *, is_left: bool, is_taken: bool) -> bool:
        self._check_not_wiped()
        if shot.device_id != self._desk.get_identity().device_id:
            _LOG.warning("a picture of another enrolment stays in the gallery: %s", shot.place)
            self._forget(shot.place)
            return False
        content = self.gallery.read(shot.place) if self.gallery is not None else None
        if content:
            return self._file(shot, content, is_left=is_left)
        if (is_left and not is_taken) or (content is not None and self._age_ms(shot) > _LONGEST_MS):
            self.cancel(shot.place)
        elif self._age_ms(shot) > _GIVEN_UP_MS:
            self._forget(shot.place)
        return False

    def _file(self, shot: Shot, content: bytes, *, is_left: bool) -> bool:
        """File a picture and forget it in one transaction; tell whether it was still to be filed."""

        def claim(db: sqlite3.Connection) -> None:
            listed = pocket.list_shots(db)
            if shot not in listed:
                raise _TakenError
            pocket.set_shots(db, tuple(one for one in listed if one != shot))

        moment = None if is_left else shot.occurred
        known: dict[str, Any] = {"content": content, "purpose": shot.purpose, "moment": moment, "also": claim}
        try:
            photos.take_photo(self._desk, shot.work_order_id, **known)
        except _TakenError:
            return False
        self._check_not_wiped()
        self._drop(shot.place)
        return True

    def _check_not_wiped(self) -> None:
        """What is written after a wipe by the other process goes nowhere. Raises DomainError `phone_wiped`."""
        if wiping.find_wiped(self._desk.store.folder) is not None:
            raise DomainError("phone_wiped")

    def _age_ms(self, shot: Shot) -> int:
        return abs(self._desk.clock.now_ms() - shot.occurred.wall_ms)

    def _note(self, place: str, work_order_id: str, purpose: str) -> None:
        with self._desk.store.write() as db:
            identity = meta.find_identity(db)
            shot = Shot(
                place=place,
                work_order_id=work_order_id,
                purpose=purpose,
                device_id=identity.device_id if identity else "",
                occurred=occurred_now(db, self._desk.clock),
            )
            pocket.set_shots(db, (*pocket.list_shots(db), shot))

    def _forget(self, place: str) -> None:
        with self._desk.store.write() as db:
            pocket.set_shots(db, tuple(shot for shot in pocket.list_shots(db) if shot.place != place))

    def _drop(self, place: str) -> None:
        if self.gallery is not None:
            self.gallery.drop(place)
