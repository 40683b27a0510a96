"""Queries of the accounts slice; branch scope is applied here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.accounts.models import Account, Branch, Device, DeviceKey, EnrolCode, Shift, SignIn, Technician
from shared.errors import DomainError

# Made once: putting a statement together costs more than running it, and phones call by the thousand at once.
_BY_TOKENS: Final = sa.select(Device).where(Device.token_hash.in_(sa.bindparam("hashes", expanding=True)))
_LIVE_IDS: Final = sa.select(Device.id).where(
    Device.id.in_(sa.bindparam("ids", expanding=True)), Device.revoked_ms.is_(None)
)
_SHIFTS_OF: Final = (
    sa.select(Shift.technician_id, Shift.start_ms, Shift.end_ms)
    .where(Shift.technician_id.in_(sa.bindparam("technicians", expanding=True)))
    .where(Shift.end_ms > sa.bindparam("from_ms"), Shift.start_ms < sa.bindparam("to_ms"))
    .order_by(Shift.start_ms)
)
_SEEN: Final = (
    sa.update(Device)
    .where(Device.id == sa.bindparam("of"), Device.last_seen_ms < sa.bindparam("new_ms"))
    .values(last_seen_ms=sa.bindparam("new_ms"))
)

_UNSENT: Final = (
    sa.update(Device)
    .where(Device.id == sa.bindparam("of"))
    .values(given_dseq=sa.bindparam("given"), unsent=sa.bindparam("left"))
)
_BOOTS: Final = sa.update(Device).where(Device.id == sa.bindparam("of")).values(boots=sa.bindparam("begun"))


def get_branch(session: orm.Session, branch_id: str) -> Branch:
    """Return a branch. Raises DomainError `not_found`."""
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise DomainError("not_found", what="branch")
    return branch


def list_branches(session: orm.Session) -> list[Branch]:
    """Return all branches."""
    return list(session.scalars(sa.select(Branch).order_by(Branch.id)))


def get_first_branch(session: orm.Session) -> Branch:
    """Return the branch of a server that has one. Raises DomainError `branch_missing`."""
    branches = list_branches(session)
    if not branches:
        raise DomainError("branch_missing")
    return branches[0]


def find_account(session: orm.Session, user_name: str) -> Account | None:
    """Return the account with a user name."""
    return session.scalar(sa.select(Account).where(Account.user_name == user_name))


def get_account(session: orm.Session, account_id: str) -> Account:
    """Return an account. Raises DomainError `not_found`."""
    account = session.get(Account, account_id)
    if account is None:
        raise DomainError("not_found", what="account")
    return account


def list_accounts(session: orm.Session, branch_id: str) -> list[Account]:
    """Return all accounts of a branch."""
    return list(session.scalars(sa.select(Account).where(Account.branch_id == branch_id)))


def find_sign_in(session: orm.Session, sign_in_id: str) -> tuple[SignIn, Account] | None:
    """Return a console session with its account."""
    query = sa.select(SignIn, Account).join(Account, Account.id == SignIn.account_id).where(SignIn.id == sign_in_id)
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def find_technician(session: orm.Session, technician_id: str) -> Technician | None:
    """Return a technician of any branch; callers compare the branch."""
    return session.get(Technician, technician_id)


def get_technician(session: orm.Session, branch_id: str, technician_id: str) -> Technician:
    """Return a technician of the branch. Raises DomainError `not_found`."""
    technician = session.get(Technician, technician_id)
    if technician is None or technician.branch_id != branch_id:
        raise DomainError("not_found", what="technician")
    return technician


def list_technicians(session: orm.Session, branch_id: str) -> list[Technician]:
    """Return the branch's technicians, by id."""
    return list(session.scalars(sa.select(Technician).where(Technician.branch_id == branch_id).order_by(Technician.id)))


def list_all_shifts(session: orm.Session, from_ms: int, to_ms: int) -> list[Shift]:
    """Return the shifts of every branch that touch a span of time."""
    return list(session.scalars(sa.select(Shift).where(Shift.end_ms > from_ms, Shift.start_ms < to_ms)))


def list_paused(session: orm.Session) -> set[str]:
    """Return the technicians who have paused their location."""
    return set(session.scalars(sa.select(Technician.id).where(Technician.location_paused_ms.is_not(None))))


def list_shifts(session: orm.Session, branch_id: str, from_ms: int, to_ms: int) -> list[Shift]:
    """Return the branch's shifts that touch a span of time, by start."""
    query = (
        sa.select(Shift)
        .where(Shift.branch_id == branch_id, Shift.end_ms > from_ms, Shift.start_ms < to_ms)
        .order_by(Shift.start_ms)
    )
    return list(session.scalars(query))


def list_shifts_of(session: orm.Session, technician_id: str, from_ms: int, to_ms: int) -> list[tuple[int, int]]:
    """Return start and end of one technician's shifts that touch a span of time, by start."""
    return map_shifts_of(session, [technician_id], from_ms, to_ms).get(technician_id, [])


