"""Photos with their state of delivery, and parts used out of the van."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.platform import lists
from mobile.screens import camera, parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.store.files import StoredFile
from mobile.widgets.basics import Chip, PushButton, Surface, Text
from mobile.widgets.rows import ActionRow, Counter
from shared import facts
from shared.errors import DomainError

_PURPOSES: Final = ("before", "after", "hazard", "meter", "door", "reading", "other")
_KB: Final = 1024


def photos(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show the photos of a job, each saved here or delivered, and take another."""
    job = ui.phone.get_job(arguments["job"])
    arguments.setdefault("purpose", "before")
    page = Page(ui, ui.t("phone.photos_title"), job.number, chip=parts.line_chip(ui))
    options = [(purpose, ui.t(f"phone.photo_{purpose}")) for purpose in _PURPOSES]
    page.add(Surface(Text(ui.t("phone.photo_of"), "small", "ink_2"), parts.picks(ui, arguments, "purpose", options)))
    purposes = {photo.sha256: photo.purpose for photo in job.visit.photos}
    taken = ui.phone.photos(job.work_order_id)
    for file in reversed(taken):
        page.add(_photo_card(ui, file, purposes.get(file.sha256, "other")))
    if not taken:
        page.add(Surface(Text(ui.t("phone.no_photos"), "name", bold=True), Text(ui.t("phone.no_photos_hint"))))
    _set_camera(ui, page, arguments)
    return page


def _photo_card(ui: Ui, file: StoredFile, purpose: str) -> Widget:
    is_delivered = file.delivered_ms is not None
    state = Chip(ui.t("phone.photo_delivered" if is_delivered else "phone.photo_waits"), "ok" if is_delivered else "p2")
    title = Text(ui.t(f"phone.photo_{purpose}"), bold=True)
    size = Text(f"{parts.clock_text(file.made_ms)} · {file.size_bytes // _KB} kB", "small", "ink_2")
    lines: list[Widget] = [title, size, parts.alone(state)]
    if file.problem and not is_delivered:
        lines.append(Text(problem_text(ui, file), "small", "p1"))
    elif file.attempts and not is_delivered:
        lines.append(Text(ui.t("phone.photo_tried", count=file.attempts), "small", "p2"))
    return Surface(*lines, stripe="ok" if is_delivered else "p2", spacing=1)


def problem_text(ui: Ui, file: StoredFile) -> str:
    """Return why a picture stays on the phone, in words."""
    return ui.t("phone.photo_refused", code=file.problem) if file.is_refused else ui.t("phone.photo_unreadable")


def _set_camera(ui: Ui, page: Page, arguments: dict[str, Any]) -> None:
    """On a phone the camera opens; on a desktop a file is named."""

    def keep(content: bytes) -> None:
        if ui.act("take_photo", arguments["job"], content=content, purpose=arguments["purpose"]):
            ui.rebuild()

    phone_camera = ui.camera
    take: Callable[[], object]
    if phone_camera is not None:
        take = lambda: camera.take(ui, phone_camera, arguments["job"], arguments["purpose"])  # noqa: E731 - one line of a button
    else:
        path = parts.kept_field(arguments, "path", ui.t("phone.file_hint"))
        page.add(Surface(Text(ui.t("phone.file"), "small", "ink_2"), path))
        page.fields = (path,)
        take = lambda: ui.attempt(lambda: keep(_read(path.text)))  # noqa: E731 - one line of a button
    page.set_foot(PushButton(ui.t("phone.take_photo"), take, primary=True))


def _read(path: str) -> bytes:
    """Return a file's bytes. Raises DomainError `file_invalid` for what cannot be read or is too large."""
    file = Path(path.strip()).expanduser()
    try:
        if file.stat().st_size > facts.LARGEST_FILE_BYTES:
            raise DomainError("file_invalid", sha256="", size_bytes=file.stat().st_size)
        return file.read_bytes()
    except OSError as error:
        raise DomainError("file_invalid", sha256="", size_bytes=0) from error


def parts_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Tell what was used, by part and lot, out of what the van holds."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("phone.parts_title"), job.number, chip=parts.line_chip(ui))
    used = {(part.part, part.lot): part.quantity for part in job.visit.parts}
    stock = {(line.part, line.lot): line.quantity for line in ui.phone.own.kit().stock}
    for part, lot in sorted({*used, *stock}):
        page.add(_part_row(ui, key, (part, lot), used.get((part, lot), 0), stock.get((part, lot), 0)))
    if not used and not stock:
        page.add(Surface(Text(ui.t("phone.van_empty"), "name", bold=True), Text(ui.t("phone.van_empty_hint"))))
    page.add(ActionRow("square", ui.t("phone.van_stock"), lambda: ui.go("stock")))
    page.set_foot(PushButton(ui.t("phone.to_job"), ui.back, primary=True))
    return page


def _part_row(ui: Ui, key: str, line: tuple[str, str], used: int, left: int) -> Widget:
    def use(count: int) -> None:
        if ui.act("use_part", key, part=line[0], lot=line[1], quantity=count):
            ui.rebuild()

    lot = f"{ui.t('phone.lot')} {line[1]} · " if line[1] else ""
    hint = lot + ui.t("phone.in_van", count=left)
    return Surface(Counter(part_name(ui, line[0]), hint, used, use, most=used + left if left else 99))


def part_name(ui: Ui, code: str) -> str:
    """Return a part's name, its code when this edition of the list does not know it."""
    kind = lists.load_parts().find(code)
    return ui.words(kind.text) if kind else code
