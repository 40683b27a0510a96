"""Who may do what: every route against every kind of caller, sign-in, codes, CSRF."""

from typing import Any

import msgspec
import pytest
import segno

from server import app as composition
from server.core.registry import Audience, Route
from shared import invitation, wire
from shared.machine import Role
from tests.server.device import Device
from tests.server.house import LEAK, PASSWORD, Console, House, Wire

ROUTES = composition.make_registry().routes
CALLERS = ("anonymous", "agent", "dispatcher", "admin", "device", "revoked device")
USERS = {"agent": "chen", "dispatcher": "lin", "admin": "admin"}
# Written down a second time on purpose: who loosens a route must change it here as well.
FOR_THE_DESK = {
    *(f"POST /api/v1/areas{rest}" for rest in ("", "/<area_id>", "/<area_id>/end")),
    *("GET /people", "POST /people/<deed>", "GET /quarantine", "POST /quarantine/<quarantine_id>/seen"),
    "GET /paper",
    "GET /api/v1/work-orders/<work_order_id>/voice-calls",
    *("POST /money/approval", "POST /money/damage", "POST /hazards/recheck", "POST /hazards/settle"),
    *("GET /messages", "POST /messages/retry"),
    "GET /api/v1/devices",
    "POST /api/v1/devices/codes",
    "POST /api/v1/devices/<device_id>/revoke",
    *(f"POST /api/v1/work-orders/<work_order_id>/{c}" for c in ("assign", "recall", "hold", "release", "cancel")),
    "POST /api/v1/work-orders/<work_order_id>/reopen",
    "GET /api/v1/work-orders/<work_order_id>/what-if/<technician_id>",
    "POST /api/v1/plan/budget",
    "POST /api/v1/absences/<absence_id>/end",
    *(f"POST /api/v1/technicians/<technician_id>/{c}" for c in ("absence", "absence/preview", "shift", "trace")),
    *(f"{verb} /api/v1/technicians/<technician_id>/messages" for verb in ("GET", "POST")),
    "POST /api/v1/storm",
    "POST /api/v1/storm/end",
    *(f"POST /api/v1/work-orders/<work_order_id>/{c}" for c in ("place", "lock", "window")),
    "POST /api/v1/work-orders/bulk",
    "POST /api/v1/work-orders/<work_order_id>/duplicate",
    "POST /api/v1/hazard-notices/<notice_id>/settle",
    "POST /api/v1/price-approvals/<approval_id>",
    "POST /api/v1/damages/<damage_id>/settle",
    "POST /api/v1/work-orders/<work_order_id>/take",
    *(f"POST /api/v1/devices/<device_id>/{c}" for c in ("lock", "unlock", "wipe")),
    "POST /api/v1/technicians/<technician_id>/test-push",
}
FOR_PHONES = {
    "POST /api/v1/sync",
    "GET /api/v1/position-views",
    "GET /api/v1/day-map",
    "POST /api/v1/uploads",
    "HEAD /api/v1/uploads/<sha256>",
    "PATCH /api/v1/uploads/<sha256>",
    "POST /api/v1/test-push",
    "POST /api/v1/evidence",
    "POST /api/v1/device/key",
}
FOR_ANYBODY = {
    "POST /api/v1/enrol",
    "GET /api/v1/prices",
    "GET /c/<document_id>/<token>",
    "GET /verify",
    "POST /api/v1/verify",
}


def path_of(route: Route) -> str:
    """Return the route's path with names of things that do not exist."""
    return route.rule.replace("<", "no-").replace(">", "")


def expected(route: Route, caller: str) -> set[int]:
    """Return the refusals of which the caller must get one; none when he may come in."""
    if route.audience is Audience.PUBLIC or (route.audience is Audience.DEVICE and caller == "device"):
        return set()
    if route.audience is Audience.DEVICE or caller not in USERS:
        return {401}
    return set() if Role(caller) in route.roles else {403}


