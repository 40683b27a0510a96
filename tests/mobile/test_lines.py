"""Lines that are worse than none: blocked sockets, sign-in pages of a Wi-Fi, foreign certificates, dead connections."""

from __future__ import annotations

import datetime as dt
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mobile import service
from mobile.sync import doorbell, listener
from mobile.sync import http as phone_http
from mobile.sync.engine import SyncState
from tests.mobile.office import Office, job
from tests.mobile.phones import HandClock, open_phone
from tests.mobile.test_doorbell import Tower, wait_until

PAGES = {
    "sign-in page": (200, {"Content-Type": "text/html"}, b"<html>Welcome to the station's Wi-Fi</html>"),
    "redirect": (302, {"Location": "http://portal.example/login"}, b""),
    "somebody's JSON": (200, {"Content-Type": "application/json"}, b'{"gen":"x","changes":[],"cursor":99}'),
    "somebody's refusal": (403, {"Content-Type": "application/json"}, b'{"code":"blocked"}'),
    "network authentication": (511, {}, b""),
}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let phones lose patience in tenths of seconds."""
    hurry = {doorbell: ("_FIRST_CEILING_S", "_LAST_CEILING_S"), phone_http: ("_DOUBT_S", "_PROBE_PAUSE_S")}
    for module, names in hurry.items():
        for name in names:
            monkeypatch.setattr(module, name, 0.2)
    monkeypatch.setattr(listener, "_GRACE_S", 0.2)
    monkeypatch.setattr(listener, "_LISTEN_S", 0.5)


@pytest.mark.parametrize("page", PAGES)
def test_captive_portal_is_named_and_nothing_of_it_is_believed(office: Office, phone: service.Phone, page: str) -> None:
    """Whatever answers in our server's place: the event is kept, the jobs stay, the line says why; then all goes on."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    office.foreign = PAGES[page]
    assert phone.sync_once().code == "captive_portal"
    line = phone.line()
    assert (line.state, line.code, line.unsent, line.needs_attention) == (SyncState.OFFLINE, "captive_portal", 1, 0)
    assert len(phone.jobs()) == 1
    office.foreign = None
    assert phone.sync_once().is_caught_up
    assert phone.line().code == ""


def test_gateway_timeout_of_a_proxy_is_no_captive_portal(office: Office, phone: service.Phone) -> None:
    """A proxy before our server answers 502 while that is away: no network, not a sign-in page."""
    office.foreign = (502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>")
    assert phone.sync_once().code == "no_network"


@pytest.fixture
def strange_server(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a TLS server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal.example")])
    now = dt.datetime.now(dt.UTC)
    plain = x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(1), now + dt.timedelta(1))
    pem = plain.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "strange.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "strange.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_foreign_certificate_is_a_captive_portal(
    office: Office, clock: HandClock, tmp_path: Path, strange_server: str
) -> None:
    """A portal that intercepts TLS has no certificate of ours: no byte is sent to it."""
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    phone = open_phone(tmp_path / "wang", clock, server_url=strange_server)
    assert phone.sync_once().code == "captive_portal"
    phone.close()


@pytest.mark.usefixtures("hasty")
def test_phone_listens_by_long_poll_while_sockets_are_blocked_and_rings_again_when_they_are_not(
    office: Office, clock: HandClock, tmp_path: Path
) -> None:
    """Nobody answers the socket: jobs come by waiting calls. Then the socket opens, and the phone hangs on to that."""
    office.waits = True
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    phone = open_phone(tmp_path / "wang", clock)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = int(door.getsockname()[1])
    phone.start_background(doorbell_url=f"http://127.0.0.1:{port}")
    assert wait_until(lambda: phone.line().is_listening)
    office.send(job())
    assert wait_until(lambda: "assignment_delivered" in office.kept_types())
    tower = Tower(port)
    assert wait_until(lambda: phone.line().has_doorbell and not phone.line().is_listening)
    phone.close()
    tower.server.shutdown()


@pytest.mark.usefixtures("hasty")
def test_call_on_a_dead_line_is_given_up_when_a_fresh_line_is_answered(office: Office, phone: service.Phone) -> None:
    """The call arrives nowhere and nothing says so; a fresh line works: the call is sent again on it, once."""
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    office.faults.append("hang")
    assert phone.sync_once().code == "no_network"
    assert phone.line().unsent == 1
    assert phone.sync_once().is_caught_up
    assert office.kept_types().count("assignment_accepted") == 1


@pytest.mark.usefixtures("hasty")
def test_portal_that_swallows_open_lines_is_named_as_soon_as_it_answers_a_fresh_one(
    office: Office, phone: service.Phone
) -> None:
    """The line of before goes on hanging; Wang is told to sign in to the network, not that there is none."""
    office.send(job())
    phone.sync_once()
    office.faults.append("hang")
    threading.Timer(0.1, lambda: setattr(office, "foreign", (302, {"Location": "http://portal.example/"}, b""))).start()
    assert phone.sync_once().code == "captive_portal"


@pytest.mark.usefixtures("hasty")
def test_slow_answer_is_waited_for_while_no_fresh_line_is_answered_either(
    office: Office, phone: service.Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is slow: giving up would only begin again."""
    monkeypatch.setattr(phone_http, "_PROBE_PATH", "/nowhere")
    office.send(job())
    office.faults.append("hang")
    threading.Timer(0.8, office.released.set).start()
    assert phone.sync_once().code == "no_network"
    assert phone.sync_once().is_caught_up


@pytest.mark.usefixtures("hasty")
def test_long_call_is_waited_for_while_the_server_says_that_it_works_on_it(
    office: Office, phone: service.Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that many phones come back to at once takes its time: whoever sends again only makes it longer."""
    monkeypatch.setattr(phone_http, "_LONG_BYTES", 0)
    office.send(job())
    phone.sync_once()
    phone.act("accept_assignment", "order-1")
    calls, office.is_busy = len(office.requests), True
    office.slow_s = 1.5
    assert phone.sync_once().is_caught_up
    assert len(office.requests) == calls + 1
    assert len(office.asked_after) > 0
    assert set(office.asked_after) != {""}
