"""Single values of the phone: cursor, generation, identity, the head of its chain of seals."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from shared import signature

GEN: Final = "gen"
CURSOR: Final = "cursor"
NEXT_DSEQ: Final = "next_dseq"
OFFSET_MS: Final = "offset_ms"
GAPS: Final = "gaps"
IDENTITY: Final = "identity"
CHAIN: Final = "chain"
ERA: Final = "era"  # grows with each reading from cursor 0; jobs of an earlier era are stale
DUTY: Final = "duty"  # the shifts as last told, [[start, end]] in Unix milliseconds
LOCATION_PAUSED: Final = "location_paused"  # 1 while the technician has paused his location
LOCATION_TROUBLE: Final = "location_trouble"  # 1 while Android refuses to say where the phone is
PREFERENCES: Final = "preferences"
KIT: Final = "kit"  # instruments, van stock and the shift's beginning
MESSAGES: Final = "messages"  # of the centre, the newest last
POSITION_VIEWS: Final = "position_views"
TIMERS: Final = "timers"  # of steps, still running
SHOTS: Final = "shots"  # pictures the camera app was opened for
WAIT_AT: Final = "wait_at"
GUARD: Final = "guard"  # whether the desk has locked this phone
CONTACT: Final = "contact"  # how long the server has been silent
RECOVERY_KEY: Final = "recovery_key"  # the server's public key, to which unsent evidence is sealed before a wipe
TEST_PUSH: Final = "test_push"  # the newest test alarm as the server told it
PIN: Final = "pin"  # the technician's PIN as a digest, with the wrong tries
KIOSK: Final = "kiosk"  # the job whose customer holds the phone
REFETCH: Final = "refetch"  # 1 while such a reading is under way


class ChainHead(msgspec.Struct, frozen=True):
    """The last link of the device's chain of seals: how many there are, and its hash in hexadecimal."""

    chain_seq: int = 0
    seal_hash: str = signature.GENESIS_HASH


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who this phone is after enrolment."""

    server_url: str
    token: str
    device_id: str
    technician_id: str
    technician_name: str
    branch_id: str
    branch_name: str


def find_text(db: sqlite3.Connection, key: str) -> str | None:
    """Return a value, None when it was never set."""
    found = db.execute("SELECT unseal('meta', key, value) FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else bytes(found[0]).decode()


def set_text(db: sqlite3.Connection, key: str, value: str) -> None:
    """Store a value in place of the earlier one."""
    db.execute(
        """INSERT INTO meta VALUES (?1, seal('meta', ?1, ?2))
           ON CONFLICT (key) DO UPDATE SET value = excluded.value""",
        (key, value),
    )


def get_number(db: sqlite3.Connection, key: str, default: int = 0) -> int:
    """Return a whole number, `default` when it was never set."""
    return int(find_text(db, key) or default)


def set_number(db: sqlite3.Connection, key: str, value: int) -> None:
    """Store a whole number."""
    set_text(db, key, str(value))


def find_identity(db: sqlite3.Connection) -> Identity | None:
    """Return who this phone is, None before enrolment."""
    found = find_text(db, IDENTITY)
    return None if found is None else msgspec.json.decode(found, type=Identity)


def set_identity(db: sqlite3.Connection, identity: Identity) -> None:
    """Store who this phone is."""
    set_text(db, IDENTITY, msgspec.json.encode(identity).decode())


def get_chain_head(db: sqlite3.Connection) -> ChainHead:
    """Return the head of the device's chain of seals; before the first seal it is number 0."""
    found = find_text(db, CHAIN)
    return ChainHead() if found is None else msgspec.json.decode(found, type=ChainHead)


def set_chain_head(db: sqlite3.Connection, head: ChainHead) -> None:
    """Move the head; in the transaction that stores the sealed record, or the chain would fork."""
    set_text(db, CHAIN, msgspec.json.encode(head).decode())
