"""Judges a run by what lies on disk: the server's tables and the phones' files, read by plain SQL.

Shares no code with what it judges. Lost: something confirmed is missing. Duplicated: something happened twice. Gaps: a
feed or a phone has a hole. Half records: one of two things that belong together.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.soak.kills.rows import Rows

_CONFIRMED: Final = ("applied", "duplicate", "filed_late", "flagged")
_INTENTS: Final = ("assignment_accepted", "assignment_declined")
_GENESIS: Final = "0" * 64
_MOST_NAMED: Final = 20


@dataclasses.dataclass(frozen=True)
class PhoneOnDisk:
    """One phone as the run knows it: its folder, its device's id, and what it was told that it had made."""

    folder: Path
    device_id: str


@dataclasses.dataclass
class Findings:
    """Figures of a run; `named` lists some of what is wrong in words."""

    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    gaps: int = 0
    half_records: int = 0
    named: list[str] = dataclasses.field(default_factory=list)

    def add(self, figure: str, what: Iterable[object], label: str) -> None:
        """Count each of `what` to a figure and name a few."""
        found = list(what)
        setattr(self, figure, getattr(self, figure) + len(found))
        room = max(0, _MOST_NAMED - len(self.named))
        self.named += [f"{figure}: {label}: {item}" for item in found[: min(3, room)]]


def check(database_url: str, phones: Sequence[PhoneOnDisk], reports: dict[str, str], files_dir: Path) -> Findings:
    """Return what is wrong after a run that has come to rest.

    `reports` maps the reference of each confirmed fault report to its order's id; `files_dir` is the server's data
    folder.
    """
    found = Findings()
    with Rows.open(database_url) as rows:
        _check_reports(rows, reports, found)
        _check_evidence(rows, found)
        _check_acceptance(rows, found)
        _check_journal(rows, found)
        _check_histories(rows, found)
        _check_feeds(rows, found)
        _check_consequences(rows, found)
        if problem := rows.find_damage():
            found.add("half_records", [problem], "database")
        known: set[str] = set()
        for phone in phones:
            known |= _check_phone(rows, phone, found, files_dir)
        _check_no_phantoms(rows, phones, known, found)
    return found


# What the desk was told


def _check_reports(rows: Rows, reports: dict[str, str], found: Findings) -> None:
    orders = {str(i): str(ref or "") for i, ref in rows.all("SELECT id, source_ref FROM work_order")}
    opened = Counter(ref.rpartition(":")[2] for ref in orders.values() if ref)
    found.acknowledged += len(reports)
    found.add("lost", (ref for ref, order in reports.items() if order not in orders), "reported order is missing")
    found.add("duplicated", (ref for ref, count in opened.items() if count > 1), "report opened two orders")
    first = {str(row[0]) for row in rows.all("SELECT work_order_id FROM journal WHERE type = 'work_order_opened'")}
    found.add("half_records", orders.keys() ^ first, "order without its beginning, or the reverse")


# What the field told


def _check_evidence(rows: Rows, found: Findings) -> None:
    evidence = rows.all("SELECT id, device_id, work_order_id, assignment_id, type, body, occurred_ms FROM evidence")
    same = Counter(tuple(row[1:]) for row in evidence)
    found.add("duplicated", (key for key, count in same.items() if count > 1), "fact kept twice")
    told = Counter(json.loads(str(row[0]))["event_id"] for row in rows.of_type("fact_recorded"))
    found.add("duplicated", (i for i, count in told.items() if count > 1), "fact journalled twice")
    ids = {str(row[0]) for row in evidence}
    found.add("half_records", ids ^ set(told), "fact without its journal row, or the reverse")
    answered = {str(row[0]) for row in rows.all("SELECT event_id FROM processed_event")}
    found.add("half_records", ids - answered, "fact without its idempotency row")
    records = {str(row[0]) for row in rows.all("SELECT id FROM record")}
    signed = {str(row[0]) for row in evidence if row[4] in {"record_signed", "signature_waived"}}
    found.add("half_records", records ^ signed, "signed record without its fact, or the reverse")


