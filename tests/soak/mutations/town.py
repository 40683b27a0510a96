"""A small company with sealed records: leaks, stoves, an absent customer, photos, keys that were changed in between."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from flask import Flask
from PIL import Image
from sqlalchemy import orm

from mobile.service import Phone
from server import app as composition
from server import proof_commands
from server.core.registry import Registry
from server.documents.files import Root
from server.documents.models import Document
from server.documents.printing import Printing
from server.reports import heads
from server.seals import bundle
from server.seals import service as seals
from server.seals.bundle import Signed
from server.visits import repository as visits
from server.visits import service as visit_service
from shared import proof
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server import house as houses
from tests.server.house import HOME, LEAK, STOVE, House


class Town:
    """The company's house, what it sealed and issued, and how to judge it."""

    def __init__(self, folder: Path, visits_wanted: int) -> None:
        """Found the company and let Wang and Sun serve so many orders; halfway the branch changes its key."""
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder / 'leakfirst.db'}"
        houses.found_company(url, folder)
        self.house = House(url, folder)
        self.house.app = _open_app(self.house)
        phone = self.house.phone("wang")
        for number in range(visits_wanted):
            if number == visits_wanted // 2:
                self.house.write(seals.rotate_branch_key)
            _serve(self.house, phone, number)
        while Printing(self.house.services, in_process=True).run_once():
            pass
        self._read()

    def _read(self) -> None:
        """Read what may be handed to somebody: records, PDF files, photos, bundle, list of issued files."""
        self.root: Root = proof_commands.root_of(self.house.settings)
        found = self.house.write(heads.make_bundle)
        self.bundle = found
        self.records = tuple(proof.encode(item) for item in found.records)
        self.pdfs = tuple(self.house.read(_list_pdfs))
        self.issued: Signed = self.house.write(proof_commands.sign_issued)
        self.photos = tuple(path.read_bytes() for path in sorted(self._shelf().iterdir()))
        self.bundle_bytes = bundle.encode(found)

    def _shelf(self) -> Path:
        return self.house.folder / "files" / HOME / "whole"

    def altered(self, work: Callable[[orm.Session], Any], record_id: str) -> bytes:
        """Return the proof that the database would give out if somebody had changed it; the change is taken back."""
        told: list[bytes] = []

        def change(session: orm.Session) -> None:
            work(session)
            session.flush()
            record = visits.find_record_by_id(session, record_id)
            found = visit_service.find_proof(session, record) if record else None
            told.append(proof.encode(found) if found else b"{}")
            raise _TakenBack

        try:
            self.house.database.write(change)
        except _TakenBack:
            return told[0]
        raise AssertionError

    def close(self) -> None:
        """Close the house."""
        self.house.close()


class _TakenBack(Exception):  # noqa: N818 - it is no error: it ends a transaction that must leave nothing
    """Ends a transaction without its changes."""


def _open_app(house: House) -> Flask:
    """Return the company's app with doors that count no callers: here every change is to be judged."""
    routes = Registry()
    routes.routes = [msgspec.structs.replace(r, limit="1000000/minute") for r in composition.make_registry().routes]
    return composition.make_app(house.services, routes)


def _serve(house: House, phone: Phone, number: int) -> None:
    order_id = house.report({**(LEAK if number % 2 else STOVE), "address": f"桃北中街{number + 1}号"})
    house.sync(phone)
    go_to_the_door(phone, order_id)
    phone.act("take_photo", order_id, content=_picture(number), purpose="after")
    do_the_work(phone, order_id)
    if number % 4 == 0:
        phone.act("waive_signature", order_id, reason="absent", witness="陈立")
    else:
        phone.act("sign_record", order_id, strokes=sign_name(300 + number), signer_relation="self", opinion="满意")
    house.sync(phone)
    phone.lane.run_once()
    house.sync(phone)


def _picture(number: int) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").rotate(37 * number).resize((64 + number, 48)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def _list_pdfs(session: orm.Session) -> list[bytes]:
    query = sa.select(Document.pdf).where(Document.made_ms.is_not(None)).order_by(Document.wanted_ms, Document.id)
    return [bytes(pdf) for pdf in session.scalars(query) if pdf]
