"""The sync call: evidence is kept once and never refused, intents are decided, jobs come and go."""

import msgspec

from server.core import journal
from server.reports import verification
from server.sync import repository as sync
from server.sync.models import Quarantine
from server.visits import repository as visits
from server.work_orders import repository as work_order_rows
from server.work_orders import service as work_orders
from shared import events, facts
from tests.server.device import Device
from tests.server.house import ELSEWHERE, HOME, LEAK, STOVE, House

NOTE = facts.NoteAdded(text="表前阀已关")


def quarantine(house: House) -> list[Quarantine]:
    """Return what waits for a person."""
    return house.read(lambda s: sync.list_quarantine(s, HOME))


def notes(house: House, order_id: str) -> list[str]:
    """Return the bodies of the notes that are kept as evidence."""
    return [e.body for e in house.read(lambda s: visits.list_evidence(s, order_id)) if e.type == "note_added"]


def test_event_sent_twice_is_kept_once(house: House) -> None:
    """A lost answer makes the phone send again: the repeat is a duplicate, the evidence is one row."""
    order_id, wang = house.report(LEAK), Device(house)
    assert wang.tell(order_id, NOTE, "event-1").outcome == "applied"
    assert wang.tell(order_id, NOTE, "event-1").outcome == "duplicate"
    assert len(notes(house, order_id)) == 1


def test_same_event_twice_in_one_call_is_kept_once(house: House) -> None:
    """Also when both copies come together."""
    order_id, wang = house.report(LEAK), Device(house)
    raw = wang.event(order_id, NOTE)
    assert [r.outcome for r in wang.call(raw, raw).results] == ["applied", "duplicate"]
    assert len(notes(house, order_id)) == 1


def test_same_id_with_other_content_is_quarantined_and_the_first_stands(house: House) -> None:
    """Nobody rewrites evidence under an old id; what he sent is kept for a person to look at."""
    order_id, wang = house.report(LEAK), Device(house)
    wang.tell(order_id, NOTE, "event-1")
    result = wang.tell(order_id, facts.NoteAdded(text="什么都没有"), "event-1")
    assert (result.outcome, result.code) == ("quarantined", "event_id_reused")
    assert [msgspec.json.decode(body)["text"] for body in notes(house, order_id)] == ["表前阀已关"]
    assert "什么都没有" in quarantine(house)[0].raw


def test_unreadable_event_is_quarantined_with_both_texts_and_holds_nothing_up(house: House) -> None:
    """The event behind it is applied in the same call; the unreadable one is kept to the letter."""
    order_id, wang = house.report(LEAK), Device(house)
    answer = wang.call(b'{"id": "event-0", "dseq": "first"}', wang.event(order_id, NOTE))
    assert [(r.id, r.outcome) for r in answer.results] == [("event-0", "quarantined"), ("event-1", "applied")]
    assert all(answer.results[0].text[lang] for lang in ("zh_CN", "en"))
    assert [row.raw for row in quarantine(house)] == ['{"id": "event-0", "dseq": "first"}']


def test_unreadable_event_sent_again_is_quarantined_once(house: House) -> None:
    """A phone that did not hear the answer does not fill the list."""
    wang = Device(house)
    for _ in range(2):
        assert wang.call(b'{"id": "event-0"}').results[0].outcome == "quarantined"
    assert len(quarantine(house)) == 1


def test_fact_for_an_unknown_order_is_quarantined(house: House) -> None:
    """Evidence without an order is still evidence."""
    order_id, wang = house.report(LEAK), Device(house)
    result = wang.call(wang.event(order_id, NOTE, work_order_id="no-such-order")).results[0]
    assert (result.outcome, result.code) == ("quarantined", "order_not_here")
    assert len(quarantine(house)) == 1


def test_fact_of_a_technician_who_never_had_the_order_is_quarantined(house: House) -> None:
    """Sun was never sent there: what his phone tells moves nothing."""
    order_id, sun = house.report(LEAK), Device(house, "sun")
    assert sun.tell(order_id, facts.Arrived(), "event-1").outcome == "quarantined"
    assert house.order(order_id).state == "offered"


