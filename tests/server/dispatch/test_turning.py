"""A crew under way to one emergency is asked to turn to another; it keeps the first until it has accepted."""

from __future__ import annotations

import sqlalchemy as sa

from mobile.service import Phone
from server.accounts.models import Technician
from server.dispatch import repository as dispatch
from tests.server.house import LEAK, House

FAR = {**LEAK, "lat": 37.90, "lon": 113.602, "address": "大连街9号", "caller": {"name": "钱", "phone": "13900000003"}}


def stands(house: House, technician_id: str, lat: float, lon: float) -> None:
    """Put a technician somewhere."""
    where = sa.update(Technician).where(Technician.id == technician_id).values(lat=lat, lon=lon)
    house.write(lambda tx: tx.session.execute(where))


def drives_far(house: House, wang: Phone) -> str:
    """Let Wang set out for the far leak while Sun is even farther away; then Sun comes near it."""
    stands(house, "sun", 38.05, 113.80)
    far = house.report(FAR)
    house.sync(wang)
    wang.act("accept_assignment", far)
    wang.act("depart", far)
    house.sync(wang)
    stands(house, "sun", 37.905, 113.605)
    return far


def holders(house: House, work_order_id: str) -> list[tuple[str, str]]:
    """Return who holds or is offered an order, and how far he is."""
    return house.read(lambda s: [(a.technician_id, a.state) for a in dispatch.list_live_of_order(s, work_order_id)])


def test_crew_under_way_is_asked_for_the_leak_beside_it_and_keeps_its_own_until_it_accepts(house: House) -> None:
    """The new leak is beside Wang, Sun beside the one he drives to: he says yes, and she takes the far one."""
    wang = house.phone()
    far = drives_far(house, wang)
    near = house.report(LEAK)
    assert (holders(house, near), holders(house, far)) == ([("wang", "offered")], [("wang", "en_route")])
    proof = house.read(lambda s: dispatch.find_proof(s, near))
    assert proof is not None
    assert (proof.certificate["needs_consent_of"], proof.certificate["technician_without_consent"]) == ("wang", "sun")
    house.sync(wang)
    wang.act("accept_assignment", near)
    house.sync(wang)
    assert holders(house, near) == [("wang", "accepted")]
    assert [who for who, _ in holders(house, far)] == ["sun"]


def test_crew_that_declines_drives_on_and_the_leak_goes_to_another(house: House) -> None:
    """Without his consent nothing moves: Wang drives on, Sun is asked at once."""
    wang = house.phone()
    far = drives_far(house, wang)
    near = house.report(LEAK)
    house.sync(wang)
    wang.act("decline_assignment", near, reason="far_away")
    house.sync(wang)
    assert holders(house, far) == [("wang", "en_route")]
    assert [who for who, _ in holders(house, near)] == ["sun"]
