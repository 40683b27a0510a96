"""From the call to the offer: intake, triage, and the leak that is offered first with its proof."""

from server.dispatch import repository as dispatch
from tests.server.house import LEAK, STOVE, House


def test_leak_is_triaged_and_offered_at_once_with_its_certificate(house: House) -> None:
    """The nearest technician has the leak on his phone before anything else happens, and the proof says why he."""
    wang = house.phone("wang")
    order = house.order(house.report(LEAK))
    house.sync(wang)
    assert (order.priority, order.is_leak, order.state) == (1, True, "offered")
    assert [job.work_order_id for job in wang.jobs()] == [order.id]
    proof = house.read(lambda s: dispatch.find_proof(s, order.id))
    assert proof is not None
    assert proof.certificate["technician_id"] == "wang"
    assert {c["technician_id"] for c in proof.certificate["candidates"]} == {"wang", "sun"}


def test_leak_is_offered_first_when_two_orders_wait(house: House) -> None:
    """A stove that was reported before does not hold the leak up."""
    house.report(STOVE)
    leak_id = house.report(LEAK)
    wang, sun = house.phone("wang"), house.phone("sun")
    house.sync(wang, sun)
    jobs = [*wang.jobs(), *sun.jobs()]
    assert leak_id in {job.work_order_id for job in jobs}
    assert house.order(leak_id).technician_id == "wang"


def test_same_report_sent_twice_opens_one_order(house: House) -> None:
    """A double click, or a lost answer, is one order."""
    first = house.report({**LEAK, "ref": "call-1"})
    assert house.report({**LEAK, "ref": "call-1"}) == first


def test_report_without_a_place_is_taken_and_flagged(house: House) -> None:
    """Intake never waits for a map: somebody places the order by hand."""
    order_id = house.report({**LEAK, "lat": None, "lon": None})
    assert house.flags(order_id) == ["no_geocode"]
    assert house.order(order_id).state == "triaged"


def test_customer_of_the_archive_fills_the_gaps(house: House) -> None:
    """Customer Zhao's address and place need not be asked again."""
    order = house.order(house.report({"fault_kind": "stove_fault", "customer_id": "zhao"}))
    assert (order.address, order.lat, order.caller_name) == ("桃北中街218号3单元502室", 37.861, "赵敏")


def test_report_without_any_address_is_refused_with_both_texts(house: House) -> None:
    """Nobody can go to nowhere."""
    answer = house.lin.post("/api/v1/intake/reports", {"fault_kind": "gas_leak"})
    assert (answer.status_code, answer.json["code"]) == (400, "address_missing")
    assert set(answer.json["text"]) == {"zh_CN", "en"}
    assert all(answer.json["text"].values())


def test_assessing_stores_nothing_and_names_the_rule(house: House) -> None:
    """The agent sees the class while still asking."""
    answer = house.lin.post("/api/v1/intake/assess", {k: LEAK[k] for k in ("fault_kind", "location", "answers")})
    assert answer.json["priority"] == 1
    assert answer.json["advice"]
    assert house.lin.get("/api/v1/board").json["orders"] == []
