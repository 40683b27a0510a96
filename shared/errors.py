"""The one error of the product: a code and its data; text per code stands in shared/locale."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """An anticipated failure. `code` names a text in both catalogs, `data` fills its placeholders."""

    def __init__(self, code: str, **data: Any) -> None:
        """Keep the code and the data for the edge that maps them."""
        super().__init__(code)
        self.code = code
        self.data = data

    def __str__(self) -> str:
        """Return the code with its data, for logs."""
        return f"{self.code} {self.data}" if self.data else self.code
