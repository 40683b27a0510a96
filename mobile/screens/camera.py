"""The phone's camera from a screen: open it, and show what became of the pictures."""

from __future__ import annotations

from mobile.screens.ui import Ui
from mobile.widgets.gallery import Camera


def take(ui: Ui, camera: Camera, work_order_id: str, purpose: str) -> None:
    """Open the camera for a picture of a job."""

    def begin() -> None:
        place = ui.phone.shots.begin(work_order_id, purpose)
        if place and not camera.open(place, lambda: collect(ui, left=place)):
            ui.phone.shots.cancel(place)

    ui.attempt(begin)


def collect(ui: Ui, *, left: str = "") -> None:
    """Keep the pictures that wait in the gallery; `left` is the place of a camera that was just left."""
    kept, refused = ui.phone.shots.keep(left)
    if refused is not None:
        ui.show(refused)
    elif kept:
        ui.rebuild()
