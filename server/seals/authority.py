"""X.509 certificates under the company's own root, so that PDF readers can follow the path (reliability C11)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from server.core import clock
from server.core.signing_keys import SigningKey

# A copy must still verify when its customer looks for it in ten years; keys retire by rotation, not by their date.
_LIFE: Final = dt.timedelta(days=30 * 365)
_DAY: Final = dt.timedelta(days=1)
_DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_SERIAL_BYTES: Final = 16


class Authority(msgspec.Struct, frozen=True):
    """What certifies a PDF, in DER for the drawing process; `tsa_url` names a time-stamping service."""

    key: bytes
    certificate: bytes
    root: bytes
    tsa_url: str = ""


def self_sign(root: SigningKey) -> x509.Certificate:
    """Return the root's own certificate."""
    name = _name("Leakfirst company root")
    return _build(root, name, root, name, is_root=True)


def certify(root: SigningKey, issuer: x509.Certificate, key: SigningKey, name: str) -> x509.Certificate:
    """Return the certificate of a branch's key."""
    return _build(root, issuer.subject, key, _name(name), is_root=False)


def write(path: Path, certificate: x509.Certificate) -> None:
    """Write a certificate as PEM, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    draft.replace(path)


def read(path: Path) -> x509.Certificate:
    """Return the certificate of a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def _build(
    issuer_key: SigningKey, issuer: x509.Name, subject_key: SigningKey, subject: x509.Name, *, is_root: bool
) -> x509.Certificate:
    if not isinstance(issuer_key.private, ec.EllipticCurvePrivateKey):
        raise TypeError("X.509 is signed with P-256 here")
    now = dt.datetime.fromtimestamp(clock.real_ms() / 1000, dt.UTC)
    public = subject_key.private.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(int.from_bytes(clock.random_bytes(_SERIAL_BYTES), "big") >> 1)
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(_usage(is_root=is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
    return builder.sign(issuer_key.private, hashes.SHA256())


def _usage(*, is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=not is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
