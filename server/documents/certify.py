"""Certifies a PDF once with the branch's key, and judges such files (reliability C11, decision 28).

A file is judged by pyHanko's `bottom_line` and by whole-file coverage, never by `valid` alone: a signature may be valid
over a file to which something was appended.
"""

from __future__ import annotations

import io
import logging
import zlib
from collections.abc import Callable
from typing import Final

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps, validation
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from server.seals.authority import Authority
from shared.errors import DomainError

_FIELD: Final = "BranchSeal"
# Attributes, the issuer's name again and 72 bytes of ECDSA: at most so many bytes more than the certificate has.
_SPARE_BYTES: Final = 200

# The library tells every odd file at length; the verdict says what matters.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


def certify(pdf: bytes, authority: Authority, reason: str) -> bytes:
    """Return the file with a certifying signature that allows no change. Raises DomainError `time_stamp_failed`."""
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(authority.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(authority.key),
        cert_registry=_store_of(authority.root),
        embed_roots=False,
    )
    meta = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        reason=reason,
        certify=True,
        subfilter=fields.SigSeedSubFilter.PADES,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    stamper = timestamps.HTTPTimeStamper(authority.tsa_url) if authority.tsa_url else None
    out = io.BytesIO()
    try:
        signers.PdfSigner(meta, signer, timestamper=stamper).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)),
            output=out,
            bytes_reserved=None if stamper else 2 * (2 * len(authority.certificate) + _SPARE_BYTES),
        )
    except (timestamps.TimestampRequestError, SigningError) as error:
        raise DomainError("time_stamp_failed", reason=str(error)) from error
    return out.getvalue()


def _store_of(root: bytes) -> SimpleCertificateStore:
    make: Callable[[], SimpleCertificateStore] = SimpleCertificateStore  # the library leaves its constructor untyped
    store = make()
    store.register(asn1_x509.Certificate.load(root))
    return store


def judge(pdf: bytes, root: bytes) -> tuple[str, ...]:
    """Return what is wrong with a file's certification, as text codes of [proof]; () when it stands.

    `root` is the root's certificate in DER.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = reader.embedded_signatures
        if len(found) != 1:
            return ("not_certified",)
        context = ValidationContext(trust_roots=[asn1_x509.Certificate.load(root)], allow_fetching=False)
        status = validation.validate_pdf_signature(found[0], signer_validation_context=context)
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, IndexError, AttributeError,
            RecursionError, AssertionError, OSError, zlib.error):  # fmt: skip
        # A file made to hurt fails anywhere in the library; whatever cannot be followed to its end is not certified.
        return ("pdf_signature_wrong",)
    checks = (
        ("not_certified", status.docmdp_ok is not False and _is_certifying(found[0])),
        ("pdf_signature_wrong", status.bottom_line and status.intact and status.valid and status.trusted),
        (
            "not_whole_file",
            status.coverage == SignatureCoverageLevel.ENTIRE_FILE
            and status.modification_level in {None, ModificationLevel.NONE},
        ),
    )
    return tuple(code for code, is_right in checks if not is_right)


def _is_certifying(found: validation.EmbeddedPdfSignature) -> bool:
    return found.docmdp_level is not None
