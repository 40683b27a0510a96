"""The page of hazard notices: what is due first, what follows, the check, and the end with a name."""

from __future__ import annotations

import pytest

from tests.server.device import Device
from tests.server.house import DAY_MS, House
from tests.server.office.forms import read, refusal, send
from tests.server.test_door import INSPECTION, answer, go_to, notices

HAZARDS = "/hazards"


@pytest.fixture
def found(house: House) -> tuple[Device, str]:
    """Return Wang's phone and an inspection at which he found a rubber hose."""
    wang = Device(house)
    order_id = go_to(house, wang, INSPECTION)
    answer(wang, order_id, "hose", "rubber")
    return wang, order_id


def test_page_without_hazards_says_so(house: House) -> None:
    """In both languages."""
    assert 'class="nothing"' in read(house.lin, HAZARDS, "en")
    assert 'class="nothing"' in read(house.lin, HAZARDS)


def test_notice_shows_its_term_its_follow_up_and_whether_it_was_told(house: House, found: tuple[Device, str]) -> None:
    """Article 9: untold it is the company's own; after its term it is late; told, that is gone."""
    wang, order_id = found
    (notice,) = notices(house, order_id)
    page = read(house.lin, HAZARDS, "en")
    assert notice["number"] in page
    assert "Not told in writing" in page
    assert house.order(next(iter(notice["follow_ups"].values()))).number in page
    assert 'data-late="0"' in page
    answer(wang, order_id, "hazards_told", "notice_served")
    house.pass_ms(20 * DAY_MS)
    page = read(house.sign_in("lin"), HAZARDS, "en")
    assert 'data-late="1"' in page
    assert "Not told in writing" not in page


def test_check_is_ordered_one_at_a_time_and_settling_needs_words(house: House, found: tuple[Device, str]) -> None:
    """The check is an order of its own; the notice ends when somebody says what was put right."""
    (notice,) = notices(house, found[1])
    told = {"notice_id": notice["id"]}
    assert send(house.lin, f"{HAZARDS}/recheck", **told).status_code == 303
    again = send(house.lin, f"{HAZARDS}/recheck", **told)
    assert (again.status_code, bool(refusal(again))) == (409, True)
    opened = notices(house, found[1])[0]["follow_ups"]["inspection#1"]
    assert house.order(opened).fault_kind == "inspection"
    assert refusal(send(house.lin, f"{HAZARDS}/settle", **told, note="  "))
    assert send(house.lin, f"{HAZARDS}/settle", **told, note="已换金属软管，陈立复查").status_code == 303
    assert refusal(send(house.lin, f"{HAZARDS}/recheck", **told))
    assert 'class="nothing"' in read(house.lin, HAZARDS)
    assert "陈立复查" in read(house.lin, f"/work-orders/{found[1]}/papers")


def test_agent_and_other_branch_end_nothing(house: House, found: tuple[Device, str]) -> None:
    """Chen reads; Qian does not even see it."""
    (notice,) = notices(house, found[1])
    chen, qian = house.sign_in("chen"), house.sign_in("qian")
    assert "/hazards/settle" not in read(chen, HAZARDS)
    assert send(chen, f"{HAZARDS}/settle", notice_id=notice["id"], note="x").status_code == 403
    assert send(qian, f"{HAZARDS}/settle", notice_id=notice["id"], note="x").status_code == 404
    assert notice["number"] not in read(qian, HAZARDS)
