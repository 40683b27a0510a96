"""Erases a phone: unsent evidence is sealed to the server first, then the keys go, then the bytes (threat C8).

Every step may be killed and repeated. Once the keys are gone the store is noise, whatever is left of its files.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from mobile.platform import escrow, keys
from mobile.platform.clock import SystemClock
from mobile.store import database, files, meta, origins, outbox
from mobile.store.database import Store
from mobile.store.guard import Guard
from shared.errors import DomainError

PHOTO_MARK: Final = b"LFPHOTO "
_EVIDENCE: Final = "evidence"
_MARKER: Final = "wiped.json"
_ASIDE: Final = "unreadable"
_KEPT_BESIDE: Final = frozenset({_EVIDENCE, _MARKER})


class _Evidence(msgspec.Struct, frozen=True, kw_only=True):
    device_id: str
    technician_id: str
    gen: str
    sealed_ms: int
    events: tuple[msgspec.Raw, ...]


def has_unsent(db: sqlite3.Connection) -> bool:
    """Tell whether an event or a picture is on this phone only."""
    return bool(outbox.list_unsent(db)) or files.count_waiting(db) > 0


def seal_evidence(store: Store, now_ms: int) -> int:
    """Seal what the server does not have to its public key; return how many files were written.

    Raises DomainError `recovery_key_missing` when there is something to seal and no key to seal it to.
    """
    with store.read() as db:
        recovery_key, batches = meta.find_text(db, meta.RECOVERY_KEY), _list_evidence(db, now_ms)
        waiting = files.list_waiting(db)
    if not (batches or waiting):
        return 0
    if not recovery_key:
        raise DomainError("recovery_key_missing")
    for number, evidence in enumerate(batches, 1):
        name = f"events-{now_ms}-{number}"
        _put(store.folder, name, escrow.seal_for(recovery_key, msgspec.json.encode(evidence)))
    return len(batches) + sum(_seal_photo(store, recovery_key, file.sha256) for file in waiting)


def _list_evidence(db: sqlite3.Connection, now_ms: int) -> list[_Evidence]:
    """List the unsent events of each enrolment that they were made under, the earlier ones first."""
    events, identity = outbox.list_unsent(db), meta.find_identity(db)
    own = origins.Origin(
        device_id=identity.device_id if identity else "", technician_id=identity.technician_id if identity else ""
    )
    known = origins.find(db, [event_id for event_id, _ in events])
    batches: dict[origins.Origin, list[msgspec.Raw]] = {}
    for event_id, raw in events:
        batches.setdefault(known.get(event_id, own), []).append(msgspec.Raw(raw))
    gen = meta.find_text(db, meta.GEN) or ""
    return [
        _Evidence(
            device_id=origin.device_id,
            technician_id=origin.technician_id,
            gen=gen,
            sealed_ms=now_ms,
            events=tuple(raws),
        )
        for origin, raws in batches.items()
    ]


def erase(folder: Path, now_ms: int, reason: str) -> None:
    """Erase keys and data of a closed phone for good, and leave word that it was done."""
    marker = Guard(state="wiped", since_ms=now_ms, reason=reason)
    _write(folder / _MARKER, msgspec.json.encode(marker))  # first: a killed erasure is finished by the next start
    keys.erase(folder)
    _remove_data(folder)


def finish_erasure(folder: Path) -> None:
    """Finish an erasure that was cut off; without one this does nothing."""
    if (folder / _MARKER).exists():
        keys.erase(folder)
        _remove_data(folder)


def find_wiped(folder: Path) -> Guard | None:
    """Return when and why the phone in `folder` was erased, None for one that was not."""
    try:
        return msgspec.json.decode((folder / _MARKER).read_bytes(), type=Guard)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError:
        return Guard(state="wiped")


def check_not_wiped(folder: Path) -> None:
    """Finish an erasure that was cut off. Raises DomainError `phone_wiped` until the phone is enrolled anew."""
    if find_wiped(folder) is not None:
        finish_erasure(folder)
        raise DomainError("phone_wiped")


def start_over(folder: Path) -> None:
    """Make room for a new enrolment: data that cannot be opened is put aside, whole; an erased phone has none."""
    if find_wiped(folder) is not None:
        begin_again(folder)
    else:
        set_aside(folder, SystemClock().now_ms())


def begin_again(folder: Path) -> None:
    """Let an erased phone be enrolled anew; sealed evidence stays until it is delivered."""
    finish_erasure(folder)
    (folder / _MARKER).unlink(missing_ok=True)


def list_evidence(folder: Path) -> list[Path]:
    """List the sealed files that wait for the server, oldest first."""
    found = (folder / _EVIDENCE).glob("*.sealed")
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def set_aside(folder: Path, now_ms: int) -> Path:
    """Move a phone that cannot be opened out of the way, whole, and return where it now lies: nothing is deleted."""
    target = folder / f"{_ASIDE}-{now_ms}"
    target.mkdir(parents=True)
    for path in _list_data(folder):
        path.rename(target / path.name)
    return target


def _list_data(folder: Path) -> list[Path]:
    return [
        path for path in sorted(folder.iterdir()) if path.name not in _KEPT_BESIDE and not path.name.startswith(_ASIDE)
    ]


def _remove_data(folder: Path) -> None:
    for path in (folder / "files").glob("*"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (folder / "files").rmdir()
    for path in folder.glob(f"{database.FILE_NAME}*"):
        path.unlink(missing_ok=True)
    for path in folder.glob("*.pack"):
        path.unlink(missing_ok=True)


def _seal_photo(store: Store, recovery_key: str, sha256: str) -> int:
    try:
        picture = files.open_picture(store, sha256)
        content = picture.read(0, picture.size_bytes)
    except (OSError, DomainError):
        return 0  # what cannot be read here cannot be kept for the server either
    plain = PHOTO_MARK + sha256.encode() + b"\n" + content
    _put(store.folder, f"photo-{sha256}", escrow.seal_for(recovery_key, plain))
    return 1


def _put(folder: Path, name: str, content: bytes) -> None:
    target = folder / _EVIDENCE / f"{name}.sealed"
    target.parent.mkdir(exist_ok=True)
    _write(target, content)


def _write(target: Path, content: bytes) -> None:
    draft = target.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    keys.sync_folder(target.parent)
