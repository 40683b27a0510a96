"""Papers of a visit: the same bytes for the same record, small, certified once, handed out by link, print or post."""

from __future__ import annotations

import hashlib
import zoneinfo
from typing import Any, Final

import pytest

from server import proof_commands
from server.documents import attachment, certify, drawing, filling, forms
from server.documents import repository as documents
from server.documents.case import Case
from server.documents.models import Document
from server.documents.printing import Printing
from server.visits import repository as visits
from server.visits import service as visit_service
from shared import proof
from shared.errors import DomainError
from tests.mobile.phones import go_to_the_door
from tests.server.house import HOME, LEAK, MORNING_MS, STOVE, House
from tests.server.test_closing import visit

pytestmark = pytest.mark.slow  # draws every paper

LARGEST_BYTES: Final = 40_000
ZONE: Final = zoneinfo.ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True, scope="module")
def faces() -> None:
    """Skip where set-up has not made the fonts."""
    try:
        drawing.draw(filling.fill(forms.get_form("task_slip"), case_of("en")))
    except DomainError as missing:
        pytest.skip(missing.code)


def case_of(language: str) -> Case:
    """Return an order without a record; 㐂 is a name's character outside GB2312."""
    return Case(
        language=language, branch_name="阳泉", zone=ZONE, number="WO-1", fault_kind="gas_leak", description="厨房有味",
        address="桃北中街218号", customer="赵㐂", account="A-1", technician="王建国", at_ms=MORNING_MS,
    )  # fmt: skip


def copy_of(house: House, order_id: str, form: str = forms.COPY) -> Document:
    """Return an order's paper with its file."""

    def find(session: object) -> Document:
        found = documents.find_copy(session, order_id, form)  # type: ignore[arg-type]  # the house's session
        assert found is not None
        assert found.pdf is not None
        return found

    return house.read(find)


def printed(house: House, body: dict[str, object] = LEAK) -> tuple[str, Document]:
    """Let Wang serve an order and the worker make its papers."""
    order_id, _ = visit(house, body)
    Printing(house.services, in_process=True).run_once()
    return order_id, copy_of(house, order_id)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_form_can_be_drawn_in_both_languages_and_twice_alike(language: str) -> None:
    """Sixteen forms of requirements 19; what a case cannot tell stays out."""
    for form in forms.table().form:
        sheet = filling.fill(form, case_of(language))
        first = drawing.draw(sheet)
        assert first.startswith(b"%PDF-")
        assert b"/Count 1\n" in first, form.code
    assert drawing.draw(sheet) == first


def test_copy_is_small_certified_and_carries_its_proof(house: House) -> None:
    """A leak's copy: one page, below 40 kB, certified by the branch over the whole file, record.json inside."""
    order_id, copy = printed(house)
    assert copy.pdf is not None
    assert len(copy.pdf) <= LARGEST_BYTES
    assert b"/Count 1\n" in copy.pdf
    root = proof_commands.root_of(house.settings)
    assert certify.judge(copy.pdf, root.x509) == ()
    record = house.read(lambda s: visits.find_record(s, order_id))
    assert record is not None
    told = house.read(lambda s: visit_service.find_proof(s, record))
    assert told is not None
    assert attachment.find(copy.pdf) == proof.encode(told)


def test_copy_is_made_once_and_is_the_same_before_certifying(house: House) -> None:
    """Asked for again, the kept file stands; drawn again, the bytes below the certification are the same."""
    order_id, copy = printed(house, STOVE)
    assert Printing(house.services, in_process=True).run_once() == 0
    answer = house.lin.post(f"/api/v1/work-orders/{order_id}/documents", {"form": forms.COPY})
    assert (answer.status_code, answer.json["sha256"]) == (200, copy.sha256)
    task = Printing(house.services, in_process=True)._task(copy)
    assert hashlib.sha256(drawing.draw(task.sheet)).hexdigest() == copy.plain_sha256


def test_customer_opens_the_link_and_the_delivery_is_noted(house: House) -> None:
    """The link needs no sign-in and cannot be guessed; opening it is the delivery."""
    order_id, copy = printed(house, STOVE)
    paths = f"/api/v1/work-orders/{order_id}/documents"
    [row] = [item for item in house.lin.get(paths).json["items"] if item["form"] == forms.COPY]
    assert [d["state"] for d in row["deliveries"]] == ["owed"]
    stranger = house.app.test_client()
    assert stranger.get(row["link"][:-1] + "x").status_code == 404
    opened = stranger.get(row["link"])
    assert (opened.status_code, opened.data) == (200, copy.pdf)
    [row] = [item for item in house.lin.get(paths).json["items"] if item["form"] == forms.COPY]
    assert [(d["channel"], d["state"]) for d in row["deliveries"]] == [("link", "delivered")]
    posted = house.lin.post(f"/api/v1/documents/{copy.id}/delivery", {"channel": "post", "state": "sent"})
    assert (posted.status_code, posted.json["state"]) == (200, "sent")


def test_desk_asks_for_the_other_slips_and_a_form_that_does_not_fit_is_refused(house: House) -> None:
    """The stub and the settlement slip are drawn when wanted; a damage receipt without damage is not."""
    order_id, _ = printed(house, STOVE)
    path = f"/api/v1/work-orders/{order_id}/documents"
    for form in ("record_stub", "settlement", "task_slip"):
        assert house.lin.post(path, {"form": form}).status_code == 202
    assert house.lin.post(path, {"form": "damage_receipt"}).json["code"] == "form_not_fitting"
    assert house.lin.post(path, {"form": "unheard_of"}).status_code == 404
    Printing(house.services, in_process=True).run_once()
    stub = copy_of(house, order_id, "record_stub")
    shown = house.lin.get(f"/documents/{stub.id}")
    assert (shown.status_code, shown.data) == (200, stub.pdf)
    assert house.sign_in("qian").get(f"/documents/{stub.id}").status_code == 404


def test_closed_door_leaves_a_notice(house: House) -> None:
    """Nobody opened: the notice for the door is made without any record."""
    wang, order_id = house.phone("wang"), house.report(STOVE)
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/assign", _assign(house, order_id)).status_code in {200, 409}
    house.drain()
    house.sync(wang)
    if wang.find_job(order_id) is None:
        pytest.skip("the planner gave the stove to nobody")
    go_to_the_door(wang, order_id)
    wang.act("record_no_access", order_id, reason="nobody_home")
    house.sync(wang)
    Printing(house.services, in_process=True).run_once()
    assert copy_of(house, order_id, "no_access_notice").record_id == ""


def _assign(house: House, order_id: str) -> dict[str, object]:
    return {"technician_id": "wang", "ver": house.order(order_id).ver}


def test_presented_files_are_judged_at_the_public_door(house: House) -> None:
    """Anybody may hand a copy in: the issued file is genuine, one with a byte more is not."""
    _, copy = printed(house, STOVE)
    stranger = house.app.test_client()
    assert copy.pdf is not None
    right, wrong = (_judged(stranger.post("/api/v1/verify", data=data)) for data in (copy.pdf, copy.pdf + b" "))
    assert right["is_genuine"] is True
    assert (wrong["is_genuine"], wrong["problems"]) == (False, ["file_not_issued"])
    page = stranger.get("/verify")
    assert page.status_code == 200
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert HOME not in page.text


def _judged(answer: Any) -> Any:
    return answer.json
