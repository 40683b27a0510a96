"""Customer Zhao reports, follows, wishes and judges without a login; stranger Qian reaches nothing by guessing."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from server.addresses import keeping
from server.public import links
from server.public.models import Opinion
from tests.server.house import HOME, STOVE, House

ODOUR = {"fault_kind": "gas_odour", "address": "桃北中街218号3单元502室", "q_smell_strength": "strong"}
ODOUR |= {"q_inside_building": "true"}
HEATER = {"fault_kind": "heater_fault", "address": "文昌街12号", "phone": "13800000001", "name": "赵敏"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """A browser without scripts: it reads pages and sends forms."""

    def __init__(self, house: House) -> None:
        """Open a fresh browser."""
        self.house, self.client = house, house.app.test_client()

    def read(self, path: str) -> Any:
        """Open a page."""
        return self.client.get(path)

    def send(self, path: str, form: dict[str, str], page: str = "/report") -> Any:
        """Send a form with the token of the page that it stands on."""
        found = TOKEN.search(self.client.get(page).text)
        assert found is not None
        return self.client.post(path, data={**form, "csrf_token": found[1]})

    def report(self, form: dict[str, str]) -> str:
        """Send a report; return the path of its status page."""
        answer = self.send("/report", form)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])


@pytest.fixture
def zhao(house: House) -> Visitor:
    """Return the customer's browser."""
    return Visitor(house)


def order_id(path: str) -> str:
    """Return the order of a status link."""
    return path.split("/")[2]


def test_odour_without_name_opens_an_emergency_and_the_page_says_what_to_do(house: House, zhao: Visitor) -> None:
    """Who smells gas gives an address and nothing else; the advice and the emergency numbers are on the page."""
    path = zhao.report(ODOUR)
    order = house.order(order_id(path))
    assert (order.is_leak, order.priority, order.channel) == (True, 1, "web")
    page = html.unescape(zhao.read(path).text)
    assert "不要触动任何开关" in page or "开关" in page
    assert 'href="tel:119"' in page
    assert "正在派出最近的维修员" in page


def test_form_names_the_emergency_number_before_anything_else(zhao: Visitor) -> None:
    """The first thing on the page is not the form."""
    text = zhao.read("/report").text
    assert 0 < text.index("tel:119") < text.index("<form")


def test_double_click_opens_one_order(house: House, zhao: Visitor) -> None:
    """The same form sent twice is one report."""
    first, second = (zhao.report({**HEATER, "ref": "abc"}) for _ in range(2))
    assert first == second
    assert len(house.lin.get("/api/v1/board").json["orders"]) == 1


@pytest.mark.parametrize(
    ("missing", "words"),
    [("fault_kind", "请选择故障类型"), ("address", "地址"), ("phone", "请留下联系电话")],
)
def test_missing_field_is_said_in_words_and_nothing_typed_is_lost(zhao: Visitor, missing: str, words: str) -> None:
    """The form comes back with what was typed."""
    form = {key: value for key, value in HEATER.items() if key != missing} | {"description": "打不着火"}
    answer = zhao.send("/report", form)
    assert answer.status_code == 400
    assert words in re.findall(r'id="error">([^<]+)', answer.text)[0]
    assert "打不着火" in answer.text


@pytest.mark.parametrize("kind", ["commissioning", "", "'; drop table", "x" * 500])
def test_kind_that_is_not_offered_is_refused(zhao: Visitor, kind: str) -> None:
    """Only what the form offers can be reported."""
    assert zhao.send("/report", {**HEATER, "fault_kind": kind}).status_code == 400


def test_form_without_its_token_is_refused(house: House) -> None:
    """A page elsewhere cannot report in somebody's name."""
    assert house.app.test_client().post("/report", data=HEATER).status_code in {400, 403}


def test_many_reports_of_one_sender_are_refused_but_the_number_is_still_shown(zhao: Visitor) -> None:
    """Whoever floods the form is told to call."""
    answers = [zhao.send("/report", {**HEATER, "ref": str(n)}) for n in range(14)]
    assert answers[0].status_code == 303
    assert answers[-1].status_code == 429
    assert "tel:119" in answers[-1].text


