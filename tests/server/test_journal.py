"""The journal: never changed, always found out, gapless for every reader."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from server.core import journal
from server.core.unit_of_work import Actor, Tx
from server.reports import verification
from server.sync import repository as sync
from server.sync.models import ProcessedEvent
from shared import events
from tests.server.device import Device
from tests.server.house import HOME, LEAK, House

WRITERS = 8
WRITES = 12


def problems(house: House) -> list[str]:
    """Return what verification finds."""
    return house.read(verification.list_problems)


def execute(house: House, *statements: str) -> None:
    """Run statements on the database behind the product's back."""
    with house.database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def drop_triggers(house: House) -> None:
    """Take the database's own guard away, as somebody with all rights could."""
    is_sqlite = house.database.is_sqlite
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if is_sqlite
        else "SELECT DISTINCT trigger_name FROM information_schema.triggers WHERE event_object_table = 'journal'"
    )
    with house.database.engine.connect() as connection:
        names = [row[0] for row in connection.exec_driver_sql(query)]
    assert names
    execute(house, *(f"DROP TRIGGER {name}" + ("" if is_sqlite else " ON journal") for name in names))


@pytest.mark.parametrize("statement", ["UPDATE journal SET actor_id = 'qian'", "DELETE FROM journal"])
def test_database_itself_refuses_to_change_the_journal(house: House, statement: str) -> None:
    """Also outside the product: the trigger stands in the database."""
    house.report(LEAK)
    with pytest.raises(sa.exc.DBAPIError):
        execute(house, statement)
    assert problems(house) == []


@pytest.mark.parametrize(
    "column",
    [
        "event_id",
        "type",
        "at_ms",
        "actor_id",
        "actor_role",
        "work_order_id",
        "technician_ids",
        "data",
        "previous_hash",
        "hash",
    ],
)
def test_every_altered_column_is_found(house: House, column: str) -> None:
    """Qian has dropped the trigger and rewrites one cell."""
    house.report(LEAK)
    drop_triggers(house)
    value = "1" if column == "at_ms" else "'[\"qian\"]'"
    execute(house, f"UPDATE journal SET {column} = {value} WHERE branch_id = '{HOME}' AND seq = 2")  # noqa: S608 - own names
    assert f"journal {HOME}: altered at 2" in problems(house)


def test_removed_row_is_found(house: House) -> None:
    """A hole in the middle."""
    house.report(LEAK)
    drop_triggers(house)
    forget(house, f"branch_id = '{HOME}' AND seq = 2")
    assert any("gap before 3" in line for line in problems(house))


def test_cut_tail_is_found(house: House) -> None:
    """The newest rows are gone, and nothing behind them tells; the chain's head does."""
    house.report(LEAK)
    drop_triggers(house)
    forget(house, f"branch_id = '{HOME}' AND seq > 3")
    assert problems(house) == [f"journal {HOME}: tail cut"]


def forget(house: House, where: str) -> None:
    """Remove rows and everything that points at them."""
    chosen = f"(SELECT id FROM journal WHERE {where})"  # noqa: S608 - own names
    execute(
        house,
        f"DELETE FROM feed WHERE journal_id IN {chosen}",  # noqa: S608 - as above
        f"DELETE FROM outbox WHERE journal_id IN {chosen}",  # noqa: S608 - as above
        f"DELETE FROM journal WHERE {where}",  # noqa: S608 - as above
    )


def test_rolled_back_work_leaves_no_event(house: House) -> None:
    """State and journal stand or fall together."""
    before = heads(house)

    def work(tx: Any) -> None:
        tx.record(events.SHIFT_CHANGED, {})
        raise LookupError("planted")

    with pytest.raises(LookupError, match="planted"):
        house.write(work)
    assert heads(house) == before
    assert problems(house) == []


def heads(house: House) -> dict[str, int]:
    """Return every reader's newest number."""
    return house.read(journal.list_heads)


def test_feed_is_gapless_and_the_chain_whole_under_concurrent_writers(house: House) -> None:
    """Eight at a time: each reader's numbers are 1, 2, 3 …, and every link fits."""
    phones = [Device(house, "wang"), Device(house, "sun")]
    before = heads(house)

    def write(number: int) -> None:
        for i in range(WRITES):
            who = ("wang", "sun")[(number + i) % 2]
            house.write(lambda tx, who=who: tx.record(events.SHIFT_CHANGED, {}, technicians=(who,)))  # type: ignore[misc]  # a default binds the loop's value

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    after = heads(house)
    console = journal.console_reader(HOME)
    assert after[console] - before[console] == WRITERS * WRITES
    for reader in (console, *(p.identity.device_id for p in phones)):
        numbers = [seq for seq, _ in house.read(lambda s, r=reader: journal.list_feed(s, r, 0, 10_000))]  # type: ignore[misc]  # as above
        assert numbers == list(range(1, after[reader] + 1))
    assert problems(house) == []


def test_reader_in_the_middle_of_writing_never_skips(house: House) -> None:
    """Somebody polls with a cursor while others write: he sees every number once."""
    console = journal.console_reader(HOME)
    seen = [heads(house)[console]]

    def read() -> None:
        seen.extend(seq for seq, _ in house.read(lambda s: journal.list_feed(s, console, seen[-1], 50)))

    def write(_number: int) -> None:
        for _ in range(WRITES):
            house.write(lambda tx: tx.record(events.SHIFT_CHANGED, {}))

    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(write, i) for i in range(WRITERS)]
        while not all(job.done() for job in running):
            read()
    for _ in range(WRITERS * WRITES):
        read()
    assert seen == list(range(seen[0], heads(house)[console] + 1))
    assert len(seen) == WRITERS * WRITES + 1


