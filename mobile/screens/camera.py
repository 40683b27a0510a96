"""Pictures by the phone's camera app. What it was opened for is on the disk first: Android may end this app behind it.

A picture whose app was ended is kept with its job when the app starts again.
"""

from __future__ import annotations

from typing import Final

from mobile.screens.ui import Ui
from mobile.store.pocket import Shot
from mobile.widgets.gallery import Gallery

_LONGEST_MS: Final = 3_600_000  # nobody holds a camera open for longer


def take(ui: Ui, gallery: Gallery, work_order_id: str, purpose: str) -> None:
    """Open the camera for a picture of a job."""
    place = gallery.new_place()
    if not place:
        return
    shot = Shot(place=place, work_order_id=work_order_id, purpose=purpose, opened_ms=ui.phone.clock.now_ms())
    if not ui.attempt(lambda: ui.phone.own.note_shot(shot)):
        return
    if not gallery.open_camera(place, lambda: collect(ui, gallery, left=place)):
        _forget(ui, gallery, shot)


def collect(ui: Ui, gallery: Gallery, *, left: str = "") -> None:
    """Keep every picture that waits in the gallery; `left` is the place of a camera that was just left.

    What cannot be kept, as there is no room or the job is gone, stays in the gallery and is tried again.
    """
    for shot in ui.phone.own.shots():
        content = gallery.read(shot.place)
        is_over = shot.place == left or ui.phone.clock.now_ms() - shot.opened_ms > _LONGEST_MS
        if content and ui.act("take_photo", shot.work_order_id, content=content, purpose=shot.purpose):
            _forget(ui, gallery, shot)
            ui.rebuild()
        elif not content and is_over:
            _forget(ui, gallery, shot)


def _forget(ui: Ui, gallery: Gallery, shot: Shot) -> None:
    if ui.attempt(lambda: ui.phone.own.forget_shot(shot.place)):
        gallery.drop(shot.place)
