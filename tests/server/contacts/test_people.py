"""The administrator's pages: accounts, skills, instruments, shifts, the hours without anybody, unreadable facts."""

from __future__ import annotations

from typing import Any

import pytest

from server.accounts import duty
from server.accounts import repository as accounts
from server.core import journal
from server.sync.models import Quarantine
from shared import events
from tests.server.house import DAY_MS, HOME, HOUR_MS, MORNING_MS, Console, House


@pytest.fixture
def admin(house: House) -> Console:
    """Return the administrator, signed in."""
    return house.sign_in("admin")


def send(admin: Console, deed: str, **form: Any) -> Any:
    """Send one form of the people's page."""
    return admin.client.post(f"/people/{deed}", data={**form, "csrf_token": admin.token})


def wang(house: House) -> Any:
    """Return technician Wang's row."""
    return house.read(lambda s: accounts.get_technician(s, HOME, "wang"))


def test_people_are_shown_to_the_administrator_alone(house: House, admin: Console) -> None:
    """Wang's skills and instruments stand there; dispatcher Lin is refused."""
    page = admin.get("/people").text
    assert "王建国" in page
    assert "XP-1" in page
    assert "«" not in page
    assert house.lin.get("/people").status_code == 403
    assert house.lin.get("/quarantine").status_code == 403


def test_new_account_signs_in_and_a_taken_name_is_refused_in_words(house: House, admin: Console) -> None:
    """IN-07: agents for the night are hired without a command line."""
    form = {"user_name": "zhou", "name": "周夜", "role": "agent", "language": "zh_CN", "password": "long enough 1"}
    assert send(admin, "account", **form).status_code == 303
    assert Console(house.app).sign_in("zhou", "long enough 1") == 302
    refused = send(admin, "account", **form)
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text


@pytest.mark.parametrize(
    ("deed", "form"),
    [
        ("account", {"user_name": "a", "name": "b", "role": "technician", "language": "en", "password": "x" * 12}),
        ("account", {"user_name": "a", "name": "b", "role": "agent", "language": "en", "password": "short"}),
        ("technician", {"name": "甲", "home_lat": "91", "home_lon": "0"}),
        ("technician", {"name": "", "home_lat": "1", "home_lon": "1"}),
        ("skill", {"technician_id": "wang", "skill": "juggling", "until": "2027-01-01"}),
        ("instrument", {"technician_id": "wang", "serial": "X", "until": "soon"}),
        ("telephone", {"technician_id": "wang", "telephone": "ring me"}),
        ("shift", {"technician_id": "wang", "from": "x", "to": "y"}),
        ("shift", {"technician_id": "wang", "from": "2026-09-23T10:00", "to": "2026-09-23T09:00"}),
    ],
)
def test_nonsense_in_a_form_is_refused_above_the_page(admin: Console, deed: str, form: dict[str, str]) -> None:
    """The page comes back with the reason; nothing was saved."""
    answer = send(admin, deed, **form)
    assert answer.status_code == 400
    assert 'class="form-error"' in answer.text


def test_form_without_its_token_does_nothing(house: House, admin: Console) -> None:
    """Somebody else's page cannot send it."""
    answer = admin.client.post("/people/skill", data={"technician_id": "wang", "skill": "co", "until": ""})
    assert answer.status_code == 403
    assert "co" in {one["name"] for one in wang(house).skills}


def test_skill_that_ends_today_keeps_its_day_and_an_empty_day_takes_it_away(house: House, admin: Console) -> None:
    """TR-01: valid to the last minute of the local day."""
    send(admin, "skill", technician_id="wang", skill="co", until="2026-09-22")
    (co,) = [one for one in wang(house).skills if one["name"] == "co"]
    assert co["valid_until_ms"] == MORNING_MS + 14 * HOUR_MS - 1
    send(admin, "skill", technician_id="wang", skill="co", until="")
    assert "co" not in {one["name"] for one in wang(house).skills}


def test_instrument_out_of_calibration_is_marked(house: House, admin: Console) -> None:
    """PA-04: red after its day."""
    send(admin, "instrument", technician_id="wang", serial="GT-9", until="2026-09-21")
    assert {"serial": "GT-9", "valid_until": "2026-09-21"} in wang(house).instruments
    assert "GT-9 · 2026-09-21 <b>" in admin.get("/people").text


def test_hours_without_anybody_are_an_alarm_until_a_shift_covers_them(house: House, admin: Console) -> None:
    """IN-07, IN-08: after twenty days nobody has a shift; a night shift closes one gap."""
    assert 'class="gaps"' not in admin.get("/people").text
    house.clock.pass_ms(19 * DAY_MS + 18 * HOUR_MS)
    late, lin = house.sign_in("admin"), house.sign_in("lin")
    assert 'class="gaps"' in late.get("/people").text
    gap = lin.get("/api/v1/contacts/figures").json["duty_gap"]
    assert gap["from_ms"] == MORNING_MS + 20 * DAY_MS
    send(late, "shift", technician_id="sun", **{"from": "2026-10-12T10:00", "to": "2026-10-13T10:00"})
    assert lin.get("/api/v1/contacts/figures").json["duty_gap"] is None


@pytest.mark.parametrize(
    ("spans", "gaps"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(-5, 3), (2, 4), (6, 20)], [(4, 6)]),
        ([(2, 3), (5, 6)], [(0, 2), (3, 5), (6, 10)]),
        ([(12, 20)], [(0, 10)]),
    ],
)
def test_gaps_are_what_shifts_leave_uncovered(spans: list[tuple[int, int]], gaps: list[tuple[int, int]]) -> None:
    """Overlaps, shifts that began before and such that begin later."""
    assert duty.gaps_between(spans, 0, 10) == gaps


def test_unreadable_fact_is_shown_word_for_word_and_marked_as_seen(house: House, admin: Console) -> None:
    """Read only: marking it changes nothing of it, and stands in the journal."""
    raw = '{"type": "<b>quite new</b>"}'

    def keep(tx: Any) -> None:
        row = {"device_id": "d", "raw": raw, "raw_hash": "h", "reason": "unknown type", "at_ms": tx.now_ms}
        tx.session.add(Quarantine(id="q-1", branch_id=HOME, **row))

    house.write(keep)
    page = admin.get("/quarantine").text
    assert "&lt;b&gt;quite new" in page
    assert "unknown type" in page
    path = "/quarantine/q-1/seen"
    assert admin.client.post(path, data={"csrf_token": admin.token}).status_code == 303
    assert "管理员" in admin.get("/quarantine").text
    kept = house.read(lambda s: s.get(Quarantine, "q-1"))
    assert kept is not None
    assert kept.raw == raw
    assert len(house.read(lambda s: journal.list_of_type(s, HOME, events.FACT_LOOKED_AT))) == 1
