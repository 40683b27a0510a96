"""A leak that nobody accepts becomes louder until a human takes it: every rung once, whoever is killed or late."""

import functools
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

import shared
from server.accounts.models import Shift
from server.core import texts
from server.core.relay import Relay
from server.dispatch import ladder, offers
from server.dispatch import repository as dispatch
from server.escalation import rules
from shared import events, facts
from tests.server.device import Device
from tests.server.house import DAY_MS, HOME, HOUR_MS, LEAK, MORNING_MS, STOVE, House

RULES = rules.escalation_rules(MORNING_MS)
BRANCHES = """[ladders.loud]
rungs = []
forever = { after_s = 5, action = "siren" }
[branches]
branch-1 = "loud"
"""
STANDARD = RULES.ladders["standard"]


def rungs(house: House, order_id: str) -> list[str]:
    """Return the rungs that a leak has climbed, in their order."""
    return [e.data["step"] for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED]


def row(house: House, order_id: str) -> dict[str, Any]:
    """Return an order's row of the live board."""
    board = house.lin.get("/api/v1/board").json
    return next(o for o in board["orders"] if o["id"] == order_id)


def test_unaccepted_leak_climbs_every_rung_and_goes_on_for_ever(house: House) -> None:
    """Nobody ever accepts: each rung once at its time, then the last one again and again."""
    Device(house), Device(house, "sun")
    order_id = house.report(LEAK)
    house.pass_ms(300_000)
    assert rungs(house, order_id) == [rung.action for rung in STANDARD.rungs]
    house.pass_ms(60_000)
    house.pass_ms(60_000)
    assert rungs(house, order_id)[len(STANDARD.rungs) :] == ["siren", "siren"]


def test_server_that_was_down_for_hours_rings_once_and_not_for_every_minute_missed(house: House) -> None:
    """Nobody is called 420 times when the server is back after seven hours; the ladder goes on a minute later."""
    Device(house)
    order_id = house.report(LEAK)
    house.pass_ms(7 * 3_600_000)
    climbed = len(rungs(house, order_id))
    assert climbed <= len(STANDARD.rungs) + 1
    house.pass_ms(60_000)
    assert len(rungs(house, order_id)) == climbed + 1


def test_second_technician_is_asked_when_the_first_phone_is_lost(house: House) -> None:
    """Wang's phone has not even received the offer: Sun is asked at the first rung, Lin sees why."""
    Device(house), Device(house, "sun")
    order_id = house.report(LEAK)
    house.pass_ms(8_000)
    asked = [e for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED]
    assert asked[0].data["asked"] == ["sun"]
    assert ladder.UNREACHABLE in house.flags(order_id)


def test_leak_goes_at_once_to_the_next_reachable_when_the_nearest_phone_has_been_silent(house: House) -> None:
    """Wang is nearer, his phone was last heard of 91 s ago: Sun is asked in the same moment, Lin sees why."""
    Device(house)
    house.pass_ms(round(RULES.phone_silent_after_s * 1000) + 1_000)
    Device(house, "sun")
    order_id = house.report(LEAK)
    asked = house.read(lambda s: dispatch.list_live_of_order(s, order_id))
    assert {a.technician_id for a in asked} == {"wang", "sun"}
    assert {(a.epoch, a.offered_ms) for a in asked} == {(1, house.clock.now_ms())}
    assert rungs(house, order_id) == []
    assert offers.PHONE_SILENT in row(house, order_id)["flags"]


def test_leak_is_offered_to_one_alone_when_his_phone_was_heard_of_in_time(house: House) -> None:
    """Wang's phone is silent for exactly as long as it may be: he is asked alone, nothing is flagged."""
    Device(house)
    house.pass_ms(round(RULES.phone_silent_after_s * 1000))
    Device(house, "sun")
    order_id = house.report(LEAK)
    assert [a.technician_id for a in house.read(lambda s: dispatch.list_live_of_order(s, order_id))] == ["wang"]
    assert offers.PHONE_SILENT not in house.flags(order_id)


