"""The server that does a repeated event again: `python -m tests.faults.no_idempotency gateway|worker`."""

from __future__ import annotations

import sys
import uuid
from typing import Any

from tests.faults import building


def do_again(_name: str = "") -> None:
    """Take every repeat for news, as a server does that numbers what comes by itself."""
    import msgspec  # noqa: PLC0415 - after the patch of the standard library

    from server.sync import repository, service  # noqa: PLC0415 - as above

    apply_once = service._apply_once

    def apply_again(tx: Any, sender: Any, event: Any, *rest: Any) -> Any:
        if repository.find_processed(tx.session, sender.device_id, event.id) is None:
            return apply_once(tx, sender, event, *rest)
        twin = msgspec.structs.replace(event, id=str(uuid.uuid4()))
        return msgspec.structs.replace(apply_once(tx, sender, twin, *rest), id=event.id)

    service._apply_once = apply_again  # type: ignore[assignment]  # broken on purpose


if __name__ == "__main__":
    sys.exit(building.run(sys.argv[1:], do_again))
