"""Pictures by the phone's camera app. What it was opened for is on the disk first: Android may end this app behind it.

A picture that could not be kept at once, as the app was ended, locked, or had no room, waits in the phone's gallery and
is kept with its job later, as of the moment when the camera was opened.
"""

from __future__ import annotations

import logging
from typing import Final, Protocol

from mobile.actions import photos
from mobile.actions.desk import Desk
from mobile.store import meta, pocket, refusals
from mobile.store.pocket import Shot
from mobile.sync.inbox import occurred_now
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_LONGEST_MS: Final = 3_600_000  # nobody holds a camera open for longer
_TWICE_MS: Final = 2_000  # two taps within this time are one
_FINAL: Final = frozenset({"file_invalid", "order_not_here"})


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

    def keep(self, left: str = "") -> tuple[int, DomainError | None]:
        """File every picture that can be; return how many were, and why the last one was not.

        `left` is the place of a camera that was just left. What is refused for good, or belongs to another enrolment of
        this phone, stays in the gallery and is forgotten here; all else is tried again. A locked phone files too.
        """
        self._open.discard(left)
        kept, refused = 0, None
        for shot in self._list_closed():
            try:
                kept += self._keep_one(shot, left)
            except Exception as error:  # what is no refusal is raised again
                found = refusals.find_refusal(error)
                if found is None:
                    raise
                _LOG.warning("a picture stays in the gallery: %s", found.code)
                refused = found
                if found.code in _FINAL:
                    self._forget(shot.place)
        return kept, refused

    def _list_closed(self) -> list[Shot]:
        return [shot for shot in self.waiting() if shot.place not in self._open] if self.gallery is not None else []

    def _keep_one(self, shot: Shot, left: str) -> bool:
        if shot.device_id != self._desk.get_identity().device_id:
            self._forget(shot.place)
            return False
        content = self.gallery.read(shot.place) if self.gallery is not None else None
        if content:
            moment = None if shot.place == left else shot.occurred
            photos.take_photo(self._desk, shot.work_order_id, content=content, purpose=shot.purpose, moment=moment)
        if content or (content is not None and (shot.place == left or self._age_ms(shot) > _LONGEST_MS)):
            self.cancel(shot.place)
        return bool(content)

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
