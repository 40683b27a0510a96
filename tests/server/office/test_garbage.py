"""Garbage in every form of the office's pages: the page again with words above it, never a crash, nothing saved."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.server import garbage
from tests.server.house import STOVE, House
from tests.server.office.forms import refusal, send

FORMS: Final[dict[str, dict[str, str]]] = {
    "/money/hand-in": {"technician_id": "wang", "counted": "30.00", "note": ""},
    "/money/approval": {"approval_id": "a", "decision": "yes", "note": ""},
    "/money/damage": {"damage_id": "d", "choice": "full", "note": ""},
    "/stock/receive": {"part": "gasket", "lot": "", "quantity": "2"},
    "/stock/move": {"part": "gasket", "lot": "", "quantity": "2", "technician_id": "wang", "direction": "to_van"},
    "/hazards/recheck": {"notice_id": "n"},
    "/hazards/settle": {"notice_id": "n", "note": "x"},
    "/messages/retry": {"message_id": "m"},
    "{order}/issue": {"form": "task_slip"},
    "{order}/deliver": {"document_id": "d", "channel": "print", "state": "sent", "note": ""},
    "{order}/send": {},
    "{order}/send-paper": {"document_id": "d"},
}


def words_of(value: Any) -> str:
    """Return a nasty value as a form carries it."""
    return str(value).encode("utf-8", "replace").decode()


@pytest.mark.slow  # hundreds of calls
def test_garbage_in_every_form_is_refused_with_words(open_house: House) -> None:
    """Every field with every third nasty value, or without it; a refusal is a page or a code, both with words."""
    papers = f"/work-orders/{open_house.report(STOVE)}/papers"
    for path, right in FORMS.items():
        for wrong in [{}, *garbage.every_spoilt(right)]:
            form = {k: words_of(v) for k, v in wrong.items()} if isinstance(wrong, dict) else {}
            answer = send(open_house.lin, path.format(order=papers), **form)
            assert answer.status_code in {303, 400, 404, 409}, (path, form, answer.text)
            assert answer.status_code == 303 or refusal(answer) or answer.json["text"]["en"], (path, form)


def test_form_without_its_token_does_nothing(house: House) -> None:
    """Somebody else's page in Lin's browser receives no cash and moves no pieces."""
    for path, form in FORMS.items():
        there = path.format(order="/work-orders/none/papers")
        assert house.lin.client.post(there, data=form).status_code == 403, path