def map_shifts_of(
    session: orm.Session, technician_ids: Iterable[str], from_ms: int, to_ms: int
) -> dict[str, list[tuple[int, int]]]:
    """Return start and end of some technicians' shifts that touch a span of time, by technician, then by start."""
    asked = {"technicians": sorted(set(technician_ids)), "from_ms": from_ms, "to_ms": to_ms}
    found: dict[str, list[tuple[int, int]]] = {}
    for technician_id, start_ms, end_ms in session.execute(_SHIFTS_OF, asked):
        found.setdefault(technician_id, []).append((start_ms, end_ms))
    return found


def map_devices_by_token(session: orm.Session, token_hashes: Iterable[str]) -> dict[str, Device]:
    """Return the devices with some tokens' hashes, by the hash."""
    return {row.token_hash: row for row in session.scalars(_BY_TOKENS, {"hashes": sorted(set(token_hashes))})}


def list_live_ids(session: orm.Session, device_ids: Iterable[str]) -> set[str]:
    """Return which of some devices still have access."""
    return set(session.scalars(_LIVE_IDS, {"ids": sorted(device_ids)}))


def find_device(session: orm.Session, device_id: str) -> Device | None:
    """Return a device."""
    return session.get(Device, device_id)


def note_seen(session: orm.Session, seen_ms: Mapping[str, int]) -> None:
    """Note when devices were last heard of (Unix ms by device)."""
    if seen_ms:
        rows = [{"of": device_id, "new_ms": at_ms} for device_id, at_ms in sorted(seen_ms.items())]
        session.connection().execute(_SEEN, rows)


def note_contacts(
    session: orm.Session,
    seen_ms: Mapping[str, int],
    unsent: Mapping[str, tuple[int, int]],
    boots: Mapping[str, dict[str, int]],
) -> None:
    """Note when devices called (Unix ms), (last number given, how many unsent) of their events, and their boots."""
    note_seen(session, seen_ms)
    counts = [{"of": device_id, "given": given, "left": left} for device_id, (given, left) in sorted(unsent.items())]
    if counts:
        session.connection().execute(_UNSENT, counts)
    if boots:
        begun = [{"of": device_id, "begun": told} for device_id, told in sorted(boots.items())]
        session.connection().execute(_BOOTS, begun)


def list_backlogs(session: orm.Session, branch_id: str) -> list[tuple[str, int]]:
    """Return technicians whose phone holds events that the server does not have, and how many; the most in front."""
    query = sa.select(Technician.name, Device.unsent).join(Technician, Technician.id == Device.technician_id)
    query = query.where(Device.branch_id == branch_id, Device.revoked_ms.is_(None), Device.unsent > 0)
    return [(name, unsent) for name, unsent in session.execute(query.order_by(Device.unsent.desc(), Device.id))]


def get_device(session: orm.Session, branch_id: str, device_id: str) -> Device:
    """Return a device of the branch. Raises DomainError `not_found`."""
    device = session.get(Device, device_id)
    if device is None or device.branch_id != branch_id:
        raise DomainError("not_found", what="device")
    return device


def has_common_key(session: orm.Session, one_id: str, other_id: str) -> bool:
    """Tell whether two enrolments have named the same seal key: they are one phone."""
    keys = sa.select(DeviceKey.key_id).where(DeviceKey.device_id == one_id)
    query = sa.select(sa.exists().where(DeviceKey.device_id == other_id, DeviceKey.key_id.in_(keys)))
    return bool(session.scalar(query))


def list_devices(session: orm.Session, branch_id: str) -> list[Device]:
    """Return the branch's devices, newest first."""
    query = sa.select(Device).where(Device.branch_id == branch_id).order_by(Device.enrolled_ms.desc(), Device.id)
    return list(session.scalars(query))


def map_last_seen(session: orm.Session, branch_id: str) -> dict[str, int]:
    """Return when each technician's phone, the one enrolled last, was heard of (Unix ms)."""
    query = sa.select(Device.technician_id, Device.last_seen_ms)
    query = query.where(Device.branch_id == branch_id, Device.revoked_ms.is_(None))
    return dict(session.execute(query.order_by(Device.enrolled_ms, Device.id.desc())).all())


def list_older_devices(session: orm.Session, device_ids: Collection[str]) -> set[str]:
    """Return those devices in use whose technician has enrolled another since, which is in use too."""
    newer = orm.aliased(Device)
    of_his = (newer.technician_id == Device.technician_id, newer.enrolled_ms > Device.enrolled_ms)
    query = sa.select(Device.id).join(newer, sa.and_(*of_his, newer.revoked_ms.is_(None)))
    query = query.where(Device.id.in_(device_ids), Device.revoked_ms.is_(None))
    return set(session.scalars(query))


def find_enrol_code(session: orm.Session, code_hash: str) -> EnrolCode | None:
    """Return a one-time code by its hash, locked."""
    return session.get(EnrolCode, code_hash, with_for_update=True)


def list_names(session: orm.Session, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of accounts and technicians by id."""
    wanted = set(ids)
    names = dict(session.execute(sa.select(Account.id, Account.name).where(Account.id.in_(wanted))).all())
    names |= dict(session.execute(sa.select(Technician.id, Technician.name).where(Technician.id.in_(wanted))).all())
    return names
