"""The changes: any field, byte, stroke, price, photo and order of records; exchanged parts; PDF files tampered with."""

from __future__ import annotations

import base64
import io
import json
import random
import re
import zlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from server.core import signing_keys
from shared import proof
from shared.signature import ED25519, P256
from tests.soak.mutations.town import Town

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_JSON_IN_TEXT: Final = frozenset({"record", "body"})


class Case(NamedTuple):
    """One change: what kind, and the files that are presented; one of them at least is not what was sealed."""

    kind: str
    files: tuple[bytes, ...]


Change = Callable[[random.Random, Town], tuple[bytes, ...]]


def make(chance: random.Random, town: Town) -> Case:
    """Return one changed piece of evidence of a random kind."""
    return make_of(chance.choice(list(KINDS)), chance, town)


def make_of(kind: str, chance: random.Random, town: Town) -> Case:
    """Return one changed piece of evidence of a kind; never one that is what it was."""
    untouched = {*town.records, *town.pdfs, *town.photos, town.bundle_bytes}
    while True:
        files = KINDS[kind](chance, town)
        if any(data not in untouched for data in files):
            return Case(kind, files)


def flip(chance: random.Random, data: bytes) -> bytes:
    """Return bytes with one of them changed, left out, doubled or put in."""
    at, how = chance.randrange(len(data)), chance.randrange(4)
    if how == 0:
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if how == 1:
        return data[:at] + data[at + 1 :]
    if how == 2:
        return data[: at + 1] + data[at : at + 1] + data[at + 1 :]
    return data[:at] + bytes([chance.randrange(256)]) + data[at:]


