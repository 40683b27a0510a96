"""The customer's copy (用户联): one printable page with the record, the signature and the seal's code."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import jinja2

from server.core import texts
from server.visits.models import Record
from shared import editions, service_record
from shared.errors import DomainError
from shared.protocol import Protocol
from shared.service_record import RecordStep

_PAGES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


def digest(html: str) -> str:
    """Return the SHA-256 of a copy in hexadecimal."""
    return hashlib.sha256(html.encode()).hexdigest()


def render(record: Record, papers: str = "") -> str:
    """Return the page; the same record gives the same bytes. An unreadable record is shown as it came.

    ``papers`` is where the desk finds the order's other papers; what a customer gets has no such link.
    """
    try:
        parsed = service_record.parse(record.record_json)
    except DomainError:
        return _PAGES.get_template("copy_raw.html").render(record=record)
    language = parsed.language

    def t(key: str, **data: Any) -> str:
        return texts.catalog().text(language, key, **data)

    return _PAGES.get_template("copy.html").render(
        record=record,
        parsed=parsed,
        steps=[_row(step, language) for step in parsed.steps],
        code=service_record.view_code(record.record_json),
        paths=[_path(stroke) for stroke in record.strokes],
        language=language,
        papers=papers,
        t=t,
    )


def _row(step: RecordStep, language: str) -> dict[str, str]:
    protocol = _find_protocol(step.protocol)
    found = next((s for s in protocol.steps if s.id == step.step), None) if protocol else None
    label = found.text[language] if found else f"{step.protocol} {step.step}"
    shown = _shown(step)
    return {
        "label": str(label),
        "result": step.result or "open",
        "shown": shown,
        "limits": step.limits,
        "flag": step.flag,
    }


def _shown(step: RecordStep) -> str:
    """Return what was read or measured, else the note."""
    if step.value:
        return f"{step.value} {step.unit}".strip()
    return step.note if step.elapsed_ms is None else f"{step.elapsed_ms / 1000:.1f} s"


def _find_protocol(ref: str) -> Protocol | None:
    try:
        return editions.resolve(texts.protocols(), [ref])[0]
    except DomainError:
        return None


def _path(stroke: Any) -> str:
    points = stroke["points"] if isinstance(stroke, dict) else stroke
    return " ".join(f"{'M' if i == 0 else 'L'}{p[0]} {p[1]}" for i, p in enumerate(points))