def test_fact_after_a_recall_is_filed_late_and_kept(house: House) -> None:
    """Wang was offline when the job was taken back: what he did there is kept and flagged, and moves nothing."""
    order_id, wang = house.report(LEAK), Device(house)
    wang.tell(order_id, facts.AssignmentAccepted(), "event-1")
    raw = wang.event(order_id, facts.Arrived(), "event-2")
    order = house.order(order_id)
    house.lin.post(f"/api/v1/work-orders/{order_id}/recall", {"ver": order.ver, "reason": "nearer crew"})
    result = wang.call(raw).results[0]
    assert (result.outcome, result.flags) == ("filed_late", ("late",))
    assert "late" in house.flags(order_id)
    assert {e.type for e in house.read(lambda s: visits.list_evidence(s, order_id))} == {"arrived"}
    assert house.order(order_id).state != "on_site"


def test_accept_after_another_accepted_is_rejected_with_both_texts(house: House) -> None:
    """Two phones were asked: the second hears who was first, in both languages, and always the same word."""
    order_id, wang, sun = ask_both(house)
    assert wang.tell(order_id, facts.AssignmentAccepted(), "event-1").outcome == "applied"
    late = sun.event(order_id, facts.AssignmentAccepted(), "event-2")
    first, again = sun.call(late).results[0], sun.call(late).results[0]
    assert first.outcome == "rejected"
    assert all(first.text[lang] for lang in ("zh_CN", "en"))
    assert (again.code, again.text) == (first.code, first.text)
    assert house.order(order_id).technician_id == "wang"


def test_first_accept_of_a_parallel_offer_wins_and_the_other_job_goes(house: House) -> None:
    """The leak leaves the slower phone."""
    order_id, wang, sun = ask_both(house)
    assert [c.work_order_id for c in sun.call().changes if c.job] == [order_id]
    sun.tell(order_id, facts.AssignmentAccepted(), "event-1")
    house.drain()
    gone = [c for c in wang.call().changes if c.work_order_id == order_id][-1]
    assert (gone.gone, gone.job) == (True, None)
    assert (house.order(order_id).state, house.order(order_id).technician_id) == ("assigned", "sun")


def ask_both(house: House) -> tuple[str, Device, Device]:
    """Leave a leak unanswered until both technicians are asked."""
    wang, sun = Device(house, "wang"), Device(house, "sun")
    order_id = house.report(LEAK)
    house.pass_ms(45_000)
    return order_id, wang, sun


def test_facts_that_come_with_a_refused_accept_and_repeats_are_all_kept_in_their_order(house: House) -> None:
    """Hours of work in one call: the accept comes too late, one note is known, one is there twice; all have a word."""
    order_id, wang, sun = ask_both(house)
    wang.tell(order_id, facts.AssignmentAccepted(), "event-0")
    sun.tell(order_id, NOTE, "event-1")
    first, last = (sun.event(order_id, facts.NoteAdded(text=f"第{n}条"), f"event-{n}") for n in (2, 4))
    late = sun.event(order_id, facts.AssignmentAccepted(), "event-3")
    answer = sun.call(sun.event(order_id, NOTE, "event-1"), first, late, last, last)
    assert [(r.id, r.outcome) for r in answer.results] == [
        ("event-1", "duplicate"),
        ("event-2", "filed_late"),
        ("event-3", "rejected"),
        ("event-4", "filed_late"),
        ("event-4", "duplicate"),
    ]
    assert sorted(msgspec.json.decode(body)["text"] for body in notes(house, order_id)) == [
        "第2条",
        "第4条",
        "表前阀已关",
    ]
    assert house.order(order_id).technician_id == "wang"


def test_hours_of_work_in_one_call_are_one_visit(house: House) -> None:
    """Every note is a fact of its own, the visit holds them all, and the journal tells of each in its order."""
    order_id, wang = house.report(LEAK), Device(house)
    texts = [f"第{n}条" for n in range(12)]
    answer = wang.call(*(wang.event(order_id, facts.NoteAdded(text=t), f"event-{t}") for t in texts))
    assert {r.outcome for r in answer.results} == {"applied"}
    assert len(notes(house, order_id)) == len(texts)
    (visit,) = house.read(lambda s: visits.list_visits(s, order_id))
    assert visit.state["notes"] == texts
    told = house.read(lambda s: journal.list_history(s, order_id))
    assert [e.data["event_id"] for e in told if e.type == events.FACT_RECORDED] == [f"event-{t}" for t in texts]
    assert house.read(verification.list_problems) == []


