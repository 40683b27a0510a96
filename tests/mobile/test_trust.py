"""Both channels believe one file of certificates, and nobody else."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
import socketio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from mobile.platform import trust
from mobile.sync.doorbell import Doorbell
from mobile.sync.http import HttpTransport
from mobile.sync.transport import ForeignServerError

HERE = ipaddress.ip_address("127.0.0.1")


def make_certificate(folder: Path) -> Path:
    """Write a company's own root certificate, which is this machine's as well, with its key; return its path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "临泉燃气")]), dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(HERE)]), critical=False)
    signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(own)
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return folder / "ca.pem"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return the company's own root certificate."""
    return make_certificate(tmp_path)


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    """Yield the address of a socket server that shows that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    sockets = socketio.Server(async_mode="threading", transports=["websocket"])
    server = make_server("127.0.0.1", 0, socketio.WSGIApp(sockets), threaded=True, ssl_context=context)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()


def can_hear(url: str) -> bool:
    """Tell whether a doorbell connects with its first try."""
    connected, settled, tries = threading.Event(), threading.Event(), iter([False])

    def tell_position() -> tuple[str, int]:
        if next(tries, True):
            settled.set()  # asked once more: the first try has failed
        return "", 0

    def hear(_ring: object) -> None:
        connected.set()
        settled.set()

    bell = Doorbell(url, "token", hear, uniform=lambda: 0.0, position=tell_position)
    bell.start()
    assert settled.wait(20)
    bell.stop()
    return connected.is_set()


def test_companys_own_certificate_opens_both_channels(
    url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting names one file: the call is answered and the socket rings."""
    monkeypatch.setenv(trust.SETTING, str(certificate))
    line = HttpTransport(url)
    assert line.exchange("GET", "/", {}, b"", 10.0).status == 404
    line.close()
    assert can_hear(url)


def test_certificate_of_nobody_known_opens_neither_channel(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the setting the public roots decide, by their own path: Android shows Python none of its own."""
    monkeypatch.delenv(trust.SETTING, raising=False)
    assert trust.find_certificates() == certifi.where()
    line = HttpTransport(url)
    with pytest.raises(ForeignServerError):
        line.exchange("GET", "/", {}, b"", 10.0)
    line.close()
    assert not can_hear(url)
