"""The company that is looked at: a demo day held in its morning, with everything on it that a page can show."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import requests
from flask import Flask
from werkzeug.exceptions import HTTPException

from deploy.demo import autopilot
from deploy.demo.cast import Truth
from deploy.demo.desk import HotlineDesk
from deploy.demo.runner import Runner
from deploy.demo.technician import Technician
from server import app as composition
from server import processes
from server.core.settings import Settings
from shared.errors import DomainError

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_NEAR: Final = 0.0009  # degrees, about 100 m
_TRUTH: Final = Truth(duration_s=600, outcome="done")
_BROKEN: Final = "/broken"
# Files and what programs ask for; the language's address only leads back.
_NO_PAGES: Final = (
    "/api/",
    "/static/",
    "/files/",
    "/c/",
    "/documents/",
    "/healthz",
    "/readyz",
    "/run/",
    "/language/",
    "/favicon.ico",
)
_DEEDS: Final = ("see_assignment", "accept_assignment", "depart", "arrive")
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')
_POINTS: Final = ((100, 500, 0), (200, 300, 40), (400, 700, 80), (600, 300, 120), (800, 500, 160))
_STROKES: Final = json.dumps([{"points": _POINTS}])
_COMING: Final = frozenset({"accepted", "en_route"})
_THERE: Final = frozenset({"arrived", "working"})


@dataclasses.dataclass
class Stage:
    """Where the server is, who asks it, and the places of the tour by name: ids and paths."""

    url: str
    desk: HotlineDesk
    runner: Runner
    app: Flask
    places: dict[str, str] = dataclasses.field(default_factory=dict)
    centre: tuple[float, float] = (0.0, 0.0)

    def board(self) -> dict[str, Any]:
        """Return the live board."""
        return self.desk.get("/api/v1/board")

    def report(self, fault_kind: str, **more: Any) -> str:
        """Take a report in; return the order's id. Without a window of its own it is for tomorrow, so nobody goes."""
        start_ms = int(self.board()["at_ms"]) + _DAY_MS
        window = {"window_start_ms": start_ms, "window_end_ms": start_ms + 2 * _HOUR_MS}
        place = {"lat": self.centre[0], "lon": self.centre[1], "location": "kitchen"}
        timed = {} if fault_kind.startswith("gas") else window
        return str(self.desk.report({"fault_kind": fault_kind, **place, **timed, **more})["work_order_id"])

    def leak(self, address: str, **more: Any) -> str:
        """Report a leak that nobody has taken yet."""
        answers = {"smell_strength": "strong", "hissing_sound": True, "vulnerable_present": True}
        return self.report("gas_leak", address=address, answers=answers, **more)

    def take_leaks(self) -> None:
        """Let Lin take every leak that still sounds, so that other pictures are calm."""
        for order in self.board()["orders"]:
            alarm = order["alarm"]
            if alarm is not None and (alarm["is_climbing"] or alarm["taken_ms"] is None):
                self.desk.post(f"/api/v1/work-orders/{order['id']}/take", {})

    def broken(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """Answer like the server when it meets a fault of its own: the same app, in this process."""
        kept = {key: value for key, value in headers.items() if key.lower() in {"accept", "cookie"}}
        answer = self.app.test_client(use_cookies=False).get(_BROKEN, headers=kept)
        return {"status": answer.status_code, "headers": dict(answer.headers), "body": answer.data}

    def list_pages(self) -> list[str]:
        """Return the rules of all pages that a person can open: no API, no files, nothing for other programs."""
        rules = (rule for rule in self.app.url_map.iter_rules() if "GET" in (rule.methods or ()))
        return sorted({rule.rule for rule in rules if not rule.rule.startswith(_NO_PAGES)} - {_BROKEN})

    def find_page(self, path: str) -> str | None:
        """Return the rule of the page that a path opens."""
        try:
            rule, _ = self.app.url_map.bind("").match(path, method="GET", return_rule=True)
        except HTTPException:
            return None
        return rule.rule

    def link(self, work_order_id: str) -> str:
        """Return the path of a customer's page."""
        return str(self.desk.get(f"/api/v1/work-orders/{work_order_id}/link")["path"])


def set_up(runner: Runner, settings: Settings) -> Stage:
    """Return the stage with its places. Raises LookupError when the morning lacks something that must be shown."""
    url = runner.children.url
    stage = Stage(url, HotlineDesk(url, "lin"), runner, _make_app(settings))
    stage.centre = tuple(stage.desk.get("/api/v1/me")["branch"]["center"])
    _fill(stage)
    board = stage.board()
    _find_orders(stage, board)
    _find_customers_pages(stage)
    stage.take_leaks()
    return stage


def _make_app(settings: Settings) -> Flask:
    """Return the server's app with one page more, which fails."""
    app = composition.make_app(processes.make_services(settings), composition.make_registry())

    def fail() -> str:
        raise RuntimeError("this page fails so that its picture can be taken")

    app.add_url_rule(_BROKEN, view_func=fail)
    return app


def _fill(stage: Stage) -> None:
    """Bring about what the morning may lack: smelling homes, an outage, a complaint, a raw event, a signature."""
    for number, street in enumerate(("环城路8号", "环城路10号")):
        place = {"address": street, "lat": stage.centre[0] + 0.006 + number * _NEAR, "lon": stage.centre[1] + 0.006}
        stage.report("gas_odour", location="stairwell", answers={"smell_strength": "faint"}, **place)
    _draw_area(stage)
    for fault, address in (
        ("heater_fault", "学院路12号"),
        ("stove_fault", "学院路14号"),
        ("meter_fault", "学院路16号"),
    ):
        stage.places[fault] = stage.report(fault, address=address, description="<b>火焰发黄</b>,请师傅带上配件")
    _talk(stage)
    view = {"filter": "all", "text": "", "priorities": [1, 2]}
    stage.desk.post("/api/v1/queue-views", {"name": "漏气与紧急", "query": view})
    resting = next(one["id"] for one in stage.board()["technicians"] if one["state"] == "off_shift")
    stage.desk.post(f"/api/v1/technicians/{resting}/absence", {"reason": "ill", "note": "发烧,明天复诊"})
    _send_garbage(stage)
    _sign_at_a_distance(stage)
    stage.places["there"] = _send_somebody(stage, _DEEDS)[0]
    _send_somebody(stage, _DEEDS[:3])  # a leak may turn him away again: who is on his way is looked up at the end


def _send_somebody(stage: Stage, deeds: tuple[str, ...]) -> tuple[str, Technician]:
    """Report a stove, give it to who is free, and let his phone do what he would do; return order and technician.

    Raises LookupError when nobody can go.
    """
    board = stage.board()
    busy = {row["id"]: row["state"] != "available" for row in board["technicians"]}
    start_ms = int(board["at_ms"])
    window = {"window_start_ms": start_ms, "window_end_ms": start_ms + 4 * _HOUR_MS}
    order_id = stage.report("stove_fault", address="和平路30号", **window)
    items = stage.desk.get(f"/api/v1/work-orders/{order_id}/candidates")["items"]
    able = [one["technician_id"] for one in items if one["reason_code"] is None]
    for technician_id in sorted(able, key=lambda i: busy[i]):
        technician = stage.runner.technicians[technician_id]
        if _does(stage, order_id, technician, deeds):
            return order_id, technician
    raise LookupError("nobody can go to a stove")


def _does(stage: Stage, order_id: str, technician: Technician, deeds: tuple[str, ...]) -> bool:
    """Give an order to a technician and let him go; False when his hands are full, the order is then nobody's again."""
    path = f"/api/v1/work-orders/{order_id}"
    body = {"technician_id": technician.crew.id, "ver": stage.desk.get(path)["order"]["ver"]}
    stage.desk.post(f"{path}/assign", body)
    stage.runner.rest()
    try:
        for deed in deeds:
            technician.phone.act(deed, order_id)
    except DomainError:
        stage.runner.rest()
        body = {"ver": stage.desk.get(path)["order"]["ver"], "reason": "更紧急"}
        stage.desk.post(f"{path}/recall", body)
        return False
    stage.runner.rest()
    return True


def _talk(stage: Stage) -> None:
    """Take a complaint and a question whose answer is promised."""
    now_ms = int(stage.board()["at_ms"])
    call = {"channel": "phone", "rings": 3, "started_ms": now_ms - 60_000, "caller_name": "钱云"}
    complaint = {"kind": "conduct", "unit": "engineering"}
    told = {"content": "师傅没有戴工作证", "outcome": "complaint", "complaint": complaint}
    stage.desk.post("/api/v1/contacts", {"ref": "tour-1", "contact_class": "complaint", **call, **told})
    asked = {"content": "软管多久更换一次?", "outcome": "promised", "reply_due_ms": now_ms + _HOUR_MS}
    stage.desk.post("/api/v1/contacts", {"ref": "tour-2", "contact_class": "consultation", **call, **asked})


def _draw_area(stage: Stage) -> None:
    lat, lon = stage.centre
    ring = [[lon + x * 0.01, lat + y * 0.008] for x, y in ((0.4, -0.6), (1.4, -0.6), (1.2, 0.3), (0.5, 0.2))]
    now_ms = int(stage.board()["at_ms"])
    shown = {"name": "学院路停气", "note": "", "ring": ring, "ver": 0}
    times = {"from_ms": now_ms, "until_ms": now_ms + 4 * _HOUR_MS}
    stage.desk.post("/api/v1/areas", {"kind": "emergency", **shown, **times})


def _send_garbage(stage: Stage) -> None:
    """Send what no program can read, as a broken phone would."""
    phone = next(iter(stage.runner.technicians.values())).phone
    identity = phone.find_identity()
    if identity is None:
        raise LookupError("the phone has no identity")
    body = '{"v":1,"gen":"","cursor":0,"events":[{"id":"event-0","dseq":"first","note":"<b>?</b>"}]}'
    headers = {"Authorization": f"Bearer {identity.token}", "Content-Type": "application/json"}
    requests.post(f"{stage.url}/api/v1/sync", data=body.encode(), headers=headers, timeout=30).raise_for_status()


def _sign_at_a_distance(stage: Stage) -> None:
    """Let two technicians finish at a customer's and ask for a signature in the customer's browser; one is given."""
    for name in ("to_sign", "signed_away"):
        order_id, technician = _send_somebody(stage, _DEEDS)
        autopilot.answer_steps(technician.phone, order_id, technician.crew, _TRUTH)
        technician.phone.act("declare_outcome", order_id, outcome="done")
        technician.phone.act("ask_remote_signature", order_id)
        stage.runner.rest()
        stage.places[name] = stage.link(order_id)
    _sign(stage, order_id)


def _sign(stage: Stage, work_order_id: str) -> None:
    """Sign as the customer does, with the code that the desk reads out."""
    [code] = [
        one["code"]
        for one in stage.desk.get("/api/v1/remote-signings")["items"]
        if one["work_order_id"] == work_order_id
    ]
    customer, page = requests.Session(), f"{stage.url}{stage.places['signed_away']}/sign"
    found = _TOKEN.search(customer.get(page, timeout=30).text)
    if found is None:
        raise LookupError("the page of the signature carries no token")
    form = {"csrf_token": found[1], "strokes": _STROKES, "relation": "self", "opinion": "满意", "code": code}
    answer = customer.post(page, data=form, timeout=30)
    if not answer.ok:
        raise RuntimeError(re.sub(r"<[^>]+>", "", answer.text)[:2000])


def _find_orders(stage: Stage, board: dict[str, Any]) -> None:
    """Name the orders that pages of the console show."""
    orders = board["orders"]
    leaks = [o for o in orders if o["is_leak"] and o["technician_id"]]
    coming = sorted((o for o in orders if o["assignment_state"] in _COMING), key=lambda o: bool(o["is_leak"]))
    there = [o for o in leaks if o["assignment_state"] in _THERE]
    calm = [o for o in orders if o["assignment_state"] == "planned" and not o["is_leak"] and o["priority"] != 1]
    for name, found in (("leak", leaks), ("leak_there", there or leaks), ("planned", calm), ("under_way", coming)):
        if not found:
            raise LookupError(f"the morning has no order that is {name}")
        stage.places[name] = found[0]["id"]
    done = [s["work_order_id"] for t in board["technicians"] for s in t["done"] if s["work_order_id"]]
    signed = [i for i in done if stage.desk.get(f"/api/v1/work-orders/{i}")["record"] is not None]
    stage.places["signed"], stage.places["liked"] = signed[0], signed[1]


def _find_customers_pages(stage: Stage) -> None:
    """Name the customers' pages by how far their orders are."""
    places = stage.places
    for name in ("leak", "planned", "under_way", "there", "signed", "liked", "heater_fault"):
        places[f"link_{name}"] = stage.link(places[name])
    cancelled = places["meter_fault"]
    ver = stage.desk.get(f"/api/v1/work-orders/{cancelled}")["order"]["ver"]
    stage.desk.post(f"/api/v1/work-orders/{cancelled}/cancel", {"ver": ver, "reason": "用户取消"})
    places["link_cancelled"] = stage.link(cancelled)
    places["link_wrong"] = places["link_planned"][:-4] + "0000"
    places["link_moved"] = _move_a_promise(stage)


def _move_a_promise(stage: Stage) -> str:
    """Put a promised visit later than it was promised: its customer is to be told. Return his page."""
    board = stage.board()
    now_ms = int(board["at_ms"])
    customer = stage.desk.get("/api/v1/customers?query=王")["items"][0]
    stage.places["customer"] = customer["name"]
    window = {"window_start_ms": now_ms + _HOUR_MS, "window_end_ms": now_ms + 2 * _HOUR_MS}
    order_id = stage.report("heater_fault", address=customer["address"], customer_id=customer["id"], **window)
    stage.runner.rest()
    path = f"/api/v1/work-orders/{order_id}"
    order = stage.desk.get(path)["order"]
    start_ms = now_ms + 3 * _HOUR_MS
    there = (t["id"] for t in board["technicians"] if (t["shift_end_ms"] or 0) > start_ms + 2 * _HOUR_MS)
    able = (i for i in there if stage.desk.get(f"{path}/what-if/{i}?start_ms={start_ms}")["reason_code"] is None)
    stage.desk.post(f"{path}/place", {"ver": order["ver"], "technician_id": next(able), "start_ms": start_ms})
    stage.runner.rest()
    if order_id not in {one["work_order_id"] for one in stage.desk.get("/api/v1/notices")["items"]}:
        raise LookupError("the morning has no customer whose promise moves")
    return stage.link(order_id)
