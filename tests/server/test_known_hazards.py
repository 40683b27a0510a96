"""What an earlier visit found to be dangerous at a home stands on the next technician's job, in his language."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from mobile.actions.hazards import name_hazard
from mobile.service import Phone
from server.hazards import repository as notices
from server.hazards import service as hazard_service
from tests.server.device import Device
from tests.server.house import HOME, STOVE, House
from tests.server.test_door import INSPECTION, answer, go_to

pytestmark = pytest.mark.slow  # plays whole visits

ELSEWHERE = {**STOVE, "address": "桃北中街999号"}


@pytest.fixture
def inspected(house: House) -> str:
    """Return an order at which Sun has found a rubber hose; the notice is open."""
    sun = Device(house, "sun")
    order_id = go_to(house, sun, INSPECTION)
    answer(sun, order_id, "hose", "rubber")
    return order_id


def list_hazards(phone: Phone, order_id: str, language: str) -> list[str]:
    """Return the hazards that a job's card names."""
    return [name_hazard(phone.desk, language, code) for code in phone.get_job(order_id).hazards]


def send(house: House, report: dict[str, Any]) -> str:
    """Give a new order to Wang at Lin's desk; return its id."""
    order_id = house.report(report)
    body = {"ver": house.order(order_id).ver, "technician_id": "wang"}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/assign", body).status_code == 200
    house.drain()
    return order_id


def settle(house: House) -> None:
    """Put everything right at once, as Lin's office notes it."""
    (notice,) = house.read(lambda s: notices.list_open(s, HOME))
    request = hazard_service.SettleRequest(note="已更换")
    house.write(lambda tx: hazard_service.settle(tx, notice.id, request))


@pytest.mark.usefixtures("inspected")
def test_wang_reads_the_hazard_of_the_visit_before_in_his_language(house: House) -> None:
    """The hose that Sun found is named before Wang rings: at the same address, and nowhere else."""
    wang = house.phone("wang")
    order_id, other_id = send(house, STOVE), send(house, ELSEWHERE)
    house.sync(wang)
    (chinese,), (english,) = list_hazards(wang, order_id, "zh_CN"), list_hazards(wang, order_id, "en")
    assert chinese.startswith("重大隐患")
    assert "橡胶软管" in chinese
    assert english.startswith("Major hazard: ")
    assert "Rubber hose" in english
    assert list_hazards(wang, other_id, "en") == []


@pytest.mark.usefixtures("inspected")
def test_hazard_that_was_put_right_stands_on_no_job(house: House) -> None:
    """The office has settled the notice: the next job at that home says nothing of it."""
    settle(house)
    wang = house.phone("wang")
    order_id = send(house, STOVE)
    house.sync(wang)
    assert wang.get_job(order_id).hazards == ()


def test_what_a_technician_finds_himself_is_not_told_to_him_as_news(house: House, inspected: str) -> None:
    """Sun's own inspection does not carry the hose that she is looking at."""
    sun = house.phone("sun", "second")
    house.sync(sun)
    assert sun.get_job(inspected).hazards == ()


def test_edition_that_the_phone_does_not_have_leaves_the_class(house: House) -> None:
    """Class first, whatever else a later server says after it."""
    wang = house.phone("wang")
    assert name_hazard(wang.desk, "en", "major|checklist@2099|hose|rubber|more") == "Major hazard"
    assert name_hazard(wang.desk, "en", "general") == "Hazard"


@pytest.mark.usefixtures("inspected")
def test_hazards_of_many_jobs_are_read_at_once(house: House) -> None:
    """Three jobs of a first reading, one look into the notices."""
    wang, seen = Device(house), []
    for number in range(3):
        send(house, {**STOVE, "address": f"桃北中街{number}号楼"})

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append("FROM hazard_notice" in statement)

    sa.event.listen(house.database.engine, "before_cursor_execute", note)
    jobs = [change.job for change in wang.call().changes if change.job is not None]
    assert (len(jobs), sum(seen)) == (3, 1)