def enter(house: House, caller: str) -> tuple[Console, dict[str, str]]:
    """Return the door that somebody stands at, and the headers he shows."""
    if caller in USERS:
        console = house.sign_in(USERS[caller])
        return console, {"X-CSRF-Token": console.token}
    if "device" not in caller:
        return Console(house.app), {}
    device = Device(house)
    if caller == "revoked device":
        house.lin.post(f"/api/v1/devices/{device.identity.device_id}/revoke")
    return Console(house.app), {"Authorization": f"Bearer {device.identity.token}"}


def ask(route: Route, door: tuple[Console, dict[str, str]]) -> Any:
    """Call a route through somebody's door, with an empty body."""
    console, headers = door
    body = b'{"v":1,"gen":"","cursor":0}' if route.audience is Audience.DEVICE else b"{}"
    return console.client.open(path_of(route), method=route.method, data=body, headers=headers)


@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_lets_in_whom_the_registry_names_and_nobody_else(house: House, caller: str) -> None:
    """Default deny, from the registry itself: no route can be forgotten here."""
    wrong, door = [], enter(house, caller)
    for route in ROUTES:
        status, refusals = ask(route, door).status_code, expected(route, caller)
        if status >= 500 or (status in refusals) != bool(refusals) or (not refusals and status in {401, 403}):
            wrong.append((route.endpoint, status))
    assert wrong == []


def test_registry_names_the_roles_that_were_agreed() -> None:
    """The desk's commands are no agent's, phones and consoles have doors of their own."""
    assert {r.endpoint for r in ROUTES if r.audience is Audience.DEVICE} == FOR_PHONES
    assert {r.endpoint for r in ROUTES if r.audience is Audience.PUBLIC} == FOR_ANYBODY
    console = [r for r in ROUTES if r.audience is Audience.CONSOLE]
    assert {r.endpoint for r in console if Role.AGENT not in r.roles} == FOR_THE_DESK


def test_change_without_a_csrf_token_is_refused(house: House) -> None:
    """A page of somebody else in Lin's browser cannot send anybody anywhere."""
    house.lin.token = "guessed"
    answer = house.lin.post("/api/v1/intake/reports", LEAK)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert house.lin.get("/api/v1/board").json["orders"] == []


def test_signing_in_without_a_csrf_token_is_refused(house: House) -> None:
    """Also the door itself."""
    form = {"user_name": "lin", "password": PASSWORD}
    assert Console(house.app).client.post("/sign-in", data=form).status_code == 403


def test_account_is_locked_after_ten_wrong_passwords_and_opens_again(house: House) -> None:
    """Guessing ends soon; the right password does not help until the time is over."""
    console = Console(house.app)
    statuses = [console.sign_in("lin", f"guess {i}") for i in range(10)]
    assert set(statuses) == {401}
    assert console.sign_in("lin") == 429
    house.clock.pass_ms(15 * 60_000 + 1)
    assert console.sign_in("lin") == 302


def test_unknown_name_is_answered_like_a_wrong_password(house: House) -> None:
    """Nobody learns who works here."""
    wrong, unknown = Console(house.app), Console(house.app)
    assert wrong.sign_in("lin", "guess") == unknown.sign_in("nobody", "guess") == 401


def test_signed_out_session_is_over(house: House) -> None:
    """The row is gone: an old cookie opens nothing."""
    console = house.sign_in("chen")
    assert console.get("/api/v1/me").status_code == 200
    console.client.post("/sign-out", data={"csrf_token": console.token})
    assert console.get("/api/v1/me").status_code == 401


def test_session_ends_with_the_shift(house: House) -> None:
    """A browser left open over night is signed out."""
    console = house.sign_in("chen")
    house.clock.pass_ms(14 * 3_600_000 + 1)
    assert console.get("/api/v1/me").status_code == 401


