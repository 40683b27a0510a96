"""The verification page: one file with the company's root key that needs neither a network nor us (beyond 5)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from server.core import texts
from server.seals.bundle import Signed
from shared import proof
from shared.proof import PublicKey

_TEMPLATES: Final = Path(__file__).parent / "templates"
_TABLES: Final = ("proof.", "seal.")


def make(root: PublicKey, lists: Sequence[Signed] = ()) -> str:
    """Return the page for a root key; `lists` are signed lists of issued files that it knows from the start."""
    script = "".join((_TEMPLATES / name).read_text() for name in ("verify.js", "verify_page.js"))
    slots = {
        "ROOT_ID": root.key_id,
        "ROOT": _json(msgspec.to_builtins(root)),
        "LISTS": _json([msgspec.to_builtins(item) for item in lists]),
        "TEXTS": _json({language: _words(language) for language in texts.LANGUAGES}),
        "SCRIPT": script,
    }
    html = (_TEMPLATES / "verify.html").read_text()
    return re.sub(r"\{\{(\w+)\}\}", lambda match: slots[match[1]], html)


def policy_of(html: str) -> str:
    """Return the content security policy under which the page's own script runs, and nothing else."""
    script = html[html.rindex("<script>") + len("<script>") : html.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"


def _words(language: str) -> dict[str, str]:
    table = texts.catalog().table(language)
    return {
        key.removeprefix(prefix): text for key, text in table.items() for prefix in _TABLES if key.startswith(prefix)
    }


def _json(value: object) -> str:
    # "<" would end the element in which the value stands.
    return proof.canonical_json(value).replace("<", "\\u003c")
