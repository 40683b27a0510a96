"""The seal: any change of what was signed shows (Electronic Signature Law art. 13 (3) and (4))."""

import functools
import hashlib
import hmac

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import facts, service_record, signature
from shared.errors import DomainError
from tests.shared import cases

KEY = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
AT_MS = cases.NOON_MS + 95 * cases.MINUTE_MS
DEVICE = "device-wang"


def verify(made: bytes, message: bytes) -> bool:
    """Say whether Wang's phone made the signature."""
    try:
        KEY.public_key().verify(made, message)
    except InvalidSignature:
        return False
    return True


def seal(text: str, *, chain_seq: int = 1, previous_hash: str = signature.GENESIS_HASH) -> facts.Seal:
    """Return the seal of Wang's phone over a text with Zhao's signature."""
    return signature.seal(
        text,
        cases.strokes(),
        chain_seq=chain_seq,
        previous_hash=previous_hash,
        at_ms=AT_MS,
        device_id=DEVICE,
        sign=KEY.sign,
        alg=signature.ED25519,
        key_id="key-1",
        relation="self",
        opinion="很满意",
    )


@functools.cache
def signed() -> facts.RecordSigned:
    """Return Zhao's signed record."""
    text = service_record.canonical(cases.good_record())
    return facts.RecordSigned(
        record_json=text, strokes=cases.strokes(), signer_relation="self", opinion="很满意", seal=seal(text)
    )


def problems(body: facts.RecordSigned, device: str = DEVICE, at_ms: int = AT_MS) -> tuple[str, ...]:
    """Return what is wrong with a signed record."""
    return signature.verify_body(body, verify, device, at_ms)


def test_untouched_record_verifies() -> None:
    """The honest case, also after a journey over the wire."""
    assert problems(signed()) == ()
    assert problems(msgspec.json.decode(msgspec.json.encode(signed()), type=facts.RecordSigned)) == ()


@settings(max_examples=2_000)
@given(place=st.integers(0, 1_000_000), mask=st.integers(1, 255))
def test_any_changed_byte_of_the_record_shows(place: int, mask: int) -> None:
    """Whichever byte of the text is flipped."""
    raw = bytearray(signed().record_json.encode())
    raw[place % len(raw)] ^= mask
    assert problems(msgspec.structs.replace(signed(), record_json=raw.decode("utf-8", "surrogateescape")))


@settings(max_examples=500)
@given(line=st.integers(0, 1), point=st.integers(0, 19), axis=st.integers(0, 2), by=st.integers(-50, 50).filter(bool))
def test_any_moved_point_of_the_signature_shows(line: int, point: int, axis: int, by: int) -> None:
    """Each coordinate and each time is sealed."""
    lines = [list(stroke.points) for stroke in cases.strokes()]
    moved = list(lines[line][point])
    moved[axis] += by
    lines[line][point] = (moved[0], moved[1], moved[2])
    strokes = tuple(facts.Stroke(points=tuple(points)) for points in lines)
    assert problems(msgspec.structs.replace(signed(), strokes=strokes))


@pytest.mark.parametrize(
    "change",
    [
        {"strokes": cases.strokes()[:1]},
        {"strokes": (facts.Stroke(points=cases.strokes()[0].points + cases.strokes()[1].points),)},
        {"signer_relation": "family"},
        {"opinion": "很不满意"},
        {"opinion": ""},
        {"signer_relation": "self很", "opinion": "满意"},
    ],
)
def test_changed_part_of_the_signing_shows(change: dict[str, object]) -> None:
    """Strokes, signer and opinion, and what is moved between them."""
    assert problems(msgspec.structs.replace(signed(), **change)) == (
        "content_changed",
        "seal_changed",
        "signature_wrong",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alg", "P-256"),
        ("alg", "none"),
        ("key_id", "key-2"),
        ("chain_seq", 2),
        ("previous_hash", "1" * 64),
        ("content_hash", "0" * 64),
        ("seal_hash", "0" * 64),
        ("signature", ""),
        ("signature", "zz"),
        ("signature", "00" * 64),
    ],
)
def test_changed_field_of_the_seal_shows(field: str, value: object) -> None:
    """Every field of the seal is bound."""
    changed = msgspec.structs.replace(signed().seal, **{field: value})
    assert problems(msgspec.structs.replace(signed(), seal=changed))


@given(place=st.integers(0, 127), digit=st.sampled_from("0123456789abcdefABCDEF "))
def test_signature_has_one_spelling(place: int, digit: str) -> None:
    """Neither another digit nor capitals nor blanks."""
    old = signed().seal.signature
    new = old[:place] + digit + old[place + 1 :]
    body = msgspec.structs.replace(signed(), seal=msgspec.structs.replace(signed().seal, signature=new))
    assert (problems(body) == ()) == (new == old)


def test_other_device_or_time_shows() -> None:
    """A seal is of one phone at one moment."""
    assert problems(signed(), device="device-qian")
    assert problems(signed(), at_ms=AT_MS + 1)


def test_signature_of_one_order_does_not_fit_another() -> None:
    """Zhao's signature cannot be attached to the next order."""
    other = service_record.canonical(cases.good_record(number="W-20261118-0002"))
    assert "content_changed" in problems(msgspec.structs.replace(signed(), record_json=other))


