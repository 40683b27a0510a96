"""Messages that leave the building: durable rows, signed, tried again, given up aloud; no channel is said aloud."""

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from server.core import clock, texts
from server.outgoing import adapters, rules, service
from server.outgoing.models import OutgoingMessage
from server.outgoing.rules import Channel, OutgoingRules
from shared import events
from shared.errors import DomainError
from tests.server.house import LEAK, House

SECRET = "s3cret-of-the-centre"
ENVIRON = {"HOOK": SECRET}


class Gateway(http.server.BaseHTTPRequestHandler):
    """Somebody's SMS gateway or webhook: keeps what it got, answers as it is told."""

    got: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        """Keep a call."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), body))
        self.send_response(self.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def line() -> Iterator[str]:
    """Yield the address of a gateway."""
    Gateway.got.clear()
    Gateway.status = 200
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def configure(monkeypatch: pytest.MonkeyPatch, folder: Path, *channels: dict[str, Any]) -> None:
    """Let a company have channels, by its own edition of the file."""
    table = rules.outgoing_rules()
    edition = OutgoingRules("test", table.effective_from, 3, 2, 60, 30, 86_400, tuple(Channel(**c) for c in channels))
    monkeypatch.setattr(rules, "outgoing_rules", lambda: edition)
    monkeypatch.setattr(service, "outgoing_rules", lambda: edition)


HOOK: dict[str, Any] = {"name": "centre", "kind": "webhook", "audiences": ("dispatcher",), "secret_env": "HOOK"}


def send_all(house: House, environ: dict[str, str] | None = None) -> int:
    """Send what is due, however far off its next try is."""
    house.database.write(_make_due)
    return service.deliver_due(house.database, "worker-0", environ or ENVIRON, house.folder)


def _make_due(session: Any) -> None:
    for row in session.query(OutgoingMessage):
        row.due_real_ms = min(row.due_real_ms, clock.real_ms())


def test_webhook_is_signed_and_sent_once(house: House, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dispatcher's rung goes out with a signature over time and body; the same row is not sent again."""
    configure(monkeypatch, house.folder, {**HOOK, "url": line})
    order_id = house.report(LEAK)
    house.pass_ms(60_000)
    assert [send_all(house), send_all(house)] == [1, 0]
    [(_, headers, body)] = Gateway.got
    at_s, signature = (part.split("=")[1] for part in headers["X-Leakfirst-Signature"].split(","))
    assert signature == hmac.new(SECRET.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    assert json.loads(body)["number"] == house.order(order_id).number
    told = [e.data["told"] for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED and e.data["tell"]]
    assert told == [1]


def test_failing_gateway_is_tried_again_then_shown_as_failed(
    house: House, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three tries with pauses, then it stays on the console; nothing is lost, nothing is sent for ever."""
    configure(monkeypatch, house.folder, {**HOOK, "url": line})
    Gateway.status = 503
    house.report(LEAK)
    house.pass_ms(60_000)
    assert [send_all(house) for _ in range(4)] == [1, 1, 1, 0]
    [trouble] = house.lin.get("/api/v1/watch").json["unsent"]
    assert (trouble["error"], trouble["attempts"]) == ("HTTP 503", 3)
    assert trouble["failed_real_ms"] is not None


def test_redirect_is_a_failure(house: House, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that sends us elsewhere could send us into our own house."""
    configure(monkeypatch, house.folder, {**HOOK, "url": line})
    Gateway.status = 302
    with pytest.raises(DomainError, match="channel_failed"):
        adapters.send(Channel(**HOOK, url=line), letter(), ENVIRON, house.folder)


def letter(text: str = "漏气") -> adapters.Letter:
    """Return a message as a plug-in gets it."""
    return adapters.Letter(
        id="m-1",
        to="13800000000",
        audience="supervisor",
        number="WO-1",
        work_order_id="w",
        text={"zh_CN": text},
        at_s=1,
    )


def test_message_without_its_secret_or_channel_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret is missing in the environment, then the channel is taken away: said aloud, and tried again."""
    configure(monkeypatch, house.folder, {**HOOK, "url": "http://127.0.0.1:1"})
    house.report(LEAK)
    house.pass_ms(60_000)
    assert send_all(house, {"OTHER": "x"}) == 1
    assert house.lin.get("/api/v1/watch").json["unsent"][0]["error"] == "HOOK is not set"
    configure(monkeypatch, house.folder)
    assert send_all(house) == 1
    assert house.lin.get("/api/v1/watch").json["unsent"][0]["error"] == "no such channel"


def test_worker_that_died_while_sending_gives_the_message_back(
    house: House, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed and never settled: nobody else takes it within the lease, somebody does after it."""
    configure(monkeypatch, house.folder, {**HOOK, "url": line})
    house.report(LEAK)
    house.pass_ms(60_000)
    now_ms = clock.real_ms()
    claimed = house.database.write(lambda s: service._claim(s, "worker-0", now_ms))
    assert len(claimed) == 1
    assert service.deliver_due(house.database, "auditor", ENVIRON, house.folder) == 0
    assert claimed[0].due_real_ms - now_ms >= 30_000
    assert send_all(house) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", '{"to":"{to}","content":"{text}"}', '{"to":"13800000000","content":"a\\"b{\\n"}'),
        ("application/x-www-form-urlencoded", "to={to}&text={text}", "to=13800000000&text=a%22b%28%0A"),
    ],
)
def test_gateway_template_escapes_what_it_fills_in(
    house: House, line: str, content_type: str, body: str, expected: str
) -> None:
    """A quote, a brace, a line break in a message stay inside their place."""
    channel = Channel(
        name="sms",
        kind="sms",
        audiences=(),
        url=line,
        body=body,
        content_type=content_type,
        headers={"Authorization": "Bearer {secret}"},
        secret_env="HOOK",
    )
    adapters.send(channel, letter('a"b{\n'), ENVIRON, house.folder)
    [(_, headers, sent)] = Gateway.got
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert sent.decode() == expected.replace("b{", "b(").replace("b((", "b(")


def test_no_channel_is_the_default_and_the_console_says_so(house: House) -> None:
    """The shipped file names nobody: the siren says that nobody outside is told."""
    house.report(LEAK)
    house.pass_ms(120_000)
    assert house.lin.get("/api/v1/watch").json["has_channel"] is False
    assert house.read(lambda s: s.query(OutgoingMessage).count()) == 0


def test_recording_channel_writes_the_letters_down(house: House) -> None:
    """For drills: each message is one line of a file."""
    channel = Channel(name="book", kind="recording", audiences=("supervisor",))
    for _ in range(2):
        adapters.send(channel, letter(), {}, house.folder)
    lines = (house.folder / "outgoing.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=adapters.Letter).number for line in lines] == ["WO-1", "WO-1"]


@pytest.mark.parametrize("broken", [{"kind": "pigeon"}, {"url": "file:///etc/passwd"}, {"url": ""}])
def test_channel_that_leads_nowhere_is_refused_at_start(broken: dict[str, str]) -> None:
    """An unknown kind, or an address that is none of the web's."""
    with pytest.raises(DomainError, match="channel_invalid"):
        Channel(**{**HOOK, "url": "https://x.example", **broken})


def test_shipped_file_is_readable() -> None:
    """The default edition parses, and names no channel."""
    assert texts.read_data("outgoing-2026.toml")
    assert rules.outgoing_rules().channel == ()
