"""Writes signed heads of every branch's chains once an hour, for copying off this machine (threat C12)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from server.core import journal
from server.core.calls import Services
from server.core.unit_of_work import Actor
from server.reports import heads
from server.seals import bundle

_EVERY_MS: Final = 3_600_000


class Anchoring:
    """Keeps the moment of the last heads in the name of their file, so that nothing else has to be remembered."""

    def __init__(self, services: Services) -> None:
        """Write below the data folder, one folder per branch."""
        self._services = services
        self._folder = services.settings.data_dir / "heads"

    def run_once(self) -> int:
        """Write the heads that are due; return how many branches had news."""
        now_ms = self._services.uow.clock.now_ms()
        branches = self._services.uow.read(journal.list_branches)
        return sum(self._write(branch_id, now_ms) for branch_id in branches)

    def _write(self, branch_id: str, now_ms: int) -> bool:
        folder = self._folder / branch_id
        folder.mkdir(parents=True, exist_ok=True)
        if now_ms - _newest_ms(folder) < _EVERY_MS:
            return False
        signed = self._services.uow.run(Actor.system(branch_id), heads.sign_heads)
        draft = folder / "heads.draft"
        draft.write_bytes(bundle.encode(signed))
        draft.replace(folder / f"{now_ms}.json")
        return True


def _newest_ms(folder: Path) -> int:
    return max((int(path.stem) for path in folder.glob("*.json")), default=0)