def test_parallel_offers_share_the_round_and_the_first_accept_wins(house: House) -> None:
    """Both are asked in one epoch; Sun is faster, Wang hears that it is over."""
    wang, sun = Device(house), Device(house, "sun")
    order_id = house.report(LEAK)
    wang.tell(order_id, facts.AssignmentDelivered(), "w-0")
    house.pass_ms(20_000)
    assert len({a.epoch for a in house.read(lambda s: dispatch.list_live_of_order(s, order_id))}) == 1
    assert sun.tell(order_id, facts.AssignmentAccepted(), "s-1").outcome == "applied"
    assert wang.tell(order_id, facts.AssignmentAccepted(), "w-1").outcome == "rejected"
    climbed = len(rungs(house, order_id))
    house.pass_ms(600_000)
    assert len(rungs(house, order_id)) == climbed


def test_busy_technician_who_may_turn_is_asked_by_the_ladder(house: House) -> None:
    """Sun is on her way to a stove: the leak that Wang ignores is offered to her too, with her consent."""
    wang, sun = Device(house), Device(house, "sun")
    stove = house.report(STOVE)
    for name, who in (("w", wang), ("s", sun)):
        who.call(who.event(stove, facts.AssignmentAccepted(), f"{name}-0"))
    house.drain()
    held = house.read(lambda s: dispatch.list_live_of_order(s, stove))
    order_id = house.report(LEAK)
    house.pass_ms(40_000)
    asked = {a.technician_id: a for a in house.read(lambda s: dispatch.list_live_of_order(s, order_id))}
    assert asked.keys() == {"wang", "sun"}
    assert [asked[a.technician_id].needs_consent for a in held if a.technician_id in asked] == [True]


def test_voice_calls_are_due_from_the_dispatchers_rung_on_and_name_the_nearest_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 60 s Lin sees whom to call: Wang is near, Sun off duty, the branch's supervisor; not who sits elsewhere."""
    zhou, qian = (rules.VoiceContact("supervisor", *one) for one in (("周", "139", (HOME,)), ("钱", "138", ("x",))))
    edition = msgspec.structs.replace(RULES, voice=(zhou, qian))
    monkeypatch.setattr(rules, "list_editions", lambda: ((), (edition,)))
    admin = house.sign_in("admin")
    form = {"technician_id": "wang", "telephone": "138 0000 0001", "csrf_token": admin.token}
    assert admin.client.post("/people/telephone", data=form).status_code == 303
    house.write(lambda tx: tx.session.execute(sa.delete(Shift).where(Shift.technician_id == "sun")))
    order_id = house.report(LEAK)
    house.pass_ms(59_000)
    assert row(house, order_id)["alarm"]["must_call"] is False
    house.pass_ms(1_000)
    assert row(house, order_id)["alarm"]["must_call"] is True
    calls = house.lin.get(f"/api/v1/work-orders/{order_id}/voice-calls").json["items"]
    assert [(c["kind"], c["name"], c["telephone"], c.get("is_on_duty")) for c in calls] == [
        ("technician", "王建国", "138 0000 0001", True),
        ("technician", "孙梅", "", False),
        ("supervisor", "周", "139", None),
    ]
    assert calls[0]["away_m"] < calls[1]["away_m"]


def test_dispatcher_takes_a_leak_by_name_and_the_siren_ends_everywhere(house: House) -> None:
    """Lin says "I take it": no further rung, her name on every console; a second dispatcher changes nothing."""
    order_id = house.report(LEAK)
    house.pass_ms(60_000)
    assert row(house, order_id)["alarm"]["siren_ms"] is not None
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/take", {}).json["is_mine"] is True
    assert house.sign_in("admin").post(f"/api/v1/work-orders/{order_id}/take", {}).json["is_mine"] is False
    climbed = len(rungs(house, order_id))
    house.pass_ms(600_000)
    assert len(rungs(house, order_id)) == climbed
    assert row(house, order_id)["alarm"]["taken_by"] == "林静"
    taken = [e.data["by"] for e in house.events(order_id) if e.type == events.LEAK_TAKEN]
    assert taken == ["林静"]