def _check_acceptance(rows: Rows, found: Findings) -> None:
    accepted = rows.all(
        "SELECT work_order_id, epoch, count(*) FROM assignment WHERE accepted_ms IS NOT NULL"
        " GROUP BY work_order_id, epoch HAVING count(*) > 1"
    )
    found.add("duplicated", accepted, "two acceptances of one round")
    held = rows.all(
        "SELECT work_order_id, count(*) FROM assignment WHERE state IN ('accepted', 'en_route', 'arrived', 'working')"
        " GROUP BY work_order_id HAVING count(*) > 1"
    )
    found.add("duplicated", held, "two technicians hold one order")
    moves = (json.loads(str(row[0])) for row in rows.of_type("assignment_moved"))
    accepts = Counter(move["assignment_id"] for move in moves if move["command"] == "accept")
    found.add("duplicated", (i for i, count in accepts.items() if count > 1), "assignment accepted twice")


# What the server wrote down


def _check_journal(rows: Rows, found: Findings) -> None:
    heads = {
        str(b): (int(seq), str(digest)) for b, seq, digest in rows.all("SELECT branch_id, seq, hash FROM chain_head")
    }
    last: dict[str, tuple[int, str]] = defaultdict(lambda: (0, _GENESIS))
    columns = "previous_hash, branch_id, seq, event_id, type, at_ms, actor_id, actor_role, work_order_id"
    for row in rows.all(f"SELECT {columns}, technician_ids, data, hash FROM journal ORDER BY branch_id, seq"):  # noqa: S608 - constant columns
        branch, seq = str(row[1]), int(row[2])
        before = last[branch]
        if seq != before[0] + 1 or row[0] != before[1] or _link(row) != row[11]:
            found.add("gaps", [f"{branch} {seq}"], "journal chain")
        last[branch] = (seq, str(row[11]))
    found.add("gaps", (b for b, head in heads.items() if last[b] != head), "journal ends elsewhere")


def _link(row: Sequence[Any]) -> str:
    technicians = ",".join(json.loads(str(row[9])))
    parts = [*(str(value) for value in row[:9]), technicians, str(row[10])]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _check_histories(rows: Rows, found: Findings) -> None:
    """Every move of an order starts where the one before it ended, and the order stands where the last one ended."""
    stands = {str(i): str(state) for i, state in rows.all("SELECT id, state FROM work_order")}
    last: dict[str, str] = {}
    for order, data in rows.all(
        "SELECT work_order_id, data FROM journal WHERE type IN ('work_order_moved', 'work_order_closed') ORDER BY id"
    ):
        move = json.loads(str(data))
        if str(order) in last and last[str(order)] != move["source"]:
            found.add("gaps", [f"{order} {move}"], "order jumped")
        last[str(order)] = str(move["target"])
    found.add("half_records", (o for o, state in last.items() if stands.get(o) != state), "order stands elsewhere")


def _check_feeds(rows: Rows, found: Findings) -> None:
    counts = rows.all("SELECT reader_id, count(*), min(seq), max(seq) FROM feed GROUP BY reader_id")
    heads = {str(i): int(head) for i, head in rows.all("SELECT id, head FROM feed_reader")}
    for reader, count, first, last in counts:
        if (first, last, heads.get(str(reader))) != (1, count, count):
            found.add("gaps", [f"{reader} {first}..{last} of {heads.get(str(reader))}"], "feed has holes")
    _check_audience(rows, found)


