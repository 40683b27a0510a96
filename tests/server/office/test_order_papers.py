"""An order's papers at the desk: issued, delivered by every way; the signing link; the notices of the order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from server.documents import filling, forms
from server.documents import repository as documents
from server.documents import service as documents_service
from server.outgoing.models import OutgoingMessage
from tests.server.house import HOME, LEAK, STOVE, House
from tests.server.office.forms import read, refusal, send
from tests.server.test_closing import visit
from tests.server.test_outgoing import configure
from tests.server.test_papers import case_of
from tests.server.test_remote_signing import ask

SMS: dict[str, Any] = {"name": "sms", "kind": "recording", "audiences": ("customer",)}
SLIP = "task_slip"


def page_of(order_id: str) -> str:
    """Return the path of an order's papers."""
    return f"/work-orders/{order_id}/papers"


def document_id(house: House, order_id: str, form: str) -> str:
    """Return the id of an order's paper."""
    found = house.read(lambda s: [d.id for d in documents.list_documents(s, HOME, order_id) if d.form == form])
    return found[0]


def test_papers_of_a_signed_order_are_listed_and_others_can_be_issued(house: House) -> None:
    """The copy is there by itself, the stub when Lin wants it; the record leads there, the customer's copy does not."""
    order_id, _ = visit(house, STOVE)
    page = read(house.lin, page_of(order_id))
    assert 'data-form="customer_copy"' in page
    assert 'value="record_stub"' in page
    assert 'value="no_access_notice"' not in page
    assert send(house.lin, f"{page_of(order_id)}/issue", form="record_stub").status_code == 303
    assert 'data-form="record_stub"' in read(house.lin, page_of(order_id), "en")
    refused = send(house.lin, f"{page_of(order_id)}/issue", form="damage_receipt")
    assert (refused.status_code, bool(refusal(refused))) == (400, True)
    assert page_of(order_id) in house.lin.get(f"/records/{order_id}").text
    assert page_of(order_id) not in house.lin.get(f"/copies/{order_id}").text


def test_delivery_is_noted_by_hand_for_print_and_post(house: House) -> None:
    """Who got a form on paper, and what came back by post, stands beside it; no text becomes HTML."""
    page = page_of(house.report(STOVE))
    assert send(house.lin, f"{page}/issue", form=SLIP).status_code == 303
    told = {"document_id": document_id(house, page.split("/")[2], SLIP), "note": "<b>退信"}
    assert send(house.lin, f"{page}/deliver", **told, channel="print", state="delivered").status_code == 303
    assert send(house.lin, f"{page}/deliver", **told, channel="post", state="failed").status_code == 303
    shown = read(house.lin, page)
    assert 'data-channel="print"' in shown
    assert 'data-channel="post"' in shown
    assert "&lt;b&gt;退信" in shown
    for wrong in ({"channel": "pigeon", "state": "sent"}, {"channel": "post", "state": "eaten"}):
        assert refusal(send(house.lin, f"{page}/deliver", **told, **wrong))


def test_signing_link_goes_to_the_customer_without_the_code(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """SG-07: Lin sees the code and tells it by telephone; without a channel she hears that nothing was sent."""
    zhao, _ = ask(house)
    page, code = page_of(zhao.order_id), zhao.code()
    unsent = house.lin.post(f"/api/v1/work-orders/{zhao.order_id}/signing-link", {})
    assert (unsent.status_code, unsent.json["code"]) == (409, "no_customer_channel")
    assert refusal(send(house.lin, f"{page}/send"))
    configure(monkeypatch, house.folder, SMS)
    shown = read(house.lin, page, "en")
    assert 'data-signing="open"' in shown
    assert code in shown
    assert send(house.lin, f"{page}/send").status_code == 303
    (row,) = house.read(lambda s: list(s.query(OutgoingMessage)))
    assert row.recipient == "13800000001"
    assert zhao.path in row.text["en"]
    assert code not in row.text["en"].replace(zhao.path, "")
    assert house.events(zhao.order_id)[-1].type == "remote_link_sent"
    zhao.sign()
    house.drain()
    assert 'data-signing="signed"' in read(house.lin, page)
    again = send(house.lin, f"{page}/send")
    assert (again.status_code, bool(refusal(again))) == (409, True)


def test_paper_goes_to_the_customer_by_link_once_it_is_made(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not made yet is not sent; then the message holds the very link that opens it, and the state says sent."""
    configure(monkeypatch, house.folder, SMS)
    page = page_of(house.report(STOVE))
    send(house.lin, f"{page}/issue", form=SLIP)
    paper_id = document_id(house, page.split("/")[2], SLIP)
    assert refusal(send(house.lin, f"{page}/send-paper", document_id=paper_id))
    house.write(lambda tx: documents_service.keep_made(tx, paper_id, b"%PDF-1.7", "0" * 64))
    other = page_of(house.report({**STOVE, "address": "桃北中街9号"}))
    assert send(house.lin, f"{other}/send-paper", document_id=paper_id).status_code == 404
    assert send(house.lin, f"{page}/send-paper", document_id=paper_id).status_code == 303
    (row,) = house.read(lambda s: list(s.query(OutgoingMessage)))
    link = "/c/" + row.text["en"].split("/c/")[1]
    assert house.app.test_client().get(link).data == b"%PDF-1.7"
    assert [d["state"] for d in house.lin.get(f"/api/v1{page}").json["papers"][0]["deliveries"]] == ["delivered"]


def test_drawer_reads_papers_signing_and_notices_at_once(house: House) -> None:
    """One question of the console; another branch's dispatcher learns nothing."""
    order_id = house.report(LEAK)
    path = f"/api/v1/work-orders/{order_id}/papers"
    told = house.sign_in("chen").get(path).json
    assert SLIP in told["fitting"]
    assert (told["papers"], told["signing"], told["notices"]) == ([], {"state": "none"}, [])
    stranger = house.sign_in("qian")
    assert stranger.get(path).status_code == stranger.get(page_of(order_id)).status_code == 404
    assert send(stranger, f"{page_of(order_id)}/issue", form=SLIP).status_code == 404


def test_missing_hotline_is_said_on_the_page_and_on_paper(house: House) -> None:
    """No example number is ever printed as if it were the company's: the paper says aloud that there is none."""
    assert "LEAKFIRST_HOTLINE" in read(house.lin, page_of(house.report(STOVE)))
    case, form = case_of("en"), forms.get_form(forms.COPY)
    assert "NOT SET" in filling.fill(form, case).contact
    assert "0353-96777" in filling.fill(form, dataclasses.replace(case, hotline="0353-96777")).contact
