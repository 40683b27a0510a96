"""Customer Zhao signs in her own browser; stranger Qian with a link, a guess or an old form signs nothing (SG-07)."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from mobile.service import Phone
from server.public import links
from server.remote_signing import repository
from server.reports import verification
from server.sync import remote_sealing as sealing
from server.visits import repository as visits
from server.visits import service as visit_service
from shared import door_facts, service_record
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server.device import Device
from tests.server.house import DAY_MS, HOME, STOVE, House

pytestmark = pytest.mark.slow  # plays whole visits

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
STROKES = json.dumps(
    [{"points": [[100, 500, 0], [200, 300, 40], [400, 700, 80, 512], [600, 300, 120], [800, 500, 160]]}]
)


class Browser:
    """Zhao's browser on the page of one order."""

    def __init__(self, house: House, order_id: str) -> None:
        """Open it with the order's own link."""
        self.house, self.order_id = house, order_id
        self.client = house.app.test_client()
        self.path = f"{links.path(house.settings.secret_key, order_id)}/sign"

    def read(self) -> Any:
        """Open the page."""
        return self.client.get(self.path)

    def code(self) -> str:
        """Return the code as dispatcher Lin reads it out."""
        items = self.house.lin.get("/api/v1/remote-signings").json["items"]
        return next((str(item["code"]) for item in items if item["work_order_id"] == self.order_id), "000000")

    def sign(self, **changes: str) -> Any:
        """Send the form."""
        found = TOKEN.search(self.client.get(self.path).text) or TOKEN.search(self.client.get("/report").text)
        assert found is not None
        form = {"strokes": STROKES, "relation": "self", "opinion": "很满意", "code": "", **changes}
        form["code"] = form["code"] or self.code()
        return self.client.post(self.path, data={**form, "csrf_token": found[1]})


def ask(house: House, phone: Phone | None = None, **body: Any) -> tuple[Browser, Phone]:
    """Let Wang do the work and ask for a signature at a distance."""
    wang, order_id = phone or house.phone("wang"), house.report({**STOVE, **body})
    house.sync(wang)
    go_to_the_door(wang, order_id)
    do_the_work(wang, order_id)
    wang.act("ask_remote_signature", order_id)
    house.sync(wang)
    return Browser(house, order_id), wang


def error_of(answer: Any) -> str:
    """Return what the page says is wrong."""
    found = re.search(r'id="error">([^<]+)', answer.text)
    return html.unescape(found[1]) if found else ""


def test_customer_signs_what_the_phone_drew_up_and_the_branch_seals_it(house: House) -> None:
    """The same lines and code as on the phone; signed and closed; the copy's proof holds; the phone learns of it."""
    zhao, wang = ask(house)
    row = house.read(lambda s: repository.find_newest(s, zhao.order_id))
    assert row is not None
    page = html.unescape(zhao.read().text)
    record = service_record.parse(row.record_json)
    assert all(line in page for line in record.lines)
    assert service_record.view_code(row.record_json) in page
    assert 'href="' + zhao.path in zhao.client.get(zhao.path.removesuffix("/sign")).text
    assert zhao.sign().status_code == 200
    house.drain()
    kept = house.read(lambda s: visits.find_record(s, zhao.order_id))
    assert kept is not None
    assert (kept.record_json, kept.signer_relation, kept.opinion) == (row.record_json, "remote_self", "很满意")
    assert (kept.device_id, kept.problems) == (sealing.device_of(HOME), [])
    assert kept.strokes[0]["points"][2] == [400, 700, 80, 512]
    assert (house.order(zhao.order_id).state, house.flags(zhao.order_id)) == ("closed", [])
    assert house.read(verification.list_problems) == []
    assert house.read(lambda s: visit_service.find_proof(s, kept)) is not None
    assert house.lin.get(f"/copies/{zhao.order_id}").status_code == 200
    house.sync(wang)
    assert wang.jobs() == ()


def test_second_remote_signature_is_the_next_link_of_the_branchs_chain(house: House) -> None:
    """Two records signed in browsers follow each other: none can be taken out unseen."""
    wang = None
    for address in ("甲街1号", "乙街2号"):
        zhao, wang = ask(house, wang, address=address)
        zhao.sign()
        house.sync(wang)
    seals = house.read(lambda s: visits.list_seals_of(s, sealing.device_of(HOME)))
    assert sorted(seal["chain_seq"] for seal in seals) == [1, 2]
    assert house.read(verification.list_problems) == []