def _check_audience(rows: Rows, found: Findings) -> None:
    """Every event that concerns a technician stands in the feed of each of his phones, from its enrolment on."""
    since = {
        json.loads(str(data)).get("device_id", ""): int(i)
        for i, data in rows.all("SELECT id, data FROM journal WHERE type = 'device_enrolled'")
    }
    fed: dict[str, set[int]] = defaultdict(set)
    for reader, journal_id in rows.all("SELECT reader_id, journal_id FROM feed"):
        fed[str(reader)].add(int(journal_id))
    owners: dict[str, list[str]] = defaultdict(list)
    for device, technician in rows.all("SELECT id, technician_id FROM device WHERE revoked_ms IS NULL"):
        owners[str(technician)].append(str(device))
    for journal_id, listed in rows.all("SELECT id, technician_ids FROM journal WHERE technician_ids <> '[]'"):
        for device in (d for technician in json.loads(str(listed)) for d in owners[technician]):
            if int(journal_id) > since.get(device, 0) and int(journal_id) not in fed[device]:
                found.add("gaps", [f"{device} misses journal row {journal_id}"], "feed lacks a change")


def _check_consequences(rows: Rows, found: Findings) -> None:
    """What must follow has followed, once: reactions, copies, closings, call-backs."""
    found.add("lost", rows.all("SELECT journal_id, error FROM outbox"), "reaction was never carried out")
    # A leak that another leak took the technician from climbs its ladder: that is told by the escalation's own run.
    left = rows.all(
        "SELECT id FROM work_order WHERE state IN ('new', 'triaged')"
        " AND id NOT IN (SELECT work_order_id FROM escalation WHERE ended_ms IS NULL)"
    )
    found.add("lost", left, "reported order that nobody was sent to, and that does not climb")
    copies = Counter(json.loads(str(row[0]))["record_id"] for row in rows.of_type("customer_copy_issued"))
    announced = [
        json.loads(str(row[0]))["record_id"]
        for row in (*rows.of_type("record_signed"), *rows.of_type("signature_waived"))
    ]
    stored = {str(row[0]) for row in rows.all("SELECT record_id FROM customer_copy")}
    found.add("lost", set(announced) - stored, "signed record without the customer's copy")
    found.add("duplicated", (i for i, count in copies.items() if count > 1), "copy issued twice")
    found.add("duplicated", (i for i, count in Counter(announced).items() if count > 1), "record announced twice")
    closed = {str(row[0]) for row in rows.all("SELECT id FROM work_order WHERE state = 'closed'")}
    owed = Counter(str(row[0]) for row in rows.all("SELECT work_order_id FROM call_back WHERE made_ms IS NULL"))
    found.add("lost", closed - owed.keys(), "closed order without its call-back")
    found.add("duplicated", (o for o, count in owed.items() if count > 1), "customer is called back twice")


# What the phones hold


def _check_phone(rows: Rows, phone: PhoneOnDisk, found: Findings, files_dir: Path) -> set[str]:
    """Judge one phone; return the ids of all events it made."""
    with Rows.open(f"sqlite:///{phone.folder / 'phone.sqlite3'}") as own:
        if problem := own.find_damage():
            found.add("half_records", [f"{phone.folder.name}: {problem}"], "phone's file")
        archive = {
            str(i): (str(kind), str(outcome)) for i, kind, outcome in own.all("SELECT id, type, outcome FROM archive")
        }
        pending = {str(row[0]) for row in own.all("SELECT id FROM pending_events")}
        _check_numbers(own, phone, found)
        _check_witness(phone, archive.keys() | pending, rows, found)
        _check_confirmed(rows, phone, archive, found)
        _check_changes(rows, own, phone, found)
        _check_files(own, phone, files_dir, found)
        found.add("half_records", archive.keys() & pending, f"{phone.folder.name}: both waiting and confirmed")
    return set(archive) | pending


def _check_numbers(own: Rows, phone: PhoneOnDisk, found: Findings) -> None:
    queries = ("SELECT dseq FROM archive", "SELECT dseq FROM pending_events")
    numbers = sorted(int(row[0]) for query in queries for row in own.all(query))
    if numbers != list(range(1, len(numbers) + 1)):
        found.add("gaps", [f"{phone.folder.name}: {len(numbers)} events up to {numbers[-1:]}"], "numbers of events")


