"""Signing in, enrolling phones, recording where a technician is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import argon2
from sqlalchemy import orm

from server.accounts import repository
from server.accounts.models import Account, Branch, Device, DeviceKey, EnrolCode, Shift, SignIn, Technician
from server.core import clock, deadlines, journal, signing_keys
from server.core.unit_of_work import Actor, Tx
from shared import events, signature, wire
from shared.errors import DomainError
from shared.machine import Role
from shared.proof import PublicKey

_HASHER: Final = argon2.PasswordHasher()
_TOKEN_BYTES: Final = 32
_CODE_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH: Final = 8
CODE_LIFE_MS: Final = 10 * 60_000
SESSION_LIFE_MS: Final = 14 * 3_600_000
_FAILURES_ALLOWED: Final = 10
_LOCK_MS: Final = 15 * 60_000
SHIFT_STARTS: Final = "shift_starts"
# Costs as much to check as a real one and nothing to make: every process would pay for it at its start.
_NOBODY: Final = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}$"
    f"{base64.b64encode(bytes(_HASHER.salt_len)).decode().rstrip('=')}$"
    f"{base64.b64encode(bytes(_HASHER.hash_len)).decode().rstrip('=')}"
)


def hash_secret(secret: str) -> str:
    """Return what is stored of a token or code."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _HASHER.hash(password)


def sign_in(session: orm.Session, user_name: str, password: str, now_ms: int) -> str:
    """Open a console session and return its id; a failure is counted in the database.

    Takes the same time for an unknown name. Raises DomainError `sign_in_failed`, `locked_out`.
    The caller commits in both cases: see `check_failure`.
    """
    account = repository.find_account(session, user_name)
    if account is not None and account.locked_until_ms > now_ms:
        raise DomainError("locked_out")
    if not _is_password(account.password_hash if account else _NOBODY, password) or account is None:
        raise DomainError("sign_in_failed")
    account.failures = 0
    row = SignIn(
        id=clock.random_bytes(_TOKEN_BYTES).hex(),
        account_id=account.id,
        branch_id=account.branch_id,
        started_ms=now_ms,
        expires_ms=now_ms + SESSION_LIFE_MS,
    )
    session.add(row)
    return row.id


def count_failure(session: orm.Session, user_name: str, now_ms: int) -> None:
    """Count a failed sign-in; too many lock the account for a while (threat C7)."""
    account = repository.find_account(session, user_name)
    if account is None:
        return
    account.failures += 1
    if account.failures >= _FAILURES_ALLOWED:
        account.failures, account.locked_until_ms = 0, now_ms + _LOCK_MS


def sign_out(session: orm.Session, sign_in_id: str) -> None:
    """End a console session everywhere."""
    found = repository.find_sign_in(session, sign_in_id)
    if found:
        session.delete(found[0])


def find_console_user(session: orm.Session, sign_in_id: str, now_ms: int) -> Account | None:
    """Return the account of a live console session."""
    found = repository.find_sign_in(session, sign_in_id)
    return found[1] if found and found[0].expires_ms > now_ms else None


