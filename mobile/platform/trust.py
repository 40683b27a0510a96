"""Whose certificates the phone believes: one file for the sync call and for the doorbell."""

from __future__ import annotations

import os
from importlib import resources
from typing import Final

import certifi

SETTING: Final = "LEAKFIRST_CA_FILE"
_COMPANY: Final = resources.files("mobile") / "assets" / "company-ca.pem"


def find_certificates() -> str:
    """Return the path of the root certificates to verify servers with; verification itself is never left out.

    A company's own ones when `LEAKFIRST_CA_FILE` names them, or when its app was packed with
    `mobile/assets/company-ca.pem`; else the public ones of certifi, for Python finds none of Android's.
    """
    named = os.environ.get(SETTING, "")
    if named:
        return named
    return str(_COMPANY) if _COMPANY.is_file() else certifi.where()
