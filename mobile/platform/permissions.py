"""What the app may do on a phone, and why: told to the technician in his settings, and to Android by the spec."""

from __future__ import annotations

import tomllib
from pathlib import Path


def list_permissions() -> dict[str, dict[str, str]]:
    """Return every Android permission by name with its `matter` and its reason in `zh_CN` and `en`."""
    text = Path(__file__).with_name("permissions.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)["permission"]
    return found


def reasons(language: str) -> dict[str, list[str]]:
    """Return the reasons by matter (network, service, location, alarm, camera), in the words of a language."""
    found: dict[str, list[str]] = {}
    for told in list_permissions().values():
        found.setdefault(told["matter"], []).append(told[language])
    return found
