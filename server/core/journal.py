"""The journal: every change as a past-tense event in a hash chain per branch; audit trail, outbox and cursor source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json

GENESIS: Final = "0" * 64
_STREAMED: Final = 5_000
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class JournalRow(Base):
    """One event. Rows are never changed: triggers refuse UPDATE and DELETE on both databases."""

    __tablename__ = "journal"
    __table_args__ = (sa.UniqueConstraint("branch_id", "seq"),)
    id: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36))
    seq: Mapped[int] = mapped_column(_BIG)
    event_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    type: Mapped[str] = mapped_column(sa.String(40))
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)
    actor_id: Mapped[str] = mapped_column(sa.String(36))
    actor_role: Mapped[str] = mapped_column(sa.String(16))
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_ids: Mapped[list[str]] = mapped_column(Json)
    data: Mapped[str] = mapped_column(sa.Text)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class ChainHead(Base):
    """The newest link of a branch's chain; locked last in every transaction (decision 3)."""

    __tablename__ = "chain_head"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(_BIG)
    hash: Mapped[str] = mapped_column(sa.String(64))


class OutboxRow(Base):
    """An event that still has to be handled; the row goes away in the transaction of its last handler."""

    __tablename__ = "outbox"
    journal_id: Mapped[int] = mapped_column(_BIG, sa.ForeignKey("journal.id"), primary_key=True)
    claimed_by: Mapped[str] = mapped_column(sa.String(40), default="")
    claimed_until_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    error: Mapped[str] = mapped_column(sa.Text, default="")


