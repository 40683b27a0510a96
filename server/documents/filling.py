"""Fills a form: from the record that was signed, or from the order alone, to a sheet in final words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from server.documents import forms, parts
from server.documents.case import Case
from server.documents.forms import Form
from server.documents.sheet import Block, Sheet
from shared.protocol import FAIL


def fill(form: Form, case: Case) -> Sheet:
    """Return the sheet of a form for a case."""
    company = forms.table().company
    told = _words(case)
    blocks = [block for name in form.blocks for block in _blocks(form, case, name, told)]
    return Sheet(
        form=form.code,
        language=case.language,
        title=form.title[case.language],
        role=form.role[case.language],
        company=company.name[case.language].format(**told),
        contact=company.contact[case.language].format(**told),
        number=case.number,
        number_label=case.t("record.number"),
        date=told["date"],
        page_label=case.t("paper.page"),
        made_ms=case.at_ms,
        blocks=tuple(blocks),
        attachment=case.proof if form.is_certified else b"",
    )


def is_wanted(form: Form, case: Case) -> bool:
    """Say whether a form's condition holds for a case."""
    return CONDITIONS[form.when](case) and (
        case.record is not None or not form.needs_record or form.made == "no_access"
    )


def _words(case: Case) -> dict[str, str]:
    return {
        "number": case.number,
        "customer": case.customer,
        "address": case.address,
        "technician": case.technician,
        "date": case.moment(case.at_ms),
        "branch": case.branch_name,
        # A paper without a number to call would be worse than an ugly one.
        "hotline": case.hotline or forms.table().company.hotline or case.t("paper.no_hotline"),
    }


def _blocks(form: Form, case: Case, name: str, told: dict[str, str]) -> list[Block]:
    if name.startswith("words:"):
        key = name.removeprefix("words:")
        return [parts.paragraph(form.words[key][case.language].format(**told), key)]
    return [block for block in (parts.MAKERS[name](case),) if block is not None]


def _has_failed(case: Case) -> bool:
    return any(step.result == FAIL for step in case.steps())


def _speaks_of(case: Case, *protocol_ids: str) -> bool:
    return any(step.protocol.startswith(protocol_ids) for step in case.steps())


CONDITIONS: Final[dict[str, Callable[[Case], bool]]] = {
    "always": lambda _case: True,
    "failed_step": _has_failed,
    "unsafe": lambda case: _speaks_of(case, "unsafe-situation") and _has_failed(case),
    "isolated": lambda case: case.record is not None and case.record.outcome == "isolated",
    "payment": lambda case: bool(case.visit.payments),
    "damage": lambda case: bool(case.visit.damages),
    "inspection": lambda case: case.fault_kind == "inspection",
    "meter": lambda case: case.fault_kind.startswith("meter") or _speaks_of(case, "meter-", "commissioning"),
}
