"""Reads dated data files (triage rules, SLA profiles, protocols): bytes in, checked frozen values out."""

from __future__ import annotations

import tomllib
from typing import TypeVar

import msgspec

from shared.errors import DomainError

Value = TypeVar("Value")


def read(data: bytes, kind: type[Value], code: str) -> Value:
    """Return the value that a TOML file describes. Raises DomainError `code` with the `reason` for anything else."""
    try:
        return msgspec.convert(tomllib.loads(data.decode()), kind)
    except (ValueError, RecursionError, msgspec.MsgspecError) as fault:
        raise DomainError(code, reason=str(fault) or type(fault).__name__) from fault