def enrol(house: House, code: str, public_key: str = "ab" * 32) -> tuple[int, Any]:
    """Redeem a code and return status and answer."""
    request = wire.EnrolRequest(code=code, public_key=public_key)
    reply = Wire(house.app).post("/api/v1/enrol", msgspec.json.encode(request), 0)
    return reply.status, msgspec.json.decode(reply.body)


def test_enrolment_code_works_once(house: House) -> None:
    """Whoever finds the slip of paper comes too late."""
    code = house.enrol_code("wang")
    assert enrol(house, code.lower())[0] == 200
    status, answer = enrol(house, code)
    assert (status, answer["code"]) == (400, "code_invalid")


def test_enrolment_code_ends_after_ten_minutes(house: House) -> None:
    """A code that nobody used is worth nothing."""
    code = house.enrol_code("wang")
    house.clock.pass_ms(10 * 60_000 + 1)
    status, answer = enrol(house, code)
    assert (status, answer["code"]) == (400, "code_expired")


@pytest.mark.parametrize("public_key", ["", "ab", "zz" * 32])
def test_enrolment_without_a_key_is_refused_and_keeps_the_code(house: House, public_key: str) -> None:
    """A phone that cannot seal is no phone; the code still stands for the next try."""
    code = house.enrol_code("wang")
    assert enrol(house, code, public_key)[0] == 400
    assert enrol(house, code)[0] == 200


def test_code_issued_at_the_desk_enrols_a_phone(house: House) -> None:
    """Lin shows a QR picture; the phone that reads it is Wang's."""
    issued = house.lin.post("/api/v1/devices/codes", {"technician_id": "wang"}).json
    assert "<svg" in issued["qr_svg"]
    status, answer = enrol(house, issued["code"])
    assert (status, answer["technician_name"]) == (200, "王建国")
    assert [d["technician_id"] for d in house.lin.get("/api/v1/devices").json["items"]] == ["wang"]


@pytest.mark.parametrize(
    ("host", "told"), [("gas.example.cn", "http://gas.example.cn/"), ("127.0.0.1:8080", ""), ("localhost", "")]
)
def test_picture_of_a_code_tells_the_servers_address_unless_it_is_the_desks_own_machine(
    house: House, monkeypatch: pytest.MonkeyPatch, host: str, told: str
) -> None:
    """A phone that scans has nothing to type; an address that means the phone itself is left out."""
    drawn: list[str] = []
    make, client = segno.make, house.lin.client

    def draw(text: str, **how: Any) -> Any:
        drawn.append(text)
        return make(text, **how)

    monkeypatch.setattr(segno, "make", draw)
    cookie = client.get_cookie(house.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    client.set_cookie(cookie.key, cookie.value, domain=host.partition(":")[0])
    issued = client.post(
        "/api/v1/devices/codes",
        json={"technician_id": "wang"},
        headers={"X-CSRF-Token": house.lin.token},
        base_url=f"http://{host}",
    )
    assert drawn == [invitation.write((issued.json or {})["code"], told)]


def test_new_phone_hears_of_the_jobs_that_its_technician_has(house: House) -> None:
    """Wang's old phone fell into the water with a leak on it."""
    order_id = house.report(LEAK)
    second = house.phone("wang", "second")
    house.sync(second)
    assert [job.work_order_id for job in second.jobs()] == [order_id]


def test_too_many_calls_are_refused_and_the_limit_has_a_text(house: House) -> None:
    """One caller cannot keep the door busy."""
    answers = [enrol(house, f"CODE{i:04}") for i in range(31)]
    assert answers[-1][0] == 429
    assert answers[-1][1]["code"] == "rate_limited"
    assert all(answers[-1][1]["text"].values())


def test_every_answer_carries_the_security_headers(house: House) -> None:
    """Pages, data and refusals alike."""
    for path in ("/sign-in", "/api/v1/board", "/no-such-page", "/healthz"):
        headers = Console(house.app).get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert headers["Cache-Control"] == "no-store"
