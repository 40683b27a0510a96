"""Opens what a wiped phone had left sealed, and files it as that phone's own events and pictures (threat C8)."""

from __future__ import annotations

import functools
import hashlib
from typing import Any, Final

import msgspec

from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.accounts.models import Device
from server.core import recovery
from server.core.calls import Services
from server.core.unit_of_work import Actor, Tx
from server.devices import service as devices
from server.sync import service as sync
from server.uploads import service as uploads
from server.uploads.files import Shelf
from server.visits.service import Sender
from shared import events
from shared.errors import DomainError

_PHOTO: Final = b"LFPHOTO "
_SHA_CHARS: Final = 64


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """The events of a wiped phone, exactly as they would have travelled, and whose they are."""

    device_id: str
    technician_id: str = ""
    gen: str = ""
    sealed_ms: int = 0
    events: tuple[msgspec.Raw, ...] = ()


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """What one sealed file held; `is_new` is False when it was opened before."""

    is_new: bool
    events: int = 0
    photo: str = ""


def recover(services: Services, branch_id: str, sealed: bytes, sender: Device | None) -> Recovered:
    """Open one sealed file and file what it holds; the same file again changes nothing.

    `sender` is the phone that hands it over, None for an operator at the server. The seal does not prove who made it:
    another technician's events that come from a phone are kept for a person to look at. Raises DomainError
    `evidence_unreadable` for anything that is no sealed file for this server.
    """
    sha256 = hashlib.sha256(sealed).hexdigest()
    if services.uow.read(lambda s: devices.is_recovered(s, sha256)):
        return Recovered(is_new=False)
    plain = recovery.open_sealed(recovery.recovery_key(services.settings.data_dir), sealed)
    if plain.startswith(_PHOTO):
        photo = _keep_photo(services, branch_id, plain, sender)
        return _note(services, branch_id, sha256, "", 0, photo)
    content = _read(plain)
    origin = services.uow.read(lambda s: accounts.find_device(s, content.device_id))
    if origin is None or origin.branch_id != branch_id:
        raise DomainError("evidence_unreadable")
    _file(services, origin, content, sender)
    return _note(services, branch_id, sha256, origin.id, len(content.events), "")


def _read(plain: bytes) -> Sealed:
    try:
        return msgspec.json.decode(plain, type=Sealed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DomainError("evidence_unreadable") from error


def _file(services: Services, origin: Device, content: Sealed, sender: Device | None) -> None:
    actor = account_service.device_actor(origin)
    told = Sender(device_id=origin.id, technician_id=origin.technician_id, boots=origin.boots)
    raws = [bytes(raw) for raw in content.events]
    is_own = sender is None or sender.technician_id == origin.technician_id
    if is_own:
        sync.file_events(services, actor, told, raws)
        return
    for raw in raws:
        keep = functools.partial(sync.quarantine, sender=told, raw=raw, reason="sealed evidence of another technician")
        services.uow.run(actor, keep)


def _keep_photo(services: Services, branch_id: str, plain: bytes, sender: Device | None) -> str:
    """Put a picture among the files, under its own hash; one that nobody announced waits there for its fact."""
    told, _, content = plain[len(_PHOTO) :].partition(b"\n")
    sha256 = told.decode("ascii", "replace")
    if len(sha256) != _SHA_CHARS or hashlib.sha256(content).hexdigest() != sha256:
        raise DomainError("evidence_unreadable")
    shelf = Shelf(services.settings.data_dir, branch_id)
    actor = account_service.device_actor(sender) if sender else Actor.system(branch_id)
    device_id = sender.id if sender else ""
    services.uow.run(actor, lambda tx: uploads.announce(tx, device_id, sha256, len(content), "image/jpeg"))
    have_bytes = shelf.size_bytes(sha256)
    if not shelf.whole(sha256).exists():
        shelf.append(sha256, have_bytes, content[have_bytes:], len(content))
        if not shelf.settle(sha256):  # what lay here before was something else: now it starts from nothing
            shelf.append(sha256, 0, content, len(content))
            shelf.settle(sha256)
    services.uow.run(actor, lambda tx: uploads.complete(tx, sha256))
    return sha256


def _note(services: Services, branch_id: str, sha256: str, device_id: str, count: int, photo: str) -> Recovered:
    def work(tx: Tx) -> None:
        devices.note_recovered(tx, sha256, device_id, count, photo)
        data: dict[str, Any] = {"sha256": sha256, "device_id": device_id, "events": count, "photo": photo}
        tx.record(events.EVIDENCE_RECOVERED, data)

    services.uow.run(Actor.system(branch_id), work)
    return Recovered(is_new=True, events=count, photo=photo)
