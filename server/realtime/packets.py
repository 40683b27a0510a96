"""How Socket.IO's packets are written and read."""

from __future__ import annotations

from typing import Any

import orjson


class Json:
    """orjson with the two functions that Socket.IO asks for."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """Return JSON text."""
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        """Return the value of JSON text."""
        return orjson.loads(text)
