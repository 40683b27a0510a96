"""The stock page: received with its lot, moved between depot and van, low stock said aloud, a lot found again."""

from __future__ import annotations

from typing import Any

from shared import facts
from tests.server.device import Device
from tests.server.house import STOVE, House
from tests.server.office.forms import read, refusal, send
from tests.server.test_door import go_to

STOCK = "/stock"
HOSE = {"part": "hose_metal_1_5_m", "lot": "L7"}


def receive(house: House, quantity: str = "30", **changes: str) -> Any:
    """Take hoses into the depot."""
    return send(house.lin, f"{STOCK}/receive", **{**HOSE, "quantity": quantity, **changes})


def move(house: House, quantity: str, direction: str = "to_van") -> Any:
    """Move hoses between the depot and Wang's van."""
    return send(house.lin, f"{STOCK}/move", **HOSE, quantity=quantity, direction=direction, technician_id="wang")


def test_empty_stock_says_so_and_a_part_needs_its_lot(house: House) -> None:
    """PA-03: no hose without the lot that a recall would name; no part that the list does not know."""
    assert 'class="nothing"' in read(house.lin, STOCK, "en")
    for wrong in ({"lot": ""}, {"part": "gold"}, {"quantity": "0"}, {"quantity": "-3"}, {"quantity": "2.5"}):
        assert refusal(receive(house, **wrong)), wrong
    assert 'data-part="hose_metal_1_5_m"' not in read(house.lin, STOCK)


def test_pieces_move_from_the_depot_to_the_van_and_never_more_than_there_are(house: House) -> None:
    """PA-01: 30 received, 3 to Wang, 40 refused; one comes back, four cannot."""
    assert receive(house).status_code == 303
    assert move(house, "3").status_code == 303
    assert refusal(move(house, "40"))
    assert move(house, "1", "to_depot").status_code == 303
    assert refusal(move(house, "4", "to_depot"))
    assert house.lin.get("/api/v1/vans/wang/stock").json["items"] == [{**HOSE, "quantity": 2}]
    trace = read(house.lin, f"{STOCK}?part={HOSE['part']}&lot=L7", "en")
    assert all(words in trace for words in ("+30", "+3", "-3", "+1", "Depot"))


def test_low_stock_is_listed_and_a_fitted_part_leads_to_its_order(house: House) -> None:
    """Below the least of the parts list; where the lot went is one question."""
    receive(house, "20")
    move(house, "2")
    wang = Device(house)
    order_id = go_to(house, wang, STOVE)
    wang.tell(order_id, facts.PartUsed(**HOSE, quantity=1), "used")
    page = read(house.lin, f"{STOCK}?part={HOSE['part']}&lot=L7", "en")
    assert '<li class="soon">Depot · Metal hose 1.5 m: <b>18</b>' in page
    assert '<li class="soon">王建国 · Metal hose 1.5 m: <b>1</b>' in page
    assert house.order(order_id).number in page


def test_other_branchs_van_cannot_be_loaded(house: House) -> None:
    """Qian has a depot of his own, and no Wang."""
    receive(house)
    qian = house.sign_in("qian")
    form = {**HOSE, "quantity": "1", "direction": "to_van", "technician_id": "wang"}
    assert send(qian, f"{STOCK}/move", **form).status_code == 404
    assert 'data-part="hose_metal_1_5_m"' not in read(qian, STOCK)