def _check_witness(phone: PhoneOnDisk, held: Iterable[str], rows: Rows, found: Findings) -> None:
    """What the technician saw as saved is still there, and says on the server what it said on the phone.

    What the wire brought had no holes.
    """
    witness = phone.folder / "witness.jsonl"
    lines = [json.loads(line) for line in witness.read_text("utf-8").splitlines()] if witness.exists() else []
    here, made = set(held), [line for line in lines if "made" in line]
    found.add("lost", (m["made"] for m in made if m["made"] not in here), f"{phone.folder.name}: saved, then gone")
    own = rows.all("SELECT id, body FROM evidence WHERE device_id = ?", phone.device_id)
    bodies = {str(i): json.loads(str(b)) for i, b in own}
    altered = (m["made"] for m in made if m["made"] in bodies and bodies[m["made"]] != m["body"])
    found.add("half_records", altered, f"{phone.folder.name}: says something else on the server")
    found.add("gaps", (line["gap"] for line in lines if "gap" in line), f"{phone.folder.name}: answer skipped a number")


def _check_confirmed(rows: Rows, phone: PhoneOnDisk, archive: dict[str, tuple[str, str]], found: Findings) -> None:
    confirmed = {i: kind for i, (kind, outcome) in archive.items() if outcome in _CONFIRMED}
    found.acknowledged += len(confirmed)
    own = rows.all("SELECT event_id FROM processed_event WHERE device_id = ?", phone.device_id)
    answered = {str(row[0]) for row in own}
    kept = {str(row[0]) for row in rows.all("SELECT id FROM evidence WHERE device_id = ?", phone.device_id)}
    found.add("lost", (i for i in confirmed if i not in answered), f"{phone.folder.name}: confirmed event is missing")
    facts = (i for i, kind in confirmed.items() if kind not in _INTENTS and i in answered and i not in kept)
    found.add("lost", facts, f"{phone.folder.name}: confirmed fact is missing")


def _check_changes(rows: Rows, own: Rows, phone: PhoneOnDisk, found: Findings) -> None:
    fed = rows.all(
        "SELECT feed.seq, journal.event_id FROM feed JOIN journal ON journal.id = feed.journal_id WHERE reader_id = ?",
        phone.device_id,
    )
    seen = {
        (int(seq), str(i)): int(times)
        for seq, i, times in own.all("SELECT seq, event_id, times_applied FROM seen_changes")
    }
    sent = {(int(seq), str(i)) for seq, i in fed}
    found.add("lost", sent - seen.keys(), f"{phone.folder.name}: change never came")
    found.add("gaps", seen.keys() - sent, f"{phone.folder.name}: change that the server never made")
    found.add("duplicated", (i for i, times in seen.items() if times > 1), f"{phone.folder.name}: change applied twice")


def _check_files(own: Rows, phone: PhoneOnDisk, files_dir: Path, found: Findings) -> None:
    stored = {path.name for path in files_dir.rglob("*") if path.is_file()}
    for sha256, delivered_ms in own.all("SELECT sha256, delivered_ms FROM files"):
        if delivered_ms is None and not (phone.folder / "files" / str(sha256)).exists():
            found.add("lost", [f"{phone.folder.name}: {sha256}"], "photo of the phone is gone")
        if delivered_ms is not None and not any(name.startswith(str(sha256)) for name in stored):
            found.add("lost", [f"{phone.folder.name}: {sha256}"], "delivered photo is missing on the server")


def _check_no_phantoms(rows: Rows, phones: Sequence[PhoneOnDisk], known: set[str], found: Findings) -> None:
    """No fact of these phones is on the server that none of them made."""
    devices = {phone.device_id for phone in phones}
    kept = rows.all("SELECT id, device_id FROM evidence")
    strange = (i for i, device in kept if str(device) in devices and str(i) not in known)
    found.add("duplicated", strange, "fact that no phone made")
