"""The phone's camera from a screen: open it, and show what became of the pictures."""

from __future__ import annotations

from mobile.screens.ui import Ui
from mobile.widgets.gallery import Camera


def take(ui: Ui, camera: Camera, work_order_id: str, purpose: str) -> None:
    """Open the camera for a picture of a job."""

    def begin() -> None:
        place = ui.phone.shots.begin(work_order_id, purpose)
        if place and not camera.open(place, lambda is_taken: collect(ui, left=place, is_taken=is_taken)):
            ui.phone.shots.cancel(place)

    ui.attempt(begin)


def collect(ui: Ui, *, left: str = "", is_taken: bool = True) -> None:
    """Keep the pictures that wait in the gallery; `left` is the place of a camera that was just left."""
    kept, refused = ui.phone.shots.keep(left, is_taken=is_taken)
    if refused is not None:
        ui.show(refused)
    elif kept:
        ui.rebuild()