def test_guessed_link_shows_nothing(house: House, zhao: Visitor) -> None:
    """Qian knows an order's id; without its token he learns nothing, and another order's token does not open it."""
    mine, other = house.report(STOVE), house.report({**STOVE, "address": "别处1号"})
    token = links.token(house.settings.secret_key, other)
    for shown in ("0" * 32, "", "口令", "%00", token):
        answer = zhao.read(f"/s/{mine}/{shown or 'x'}")
        assert answer.status_code == 404
        assert "桃北中街" not in answer.text
    assert zhao.read(f"/s/{other}/{token}").status_code == 200


def test_page_follows_the_visit_and_tells_an_interval_never_a_position(house: House, zhao: Visitor) -> None:
    """Received, on the way with an interval and a name, here; no coordinates anywhere."""
    keeping.refresh(house.services, HOME)
    path = zhao.report({**ODOUR, "location": "kitchen"})
    assert house.order(order_id(path)).lat == pytest.approx(37.861)
    house.drain()
    wang = house.phone("wang")
    house.sync(wang)
    for command in ("accept_assignment", "depart"):
        wang.act(command, order_id(path))
    house.sync(wang)
    page = zhao.read(path).text
    assert "维修员正在路上" in page
    assert re.search(r"\d\d:\d\d–\d\d:\d\d", page)
    assert "王建国" in page
    assert not re.search(r"\b\d{2,3}\.\d{3,}", page)


def test_other_time_is_a_wish_that_the_desk_sees(house: House, zhao: Visitor) -> None:
    """Zhao picks a slot; the order is flagged, its window is not changed by her."""
    path = zhao.report(HEATER)
    slot = re.findall(r'<option value="(\d+-\d+)"', zhao.read(path).text)[3]
    assert zhao.send(f"{path}/wish", {"slot": slot, "words": "上午有会"}, page=path).status_code == 303
    order = house.order(order_id(path))
    assert "other_time_wished" in order.flags
    assert order.window_start_ms is None


@pytest.mark.parametrize("slot", ["", "1-2", "abc", "9" * 30 + "-" + "9" * 30, "-5-7"])
def test_slot_that_was_not_offered_is_refused_in_words(zhao: Visitor, slot: str) -> None:
    """A wish is one of the times on the page."""
    path = zhao.report(HEATER)
    answer = zhao.send(f"{path}/wish", {"slot": slot}, page=path)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_leak_is_never_put_off(house: House, zhao: Visitor) -> None:
    """The page offers no other time for a leak, and the deed is refused."""
    path = zhao.report(ODOUR)
    assert "slot" not in zhao.read(path).text
    answer = zhao.send(f"{path}/wish", {"slot": "1-2"}, page="/report")
    assert answer.status_code == 409
    assert house.order(order_id(path)).flags == ["no_geocode"]


def test_opinion_is_asked_after_closing_once_and_an_unhappy_one_reaches_the_desk(house: House, zhao: Visitor) -> None:
    """One star and "nothing was tested": both are shown to the desk; a second opinion is refused."""
    path = zhao.report(HEATER)
    assert zhao.send(f"{path}/opinion", {"points": "1"}, page=path).status_code == 409

    def close(tx: Any) -> None:
        row = tx.session.get(type(house.order(order_id(path))), order_id(path))
        row.state, row.closed_ms = "closed", tx.now_ms

    house.write(close)
    said = {"points": "1", "was_tested": "no", "words": "没有试机"}
    assert zhao.send(f"{path}/opinion", {"points": "9"}, page=path).status_code == 400
    assert zhao.send(f"{path}/opinion", said, page=path).status_code == 303
    assert zhao.send(f"{path}/opinion", {"points": "5"}, page="/report").status_code == 409
    kept = house.read(lambda s: s.get(Opinion, order_id(path)))
    assert kept is not None
    assert (kept.points, kept.was_tested, kept.branch_id) == (1, False, HOME)
    assert {"customer_unhappy", "customer_says_untested"} <= set(house.flags(order_id(path)))


def test_pages_speak_english_when_asked_and_never_lead_elsewhere(zhao: Visitor) -> None:
    """The choice is kept in a cookie; the way back is a page of ours."""
    answer = zhao.read("/language/en?back=//evil.example/")
    assert answer.headers["Location"] == "/report"
    assert "Report a fault or a smell of gas" in zhao.read("/report").text
    assert "What everybody should know about gas" in zhao.read("/safety").text
