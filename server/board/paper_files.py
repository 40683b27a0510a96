"""The paper fallback on disk: the worker keeps each branch's board as a page that opens without the server."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from server.accounts import repository as accounts
from server.board import paper
from server.core import texts
from server.core.calls import Services

FOLDER: Final = "paper"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9-]")
_OWNER_ONLY: Final = 0o600


def path_of(data_dir: Path, branch_id: str, language: str) -> Path:
    """Return where a branch's page lies, by its id and language; ids are not trusted as file names."""
    return data_dir / FOLDER / f"{_UNSAFE.sub('_', branch_id)}.{language}.html"


def write_all(services: Services) -> int:
    """Write every branch's page anew in both languages; return how many files were written."""
    branches = services.uow.read(lambda s: [branch.id for branch in accounts.list_branches(s)])
    for branch_id in branches:
        _write(services, branch_id)
    return len(branches) * len(texts.LANGUAGES)


def _write(services: Services, branch_id: str) -> None:
    settings, now_ms = services.settings, services.uow.clock.now_ms()
    sheet = services.uow.read(lambda s: paper.take_sheet(s, branch_id, now_ms, settings.sla_profile))
    for language in texts.LANGUAGES:
        page = paper.render(sheet, language, settings.time_zone, is_page=False)
        put(path_of(settings.data_dir, branch_id, language), page)


def put(path: Path, page: str) -> None:
    """Put a page in the place of an older one at once: whoever reads it sees a whole page, and only the owner does."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="utf-8") as file:
        file.write(page)
        file.flush()
        os.fsync(file.fileno())  # the power may be what fails next
    fresh.replace(path)