class FeedReader(Base):
    """Somebody who reads changes: a device of a technician, or a branch's consoles. `head` is the gapless counter."""

    __tablename__ = "feed_reader"
    id: Mapped[str] = mapped_column(sa.String(48), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True, default="")
    head: Mapped[int] = mapped_column(_BIG, default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class FeedRow(Base):
    """The index of one reader's changes; no payload of its own."""

    __tablename__ = "feed"
    reader_id: Mapped[str] = mapped_column(sa.String(48), primary_key=True)
    seq: Mapped[int] = mapped_column(_BIG, primary_key=True)
    journal_id: Mapped[int] = mapped_column(_BIG, sa.ForeignKey("journal.id"))


_EVENT_COLUMNS: Final = (
    "type", "branch_id", "at_ms", "actor_id", "actor_role", "work_order_id", "technician_ids", "data", "event_id", "id",
    "seq",
)  # fmt: skip
_SHORT_FEED: Final = 16

# Made once: putting a statement together costs more than running it, and phones read by the thousand at once.
_FEED: Final = (
    sa.select(FeedRow.seq, JournalRow)
    .join(JournalRow, JournalRow.id == FeedRow.journal_id)
    .where(FeedRow.reader_id == sa.bindparam("reader_id"), FeedRow.seq > sa.bindparam("after"))
    .order_by(FeedRow.seq)
    .limit(sa.bindparam("most"))
)
_FEEDS: Final = (
    sa.select(FeedRow.reader_id, FeedRow.seq, *(getattr(JournalRow, name) for name in _EVENT_COLUMNS))
    .join(JournalRow, JournalRow.id == FeedRow.journal_id)
    .where(
        FeedRow.reader_id.in_(sa.bindparam("readers", expanding=True)),
        FeedRow.seq.in_(sa.bindparam("numbers", expanding=True)),
    )
    .order_by(FeedRow.reader_id, FeedRow.seq)
)
_HEADS: Final = sa.select(FeedReader.id, FeedReader.head).where(
    FeedReader.id.in_(sa.bindparam("readers", expanding=True))
)
_INSERT: Final = sa.insert(JournalRow).returning(JournalRow.id, JournalRow.seq)
_LINK_COLUMNS: Final = tuple(c.key for c in JournalRow.__table__.columns if not c.primary_key)
_FEED_INSERT: Final = sa.insert(FeedRow)
_READERS: Final = (
    sa.select(FeedReader)
    .where(FeedReader.branch_id == sa.bindparam("branch_id"), FeedReader.is_active)
    .where(
        sa.or_(
            FeedReader.technician_id == "",
            FeedReader.technician_id.in_(sa.bindparam("technicians", expanding=True)),
        )
    )
    .order_by(FeedReader.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as services record it and handlers receive it; `data` is plain JSON."""

    type: str
    branch_id: str
    at_ms: int
    actor_id: str
    actor_role: str
    work_order_id: str = ""
    technician_ids: tuple[str, ...] = ()
    data: dict[str, Any] = {}
    event_id: str = ""
    journal_id: int = 0
    seq: int = 0


def console_reader(branch_id: str) -> str:
    """Return the reader id that all consoles of a branch share."""
    return f"console:{branch_id}"


def link_hash(row: JournalRow) -> str:
    """Return the hash of a row over its content and its predecessor (threat C12)."""
    technicians = ",".join(row.technician_ids)
    named = (row.event_id, row.type, str(row.at_ms), row.actor_id, row.actor_role, row.work_order_id)
    return _hash((row.previous_hash, row.branch_id, str(row.seq), *named, technicians, row.data))


def _hash(parts: tuple[str, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def append(session: orm.Session, events: list[Event], is_awaited: Callable[[Event], bool]) -> None:
    """Write events, their outbox rows and the feed index. Readers' counters are locked by id, the chain head last."""
    for branch_id in sorted({e.branch_id for e in events}):
        own = [e for e in events if e.branch_id == branch_id]
        readers = _lock_readers(session, branch_id, own)
        head = _lock_head(session, branch_id)
        ids = _insert(session, [_link(item, head) for item in own])
        session.add_all(OutboxRow(journal_id=i) for i, item in zip(ids, own, strict=True) if is_awaited(item))
        told = [entry for i, item in zip(ids, own, strict=True) for entry in _feed(i, item, readers)]
        if told:
            session.connection().execute(_FEED_INSERT, told)
    session.flush()


def _insert(session: orm.Session, rows: list[JournalRow]) -> list[int]:
    """Write links in one statement, past the session's bookkeeping; return their ids in the links' order."""
    session.flush()
    values = [{name: getattr(row, name) for name in _LINK_COLUMNS} for row in rows]
    found = session.connection().execute(_INSERT, values)
    by_seq = {seq: row_id for row_id, seq in found}
    return [by_seq[row.seq] for row in rows]


def _lock_readers(session: orm.Session, branch_id: str, events: list[Event]) -> list[FeedReader]:
    technicians = {t for e in events for t in e.technician_ids}
    return list(session.scalars(_READERS, {"branch_id": branch_id, "technicians": sorted(technicians)}))


def _lock_head(session: orm.Session, branch_id: str) -> ChainHead:
    head = session.get(ChainHead, branch_id, with_for_update=True, populate_existing=True)
    if head is None:
        head = ChainHead(branch_id=branch_id, seq=0, hash=GENESIS)
        session.add(head)
    return head


def _link(item: Event, head: ChainHead) -> JournalRow:
    """Return an event as the next link of the chain, and let the head be this link."""
    row = JournalRow(
        branch_id=item.branch_id,
        seq=head.seq + 1,
        event_id=item.event_id,
        type=item.type,
        at_ms=item.at_ms,
        actor_id=item.actor_id,
        actor_role=item.actor_role,
        work_order_id=item.work_order_id,
        technician_ids=list(item.technician_ids),
        data=msgspec.json.encode(item.data, order="sorted").decode(),
        previous_hash=head.hash,
        hash="",
    )
    row.hash = link_hash(row)
    head.seq, head.hash = row.seq, row.hash
    return row


def _feed(journal_id: int, item: Event, readers: list[FeedReader]) -> Iterable[dict[str, Any]]:
    for reader in readers:
        if reader.technician_id and reader.technician_id not in item.technician_ids:
            continue
        reader.head += 1
        yield {"reader_id": reader.id, "seq": reader.head, "journal_id": journal_id}


def event_of(row: JournalRow) -> Event:
    """Return a stored row as the event that handlers know."""
    return _event_of([getattr(row, name) for name in _EVENT_COLUMNS])


def list_feed(session: orm.Session, reader_id: str, after: int, limit: int) -> list[tuple[int, Event]]:
    """Return a reader's changes after a sequence number, oldest first, with their numbers."""
    asked = {"reader_id": reader_id, "after": after, "most": limit}
    return [(seq, event_of(row)) for seq, row in session.execute(_FEED, asked)]


def list_feeds(
    session: orm.Session, asked: Sequence[tuple[str, int, int]], limit: int
) -> list[list[tuple[int, Event]]]:
    """Return, for each (reader, after, head), what `list_feed` returns; `head` is the reader's newest number.

    Those that want a few changes are read at once: numbers have no gaps.
    """
    numbers = {n for _, after, head in asked if head - after <= _SHORT_FEED for n in range(after + 1, head + 1)}
    readers = sorted({reader_id for reader_id, after, head in asked if 0 < head - after <= _SHORT_FEED})
    rows = session.execute(_FEEDS, {"readers": readers, "numbers": sorted(numbers)}) if readers else ()
    found: dict[str, list[tuple[int, Event]]] = {}
    for reader_id, number, *columns in rows:
        found.setdefault(reader_id, []).append((number, _event_of(columns)))
    return [
        [entry for entry in found.get(reader_id, ()) if after < entry[0] <= head]
        if head - after <= _SHORT_FEED
        else list_feed(session, reader_id, after, limit)
        for reader_id, after, head in asked
    ]


def _event_of(columns: Sequence[Any]) -> Event:
    kind, branch_id, at_ms, actor_id, actor_role, work_order_id, technicians, data, event_id, row_id, seq = columns
    return Event(
        type=kind,
        branch_id=branch_id,
        at_ms=at_ms,
        actor_id=actor_id,
        actor_role=actor_role,
        work_order_id=work_order_id,
        technician_ids=tuple(technicians),
        data=msgspec.json.decode(data),
        event_id=event_id,
        journal_id=row_id,
        seq=seq,
    )


def tell_again(session: orm.Session, reader_id: str, work_order_ids: list[str]) -> None:
    """Put the newest event of some orders into a reader's feed: a new device hears of what its person has.

    What came since the device is there stands in its feed already, and is not told twice.
    """
    reader = session.get(FeedReader, reader_id, with_for_update=True, populate_existing=True)
    told = set(session.scalars(sa.select(FeedRow.journal_id).where(FeedRow.reader_id == reader_id)))
    for work_order_id in work_order_ids if reader else ():
        newest = session.scalar(sa.select(sa.func.max(JournalRow.id)).where(JournalRow.work_order_id == work_order_id))
        if reader is not None and newest is not None and newest not in told:
            reader.head += 1
            session.add(FeedRow(reader_id=reader_id, seq=reader.head, journal_id=newest))


def get_head(session: orm.Session, reader_id: str) -> int:
    """Return the newest sequence number of one reader, 0 for one without changes."""
    return session.scalar(sa.select(FeedReader.head).where(FeedReader.id == reader_id)) or 0


def map_heads(session: orm.Session, reader_ids: Iterable[str]) -> dict[str, int]:
    """Return the newest sequence numbers of some readers."""
    return dict(session.execute(_HEADS, {"readers": sorted(reader_ids)}).all())


def list_heads(session: orm.Session) -> dict[str, int]:
    """Return the newest sequence number of every active reader."""
    query = sa.select(FeedReader.id, FeedReader.head).where(FeedReader.is_active)
    return dict(session.execute(query).all())


def find_chain_seq(session: orm.Session, branch_id: str) -> int:
    """Return the number of a branch's newest committed event, 0 before the first; whatever follows has a higher one."""
    return session.scalar(sa.select(ChainHead.seq).where(ChainHead.branch_id == branch_id)) or 0


def list_history(session: orm.Session, work_order_id: str) -> list[Event]:
    """Return a work order's whole history, oldest first."""
    query = sa.select(JournalRow).where(JournalRow.work_order_id == work_order_id).order_by(JournalRow.id)
    return [event_of(row) for row in session.scalars(query)]


def verify_chain(session: orm.Session, branch_id: str) -> list[str]:
    """Return what is wrong with a branch's chain: gaps, altered rows, broken links, a cut tail; else nothing."""
    problems: list[str] = []
    previous, expected = GENESIS, 1
    for row in _stream(session, branch_id):
        seq, told, technicians = row[2], row[-1], row[9]
        if seq != expected:
            problems.append(f"gap before {seq}")
        named = ",".join(msgspec.json.decode(technicians)) if technicians != "[]" else ""
        parts = (row[0], branch_id, str(seq), row[3], row[4], str(row[5]), *row[6:9], named, row[10])
        if row[0] != previous or row[1] != branch_id or told != _hash(parts):
            problems.append(f"altered at {seq}")
        previous, expected = told, seq + 1
    head = session.get(ChainHead, branch_id)
    if (head.seq if head else 0) != expected - 1 or (head.hash if head else GENESIS) != previous:
        problems.append("tail cut")
    return problems


def _stream(session: orm.Session, branch_id: str) -> Iterable[Any]:
    """Return the columns behind a branch's links, in their order; rows of a million are not built as objects."""
    row = JournalRow
    columns = (row.previous_hash, row.branch_id, row.seq, row.event_id, row.type, row.at_ms, row.actor_id)
    technicians = sa.type_coerce(row.technician_ids, sa.Text)
    query = sa.select(*columns, row.actor_role, row.work_order_id, technicians, row.data, row.hash)
    query = query.where(row.branch_id == branch_id).order_by(row.seq)
    return session.execute(query.execution_options(yield_per=_STREAMED))


def has_link(session: orm.Session, branch_id: str, seq: int, link: str) -> bool:
    """Say whether a branch's chain has, at a number, the link that an anchored head names (threat C12)."""
    query = sa.select(JournalRow.hash).where(JournalRow.branch_id == branch_id, JournalRow.seq == seq)
    return seq == 0 or session.scalar(query) == link


def list_branches(session: orm.Session) -> list[str]:
    """Return the branches that have a chain."""
    return list(session.scalars(sa.select(ChainHead.branch_id).order_by(ChainHead.branch_id)))


def list_of_type(session: orm.Session, branch_id: str, event_type: str) -> list[Event]:
    """Return all events of one type of a branch, oldest first."""
    query = sa.select(JournalRow).where(JournalRow.branch_id == branch_id, JournalRow.type == event_type)
    return [event_of(row) for row in session.scalars(query.order_by(JournalRow.id))]