def test_stranger_with_another_key_is_found() -> None:
    """Qian's phone signs the same words."""
    qian = Ed25519PrivateKey.from_private_bytes(b"q" * 32)
    message_seal = signature.seal(
        signed().record_json,
        cases.strokes(),
        chain_seq=1,
        previous_hash=signature.GENESIS_HASH,
        at_ms=AT_MS,
        device_id=DEVICE,
        sign=qian.sign,
        alg=signature.ED25519,
        key_id="key-1",
        relation="self",
        opinion="很满意",
    )
    assert problems(msgspec.structs.replace(signed(), seal=message_seal)) == ("signature_wrong",)


def test_waived_signature_is_sealed_with_reason_and_witness() -> None:
    """SG-04: the witness cannot be exchanged later."""
    text = service_record.canonical(cases.good_record())
    waived_seal = signature.seal(
        text,
        (),
        chain_seq=1,
        previous_hash=signature.GENESIS_HASH,
        at_ms=AT_MS,
        device_id=DEVICE,
        sign=KEY.sign,
        alg=signature.ED25519,
        key_id="key-1",
        relation="absent",
        opinion="物业刘先生",
    )
    waived = facts.SignatureWaived(record_json=text, reason="absent", witness="物业刘先生", seal=waived_seal)
    assert signature.verify_body(waived, verify, DEVICE, AT_MS) == ()
    changed = msgspec.structs.replace(waived, witness="钱先生")
    assert signature.verify_body(changed, verify, DEVICE, AT_MS)


def test_witness_of_an_absent_customer_signs_and_cannot_be_exchanged() -> None:
    """SG-04: the second person's own strokes, with their pressure, are under the seal."""
    strokes = (facts.Stroke(points=((100, 500, 0, 300), (300, 200, 20, 800), (600, 700, 40, 512))),)
    sealed = signature.seal(
        "{}",
        strokes,
        chain_seq=1,
        previous_hash=signature.GENESIS_HASH,
        at_ms=AT_MS,
        device_id=DEVICE,
        sign=KEY.sign,
        alg=signature.ED25519,
        key_id="key-1",
        relation="absent",
        opinion="陈立",
    )
    waived = facts.SignatureWaived(record_json="{}", reason="absent", witness="陈立", strokes=strokes, seal=sealed)
    assert signature.verify_body(waived, verify, DEVICE, AT_MS) == ()
    softer = (facts.Stroke(points=((100, 500, 0, 299), *strokes[0].points[1:])),)
    for changed in ((), softer, (facts.Stroke(points=tuple(p[:3] for p in strokes[0].points)),)):
        assert signature.verify_body(msgspec.structs.replace(waived, strokes=changed), verify, DEVICE, AT_MS)


def test_pressure_beyond_the_scale_is_no_signature() -> None:
    """Thousandths only."""
    points = tuple((x, x, x, 1001 if x == 500 else 1) for x in range(0, 1000, 100))
    with pytest.raises(DomainError, match="signature_invalid"):
        signature.check_strokes((facts.Stroke(points=points),))


def test_chain_shows_what_was_taken_out_doubled_or_reordered() -> None:
    """A device's seals follow each other without a gap."""
    chain: list[facts.Seal] = []
    for count in range(1, 6):
        before = chain[-1].seal_hash if chain else signature.GENESIS_HASH
        chain.append(seal(f"record {count}", chain_seq=count, previous_hash=before))
    assert signature.find_chain_breaks(chain) == ()
    assert signature.find_chain_breaks(chain[1:]) == (0,)
    assert signature.find_chain_breaks([*chain[:2], *chain[3:]]) == (2,)
    assert signature.find_chain_breaks([chain[0], chain[0], *chain[1:]]) == (1,)
    assert signature.find_chain_breaks([chain[0], chain[2], chain[1], *chain[3:]]) == (1, 2, 3)


def test_unknown_algorithm_is_refused_when_sealing() -> None:
    """No seal that nobody could verify."""
    with pytest.raises(DomainError) as refused:
        signature.seal(
            "text",
            (),
            chain_seq=1,
            previous_hash="",
            at_ms=0,
            device_id="",
            sign=lambda message: hmac.digest(b"k", message, hashlib.sha256),
            alg="HMAC",
            key_id="",
        )
    assert refused.value.code == "seal_algorithm_unknown"


@pytest.mark.parametrize(
    ("strokes", "code"),
    [
        ((), "signature_empty"),
        ((facts.Stroke(points=()),), "signature_empty"),
        ((facts.Stroke(points=((500, 500, 0),)),), "signature_too_small"),
        ((facts.Stroke(points=tuple((500 + i, 500, i) for i in range(30))),), "signature_too_small"),
        ((facts.Stroke(points=((0, 0, 0), (900, 900, 10))),), "signature_too_small"),
        ((facts.Stroke(points=tuple((i * 99, 5000, i) for i in range(9))),), "signature_invalid"),
        ((facts.Stroke(points=tuple((i * 99, 10, -i) for i in range(9))),), "signature_invalid"),
        ((facts.Stroke(points=((1, 1, 1),) * 20_001),), "signature_invalid"),
    ],
)
def test_what_is_no_signature_is_refused(strokes: tuple[facts.Stroke, ...], code: str) -> None:
    """An empty pad, a slip of the finger, a line off the pad, a flood of points."""
    signature.check_strokes(cases.strokes())
    with pytest.raises(DomainError) as refused:
        signature.check_strokes(strokes)
    assert refused.value.code == code