def test_recalled_job_leaves_the_phone(house: House) -> None:
    """Lin takes the job back: Wang's list is empty after the next call."""
    wang, order_id = house.phone("wang"), house.report(LEAK)
    house.sync(wang)
    order = house.order(order_id)
    house.lin.post(f"/api/v1/work-orders/{order_id}/hold", {"ver": order.ver, "reason": "customer away"})
    house.drain()
    house.sync(wang)
    assert wang.jobs() == ()
    assert wang.is_gone(order_id)


def test_decline_gives_the_leak_to_the_next(house: House) -> None:
    """Wang cannot go: the leak is on Sun's phone at once."""
    wang, sun, order_id = Device(house), Device(house, "sun"), house.report(LEAK)
    assert wang.tell(order_id, facts.AssignmentDeclined(reason="van broken"), "event-1").outcome == "applied"
    assert [c.work_order_id for c in sun.call().changes if c.job] == [order_id]


def test_wrong_generation_asks_the_phone_to_start_over(house: House) -> None:
    """After a restore the phone must not trust its cursor."""
    wang = Device(house)
    house.report(LEAK)
    answer = wang.call(gen="another life")
    assert answer.reset
    assert answer.gen == "g1"


def test_bad_position_holds_no_fact_up(house: House) -> None:
    """A GPS point outside the earth is dropped, the good one and the fact count."""
    order_id, wang = house.report(LEAK), Device(house)
    now_ms = house.clock.now_ms()
    good = msgspec.json.encode({"at_ms": now_ms, "lat": 37.87, "lon": 113.58})
    bad = msgspec.json.encode({"at_ms": now_ms, "lat": 137.87, "lon": 113.58})
    answer = wang.call(wang.event(order_id, NOTE), positions=(bad, good))
    assert answer.results[0].outcome == "applied"
    rows = {t["id"]: t for t in house.lin.get("/api/v1/board").json["technicians"]}
    assert (rows["wang"]["lat"], rows["wang"]["lon"]) == (37.87, 113.58)


def test_more_events_than_one_call_takes_are_refused(house: House) -> None:
    """A phone sends in portions."""
    order_id, wang = house.report(STOVE), Device(house)
    raws = [wang.event(order_id, NOTE, f"event-{i}") for i in range(51)]
    request = {"v": 1, "gen": "g1", "cursor": 0, "events": [msgspec.json.decode(raw) for raw in raws]}
    reply = wang.line.post("/api/v1/sync", msgspec.json.encode(request), 0)
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (400, "too_many_events")


def test_revoked_phone_is_refused_and_told_so(house: House) -> None:
    """A stolen phone's next call ends at the door."""
    wang = Device(house)
    assert house.lin.post(f"/api/v1/devices/{wang.identity.device_id}/revoke").status_code == 200
    reply = wang.line.post("/api/v1/sync", b'{"v":1,"gen":"g1","cursor":0}', 0)
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (401, "device_revoked")


def test_strangers_branch_does_not_see_the_order(house: House) -> None:
    """Qian's branch answers as if the order were not there, to reading and to commands."""
    order_id, qian = house.report(LEAK), house.sign_in("qian")
    path = f"/api/v1/work-orders/{order_id}"
    assert [qian.get(p).status_code for p in (path, f"{path}/candidates", f"/records/{order_id}")] == [404] * 3
    for command in ("recall", "hold", "cancel"):
        assert qian.post(f"{path}/{command}", {"ver": 1, "reason": "x"}).status_code == 404
    assert qian.post(f"{path}/assign", {"ver": 1, "technician_id": "wang"}).status_code == 404
    assert qian.get("/api/v1/board").json["orders"] == []
    assert qian.get("/api/v1/customers?query=138").json["items"] == []
    assert house.read(lambda s: sync.list_quarantine(s, ELSEWHERE)) == []


def test_flag_for_the_desk_leaves_the_version_that_the_phone_knows(house: House) -> None:
    """A picture looks familiar: Lin sees a flag, and Wang's phone holds the order as it stands."""
    wang, order_id = Device(house), house.report(LEAK)
    known = [change.job for change in wang.call().changes if change.job]
    house.write(lambda tx: work_orders.flag(tx, work_order_rows.lock_order(tx.session, HOME, order_id), "familiar"))
    assert "familiar" in house.flags(order_id)
    assert [house.order(order_id).ver] == [job.ver for job in known]
    assert wang.call().changes == ()
