"""The page of messages that left the house: sent and given up, to whom by the last digits only, tried again."""

from __future__ import annotations

from typing import Any

import pytest

from server.outgoing import rules, service
from server.outgoing.models import OutgoingMessage
from tests.server.house import ELSEWHERE, House
from tests.server.office.forms import read, refusal, send
from tests.server.test_outgoing import configure, send_all

MESSAGES = "/messages"
NOBODY: dict[str, Any] = {
    "name": "sms",
    "kind": "sms",
    "url": "http://127.0.0.1:9/",
    "audiences": ("customer",),
    "timeout_s": 0.2,
}


def owe(house: House, branch_id: str = "") -> str:
    """Owe a customer a message; return its id."""
    work = {"to": "13812345678", "key": "sign_link", "work_order_id": "", "number": "WO-1", "link": "/s/1"}
    here = {"branch_id": branch_id} if branch_id else {}
    house.write(lambda tx: service.owe_customer(tx, **work), **here)
    return house.read(lambda s: str(s.query(OutgoingMessage).order_by(OutgoingMessage.made_real_ms.desc())[0].id))


def test_house_without_a_channel_says_that_nothing_leaves_it(house: House) -> None:
    """In both languages, with the file to edit."""
    for language in ("zh_CN", "en"):
        page = read(house.lin, MESSAGES, language)
        assert "outgoing-2026.toml" in page
        assert 'class="nothing"' in page


def test_message_given_up_is_shown_and_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries at a dead gateway; then Lin presses the button and another gateway takes it."""
    configure(monkeypatch, house.folder, NOBODY)
    message_id = owe(house)
    for _ in range(3):
        send_all(house)
    page = read(house.lin, f"{MESSAGES}?state=failed", "en")
    assert 'data-state="failed"' in page
    assert "…5678" in page
    assert "13812345678" not in page
    configure(monkeypatch, house.folder, {**NOBODY, "kind": "recording"})
    assert send(house.lin, f"{MESSAGES}/retry", message_id=message_id).status_code == 303
    assert 'data-state="waiting"' in read(house.lin, MESSAGES)
    send_all(house)
    assert 'data-state="sent"' in read(house.lin, MESSAGES)
    again = send(house.lin, f"{MESSAGES}/retry", message_id=message_id)
    assert (again.status_code, bool(refusal(again))) == (409, True)


def test_agent_and_other_branch_see_no_message(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of colleagues and customers are the desk's; another branch's messages are nobody's here."""
    configure(monkeypatch, house.folder, NOBODY)
    message_id = owe(house, ELSEWHERE)
    assert message_id not in read(house.lin, MESSAGES)
    assert send(house.lin, f"{MESSAGES}/retry", message_id=message_id).status_code == 404
    assert house.sign_in("chen").get(MESSAGES).status_code == 403
    assert rules.outgoing_rules().channel