def _byte(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    return (flip(chance, chance.choice(town.records)),)


def _field(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    told = json.loads(chance.choice(town.records))
    return (_encode(_change_somewhere(chance, told)),)


def _stroke(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    told = json.loads(chance.choice([r for r in town.records if b'"kind":"signed"' in r]))
    points = chance.choice(told["strokes"])["points"]
    how = chance.randrange(3)
    if how == 0:
        points[chance.randrange(len(points))][chance.randrange(3)] += chance.choice([-1, 1, 7])
    elif how == 1:
        points.pop(chance.randrange(len(points)))
    else:
        points.reverse()
    return (_encode(told),)


def _price(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    def change(record: dict[str, Any]) -> None:
        record["charge"]["total_cents"] += chance.choice([1, -1, 100, 5000])

    return (_with_record(chance.choice(town.records), change),)


def _photo(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    def change(record: dict[str, Any]) -> None:
        photo = chance.choice(record["photos"])
        photo["sha256"] = photo["sha256"][::-1] if chance.random() < 0.5 else "0" * 64

    if chance.randrange(2):
        return (_with_record(chance.choice(town.records), change),)
    picture = chance.choice(town.photos)
    # The first bytes stay: it is still presented as a picture.
    return (*town.records, picture[:3] + flip(chance, picture[3:]))


def _swapped(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Exchange one part of two records: signature, seal, counter-seal, strokes, certificate, text."""
    one, other = (json.loads(r) for r in chance.sample(town.records, 2))
    part = chance.choice(["seal", "counter", "strokes", "record", "relation", "opinion", "signature", "at_ms"])
    if part == "signature":
        one["seal"]["signature"] = other["seal"]["signature"]
    else:
        one[part] = other[part]
    return (_encode(one),)


def _replayed(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Pass a record off as another visit's, or tell it twice."""
    told = json.loads(chance.choice(town.records))
    if chance.randrange(2):
        told[chance.choice(["record_id", "device_id", "branch_id"])] += "x"
        return (_encode(told),)
    records = list(_bundle(town)["records"])
    records.insert(chance.randrange(len(records) + 1), chance.choice(records))
    return (_encode({**_bundle(town), "records": records}),)


def _order(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    told = _bundle(town)
    one, other = chance.sample(range(len(told["records"])), 2)
    told["records"][one], told["records"][other] = told["records"][other], told["records"][one]
    return (_encode(told),)


def _cut(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Cut the tail, the head or the middle of the chain; sometimes the heads are made to fit."""
    told = _bundle(town)
    told["records"].pop(chance.choice([0, -1, chance.randrange(len(told["records"]))]))
    if chance.randrange(2):
        heads = json.loads(told["heads"]["note"]["body"])
        heads["counter"][0] -= 1
        told["heads"]["note"]["body"] = proof.canonical_json(heads)
    return (_encode(told),)


def _forged(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Seal a changed record anew with keys of one's own."""
    told = json.loads(chance.choice(town.records))
    key = signing_keys.make(chance.choice([ED25519, P256]))
    note = told[chance.choice(["counter", "device_certificate"])]
    fields = json.loads(note["body"])
    fields["received_ms" if "received_ms" in fields else "issued_ms"] += 1
    made = proof.make_note(fields, key.sign, key.public.alg, key.public.key_id)
    note.update(body=made.body, signature=made.signature)
    if chance.randrange(2):
        note.update(alg=made.alg, key_id=made.key_id)
    return (_encode(told),)


def _respelled(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Write the other signature that ECDSA allows, or the same bytes in capitals."""
    told = json.loads(chance.choice(town.records))
    note = chance.choice([told["counter"], told["device_certificate"], told["branch_certificates"][0]])
    signed = bytes.fromhex(note["signature"])
    turned = _ORDER - int.from_bytes(signed[32:], "big")
    note["signature"] = chance.choice([(signed[:32] + turned.to_bytes(32, "big")).hex(), note["signature"].upper()])
    return (_encode(told),)


def _pdf_byte(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    pdf = chance.choice(town.pdfs)
    return (pdf[:5] + flip(chance, pdf[5:]),)


def _pdf_stripped(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Take the certifying revision off: the page looks the same."""
    pdf = chance.choice(town.pdfs)
    return (pdf[: pdf.index(b"%%EOF") + len(b"%%EOF\n")],)


def _pdf_appended(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Append a revision, well-formed or not, or a few bytes behind the end."""
    pdf, how = chance.choice(town.pdfs), chance.randrange(3)
    if how == 0:
        return (pdf + bytes(chance.randrange(32, 127) for _ in range(chance.randrange(1, 40))),)
    if how == 1:
        return (pdf + f"\n{900 + chance.randrange(99)} 0 obj\n<< /Note ({chance.random()}) >>\nendobj\n".encode(),)
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root["/Note"] = generic.pdf_string(f"changed {chance.random()}")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return (out.getvalue(),)


def _pdf_other_record(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    """Put another record's proof, or a changed one, into a PDF in the place of its own."""
    pdf, record = chance.choice(town.pdfs), chance.choice(town.records)
    if chance.randrange(2):
        record = flip(chance, record)
    packed = zlib.compress(record, 9)
    begin = pdf.index(b"stream\n", pdf.index(b"/Type /EmbeddedFile")) + len(b"stream\n")
    head_at = pdf.rindex(b"obj", 0, begin)
    head = re.sub(rb"/Length \d+", b"/Length %d" % len(packed), pdf[head_at:begin])
    return (pdf[:head_at] + head + packed + pdf[pdf.index(b"\nendstream", begin) :],)


def _bundle_field(chance: random.Random, town: Town) -> tuple[bytes, ...]:
    return (_encode(_change_somewhere(chance, _bundle(town))),)


def _with_record(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    told = json.loads(data)
    record = json.loads(told["record"])
    change(record)
    told["record"] = proof.canonical_json(record)
    return _encode(told)


def _bundle(town: Town) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(town.bundle_bytes)
    return told


def _change_somewhere(chance: random.Random, told: Any) -> Any:
    """Change one leaf of a JSON value, also of one that stands in a text; or leave a name or an item out."""
    if isinstance(told, dict) and told:
        name = chance.choice(sorted(told))
        if chance.random() < 0.05:
            return {key: value for key, value in told.items() if key != name}
        return {**told, name: _change_named(chance, name, told[name])}
    if isinstance(told, list) and told:
        at = chance.randrange(len(told))
        if chance.random() < 0.2:
            return told[:at] + told[at + 1 :]
        return [*told[:at], _change_somewhere(chance, told[at]), *told[at + 1 :]]
    return _change_leaf(chance, told)


def _change_named(chance: random.Random, name: str, value: Any) -> Any:
    if name in _JSON_IN_TEXT and isinstance(value, str) and value.startswith("{"):
        return proof.canonical_json(_change_somewhere(chance, json.loads(value)))
    return _change_somewhere(chance, value)


def _change_leaf(chance: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 1000])
    if isinstance(value, str) and value:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice([c for c in "0aZ改" if c != value[at]]) + value[at + 1 :]
    return "x"


def _encode(told: Any) -> bytes:
    return proof.canonical_json(told).encode()


def packed(case: Case) -> list[str]:
    """Return a case's files as a browser can be handed them."""
    return [base64.b64encode(data).decode() for data in case.files]


KINDS: Final[dict[str, Change]] = {
    "byte": _byte,
    "field": _field,
    "stroke": _stroke,
    "price": _price,
    "photo": _photo,
    "swapped": _swapped,
    "replayed": _replayed,
    "order": _order,
    "cut": _cut,
    "forged": _forged,
    "respelled": _respelled,
    "bundle_field": _bundle_field,
    "pdf_byte": _pdf_byte,
    "pdf_stripped": _pdf_stripped,
    "pdf_appended": _pdf_appended,
    "pdf_other_record": _pdf_other_record,
}