def test_leak_climbs_again_when_it_loses_its_technician(house: House) -> None:
    """Wang accepted and was called back: the ladder begins anew with the next round."""
    wang = Device(house)
    order_id = house.report(LEAK)
    wang.tell(order_id, facts.AssignmentAccepted(), "w-1")
    order = house.order(order_id)
    house.lin.post(f"/api/v1/work-orders/{order_id}/recall", {"ver": order.ver, "reason": "needed elsewhere"})
    house.drain()
    before = len(rungs(house, order_id))
    house.pass_ms(60_000)
    assert len(rungs(house, order_id)) > before


def test_leak_without_anybody_qualified_climbs_too(house: House) -> None:
    """Nobody can be offered it: the siren and the dispatcher's call come all the same."""
    for technician_id in ("wang", "sun"):
        url = f"/api/v1/technicians/{technician_id}/absence"
        house.lin.post(url, {"reason": "ill"})
    house.drain()
    order_id = house.report(LEAK)
    house.pass_ms(60_000)
    assert rungs(house, order_id).count("siren") >= 2


def test_late_worker_catches_up_and_two_workers_climb_no_rung_twice(house: House) -> None:
    """The worker was dead for five minutes, then two come back at once: every rung exactly once."""
    order_id = house.report(LEAK)
    house.clock.pass_ms(300_000)
    other = Relay(house.uow, house.reactions, house.duties, "worker-1")
    for _ in range(30):
        house.relay.run_once()
        other.run_once()
    assert rungs(house, order_id) == [rung.action for rung in STANDARD.rungs]
    climbed = [e.data["rung"] for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED]
    assert climbed == list(range(len(STANDARD.rungs)))


def test_leak_that_the_desk_holds_is_silent_and_climbs_again_when_released(house: House) -> None:
    """Lin holds it with a reason: nothing climbs; she releases it, and nobody has it once more."""
    order_id = house.report(LEAK)
    path = f"/api/v1/work-orders/{order_id}"
    house.lin.post(f"{path}/hold", {"ver": house.order(order_id).ver, "reason": "gas shut off in the street"})
    house.drain()
    house.pass_ms(300_000)
    assert rungs(house, order_id) == []
    house.lin.post(f"{path}/release", {"ver": house.order(order_id).ver, "reason": ""})
    house.drain()
    house.pass_ms(60_000)
    assert "siren" in rungs(house, order_id)


def test_new_edition_stands_from_its_first_day_and_a_climbing_leak_ends_on_its_own(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The company has an own ladder from tomorrow on: today's leak climbs the old one over midnight, the next one not.

    Two branches, two ladders; before the first day of all editions the first one stands.
    """
    shipped = (Path(shared.__file__).parent / "catalog" / "escalation-2026.toml").read_text()
    own = shipped.replace("effective_from = 2026-01-01", "effective_from = 2026-09-23").replace("[branches]", BRANCHES)
    (tmp_path / "escalation-autumn.toml").write_text(own)
    monkeypatch.setattr(texts, "_own_catalog", [tmp_path])
    monkeypatch.setattr(rules, "list_editions", functools.cache(rules.list_editions.__wrapped__))
    midnight_ms = MORNING_MS + 14 * HOUR_MS
    assert rules.escalation_rules(midnight_ms - 1) == RULES
    assert rules.escalation_rules(MORNING_MS - 9000 * DAY_MS) == RULES
    house.clock.pass_ms(14 * HOUR_MS - 10_000)
    old = house.report(LEAK)
    house.pass_ms(20_000)
    new = house.report({**LEAK, "address": "建设路1号"})
    for _ in range(12):
        house.pass_ms(5_000)
    assert (rungs(house, old)[:3], rungs(house, new)[:2]) == (
        [r.action for r in STANDARD.rungs][:3],
        ["siren", "siren"],
    )
    assert rules.ladder_of("branch-2", midnight_ms) == STANDARD


def test_stranger_cannot_take_a_leak(house: House) -> None:
    """Qian sits in another branch: for him the order does not exist; the hotline agent may not take it either."""
    order_id = house.report(LEAK)
    assert house.sign_in("qian").post(f"/api/v1/work-orders/{order_id}/take", {}).status_code == 404
    assert house.sign_in("chen").post(f"/api/v1/work-orders/{order_id}/take", {}).status_code == 403
    assert house.read(lambda s: dispatch.list_live(s, HOME)) != []
