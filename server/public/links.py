"""The link by which a customer follows his order: nothing that is stored, nothing that can be guessed."""

from __future__ import annotations

import hmac
from typing import Final

_CHARS: Final = 32


def token(secret_key: str, work_order_id: str) -> str:
    """Return what the link must carry."""
    return hmac.new(secret_key.encode(), f"order:{work_order_id}".encode(), "sha256").hexdigest()[:_CHARS]


def path(secret_key: str, work_order_id: str) -> str:
    """Return the link's path."""
    return f"/s/{work_order_id}/{token(secret_key, work_order_id)}"


def opens(secret_key: str, work_order_id: str, shown: str) -> bool:
    """Tell whether a link's token is the order's."""
    return hmac.compare_digest(token(secret_key, work_order_id).encode(), shown.encode("utf-8", "replace"))
