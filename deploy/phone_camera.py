"""Walks through the phone's screens in a real Kivy window and keeps a picture of each."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from kivy.base import EventLoop
from kivy.core.window import Window

from deploy.demo import autopilot
from deploy.demo.cast import Crew, Truth
from mobile.actions import records
from mobile.app import make_ui
from mobile.screens.ui import Ui
from mobile.service import Phone
from mobile.widgets.theme import THEME, register_fonts

_CREW: Final = Crew("technician-01", "王建国", {}, (), (0.0, 0.0), "GT-201", "2027-03-14")
_TRUTH: Final = Truth(duration_s=1800, outcome="repaired", opinion="满意")
_FRAMES: Final = 3
_PICTURE_FRAMES: Final = 12


def set_size(size_dp: tuple[int, int], density: int) -> None:
    """Make the window as large as a phone's screen."""
    Window.size = (size_dp[0] * density, size_dp[1] * density)


def settle(frames: int = _FRAMES) -> None:
    """Let layout and drawing come to rest; a picture waits a little longer."""
    for _ in range(frames):
        EventLoop.idle()


def show(ui: Ui) -> None:
    """Put a phone's root into the window."""
    for child in list(Window.children):
        Window.remove_widget(child)
    Window.add_widget(ui)
    settle()


def take_tour(phone: Phone, language: str, theme: str, out: Path) -> None:
    """Keep a picture of every screen on the way from the alarm to the copy."""
    register_fonts()
    THEME.name = theme
    ui = make_ui(phone, language)
    ui.instrument = ("GT-201", "2027-03-14")
    leak = phone.jobs()[0].work_order_id
    ui.home()
    show(ui)

    def keep(name: str) -> None:
        settle(_PICTURE_FRAMES)
        _picture(out / f"phone-{name}-{theme}-{language}.png")

    settle(_PICTURE_FRAMES)
    keep("job-list")
    _visit(ui, leak, keep)
    _finish(ui, leak, keep)
    for name, arguments in (("sync_status", {}), ("settings", {}), ("enrol", {"server": "http://10.0.0.5:8160"})):
        ui.go(name, **arguments)
        keep(name.replace("_", "-"))


def _visit(ui: Ui, leak: str, keep: Any) -> None:
    ui.go("alarm", job=leak)
    keep("alarm")
    for command in ("accept_assignment", "depart", "arrive"):
        ui.phone.act(command, leak)
    ui.home()
    ui.go("job_detail", job=leak)
    keep("job-detail")
    protocol = ui.phone.protocols(leak)[0]
    for step in protocol.steps[:3]:
        if step.kind == "tick":
            ui.phone.act("answer_step", leak, protocol=protocol.ref, step=step.id, outcome="pass")
    ui.go("protocol", job=leak, protocol=protocol.ref)
    keep("checklist")
    reading = next(s for s in protocol.steps if s.kind == "reading")
    ui.go("step", job=leak, protocol=protocol.ref, step=reading.id)
    for key in "0.8":
        ui.page.keypad.press(key)
    keep("reading")


def _finish(ui: Ui, leak: str, keep: Any) -> None:
    autopilot.answer_steps(ui.phone, leak, _CREW, _TRUTH)
    ui.home()
    ui.go("outcome", job=leak)
    keep("outcome")
    ui.phone.act("make_safe", leak, how="repaired")
    ui.phone.act("declare_outcome", leak, outcome="repaired", work_done="更换表后阀 1 只,检漏合格")
    ui.replace("signature", job=leak)
    keep("signature")
    draft = records.draft_record(ui.phone.desk, leak, language=ui.phone.get_job(leak).customer.language)
    ui.go("pad", job=leak, draft=draft, relation="self", opinion="满意")
    settle()
    _write_name(ui)
    keep("pad")
    strokes = ui.page.pad.strokes
    ui.phone.act("sign_record", leak, draft=draft, strokes=strokes, signer_relation="self", opinion="满意")
    ui.home()
    ui.go("customer_copy", job=leak)
    keep("customer-copy")


def _write_name(ui: Ui) -> None:
    """Write on the pad with real touches."""
    from kivy.tests.common import UnitTestTouch  # noqa: PLC0415 - Kivy's own test helper, only for pictures

    pad = ui.page.pad
    points = [(0.12, 0.5), (0.2, 0.8), (0.26, 0.35), (0.34, 0.7), (0.42, 0.38), (0.55, 0.6), (0.7, 0.45), (0.86, 0.55)]
    places = [(pad.x + x * pad.width, pad.y + y * pad.height) for x, y in points]
    touch = UnitTestTouch(*places[0])
    touch.touch_down()
    for place in places[1:]:
        touch.touch_move(*place)
    touch.touch_up()


def _picture(path: Path) -> None:
    """Keep what the window shows; Kivy numbers its files, so the picture is moved to its own name."""
    folder = Path(tempfile.mkdtemp())
    name = Window.screenshot(name=str(folder / "shot.png"))
    shutil.move(name, path)
    shutil.rmtree(folder)