def test_failing_caller_of_a_group_takes_nobody_with_him(house: House) -> None:
    """Writers share a commit; the one that fails is undone alone."""
    before = heads(house)[journal.console_reader(HOME)]

    def write(number: int) -> bool:
        def work(tx: Any) -> None:
            tx.record(events.SHIFT_CHANGED, {"number": number})
            if number % 3 == 0:
                raise LookupError("planted")

        try:
            house.write(work)
        except LookupError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = list(pool.map(write, range(48)))
    assert outcomes == [number % 3 != 0 for number in range(48)]
    kept = house.read(lambda s: journal.list_of_type(s, HOME, events.SHIFT_CHANGED))
    assert sorted(e.data["number"] for e in kept) == [n for n in range(48) if n % 3]
    assert heads(house)[journal.console_reader(HOME)] - before == len(kept)
    assert problems(house) == []


def note(number: int) -> Callable[[Tx], int]:
    """Return a work that journals its number."""

    def work(tx: Tx) -> int:
        tx.record(events.SHIFT_CHANGED, {"number": number})
        return number

    return work


def numbers(house: House) -> list[int]:
    """Return the numbers that were journalled, in the chain's order."""
    kept = house.read(lambda s: journal.list_of_type(s, HOME, events.SHIFT_CHANGED))
    return [e.data["number"] for e in kept if "number" in e.data]


def test_work_of_a_batch_that_fails_leaves_nothing_and_the_others_keep_their_places(house: House) -> None:
    """A phone's events share a transaction: one is refused after it has written, the others stand in their order."""

    def fail(tx: Tx) -> int:
        note(2)(tx)
        tx.session.add(ProcessedEvent(device_id="d", event_id="e", body_hash="", result={}, at_ms=0))
        raise LookupError("planted")

    outcomes = house.uow.run_all(Actor.system(HOME), [note(1), fail, note(3)])
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (1, LookupError, 3)
    assert numbers(house) == [1, 3]
    assert house.read(lambda s: sync.find_processed(s, "d", "e")) is None
    assert problems(house) == []


def test_batch_that_breaks_as_a_whole_is_run_work_by_work(house: House) -> None:
    """One collides with a row that is there: the whole is undone, then each stands or falls alone."""
    row = {"device_id": "d", "event_id": "e", "body_hash": "", "result": {}, "at_ms": 0}
    house.write(lambda tx: tx.session.add(ProcessedEvent(**row)))

    def collide(tx: Tx) -> int:
        note(2)(tx)
        tx.session.execute(sa.insert(ProcessedEvent), [row])
        return 2

    outcomes = house.uow.run_all(Actor.system(HOME), [note(1), collide, note(3)])
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (1, sa.exc.IntegrityError, 3)
    assert numbers(house) == [1, 3]
    assert problems(house) == []


def test_phone_is_told_once_of_what_came_after_its_enrolment(house: House) -> None:
    """A leak is offered before the server reacts to the enrolment of Wang's phone, which tells him of his jobs."""
    wang = Device(house)
    order_id = house.report()
    house.write(lambda tx: journal.tell_again(tx.session, wang.identity.device_id, [order_id]))
    feed = house.read(lambda s: journal.list_feed(s, wang.identity.device_id, 0, 99))
    told = [event.event_id for _, event in feed if event.work_order_id == order_id]
    assert told
    assert len(told) == len(set(told))


def test_many_readers_are_told_what_each_is_told_alone(house: House) -> None:
    """Two phones from several places of their feeds, near the head, far behind it, at it and beyond it."""
    wang, sun = Device(house, "wang").identity.device_id, Device(house, "sun").identity.device_id
    for _ in range(40):
        house.write(lambda tx: tx.record(events.SHIFT_CHANGED, {}, technicians=("wang", "sun")))
    head = heads(house)
    asked = [(reader, after, head[reader]) for reader in (wang, sun) for after in (0, 20, 25, 38, 39, 40, 41)]
    found = house.read(lambda s: journal.list_feeds(s, asked, 30))
    alone = [house.read(lambda s, a=a: journal.list_feed(s, a[0], a[1], 30)) for a in asked]  # type: ignore[misc]  # a default binds the loop's value
    assert found == alone
    assert max(len(feed) for feed in found) == 30


def test_what_comes_after_is_not_tried_when_the_database_is_away(house: House) -> None:
    """A phone's facts keep their order: after a lost connection nothing later is filed before what was lost."""
    away = [sa.exc.OperationalError(None, None, ConnectionError("planted")) for _ in range(9)]

    def lose(_tx: Tx) -> int:
        raise away.pop()

    outcomes = house.uow.run_all(Actor.system(HOME), [note(1), lose, note(3)])
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (1, sa.exc.OperationalError, outcomes[1])
    assert numbers(house) == [1]
    assert house.uow.run_all(Actor.system(HOME), [note(2), note(3)]) == [2, 3]
    assert numbers(house) == [1, 2, 3]