def _is_password(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except argon2.exceptions.VerificationError:
        return False


def issue_enrol_code(tx: Tx, technician_id: str) -> tuple[str, int]:
    """Return a new one-time code and when it expires (Unix ms)."""
    technician = repository.get_technician(tx.session, tx.branch_id, technician_id)
    code = "".join(_CODE_ALPHABET[b % len(_CODE_ALPHABET)] for b in clock.random_bytes(_CODE_LENGTH))
    expires_ms = tx.now_ms + CODE_LIFE_MS
    tx.session.add(
        EnrolCode(
            code_hash=hash_secret(code), branch_id=tx.branch_id, technician_id=technician.id, expires_ms=expires_ms
        )
    )
    return code, expires_ms


def find_code_branch(session: orm.Session, code: str) -> str | None:
    """Return the branch a code belongs to, so that the enrolment can be journalled there."""
    row = repository.find_enrol_code(session, hash_secret(code.strip().upper()))
    return row.branch_id if row else None


def enrol_device(tx: Tx, request: wire.EnrolRequest) -> wire.EnrolResponse:
    """Redeem a code for a device. Raises DomainError `code_invalid`, `code_expired`."""
    row = repository.find_enrol_code(tx.session, hash_secret(request.code.strip().upper()))
    if row is None or row.used_ms is not None:
        raise DomainError("code_invalid")
    if row.expires_ms < tx.now_ms:
        raise DomainError("code_expired")
    signing_keys.check_public(PublicKey(alg=request.alg, public_key=request.public_key))
    row.used_ms = tx.now_ms
    technician = repository.get_technician(tx.session, tx.branch_id, row.technician_id)
    token = clock.random_bytes(_TOKEN_BYTES).hex()
    device = _add_device(tx, technician, request, token)
    tx.record(
        events.DEVICE_ENROLLED, {"device_id": device.id, "technician_id": technician.id, "key": device.public_key}
    )
    branch = repository.get_branch(tx.session, tx.branch_id)
    return wire.EnrolResponse(
        token=token,
        device_id=device.id,
        technician_id=technician.id,
        technician_name=technician.name,
        branch_id=branch.id,
        branch_name=branch.name["zh_CN"],
        gen=branch.generation,
    )


def _add_device(tx: Tx, technician: Technician, request: wire.EnrolRequest, token: str) -> Device:
    device = Device(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        technician_id=technician.id,
        token_hash=hash_secret(token),
        public_key=request.public_key,
        label=request.label[:80],
        enrolled_ms=tx.now_ms,
        last_seen_ms=tx.now_ms,
    )
    tx.session.add(device)
    tx.session.flush()
    _add_key(tx, device.id, PublicKey(alg=request.alg, public_key=request.public_key))
    tx.session.add(
        journal.FeedReader(id=device.id, branch_id=tx.branch_id, technician_id=technician.id, head=0, is_active=True)
    )
    tx.session.flush()
    return device


def _add_key(tx: Tx, device_id: str, key: PublicKey) -> None:
    tx.session.add(
        DeviceKey(
            device_id=device_id,
            key_id=key.key_id,
            branch_id=tx.branch_id,
            alg=key.alg,
            public_key=key.public_key,
            since_ms=tx.now_ms,
        )
    )


def find_device_key(session: orm.Session, device_id: str, key_id: str) -> PublicKey | None:
    """Return one of the keys that a device has had."""
    row = session.get(DeviceKey, (device_id, key_id))
    return PublicKey(alg=row.alg, public_key=row.public_key) if row else None


def change_device_key(tx: Tx, device_id: str, request: wire.DeviceKeyRequest) -> str:
    """Take a device's new key for seals, and return its id; asked again, nothing changes.

    What the old key sealed still verifies. Raises DomainError `key_change_refused` unless a key of this device signed.
    """
    device = repository.get_device(tx.session, tx.branch_id, device_id)
    key = PublicKey(alg=request.alg, public_key=request.public_key)
    signing_keys.check_public(key)
    if find_device_key(tx.session, device_id, key.key_id) is not None:
        return key.key_id
    old = find_device_key(tx.session, device_id, request.signed_by)
    message = signature.new_key_bytes(device_id, request.alg, request.public_key)
    if old is None or not signing_keys.verify_hex(old, request.signature, message):
        raise DomainError("key_change_refused")
    device.public_key = key.public_key
    _add_key(tx, device_id, key)
    told = {
        "device_id": device_id,
        "technician_id": device.technician_id,
        "key_id": key.key_id,
        "by": request.signed_by,
    }
    tx.record(events.DEVICE_KEY_CHANGED, told)
    return key.key_id


def revoke_device(tx: Tx, device_id: str) -> None:
    """End a device's access at once; what it still sends as evidence is refused at the door with `device_revoked`."""
    device = repository.get_device(tx.session, tx.branch_id, device_id)
    device.revoked_ms = tx.now_ms
    reader = tx.session.get(journal.FeedReader, device.id)
    if reader is not None:
        reader.is_active = False
    tx.record(events.DEVICE_REVOKED, {"device_id": device.id, "technician_id": device.technician_id})


def list_by_token(session: orm.Session, token_hashes: Sequence[str]) -> list[Device | None]:
    """Return the devices of bearer tokens, as `hash_secret` stores them, in their order; None for an unknown one."""
    found = repository.map_devices_by_token(session, token_hashes)
    return [found.get(token_hash) for token_hash in token_hashes]


def check_live(device: Device | None) -> Device:
    """Return a device whose access stands. Raises DomainError `signed_out`, `device_revoked`."""
    if device is None:
        raise DomainError("signed_out")
    if device.revoked_ms is not None:
        raise DomainError("device_revoked")
    return device


def get_branch_name(session: orm.Session, branch_id: str, language: str) -> str:
    """Return a branch's name in a language. Raises DomainError `not_found`."""
    name = repository.get_branch(session, branch_id).name
    return name.get(language) or next(iter(name.values()))


def find_technician_name(session: orm.Session, technician_id: str) -> str:
    """Return a technician's name, or nothing."""
    technician = repository.find_technician(session, technician_id)
    return technician.name if technician else ""


def list_names(session: orm.Session, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of accounts and technicians by id, for slices that do not read their tables."""
    return repository.list_names(session, ids)


def find_calibration(session: orm.Session, technician_id: str, serial: str) -> str | None:
    """Return until when an instrument of his kit is calibrated (ISO 8601); None for a serial not his (PA-04)."""
    technician = repository.find_technician(session, technician_id)
    kit = technician.instruments if technician else []
    return next((str(i["valid_until"]) for i in kit if i["serial"] == serial), None)


def device_actor(device: Device) -> Actor:
    """Return the technician behind a device as actor."""
    return Actor(id=device.technician_id, role=Role.TECHNICIAN, branch_id=device.branch_id)


def create_branch(tx: Tx, name: dict[str, str], center: tuple[float, float]) -> Branch:
    """Add the branch that the transaction's actor names, with the feed its consoles share; `center` is WGS-84."""
    branch = Branch(id=tx.branch_id, name=name, center_lat=center[0], center_lon=center[1], generation=tx.new_id())
    tx.session.add(branch)
    tx.session.flush()
    tx.session.add(
        journal.FeedReader(id=journal.console_reader(branch.id), branch_id=branch.id, technician_id="", head=0)
    )
    return branch


def create_account(tx: Tx, user_name: str, name: str, role: Role, password: str, language: str = "zh_CN") -> Account:
    """Add somebody who may sign in."""
    account = Account(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        user_name=user_name,
        name=name,
        role=role.value,
        password_hash=hash_password(password),
        language=language,
        failures=0,
        locked_until_ms=0,
    )
    tx.session.add(account)
    return account


def add_technician(tx: Tx, technician_id: str, values: dict[str, Any], shifts: list[tuple[int, int]]) -> Technician:
    """Add a technician with his shifts; `values`: name, name_en, skills, instruments, home_lat, home_lon."""
    technician = Technician(id=technician_id, branch_id=tx.branch_id, **values)
    tx.session.add(technician)
    tx.session.flush()
    for start_ms, end_ms in shifts:
        add_shift(tx, technician_id, start_ms, end_ms)
    return technician


def add_shift(tx: Tx, technician_id: str, start_ms: int, end_ms: int) -> None:
    """Add a shift, and owe what is done when it begins: the test of the phone's channel."""
    row = Shift(id=tx.new_id(), branch_id=tx.branch_id, technician_id=technician_id, start_ms=start_ms, end_ms=end_ms)
    tx.session.add(row)
    owe_start(tx, row)


def owe_start(tx: Tx, shift: Shift) -> None:
    """Owe what is done at the beginning of a shift that is still to come; a changed one replaces the earlier duty."""
    if shift.start_ms >= tx.now_ms:
        data = {"technician_id": shift.technician_id, "start_ms": shift.start_ms}
        deadlines.schedule(tx, SHIFT_STARTS, shift.id, shift.start_ms, data)