GARBAGE: tuple[dict[str, str], ...] = (
    {"strokes": "[]"},
    {"strokes": "nonsense"},
    {"strokes": '[{"points":[[1]]}]'},
    {"strokes": '[{"points":[[100,500,0],[5000,300,9],[1,1,1],[2,2,2],[3,3,3]]}]'},
    {"strokes": "[" * 5000},
    {"strokes": '[{"points":[[500,500,0],[501,501,1],[500,500,2],[501,500,3],[500,501,4]]}]'},
    {"relation": "king"},
    {"relation": ""},
    {"opinion": "x" * 1001},
    {"opinion": " "},
    {"code": "12345６"},
)


def test_garbage_is_refused_in_words_and_signs_nothing(house: House) -> None:
    """Whatever the form says, only a real signature is taken; afterwards the right form still is."""
    zhao, _ = ask(house)
    for changes in GARBAGE:
        answer = zhao.sign(**changes)
        assert (answer.status_code, bool(error_of(answer))) == (400, True), changes
    house.drain()
    assert house.read(lambda s: visits.find_record(s, zhao.order_id)) is None
    assert zhao.sign().status_code == 200


def test_code_is_guarded_and_counts_once(house: House) -> None:
    """Five wrong codes lock the record; a used form does nothing the second time."""
    zhao, _ = ask(house)
    right = zhao.code()
    wrong = "111111" if right != "111111" else "222222"
    told = [error_of(zhao.sign(code=wrong)) for _ in range(5)]
    assert len(set(told)) == 1
    zhao.sign(code=right)
    house.drain()
    assert house.read(lambda s: visits.find_record(s, zhao.order_id)) is None
    assert zhao.read().status_code == 404


def test_replay_signs_nothing_twice(house: House) -> None:
    """The same form again is answered, and there is one record."""
    zhao, _ = ask(house)
    code = zhao.code()
    for _ in range(3):
        zhao.sign(code=code)
        house.drain()
    assert len(house.read(lambda s: visits.list_seals_of(s, sealing.device_of(HOME)))) == 1


def test_link_of_another_order_and_an_expired_one_open_nothing(house: House) -> None:
    """Qian's own link, a guess, a day too late, a form without its token: nothing is shown and nothing signed."""
    zhao, _ = ask(house)
    other = links.token(house.settings.secret_key, house.report({**STOVE, "address": "别处1号"}))
    for shown in (other, "0" * 32):
        answer = zhao.client.get(f"/s/{zhao.order_id}/{shown}/sign")
        assert (answer.status_code, "赵敏" in answer.text) == (404, False)
        assert zhao.client.post(f"/s/{zhao.order_id}/{shown}/sign", data={"code": zhao.code()}).status_code == 404
    assert zhao.client.post(zhao.path, data={"strokes": STROKES, "code": zhao.code()}).status_code in {400, 403}
    house.clock.pass_ms(DAY_MS)
    assert zhao.read().status_code == 404
    assert zhao.sign(code="123456").status_code != 200
    house.drain()
    assert house.read(lambda s: visits.find_record(s, zhao.order_id)) is None


def test_changed_or_signed_record_is_not_signed_at_a_distance(house: House) -> None:
    """The technician changes an answer, or Zhao signs on his phone after all: the link asks for a new one."""
    zhao, wang = ask(house)
    code = zhao.code()
    wang.act("declare_outcome", zhao.order_id, outcome="done", work_done="又换了一个零件")
    house.sync(wang)
    assert "更改" in error_of(zhao.sign(code=code))
    wang.act("ask_remote_signature", zhao.order_id)
    house.sync(wang)
    assert zhao.code() != "000000"
    wang.act("sign_record", zhao.order_id, strokes=sign_name(), signer_relation="family")
    house.sync(wang)
    zhao.sign()
    house.drain()
    kept = house.read(lambda s: visits.find_record(s, zhao.order_id))
    assert kept is not None
    assert kept.signer_relation == "family"


def test_record_that_is_none_is_flagged_and_never_offered(house: House) -> None:
    """A phone that sends another text for signing gets a flag; no page shows it."""
    wang, order_id = Device(house, "wang"), house.report(STOVE)
    wang.call()
    for number, text in enumerate(("{}", "x" * 10_000)):
        told = wang.tell(order_id, door_facts.RemoteSigningAsked(record_json=text), f"ask-{number}")
        assert "remote_record_blocked" in told.flags
    assert Browser(house, order_id).read().status_code == 404


def test_code_is_told_by_the_office_only(house: House) -> None:
    """A technician's phone and a visitor cannot read the code."""
    ask(house)
    assert house.app.test_client().get("/api/v1/remote-signings").status_code in {401, 403}
