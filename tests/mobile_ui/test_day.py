"""A technician's day by touch, offline: shift, parts, photos, remaining time, closed door, help, another odour."""

from pathlib import Path
from typing import Any

import pytest

from deploy import phone_tour
from deploy.screenshots_phone import PlayedServer
from mobile.actions import duty
from shared import facts, wire
from tests.mobile_ui.hand import Hand

pytestmark = pytest.mark.kivy
STOVE = "wo-2"


def told(server: PlayedServer) -> list[str]:
    """Return the names of what the server has taken."""
    return [event["body"]["type"] for event in server.taken]


def go_to_the_door(hand: Hand, order: str) -> None:
    """Stand at a job."""
    for command in ("accept_assignment", "depart", "arrive"):
        hand.phone.act(command, order)
    hand.ui.go("job_detail", job=order)


def write(hand: Hand, number: int, text: str) -> None:
    """Write into a field of the page."""
    hand.ui.page.fields[number].text = text


def test_shift_begins_with_instruments_van_and_fitness(hand: Any, server: PlayedServer) -> None:
    """Wang opens the shift from the list, adds an instrument and a hose, declares himself fit, and starts."""
    hand.touch(hand.find_row(hand.t("phone.shift_not_started")))
    assert hand.find_button(hand.t("phone.start_shift")).disabled
    hand.tap(hand.t("phone.fit"))
    hand.touch(hand.find_row(hand.t("phone.instruments")))
    write(hand, 0, "CO-117")
    write(hand, 2, "31.12.2027")
    hand.tap(hand.t("phone.add_instrument"))
    assert hand.t("phone.date_wrong") in hand.texts()
    write(hand, 2, "2027-12-31")
    hand.tap(hand.t("phone.add_instrument"))
    hand.tap(hand.t("phone.done"))
    hand.touch(hand.find_row(hand.t("phone.van_stock")))
    hand.tap("金属波纹软管")
    write(hand, 0, "L-88")
    hand.tap(hand.t("phone.add"))
    hand.tap("+")
    hand.tap(hand.t("phone.done"))
    hand.tap(hand.t("phone.start_shift"))
    assert hand.ui.name == "job_list"
    hand.phone.sync_once()
    body = next(event["body"] for event in server.taken if event["body"]["type"] == "shift_started")
    assert body["is_fit"]
    assert [item["serial"] for item in body["instruments"]] == ["GT-201", "CO-117"]
    assert body["stock"] == [{"part": "hose_metal_1_5_m", "lot": "L-88", "quantity": 2}]


def test_parts_photo_and_remaining_time_are_told_and_delivered(hand: Any, server: PlayedServer, tmp_path: Path) -> None:
    """At the stove Wang tells how long, takes a hose and a picture; offline it says saved, after the sync delivered."""
    kit = hand.phone.own.kit()
    hand.phone.own.set_kit(type(kit)(instruments=kit.instruments, stock=phone_tour.STOCK))
    go_to_the_door(hand, STOVE)
    hand.tap(hand.t("phone.minutes", count=30))
    assert "30" in hand.texts()
    hand.touch(hand.find_row(hand.t("phone.parts_used", count=0)))
    hand.tap("+")
    hand.tap(hand.t("phone.to_job"))
    hand.touch(hand.find_row(hand.t("phone.photos", count=0)))
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    write(hand, 0, str(tmp_path / "missing.png"))
    hand.tap(hand.t("phone.take_photo"))
    assert any(hand.t("error.file_invalid", sha256="", size_bytes=0)[:4] in text for text in hand.texts())
    write(hand, 0, str(picture))
    hand.tap(hand.t("phone.take_photo"))
    assert hand.t("phone.photo_waits") in hand.texts()
    hand.ui.go("sync_status")
    assert hand.t("phone.saved") in hand.texts()
    hand.tap(hand.t("phone.sync_now"))
    hand.phone.sync_once()
    hand.ui.rebuild()
    assert hand.t("phone.nothing_waits") in hand.texts()
    assert {"remaining_time_estimated", "part_used", "photo_taken"} <= set(told(server))


