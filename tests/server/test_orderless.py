"""What a phone reports without a work order: messages both ways, another odour, the shift's beginning."""

from server.absences import repository as absences
from server.messages import repository as messages
from server.visits.models import Evidence
from server.work_orders import repository as work_orders
from shared import facts
from tests.server.device import Device
from tests.server.house import HOME, House


def tell(wang: Device, body: facts.AnyBody, event_id: str) -> str:
    """Send one event without a work order; return its outcome."""
    raw = wang.loose(body, event_id)
    outcome = wang.call(raw).results[0].outcome
    wang.house.drain()
    return outcome


def test_message_of_the_desk_comes_until_the_phone_confirms_it(house: House) -> None:
    """Dispatcher Lin writes; Wang's phone gets it with each answer until it confirms; then she sees it delivered."""
    wang, lin = Device(house), house.sign_in("lin")
    sent = lin.post("/api/v1/technicians/wang/messages", {"text": "带上检漏仪"})
    assert sent.status_code == 201
    assert [m.text for m in wang.call().messages] == ["带上检漏仪"]
    (again,) = wang.call().messages
    assert tell(wang, facts.MessageDelivered(message_id=again.id), "d1") == "applied"
    assert wang.call().messages == ()
    assert tell(wang, facts.MessageRead(message_id=again.id), "r1") == "applied"
    (item,) = lin.get("/api/v1/technicians/wang/messages").json["items"]
    assert item["delivered_ms"] == item["read_ms"] == house.clock.now_ms()


def test_message_of_a_technician_is_kept_once_and_shown_to_the_desk(house: House) -> None:
    """Wang writes, the answer is lost, the phone sends again: Lin reads it once."""
    wang = Device(house)
    body = facts.MessageSent(text="门打不开，请指示")
    assert tell(wang, body, "m1") == "applied"
    assert tell(wang, body, "m1") == "duplicate"
    rows = house.read(lambda s: messages.list_with(s, HOME, "wang", 10))
    assert [(r.text, r.is_from_desk) for r in rows] == [("门打不开，请指示", False)]


def test_nobody_reads_or_confirms_anothers_message(house: House) -> None:
    """Sun's phone confirms Wang's message: nothing changes; stranger Qian cannot write into this branch."""
    house.sign_in("lin").post("/api/v1/technicians/wang/messages", {"text": "回站"})
    wang, sun = Device(house), Device(house, "sun")
    (waiting,) = wang.call().messages
    assert sun.call().messages == ()
    tell(sun, facts.MessageDelivered(message_id=waiting.id), "x1")
    assert wang.call().messages == (waiting,)
    assert house.sign_in("qian").post("/api/v1/technicians/wang/messages", {"text": "嘿"}).status_code == 404


def test_another_odour_opens_one_work_order(house: House) -> None:
    """Wang smells gas next door: an order is opened and triaged by the shared rules, once."""
    wang = Device(house)
    body = facts.OdourReported(
        address="德胜街66号7单元", location="stairwell", answers={"smell_strength": "strong"}, lat=37.86, lon=113.57
    )
    assert tell(wang, body, "o1") == "applied"
    assert tell(wang, body, "o1") == "duplicate"
    order = house.read(lambda s: work_orders.find_by_source(s, HOME, "odour:o1"))
    assert order is not None
    assert (order.is_leak, order.address, order.channel) == (True, "德胜街66号7单元", "technician")


def test_odour_with_unknown_codes_is_opened_as_the_worst_case(house: House) -> None:
    """A phone with newer rules names a place that the server does not know: flagged, never refused."""
    assert tell(Device(house), facts.OdourReported(address="", location="attic"), "o2") == "flagged"
    order = house.read(lambda s: work_orders.find_by_source(s, HOME, "odour:o2"))
    assert order is not None
    assert order.is_leak


def test_unfit_technician_is_absent(house: House) -> None:
    """Who declares himself unfit for duty is planned no work; the declaration is kept as evidence."""
    assert tell(Device(house), facts.ShiftStarted(is_fit=False, reason="发烧"), "s1") == "applied"
    rows = house.read(lambda s: absences.list_standing(s, HOME, house.clock.now_ms()))
    assert [(r.technician_id, r.reason) for r in rows] == [("wang", "ill")]
    kept = house.read(lambda s: s.get(Evidence, "s1"))
    assert kept is not None
    assert kept.type == "shift_started"