def test_closed_door_is_recorded_with_its_proofs(hand: Any, server: PlayedServer) -> None:
    """Nobody opens at the stove: a reason, two rungs of the ladder, and the order waits in a state of its own."""
    go_to_the_door(hand, STOVE)
    hand.tap(hand.t("phone.other"))
    hand.touch(hand.find_row(hand.t("phone.no_access")))
    assert hand.find_button(hand.t("phone.record_no_access")).disabled
    hand.tap(hand.t("no_access.nobody_home"))
    hand.tap_step("敲门两次（不按门铃）")
    hand.tap_step("打过用户电话")
    hand.tap(hand.t("phone.record_no_access"))
    assert hand.ui.name == "job_list"
    hand.phone.sync_once()
    body = server.taken[-1]["body"]
    assert (body["type"], body["reason"], body["proofs"]) == (
        "no_access_recorded",
        "nobody_home",
        ["knocked", "phoned"],
    )


def test_centre_is_asked_and_its_advice_stands_at_the_job(hand: Any, server: PlayedServer) -> None:
    """Wang asks for advice and stays; the centre's answer comes to the same page; then he hands the job over."""
    go_to_the_door(hand, STOVE)
    hand.touch(hand.find_row(hand.t("phone.ask_centre")))
    hand.tap(hand.t("phone.hard_equipment"))
    hand.tap(hand.t("phone.ask_advice"))
    assert hand.t("phone.saved") in hand.texts()
    server.messages = (wire.DeskMessage(id="m9", at_ms=1, sender="林静", text="换下电池再试", work_order_id=STOVE),)
    hand.phone.sync_once()
    hand.ui.rebuild()
    assert "换下电池再试" in hand.texts()
    hand.tap(hand.t("phone.hand_over"))
    hand.phone.sync_once()
    names = told(server)
    assert names.index("message_sent") < names.index("engineering_requested")
    assert {"message_delivered", "message_read"} <= set(names)


def test_another_odour_is_judged_offline_and_goes_out_first(hand: Any) -> None:
    """Gas in the next stairwell: the shared rules say at once what to do; the report is queued before all else."""
    hand.ui.go("menu")
    hand.touch(hand.find_row(hand.t("phone.odour")))
    write(hand, 0, "德胜街66号7单元")
    hand.tap(hand.t("option.strong"))
    hand.tap(hand.t("phone.report_now"))
    assert hand.t("phone.odour_told") in hand.texts()
    assert any(hand.t("priority.1") in text for text in hand.texts())
    body = hand.phone.pending("")[-1].event.body
    assert isinstance(body, facts.OdourReported)
    assert (body.address, body.answers["smell_strength"]) == ("德胜街66号7单元", "strong")


def test_timer_runs_on_while_the_screen_is_left(hand: Any) -> None:
    """A standing time is started, the screen left, another one opened: the row says that it runs, the time is whole."""
    go_to_the_door(hand, STOVE)
    protocol, step = next(
        (p, s) for p in hand.phone.protocols(STOVE) for s in p.steps if s.kind == "timer" and s.only_if is None
    )
    where = {"job": STOVE, "protocol": protocol.ref, "step": step.id}
    hand.ui.go("step", **where)
    hand.tap(hand.t("phone.start_timer"))
    hand.ui.home()
    hand.phone.clock.at_ms += 42_000
    hand.ui.go("protocol", job=STOVE, protocol=protocol.ref)
    assert hand.t("phone.timer_runs", time="00:42") in hand.texts()
    hand.ui.go("step", **where)
    hand.tap(hand.t("phone.stop_timer"))
    body = hand.phone.pending(STOVE)[-1].event.body
    assert (body.step, body.elapsed_ms) == (step.id, 42_000)


def test_position_is_paused_with_one_tap(hand: Any) -> None:
    """Wang pauses his position; the phone says so and sends none."""
    hand.ui.go("position_log", asked=True, state="")
    hand.tap(hand.t("phone.location_pause"))
    assert hand.t("phone.location_paused") in hand.texts()
    assert hand.phone.engine.gate.is_paused


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_refused_position_is_told_in_words(hand: Any, language: str) -> None:
    """The service was refused the place: the screen says so and what helps, until it is granted."""
    hand.ui.choose_language(language)
    duty.start_shift(hand.phone.desk, is_fit=True, instruments=(), stock=())
    hand.phone.engine.gate.note_trouble(is_troubled=True)
    hand.ui.go("position_log", asked=True, state="")
    assert hand.t("phone.location_trouble") in hand.texts()
    assert "«" not in hand.t("phone.location_trouble")
    hand.phone.engine.gate.note_trouble(is_troubled=False)
    hand.ui.rebuild()
    assert hand.t("phone.location_on") in hand.texts()
